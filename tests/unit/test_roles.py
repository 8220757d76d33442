"""Waterfalls, tornados and error bars: what their declarations may say, and what the file holds for the programs that draw them."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook

from tests.support import BARS, copy_of, mistakes_in, plant, shipped_file
from workbook import api

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from openpyxl import Workbook

SHEET = "sheets/bars.yaml"
NAMES = {"c": "http://schemas.openxmlformats.org/drawingml/2006/chart", "a": "http://schemas.openxmlformats.org/drawingml/2006/main"}
PLAIN, LOGARITHMIC, TORNADO = 0, 1, 2
LOW, HIGH = "{table: effects, x: assumption, y: effect_low, role: low,", "{table: effects, x: assumption, y: effect_high, role: high,"


# Declarations.


@pytest.mark.parametrize(
    ("old", "new", "message", "fix"),
    [
        ("kind: tornado", "kind: tornados", "a chart cannot be 'tornados'", "did you mean 'tornado'?"),
        (LOW, "§" + LOW.replace("low,", "lwo,"), "a tornado has no role 'lwo'", "did you mean 'low'?"),
        (LOW, "§" + LOW.replace("role: low", "role: fall"), "a tornado has no role 'fall'", "one of: high, low"),
        (LOW, "§" + LOW.replace(" role: low,", ""), "a series of a tornado needs a 'role'", "one of: low, high"),
        (HIGH, "§" + HIGH.replace("role: high", "role: low"), "a tornado has two series with 'role: low'", "one each of: low, high"),
        (HIGH, "§" + HIGH + " per: assumption,", "a tornado has one series a role", "leave out 'per'"),
        (HIGH, "§{table: steps, x: step, y: left, role: high,", "the series of a tornado have one 'table' and one 'x'", "same table"),
        ("kind: tornado", "kind: bar", "a series of a 'bar' chart has no 'role'", "roles are for: waterfall, tornado"),
        ('(% of the base)"', '(% of the base)", log: 10', "the 'y' of a tornado cannot have 'log'", "leave out 'log'"),
        ("log: 10, minimum: 1,", "log: 10,", "needs a 'minimum' above 0, where its totals start", "minimum: 0.1"),
        ("log: 10, minimum: 1,", "log: 10, minimum: 0,", "needs a 'minimum' above 0, where its totals start", "minimum: 0.1"),
    ],
)
def test_what_is_wrong_with_roles_is_told_at_its_place(tmp_path: Path, old: str, new: str, message: str, fix: str) -> None:
    root = copy_of(BARS, tmp_path / "templates")
    place = plant(root, SHEET, old, new)
    found = mistakes_in("bars", root)
    assert all(message in item.message and fix in item.fix for item in found), [str(item) for item in found]
    assert len(found) == (2 if "'bar' chart" in message else 1)
    first = found[0].place
    assert first is not None
    assert first.file == SHEET
    assert place is None or (first.file, first.line, first.column) == place


def test_each_role_of_a_waterfall_is_needed(tmp_path: Path) -> None:
    root = copy_of(BARS, tmp_path / "templates")
    path = root / SHEET
    gone = [line for line in path.read_text("utf-8").split("\n") if "role: base" in line or "role: total" in line]
    assert len(gone) == 4
    path.write_text(path.read_text("utf-8").replace(gone[0] + "\n", "", 1).replace(gone[1] + "\n", "", 1), "utf-8")
    (found,) = mistakes_in("bars", root)
    assert str(found.place) == f"{SHEET}:6:9"
    assert found.message == "a waterfall needs a series with 'role: base' and 'role: total'"
    assert found.fix == "it has one each of: base, fall, rise, total"


# The file.


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Element]:
    """Give the charts of the file in order."""
    return charts(api.build("bars", tmp_path_factory.mktemp("bars") / "bars.xlsx", templates=BARS).path)


def charts(path: Path) -> list[Element]:
    """Give the charts of a file in order."""
    with zipfile.ZipFile(path) as parts:
        count = sum(name.startswith("xl/charts/chart") for name in parts.namelist())
        return [ET.fromstring(parts.read(f"xl/charts/chart{number}.xml")) for number in range(1, count + 1)]  # noqa: S314 our own file


def label_formats(chart: Element) -> set[str]:
    """Give the number formats of the labels of a chart."""
    return {found.attrib["formatCode"] for found in chart.findall(".//c:dLbls/c:numFmt", NAMES)}


def setting(part: Element, path: str) -> str:
    """Give the value of the only element at a path."""
    (found,) = part.findall(path, NAMES)
    return found.attrib["val"]


def text(part: Element, path: str) -> str | None:
    """Give the text of the only element at a path."""
    (found,) = part.findall(path, NAMES)
    return found.text


def series(chart: Element) -> list[Element]:
    """Give the series of a chart of bars."""
    return chart.findall(".//c:barChart/c:ser", NAMES)


@pytest.mark.parametrize("number", [PLAIN, LOGARITHMIC])
def test_a_waterfall_stands_on_a_base_that_nobody_sees(drawn: list[Element], number: int) -> None:
    chart = drawn[number]
    assert (setting(chart, ".//c:barDir"), setting(chart, ".//c:grouping"), setting(chart, ".//c:overlap")) == ("bar", "stacked", "100")
    base, *parts = series(chart)
    assert base.find("c:spPr/a:noFill", NAMES) is not None
    assert base.find("c:dLbls", NAMES) is None
    assert text(base, "c:tx/c:v") == "\u00a0"
    assert [text(part, "c:tx/c:v") for part in parts] == ["Saved", "Added", "Total"]
    colours = {part.find("c:spPr/a:solidFill/a:srgbClr", NAMES).attrib["val"] for part in parts}  # type: ignore[union-attr] # a miss fails too
    assert len(colours) == 3
    rows = [re.fullmatch(r"Bars!\$([A-Z])\$(\d+):\$\1\$(\d+)", text(part, "c:val/c:numRef/c:f") or "") for part in [base, *parts]]
    assert [row[1] for row in rows if row] == ["C", "D", "E", "F"]
    assert len({row.groups()[1:] for row in rows if row}) == 1


def test_labels_of_a_waterfall_carry_a_sign_and_are_silent_where_nothing_changes(drawn: list[Element]) -> None:
    formats = [part.find("c:dLbls/c:numFmt", NAMES).attrib["formatCode"] for part in series(drawn[LOGARITHMIC])[1:]]  # type: ignore[union-attr] # a miss fails too
    assert formats == ['[<0.05]"";-0.0', '[<0.05]"";+0.0', '[<0.05]"";0.0']
    assert {setting(part, "c:dLbls/c:dLblPos") for part in series(drawn[LOGARITHMIC])[1:]} == {"inBase"}


def test_axes_of_a_waterfall(drawn: list[Element]) -> None:
    assert drawn[PLAIN].find(".//c:logBase", NAMES) is None
    scale = "c:valAx/c:scaling/"
    (area,) = drawn[LOGARITHMIC].findall(".//c:plotArea", NAMES)
    assert [float(setting(area, scale + name)) for name in ("c:logBase", "c:min")] == [10, 1]
    assert setting(area, "c:catAx/c:scaling/c:orientation") == "maxMin", "the first row stands at the top"
    assert setting(area, "c:valAx/c:crosses") == "max", "and the scale below"


def test_a_tornado_turns_around_the_base(drawn: list[Element]) -> None:
    chart = drawn[TORNADO]
    assert (setting(chart, ".//c:barDir"), setting(chart, ".//c:grouping"), setting(chart, ".//c:overlap")) == ("bar", "clustered", "100")
    assert setting(chart, ".//c:catAx/c:tickLblPos") == "low", "names stand at the edge, beside bars to the left too"
    assert setting(chart, ".//c:catAx/c:crossesAt") == "0"
    assert setting(chart, ".//c:catAx/c:scaling/c:orientation") == "maxMin"
    places = [api.load("bars", BARS).layout.area(f"effects.effect_{role}", 0, 5) for role in ("low", "high")]
    assert [text(part, "c:val/c:numRef/c:f") for part in series(chart)] == [f"{sheet}!{cells}" for sheet, cells in places]
    assert label_formats(chart) == {"+0.0%;-0.0%;"}


def test_labels_of_a_tornado_take_the_first_section_of_a_format_without_its_sign(tmp_path: Path) -> None:
    root = copy_of(BARS, tmp_path / "templates")
    for role in ("low", "high"):
        column = f'Effect of the {role} value, unit: "1", format: '
        plant(root, SHEET, f'{column}"0.0%"', f'{column}"+0.00%;[Red]-0.00%;0%"')
    assert label_formats(charts(api.build("bars", tmp_path / "bars.xlsx", templates=root).path)[TORNADO]) == {"+0.00%;-0.00%;"}


def test_a_tornado_with_a_minimum_still_turns_around_the_base(tmp_path: Path) -> None:
    root = copy_of(BARS, tmp_path / "templates")
    plant(root, SHEET, '(% of the base)"', '(% of the base)", minimum: -0.5')
    chart = charts(api.build("bars", tmp_path / "bars.xlsx", templates=root).path)[TORNADO]
    assert setting(chart, ".//c:valAx/c:scaling/c:min") == "-0.5"
    assert setting(chart, ".//c:catAx/c:crossesAt") == "0"


# Columns.

COLUMNS = """  - charts:
      - title: "What it is made of"
        kind: {kind}
        x: {{title: "Step"}}
        y: {{title: "kW", minimum: 0}}
        series:
          - {{table: steps, x: step, y: left, name: "Left"}}
          - {{table: steps, x: step, y: fall, name: "Saved"}}
