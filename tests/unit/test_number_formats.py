"""Number formats tell dates, times and percentages from plain numbers, and numbers are shown as those."""

from __future__ import annotations

import pytest

from workbook.xlsx.number_formats import kind_of, shown
from workbook.xlsx.styles import StylesReader

CODES = {
    "date": ["d-mmm", "m/d/yy h:mm", "yyyy", "mmm", r"[$-409]d\-mmm;@", r"[$-F800]dddd\,\ mmmm\ dd"],
    "time": ["h:mm", "[h]:mm:ss", "mm:ss", "[hh]", "h:mm AM/PM"],
    "percentage": ["0%", "0.00%", "+0.0%;-0.0%"],
    "": ["General", "0.00E+00", '0.0"h"', r"#,##0\d", "[>=100]#,##0;[>=1]0.00;0.0000", "@", "[Red]0.0", '"day" 0', "_-* #,##0.00_-;"],
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in CODES.items() for code in codes])
def test_a_format_code_shows_numbers_as_what_they_are(kind: str, code: str) -> None:
    assert kind_of(code) == kind


def test_formats_of_a_file_are_found_by_number_and_those_of_rules_are_none() -> None:
    reader = StylesReader()
    for part, elements in {
        "numFmts": [("numFmt", {"numFmtId": "164", "formatCode": "yyyy"})],
        "cellStyleXfs": [("xf", {"numFmtId": "14"})],
        "cellXfs": [("xf", {"numFmtId": number}) for number in ("0", "164", "10", "45", "x")],
        "dxfs": [("numFmt", {"numFmtId": "0", "formatCode": "yyyy"})],
    }.items():
        reader.start(f"x:{part}", {})
        for name, attributes in elements:
            reader.start(name, attributes)
            reader.end(name)
        reader.end(part)
    assert [form.shows for form in reader.formats()] == ["", "date", "percentage", "time", ""]


def test_numbers_are_shown_as_dates_times_and_percentages() -> None:
    """Serial numbers of ECMA-376 part 1, 18.17.4.1: 44197 is 1 January 2021."""
    told = [(44197, "date"), (44197.75, "date"), (0.0625, "time"), (0.9, "percentage"), (1.1, "percentage"), (-1, "date"), (3e6, "date")]
    assert [shown(value, kind) for value, kind in told] == ["2021-01-01", "2021-01-01 18:00:00", "01:30:00", "90%", "110%", "", ""]