"""


def columns(folder: Path, kind: str) -> Element:
    """Give a chart of two series of columns."""
    root = copy_of(BARS, folder / kind)
    path = root / SHEET
    path.write_text(path.read_text("utf-8") + COLUMNS.format(kind=kind), "utf-8")
    return charts(api.build("bars", folder / f"{kind}.xlsx", templates=root).path)[-1]


def test_stacked_columns_stand_on_each_other_without_labels(tmp_path: Path) -> None:
    stacked, beside = columns(tmp_path, "stacked"), columns(tmp_path, "column")
    assert [setting(chart, ".//c:barDir") for chart in (stacked, beside)] == ["col", "col"]
    assert [setting(chart, ".//c:grouping") for chart in (stacked, beside)] == ["stacked", "clustered"]
    assert setting(stacked, ".//c:overlap") == "100"
    assert [len(chart.findall(".//c:dLbls", NAMES)) for chart in (stacked, beside)] == [0, 2]
    assert [text(part, "c:tx/c:v") for part in series(stacked)] == ["Left", "Saved"]
    colours = {part.find("c:spPr/a:solidFill/a:srgbClr", NAMES).attrib["val"] for part in series(stacked)}  # type: ignore[union-attr] # a miss fails too
    assert len(colours) == 2
    assert stacked.find(".//c:legend", NAMES) is not None


def test_a_waterfall_may_lie_below_0_where_the_format_of_its_numbers_has_a_section_for_that(tmp_path: Path) -> None:
    root = copy_of(BARS, tmp_path / "templates")
    path = root / SHEET
    changed = (
        path.read_text("utf-8")
        .replace('format: "0.0"', 'format: "+0.0;-0.0;0.0"')
        .replace('y: {title: "kW", minimum: 0}', 'y: {title: "kW"}')
    )
    path.write_text(changed, "utf-8")
    drawn = charts(api.build("bars", tmp_path / "bars.xlsx", templates=root).path)
    assert [part.find("c:dLbls/c:numFmt", NAMES).attrib["formatCode"] for part in series(drawn[PLAIN])[1:]] == [  # type: ignore[union-attr] # a miss fails too
        "-0.0;-0.0;",
        "+0.0;+0.0;",
        "+0.0;-0.0;",
    ]
    assert setting(drawn[PLAIN], ".//c:catAx/c:tickLblPos") == "low", "names stand at the edge, beside bars to the left too"


def numbers_at(book: Workbook, area: str) -> list[float]:
    """Return the numbers of a column of cells that a chart names."""
    sheet, _, cells = area.rpartition("!")
    return [float(str(cell.value)) for (cell,) in book[sheet.strip("'")][cells.replace("$", "")]]


def test_error_bars_end_at_the_likely_range_of_each_figure() -> None:
    book = load_workbook(shipped_file("planning").path, data_only=True)
    rows = [[cell.value for cell in row] for row in book["Plan"].iter_rows()]
    (heads,) = [row for row in rows if "This case" in row and "Low" in row]
    named = {row[heads.index("At peak and over the year")]: row for row in rows if len(row) == len(heads)}
    shown = [named[label] for label in ("Average power, facility", "Peak power, facility", "Provisioned power, servers")]
    value, low, high = ([float(str(row[heads.index(head)])) for row in shown] for head in ("This case", "Low", "High"))
    (power,) = [chart for chart in charts(shipped_file("planning").path) if "Power of both cases" in "".join(chart.itertext())]
    bars, unseen = power.findall(".//c:barChart/c:ser", NAMES)[0], power.findall(".//c:lineChart/c:ser", NAMES)[0]
    plus, minus = (numbers_at(book, bars.findtext(f".//c:errBars/c:{end}//c:f", "", NAMES)) for end in ("plus", "minus"))
    assert [middle + above for middle, above in zip(value, plus, strict=True)] == pytest.approx(high)
    assert [middle - below for middle, below in zip(value, minus, strict=True)] == pytest.approx(low)
    assert numbers_at(book, unseen.findtext("c:val//c:f", "", NAMES)) == pytest.approx(high), "the axis has room for the upper ends"
