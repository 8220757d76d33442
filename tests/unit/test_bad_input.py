"""What is wrong with templates, options and files is told all at once, at its place, with a fix, and without a traceback."""

from __future__ import annotations

import random
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from ruamel.yaml import YAML

from tests.support import RECORD_SHEET, TINY, change_cells, command, copy_of, plant, process, shipped, shipped_file
from workbook import api
from workbook.errors import WorkbookError
from workbook.write.writer import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAIN, INPUTS, FIT, GPU, COVER = "tiny.yaml", "sheets/inputs.yaml", "sheets/fit.yaml", "sheets/gpu.yaml", "sheets/cover.yaml"
SMALL, LARGE, FIELDS = "gpus/small.yaml", "gpus/large.yaml", "catalogues/gpus.yaml"
MANY = 10_000


@dataclass(frozen=True)
class Mistake:
    """A text of the tiny templates, what stands there instead (§ marks where it is wrong), what is said, and how to mend it.

    Without an old text the new one is the whole file. ``also`` is planted first; ``more`` are messages that come with it.
    """

    file: str
    old: str
    new: str
    message: str
    fix: str = ""
    also: tuple[tuple[str, str, str], ...] = ()
    more: tuple[str, ...] = ()

    def plant(self, root: Path) -> tuple[str, int, int] | None:
        """Spoil the templates, and tell where."""
        for edit in self.also:
            plant(root, *edit)
        return plant(root, self.file, self.old, self.new)


FREE = "expr: memory - run.weights"
LIVE = "\"fit['small', 'l1'].n\""
WEIGHTS = "weights: {label: Weights, value: 16, low: 14, high: 18, unit: GB/gpu, minimum: 0, source: datasheet"
CHOSEN = 'chosen: {label: Memory of the GPU in question, unit: GB/gpu, expr: "gpu_list[run.gpu].memory"}'
JOULE = '{label: Tokens for a joule, unit: tok/J, expr: "throughput / gpu_list[gpu].power"}'
STREAM = "\"convert(run.weights / gpus[gpu].bandwidth, 'ms')\""
MEMORY = "  memory: {value: 45, unit: GB/gpu, low: 40, high: 48, source: datasheet, confidence: high, evidence: vendor}\n"

MISTAKES = {
    # Expressions.
    "unknown name": Mistake(FIT, FREE, "expr: memory - §run.wieghts", "unknown name 'run.wieghts'", "did you mean 'weights'?"),
    "unknown column": Mistake(FIT, LIVE, "\"§fit['small', 'l1'].m\"", "'fit' has no column 'm'", "one of: gpu, halving, length, n"),
    "unknown table": Mistake(FIT, LIVE, "\"§fits['small', 'l1'].n\"", "unknown table 'fits'", "did you mean 'fit'?"),
    "unknown key": Mistake(FIT, LIVE, "\"fit[§'smal', 'l1'].n\"", "'smal' is not one of the keys 'gpu'", "did you mean 'small'?"),
    "unknown function": Mistake(FIT, '"floor(gpu_list', '"§flor(gpu_list', "unknown function 'flor'", "did you mean 'floor'?"),
    "too few keys": Mistake(FIT, LIVE, "\"§fit['small'].n\"", "'fit' is looked up by 2 keys (gpu, length), not 1"),
    "wrong unit": Mistake(FIT, FREE, "expr: memory - §run.per_token", "'GB/gpu' and 'MB/tok' do not go together", "GB*tok/MB/gpu"),
    "scope slip": Mistake(FIT, JOULE, JOULE.replace('"t', '"§run.parallel * t'), "but 'tok/J' is declared", "gpu/instance"),
    "another scale": Mistake(GPU, STREAM, '"§run.weights / gpus[gpu].bandwidth"', "but 'ms' is declared", "write convert(..., '"),
    "a wrong relabel": Mistake(FIT, "relabel(n, 'seq/gpu', 'tok/gpu')", "§relabel(n, 'seq', 'tok/gpu')", "relabel expects 'seq'"),
    "unknown unit": Mistake(
        FIT,
        "throughput: {label: Throughput, unit: tok/s/gpu",
        "§throughput: {label: Throughput, unit: tok/s/gpx",
        "unknown unit 'tok/s/gpx'",
    ),
    "a cycle": Mistake(
        FIT,
        "free: {label: Memory left, unit: GB/gpu, expr: memory - run.weights}",
        "§free: {label: Memory left, unit: GB/gpu, expr: memory - run.weights + 0 * result.chosen}",
        "a cycle: gpu_list.free -> result.chosen -> gpu_list.free",
        "one of these must not depend on the others",
        also=((FIT, CHOSEN, CHOSEN.replace("memory", "free")),),
    ),
    "a cycle of one": Mistake(FIT, CHOSEN, "§" + CHOSEN.replace('memory"', 'memory + chosen"'), "a cycle: result.chosen -> result.chosen"),
    "previous of another table": Mistake(
        FIT, "expr: previous(running) + n", "expr: §previous(result.best) + n", "'previous' takes the name of one column of the same table"
    ),
    "previous of an input": Mistake(FIT, "expr: previous(running) + n", "expr: previous(§lengths) + n", "unknown name 'lengths'"),
    "another language": Mistake(FIT, FREE, "expr: §__import__('os')", "unknown function '__import__'"),
    "half an expression": Mistake(FIT, FREE, "expr: memory - §(run.weights", "cannot be parsed"),
    "an infinite constant": Mistake(FIT, FREE, "expr: memory - §1e999 * run.weights", "a number must be finite"),
    "a huge constant": Mistake(FIT, FREE, f"expr: memory - §1{'0' * 500} * run.weights", "a number must be finite"),
    "brackets without end": Mistake(FIT, FREE, f"expr: {'(' * 900}memory{')' * 900}", "cannot be parsed: too many nested parentheses"),
    "a sum without end": Mistake(FIT, FREE, f"expr: §memory{' + 0' * 480}", "is nested too deeply", "split it into helper columns"),
    "a long expression": Mistake(FIT, FREE, f"expr: §memory + {'0' * 2_000}", "the expression has 2,009 characters", "helper columns"),
    # Structure.
    "one id twice": Mistake(
        FIT, "- table: gpu_list", "- §table: result", "'result' is declared twice (first at sheets/fit", "another name"
    ),
    "a key twice": Mistake(
        INPUTS, "      parallel:", "      §weights: {value: 3}\n      parallel:", "'weights' is given twice (first on line 8)", "keep one"
    ),
    "unknown key of a block": Mistake(
        INPUTS, "    title: The run", "    §titel: The run", "unknown key 'titel' in inputs 'run'", "did you mean 'title'?"
    ),
    "a block of no kind": Mistake(
        INPUTS, "- list: lengths", "- §lists: lengths", "a block starts with one of: text", "did you mean 'list'?"
    ),
    "no usable name": Mistake(GPU, "- values: own", "- §values: own!", "'own!' is not a usable name", "lower-case letters"),
    "a missing sheet": Mistake(MAIN, "checks, notes]", "checks, §nots]", "there is no sheet 'nots'", "did you mean 'notes'?"),
    "a missing catalogue": Mistake(MAIN, "[gpus]", "[§gpuz]", "there is no catalogue 'gpuz'", "did you mean 'gpus'?"),
    "a name that no file has": Mistake(MAIN, "checks, notes]", f"checks, §{'notes' * 100}]", "there is no sheet 'notesnotes"),
    "each of nothing": Mistake(
        GPU,
        'sheet: "',
        '§sheet: "',
        "there is no catalogue 'gpuz' in this workbook",
        "did you mean 'gpus'?",
        also=((GPU, "each: {gpu: gpus}", "each: {gpu: gpuz}"),),
    ),
    "cards of nothing": Mistake(
        GPU, "- cards: gpus", "- §cards: gpuz", "there is no catalogue 'gpuz' in this workbook", "did you mean 'gpus'?"
    ),
    "cards nowhere": Mistake(
        MAIN,
        "[gpus]",
        "[§gpus]",
        "the cards of 'gpus' are shown on no sheet",
        "add a block 'cards: gpus' to a sheet",
        also=((GPU, "  - cards: gpus\n    title: Datasheet\n", ""),),
    ),
    "cards twice": Mistake(
        "sheets/notes.yaml",
        "  - show: equations",
        "  - §cards: gpus\n  - show: equations",
        "the cards of 'gpus' are shown more than once",
        "show them in one place only",
    ),
    "a list on a repeated sheet": Mistake(
        GPU,
        "  - charts:",
        "  - §list: steps\n    values: {a: 1}\n  - charts:",
        "list 'steps' is on a sheet that is repeated",
        "put it on a sheet of its own",
    ),
    "a sheet name too long": Mistake(FIT, "sheet: Fit\n", f"§sheet: {'Fit' * 11}\n", "cannot be the name of a sheet", "1 to 31 characters"),
    "a sheet name with a colon": Mistake(FIT, "sheet: Fit\n", "§sheet: 'Fit:'\n", "cannot be the name of a sheet", "none of [ ] :"),
    "a card with the name of a sheet": Mistake(
        SMALL, "key: small\nname: Small GPU", "§key: small\nname: Fit", "has the name of another sheet, 'Fit'"
    ),
    "a line that is not there": Mistake(
        FIT, "y: n, per: gpu", "y: n, per: gpu, without: [smal]", "'smal' is not one of the lines", "'small'"
    ),
    "lines without a key": Mistake(FIT, "y: n, per: gpu", "y: n, only: [small]", "choose among the lines of 'per'", "name the row key"),
    "a row left out that is not there": Mistake(
        FIT, "rows: {gpu: gpus, ", "rows: {gpu: {of: gpus, without: [smal]}, ", "'smal' is not a member", "'small'"
    ),
    "a sheet name of another's": Mistake(FIT, "sheet: Fit\n", "§sheet: INPUTS\n", "two sheets are called 'INPUTS'", "rename one"),
    "a sheet name of Excel's": Mistake(FIT, "sheet: Fit\n", "§sheet: History\n", "'History' is a reserved name", "choose another name"),
    "a sheet name of ours": Mistake(FIT, "sheet: Fit\n", f"§sheet: {RECORD_SHEET}\n", "is a reserved name", "choose another name"),
    "a chart of nothing": Mistake(FIT, "- {table: fit, x: length, y: n,", "- §{table: fit, x: length, y: m,", "'fit' has no column 'm'"),
    "a view of nothing": Mistake(
        FIT,
        "view: joule_view",
        "§view: joule_view",
        "view 'joule_view' needs 'of: table.column'",
        "'fit' has the keys gpu, length",
        also=((FIT, "of: fit.per_joule", "of: fit.per_jule"),),
    ),
    # Figures.
    "not a number": Mistake(INPUTS, "value: 16,", "value: §.nan,", "input 'run.weights' must be a finite number, not '.nan'"),
    "infinity": Mistake(INPUTS, "value: 16,", "value: §.inf,", "input 'run.weights' must be a finite number, not '.inf'"),
    "less infinity": Mistake(INPUTS, "value: 16,", "value: §-.INF,", "must be a finite number, not '-.INF'"),
    "beyond all numbers": Mistake(INPUTS, "value: 16,", "value: §1e999,", "must be a finite number, not '1e999'"),
    "negative memory": Mistake(LARGE, "value: 78,", "value: §-78,", "large.memory is -78; it must be above 0"),
    "a text for a number": Mistake(LARGE, "value: 78,", "value: §plenty,", "large.memory must be a finite number, not 'plenty'"),
    "a number in quotes": Mistake(LARGE, "value: 78,", "value: '§78',", "large.memory must be a finite number, not '78'"),
    "a list for a number": Mistake(LARGE, "value: 78,", "value: §[78],", "large.memory must be a finite number, not a list or mapping"),
    "the unit of another": Mistake(
        LARGE, "78, unit: GB", "78, §unit: MB", "in 'MB/gpu' but 'GB/gpu' is needed", "convert the figure to GB/gpu"
    ),
    "more than the most": Mistake(INPUTS, "value: 2,", "value: §9,", "input 'run.parallel' is 9; it must be at most 8"),
    "a half for a whole": Mistake(INPUTS, "value: 2,", "value: §2.5,", "input 'run.parallel' is 2.5; it must be a whole number"),
    "not between low and high": Mistake(INPUTS, "low: 14,", "low: 17,", "low <= value <= high does not hold (17.0, 16.0, 18.0)"),
    "low above high of a column": Mistake(
        FIT, "unit: mixed, printed:", "unit: mixed, §low: 3, high: 2, printed:", "'printed.printed': low <= high does not hold (3, 2)"
    ),
    "unknown confidence of a column": Mistake(
        FIT,
        "unit: mixed, printed:",
        "unit: mixed, §confidence: hihg, printed:",
        "confidence of 'printed.printed' cannot be 'hihg'",
        "did you mean 'high'?",
    ),
    "unknown evidence of a list": Mistake(
        INPUTS, "source: datasheet\n", "§evidence: assmued\n", "evidence of list 'lengths' cannot be 'assmued'", "did you mean 'assumed'?"
    ),
    "an impossible date of a column": Mistake(
        FIT, "unit: mixed, printed:", "unit: mixed, §date: May 2026, printed:", "date of 'printed.printed' is 'May 2026'", "write YYYY-MM"
    ),
    "a range of a text": Mistake(
        INPUTS,
        "value: small, unit: text",
        "value: small, §high: 2, unit: text",
        "input 'run.gpu' is a text; it has no 'high'",
        "leave it out",
    ),
    "evidence of a formula": Mistake(
        FIT, FREE, f"§evidence: assumed, {FREE}", "'gpu_list.free' has 'evidence', but no values of its own", "'doc' describes a formula"
    ),
    "no such choice": Mistake(LARGE, "value: blue", "value: §green", "large.maker cannot be 'green'", "one of: blue, red"),
    "no such card": Mistake(INPUTS, "value: small", "value: §smal", "'smal' is not a card of 'gpus'", "did you mean 'small'?"),
    "a list that falls": Mistake(INPUTS, "l2: 2000", "l2: §500", "the values of list 'lengths' must increase"),
    "a list that stands still": Mistake(INPUTS, "l2: 2000", "l2: §1000", "the values of list 'lengths' must increase"),
    "unknown source": Mistake(INPUTS, WEIGHTS, f"§{WEIGHTS[:-5]}shet", "unknown source 'datashet'", "did you mean 'datasheet'?"),
    "unknown confidence": Mistake(
        INPUTS, "datasheet, confidence: low", "datasheet, §confidence: hihg", "cannot be 'hihg'", "did you mean 'high'?"
    ),
    "no day": Mistake(LARGE, "value: 78,", "value: 78, §date: 1.3.2026,", "date of large.memory is '1.3.2026'", "write YYYY-MM-DD"),
    # Cards.
    "a missing card": Mistake(
        FIELDS, "[small, large]", "[small, §huge, large]", "card 'huge' is missing from gpus/", "one of: large, small"
    ),
    "a missing field": Mistake(
        SMALL,
        MEMORY,
        "",
        "card 'small' lacks the field 'memory' (Memory, GB/gpu)",
        "add, under 'fields', memory: {value: ..., unit: GB/gpu}",
    ),
    "a missing field, at the fields": Mistake(SMALL, "  bandwidth", "  §bandwidth", "card 'small' lacks", also=((SMALL, MEMORY, ""),)),
    "a misspelt field": Mistake(
        SMALL, "  bandwidth:", "  §bandwith:", "unknown field 'bandwith' in card 'small'", "did you mean 'bandwidth'?"
    ),
    "a bare number": Mistake(
        SMALL, MEMORY, "  memory: §45\n", "small.memory must say more than its value", "write {value: 45, unit: GB/gpu}"
    ),
    "a figure in quotes": Mistake(SMALL, "value: 1000,", 'value: "§1000",', "must be a finite number, not '1000'", "without quotes"),
    "signs between thousands": Mistake(SMALL, "value: 1000,", "value: §1 000,", "must be a finite number, not '1 000'", "write 1000"),
    "a decimal comma": Mistake(SMALL, "value: 1000,", 'value: "§0,43",', "must be a finite number, not '0,43'", "write 0.43"),
    "a comma in a note": Mistake(
        SMALL, "note: at the plug", "note: at, §the plug", "unknown key 'the plug'", "put a text that holds a comma in quotes"
    ),
    "another unit, with its range": Mistake(
        SMALL, "value: 45, unit: GB", "value: 0.045, §unit: TB", "small.memory is given in 'TB/gpu'", "convert"
    ),
    "a card called .yml": Mistake(
        "gpus/third.yml", "", "key: third\n", "is not read: the name of a card's file ends in .yaml", "call it third.yaml"
    ),
    "a card called .yaml.txt": Mistake("gpus/third.yaml.txt", "", "key: third\n", "is not read", "call it third.yaml"),
    "an unknown field": Mistake(LARGE, "  cache:", "  §cahce:", "unknown field 'cahce' in card 'large'", "did you mean 'cache'?"),
    "a key that is not the file's": Mistake(
        LARGE, "key: large", "§key: big", "the card's key is 'big' but the file is called", "call it big.yaml"
    ),
    "the name of another card": Mistake(
        SMALL,
        "key: small\nname: Small GPU",
        "key: small\nname: §large gpu",
        "the name 'large gpu' is also that of card 'large'",
        "case aside",
    ),
    "a name that starts like a formula": Mistake(SMALL, "name: Small", "name: §=Small", "has the name '=Small GPU'", "not starting with ="),
    "one basis of two": Mistake(
        SMALL,
        "    paper: {value: 250,",
        "    §paper: {value: 250,",
        "must hold exactly one 'paper' and one 'corrected' figure",
        also=((SMALL, "corrected:", "correct:"),),
    ),
    "a field of no known basis": Mistake(FIELDS, "minimum: 0, opt", "minimum: 0, basis: §print, opt", "basis of 'cache' cannot be 'print'"),
    "a card of no known basis": Mistake(
        SMALL, "name: Small GPU", "name: Small GPU\nbasis: §corected", "basis of 'small' cannot be 'corected'", "did you mean 'corrected'?"
    ),
    "cards of another basis only": Mistake(
        FIELDS,
        "title: GPUs",
        "§title: GPUs",
        "every card in gpus/ is of another basis than this workbook, which is 'paper'",
        also=(
            (SMALL, "name: Small GPU", "name: Small GPU\nbasis: corrected"),
            (LARGE, "name: Large GPU", "name: Large GPU\nbasis: corrected"),
        ),
    ),
    "a figure that no workbook has": Mistake(
        SMALL,
        "  maker:",
        "  §cache: {value: 50, unit: MB/gpu}\n  maker:",
        "'small.cache' is of basis 'corrected', but its card is of 'paper'",
        "leave it out",
        also=((FIELDS, "minimum: 0, optional", "minimum: 0, basis: corrected, optional"), (SMALL, "about:", "basis: paper\nabout:")),
    ),
    "a source of no known basis": Mistake(
        "sources.yaml", "reference: page 1", "reference: page 1, basis: §print", "basis of 'datasheet' cannot be 'print'"
    ),
    "a source of another basis": Mistake(
        SMALL,
        MEMORY,
        MEMORY.replace("{", "§{").replace("datasheet", "later"),
        "source 'later' is of basis 'corrected', but this workbook is of 'paper'",
        "leave out the source's 'basis'",
        also=(("sources.yaml", "datasheet:", "later: {title: A later one, basis: corrected}\ndatasheet:"),),
    ),
    # YAML.
    "a tab": Mistake(INPUTS, "      weights:", "§\tweights:", "is not valid YAML", "check indentation, quotes and colons"),
    "an open quote": Mistake(INPUTS, "title: Inputs", 'title: §"Inputs', "is not valid YAML", "check indentation, quotes and colons"),
    "an open bracket": Mistake(COVER, "title: Tiny", "title: [Tiny", "is not valid YAML", "check indentation, quotes and colons"),
    "an anchor": Mistake(INPUTS, "Weights, value", "&a Weights, doc: *a, value", "anchors and aliases are not used", "write the value out"),
    "two documents": Mistake(INPUTS, "  - list", "§---\n  - list", "is not valid YAML", "check indentation, quotes and colons"),
    "a list for a key": Mistake(INPUTS, "title: Inputs", "§[title]: Inputs", "a key must be a plain word"),
    "a control character": Mistake(
        INPUTS, "title: Inputs", 'title: §"Inputs\\x0b"', "holds the character U+000B, which a workbook cannot hold", "leave it out"
    ),
    "nothing": Mistake(COVER, "", "", "is empty"),
    "a list": Mistake(COVER, "", "§- sheet", "sheet 'cover' must be a mapping", more=("sheet 'cover' has no blocks",)),
    "brackets in brackets": Mistake(COVER, "", f"a: {'[' * 100}§{'[' * MANY}{']' * MANY}", "is nested deeper than 100 levels"),
    "brackets to overflow a stack": Mistake(COVER, "", f"a: {'{a: ' * 100}§{'[' * 20 * MANY}", "is nested deeper than 100 levels"),
    "lists in lists": Mistake(COVER, "", f"§{'- ' * 5 * MANY}a", "is nested deeper than 100 levels"),
    "keys in keys": Mistake(COVER, "", "\n".join(f"{' ' * level}a:" for level in range(1_000)), "is nested deeper than 100 levels"),
    "a bomb": Mistake(
        COVER,
        "",
        "a: §&a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n",
        "anchors and aliases are not used in templates",
        "write the value out",
        more=("anchors and aliases are not used", "anchors and aliases are not used"),
    ),
    "an alias of itself": Mistake(COVER, "", "a: §&a [*a]\n", "anchors and aliases are not used in templates", "write the value out"),
    # Other files.
    "sources in a list": Mistake("sources.yaml", "", "§- datasheet", "sources.yaml must be a mapping"),
    "units in prose": Mistake("units.txt", "", "there are none here\n", "No loader function defined"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a copy of the tiny templates to spoil."""
    return copy_of(TINY, tmp_path / "templates")


def diagnostics(root: Path, name: str = "tiny") -> list[Any]:
    """Load templates that are wrong."""
    with pytest.raises(WorkbookError) as caught:
        api.load(name, root)
    return list(caught.value.diagnostics)


def at(diagnostic: Any) -> tuple[str, int, int]:
    """Give the place of a diagnostic."""
    return (diagnostic.place.file, diagnostic.place.line, diagnostic.place.column)


def refused(root: Path, out: Path, name: str = "tiny") -> None:
    """Check and build templates that are wrong: messages on the right stream, the right status, and no file."""
    found = [str(item) for item in diagnostics(root, name)]
    checked = command("check", name, "--templates", root)
    assert (checked.exit_code, checked.stderr) == (1, "")
    assert checked.stdout == "\n".join([*found, f"{len(found)} found", ""])
    built = command("build", name, "--templates", root, "--out", out)
    assert (built.exit_code, built.stdout) == (2, "")
    assert built.stderr == "\n".join([*found, ""])
    assert not out.parent.exists()


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_once_at_its_place(mistake: Mistake, root: Path, tmp_path: Path) -> None:
    place = mistake.plant(root)
    found = diagnostics(root)
    assert len(found) == 1 + len(mistake.more), [str(item) for item in found]
    assert mistake.message in found[0].message
    assert mistake.fix in found[0].fix
    for item, message in zip(found[1:], mistake.more, strict=True):
        assert message in item.message
    if place:
        assert at(found[0]) == place
    assert all(item.place.file for item in found)
    refused(root, tmp_path / "out" / "tiny.xlsx")


def test_the_caret_points_at_the_culprit(root: Path) -> None:
    place = MISTAKES["unknown name"].plant(root)
    assert place is not None
    [head, line, caret] = str(diagnostics(root)[0]).split("\n")
    assert head.startswith(f"{FIT}:{place[1]}:{place[2]}: ")
    assert line[caret.index("^") :].startswith("run.wieghts")
    assert caret.endswith("^ did you mean 'weights'?")


def test_the_caret_of_a_long_line_stays_on_the_screen(root: Path) -> None:
    plant(root, FIT, FREE, f"expr: {'memory * 1 - ' * 60}§run.wieghts")
    [_, line, caret] = str(diagnostics(root)[0]).split("\n")
    assert len(line) < 120
    assert line[caret.index("^") :].startswith("run.wieghts")


# Several at once.


@pytest.mark.parametrize(
    "names",
    [
        ("negative memory", "a list that falls", "a missing card"),
        ("a tab", "an unknown field", "an open bracket", "a missing sheet"),
        ("unknown name", "another scale", "scope slip"),
    ],
)
def test_several_mistakes_are_told_in_one_run(names: tuple[str, ...], root: Path, tmp_path: Path) -> None:
    planted = [(MISTAKES[name], MISTAKES[name].plant(root)) for name in names]
    found = diagnostics(root)
    assert len(found) == len(planted), [str(item) for item in found]
    for mistake, place in planted:
        assert [item for item in found if mistake.message in item.message and (place is None or at(item) == place)], mistake
    assert [str(item.place) for item in found] == [str(item.place) for item in sorted(found, key=lambda item: item.place)]
    refused(root, tmp_path / "out" / "tiny.xlsx")


def test_three_mistakes_in_three_files_of_the_paper_are_told_in_one_run(tmp_path: Path) -> None:
    root = copy_of(None, tmp_path / "templates")
    card = root / "hardware" / "h100_sxm.yaml"
    card.write_text(re.sub(r"(memory:\s*(?:\{|\n\s*)value: )80", r"\g<1>-80", card.read_text("utf-8")), "utf-8")
    sheet = root / "sheets" / "power.yaml"
    sheet.write_text(sheet.read_text("utf-8").replace("title:", "titel:", 1), "utf-8")
    catalogue = root / "catalogues" / "models.yaml"
    catalogue.write_text(catalogue.read_text("utf-8").replace("order: [", "order: [no_such_model, "), "utf-8")
    found = diagnostics(root, "paper")
    assert [item.place.file for item in found] == ["catalogues/models.yaml", "hardware/h100_sxm.yaml", "sheets/power.yaml"]
    assert [item.message.split(";")[0] for item in found] == [
        "card 'no_such_model' is missing from models/",
        "h100_sxm.memory is -80",
        "unknown key 'titel' in sheet 'power'",
    ]
    refused(root, tmp_path / "out" / "paper.xlsx", "paper")


def test_tokens_of_an_instance_over_watts_of_one_gpu_are_no_tokens_per_joule(tmp_path: Path) -> None:
    """The slip behind the published tables: what is missing is the number of GPUs of the instance."""
    root = copy_of(None, tmp_path / "templates")
    sheet = root / "sheets" / "context_sweep.yaml"
    text = sheet.read_text("utf-8")
    spoiled, count = re.subn(r"unit: tok\*gpu/J/instance, expr: throughput / power", "unit: tok/J, expr: throughput / power", text, count=1)
    assert count == 1
    sheet.write_text(spoiled, "utf-8")
    line = next(number for number, (old, new) in enumerate(zip(text.split("\n"), spoiled.split("\n"), strict=True), 1) if old != new)
    slip = next(item for item in diagnostics(root, "paper") if (item.place.file, item.place.line) == ("sheets/context_sweep.yaml", line))
    assert "but 'tok/J' is declared" in slip.message
    assert "they differ in scope only" in slip.fix
    assert "gpu/instance" in slip.fix
    assert "tensor parallel degree" in slip.fix


# Files that are no YAML.


def test_a_file_that_is_not_utf_8_is_told_with_its_byte(root: Path, tmp_path: Path) -> None:
    (root / INPUTS).write_bytes(b"sheet: Inputs\ntitle: Caf\xe9\n")
    [found] = diagnostics(root)
    assert at(found) == (INPUTS, 2, 11)
    assert "is not UTF-8 text (byte 24)" in found.message
    assert found.fix == "save it as UTF-8"
    refused(root, tmp_path / "out" / "tiny.xlsx")


def test_a_file_of_five_megabytes_is_not_read(root: Path, tmp_path: Path) -> None:
    (root / INPUTS).write_bytes(b"# " + b"x" * 5_000_000)
    [found] = diagnostics(root)
    assert str(found) == f"{INPUTS}: is 5,000,002 bytes; a template has at most 4,194,304"
    refused(root, tmp_path / "out" / "tiny.xlsx")


def test_zero_bytes_are_no_yaml(root: Path) -> None:
    (root / INPUTS).write_bytes(bytes(100))
    [found] = diagnostics(root)
    assert found.place.file == INPUTS
    assert found.message.startswith("is not valid YAML")


def test_a_locked_file_is_told(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes

    def locked(path: Path) -> bytes:
        if path.name == "inputs.yaml":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", locked)
    [found] = diagnostics(root)
    assert str(found) == f"{INPUTS}: cannot be read: Permission denied"
    refused(root, tmp_path / "out" / "tiny.xlsx")


MISSING = [("sources.yaml", "is missing"), ("units.txt", "No such file"), ("tiny.yaml", "there is no workbook template")]


@pytest.mark.parametrize(("missing", "message"), MISSING)
def test_a_missing_file_is_told(missing: str, message: str, root: Path) -> None:
    (root / missing).unlink()
    [found] = diagnostics(root)
    assert message in str(found)
    assert missing.partition(".")[0] in str(found)


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), lambda text: text + "\n\n# end"])
def test_how_an_editor_saves_a_file_does_not_matter(change: Callable[[str], str], root: Path, tmp_path: Path) -> None:
    for path in root.rglob("*.yaml"):
        path.write_bytes(change(path.read_text("utf-8")).encode())
    api.build("tiny", tmp_path / "changed.xlsx", templates=root)
    api.build("tiny", tmp_path / "plain.xlsx", templates=TINY)
    assert (tmp_path / "changed.xlsx").read_bytes() == (tmp_path / "plain.xlsx").read_bytes()


def test_yaml_runs_nothing(root: Path, tmp_path: Path) -> None:
    plant(root, INPUTS, "title: Inputs", f"title: !!python/object/apply:pathlib.Path.touch [{tmp_path / 'touched'}]")
    assert "must be a text" in diagnostics(root)[0].message
    assert not (tmp_path / "touched").exists()


# Anything else that can stand in a template.

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e300, 1e-300),
    *("", "nosuch", "=1+1", "x" * 300, "a b", "small", "é"),
    *([], {}, ["a", "b"], {"a": 1}),
)


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _paths(child, (*path, key))


def _changed(document: Any, path: tuple[Any, ...], chance: random.Random) -> None:
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    kind = chance.randrange(len(ODD) + 2)
    if kind < len(ODD):
        parent[path[-1]] = ODD[kind]
    elif kind == len(ODD):
        del parent[path[-1]]
    elif isinstance(parent, list):
        parent.append(parent[path[-1]])


def _outcome(root: Path) -> list[Any] | None:
    """Build the workbook; give what is wrong with it."""
    try:
        book = api.load("tiny", root)
        write(book.layout, book.values, root / "tiny.xlsx", "0")
    except WorkbookError as error:
        return list(error.diagnostics)
    return None


def test_no_change_of_a_template_ends_in_a_traceback(root: Path) -> None:
    """Nodes of the templates, picked at random, become something else: the workbook is written or the mistake is told."""
    chance = random.Random(7)  # noqa: S311 tests need the same numbers each time
    yaml = YAML(typ="safe")
    yaml.width = 10_000
    files = sorted(path.relative_to(TINY) for path in TINY.rglob("*.yaml"))
    nodes = [(file, path) for file in files for path in _paths(yaml.load(TINY / file))]
    written = told = 0
    for file, path in chance.sample(nodes, 250):
        if path[-1] in {"rows", "of", "only"} or "rows" in path:
            continue  # see the test below
        document = yaml.load(TINY / file)
        _changed(document, path, chance)
        yaml.dump(document, root / file)
        found = _outcome(root)
        written += found is None
        told += found is not None
        assert found is None or (found and all(str(item) and item.place for item in found)), (file, path)
        shutil.copy(TINY / file, root / file)
    assert written > 10
    assert told > 100


def test_a_table_over_rows_of_nothing_is_told(root: Path) -> None:
    place = plant(root, FIT, "rows: {gpu: gpus, length: lengths}", "rows: {gpu: gpus, §length: lenghts}")
    [found] = diagnostics(root)
    assert at(found) == place


# The command line.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Commands:"),
        (("nosuch",), "No such command 'nosuch'"),
        (("build", "--nosuch"), "No such option"),
        (("build", "--set"), "requires an argument"),
        (("build", "--set", "decode.window"), "'decode.window' is not of the form ID=VALUE"),
        (("build", "--set", "=3"), "'=3' is not of the form ID=VALUE"),
        (("build", "--set", "decode.window="), "'decode.window=' is not of the form ID=VALUE"),
        (("build", "--set", "decode.window=1", "--set", "decode.window=2"), "'decode.window' is set twice"),
        (("build", "paper", "planning", "more"), "Got unexpected extra argument"),
        (("verify",), "Missing argument 'FILE'"),
        (("cells", "--format", "xml"), "'xml' is not one of 'text', 'csv', 'json'"),
        (("explain",), "Missing argument"),
        (("templates",), "Missing argument 'DIR'"),
    ],
)
def test_bad_usage_is_told_by_the_command(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["libre", "", "Excel"])
def test_an_unknown_engine_is_bad_usage(name: str, tmp_path: Path) -> None:
    result = command("verify", tmp_path / "any.xlsx", "--engine", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"there is no engine named '{name}'; the engines are libreoffice, gnumeric, ironcalc" in result.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("run.wieghts=3", "--set run.wieghts: there is no such input\n    did you mean 'run.weights'?"),
        ("result.best=3", "--set result.best: there is no such input\n    it is a formula or a constant; only inputs can be set"),
        ("gpus.large.bandwidth=3", "--set gpus.large.bandwidth: there is no such input\n    it is a formula or a constant; only"),
        ("run.weights=many", "--set run.weights: 'many' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=nan", "--set run.weights: 'nan' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=-inf", "--set run.weights: '-inf' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=1e999", "--set run.weights: '1e999' is not a finite number\n    give it in GB/gpu"),
        ("run.weights=-1", "--set run.weights is -1; it must be at least 0"),
        ("run.parallel=0", "--set run.parallel is 0; it must be above 0"),
        ("run.parallel=9", "--set run.parallel is 9; it must be at most 8"),
        ("run.parallel=2.5", "--set run.parallel is 2.5; it must be a whole number"),
        ("run.gpu=smal", "--set run.gpu: 'smal' is not one of the gpus\n    did you mean 'small'?"),
        ("gpus.small.maker=green", "--set gpus.small.maker cannot be 'green'\n    one of: blue, red"),
        ("lengths.l1=3000", "--set lengths.l1: the values of list 'lengths' must increase"),
        ("gpus.small.memory=16", "would be an error, such as a division by zero or a missing key"),
    ],
)
def test_a_value_that_cannot_be_set_is_told(given: str, message: str, tmp_path: Path) -> None:
    out = tmp_path / "out" / "tiny.xlsx"
    for name in ("build", "inputs", "cells"):
        options = ["--out", out] if name == "build" else []
        result = command(name, "tiny", "--templates", TINY, "--set", given, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
    assert not out.parent.exists()


def test_all_values_that_cannot_be_set_are_told_at_once() -> None:
    result = command("build", "tiny", "--templates", TINY, "--set", "run.weights=-1", "--set", "run.parallel=9", "--set", "nosuch=1")
    assert result.exit_code == 2
    assert result.stderr.count("--set ") == 3


@pytest.mark.parametrize("name", ["nosuch", "../tiny", "sheets/fit", "x" * 5_000, "sources/../tiny", ""])
def test_a_workbook_that_does_not_exist_is_told(name: str, tmp_path: Path) -> None:
    result = command("build", name, "--templates", TINY, "--out", tmp_path / "out" / "x.xlsx")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_directory_without_templates_is_told(tmp_path: Path) -> None:
    for name in ("build", "check", "inputs", "cells"):
        result = command(name, "--templates", tmp_path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "is not a directory of templates" in result.stderr
        assert "workbook templates DIR" in result.stderr


def test_templates_do_not_overwrite_anything(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    for target in (tmp_path, tmp_path / "kept", tmp_path / "kept" / "below"):
        result = command("templates", target)
        assert (result.exit_code, result.stdout) == (2, "")
        assert str(target) in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("what", ["nosuch", "nosuch!A1", "Inputs!A1", "Inputs!ZZZ1048577", "Inputs!", "!A1", "run", "run.", "."])
def test_a_cell_that_does_not_exist_cannot_be_explained(what: str) -> None:
    result = command("explain", what, "--workbook", "tiny", "--templates", TINY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (what.partition("!")[0] or what) in result.stderr


# Files that cannot be verified.


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny workbook once."""
    path = tmp_path_factory.mktemp("good") / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    return path


def unverified(path: Path, *options: object) -> str:
    """Verify a file that cannot be; give what is said."""
    result = command("verify", path, "--templates", TINY, "--engine", "ironcalc", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr


def test_what_is_no_workbook_cannot_be_verified(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "any.xlsx"
    assert unverified(path) == f"{path}: cannot be read: No such file or directory\n"
    assert unverified(tmp_path) == f"{tmp_path}: cannot be read: Is a directory\n"
    path.write_text("a,b\n1,2\n")
    assert f"{path}: the file is not an .xlsx workbook" in unverified(path)
    path.write_bytes(b"")
    assert f"{path}: the file is not an .xlsx workbook" in unverified(path)
    whole = good.read_bytes()
    for length in (10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert str(path) in unverified(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    assert str(path) in unverified(path)


def test_a_workbook_of_another_program_cannot_be_verified(tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    other = openpyxl.Workbook()
    other[other.sheetnames[0]]["A1"] = 1
    other.save(path)
    assert unverified(path) == (
        f"{path}: holds no record of its build (hidden sheet {RECORD_SHEET})\n    give a file written by: workbook build\n"
    )


def test_a_workbook_of_other_templates_cannot_be_verified(good: Path, root: Path, tmp_path: Path) -> None:
    result = command("verify", good)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "was built from a workbook template 'tiny' that is not among those in " in result.stderr
    plant(root, FIT, "      running:", "      runs:")
    plant(root, FIT, "previous(running)", "previous(runs)")
    api.build("tiny", tmp_path / "other.xlsx", templates=root)
    said = unverified(tmp_path / "other.xlsx")
    assert "was built from other templates or with other overlays: 2 quantities differ, such as 'fit.runn" in said
    assert "give those with --templates and --overlay, or build it again" in said


RECORDS = {
    "format": (lambda book: book[RECORD_SHEET].__setitem__("B1", "99"), "was written in format 99, this package reads"),
    "name": (lambda book: book[RECORD_SHEET].__setitem__("B2", "../../tiny"), "the record of the build is damaged"),
    "place": (
        lambda book: book[RECORD_SHEET].__setitem__("C9", "ZZ99"),
        "was built from other templates or with other overlays: 1 quantities differ",
    ),
    "hole": (lambda book: book[RECORD_SHEET].__setitem__("C9", None), f"{RECORD_SHEET}!C9: the record of the build is damaged"),
    "end": (lambda book: book[RECORD_SHEET].delete_rows(9, 999), f"{RECORD_SHEET}!A8: the record of the build is damaged"),
    "empty": (lambda book: book[RECORD_SHEET].delete_rows(1, 999), "was written in format None"),
    "gone": (lambda book: book.__delitem__(RECORD_SHEET), "holds no record of its build"),
    "sheet": (lambda book: book.__delitem__("Checks"), "lacks the sheet 'Checks'"),
    "sheet of inputs": (lambda book: book.__delitem__("Inputs"), "lacks the sheet 'Inputs'"),
    "title": (lambda book: setattr(book["Fit"], "title", "Misfit"), "lacks the sheet 'Fit'"),
}


@pytest.mark.parametrize(("change", "message"), RECORDS.values(), ids=RECORDS)
def test_a_file_whose_record_does_not_fit_cannot_be_verified(
    change: Callable[[openpyxl.Workbook], object], message: str, good: Path, tmp_path: Path
) -> None:
    path = tmp_path / "changed.xlsx"
    book = openpyxl.load_workbook(good)
    change(book)
    book.save(path)
    assert message in unverified(path)


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        ("run.weights", "many", "holds 'many', where a number in GB/gpu is expected"),
        ("run.weights", None, "holds nothing, where a number in GB/gpu is expected"),
        ("run.weights", True, "holds TRUE, where a number in GB/gpu is expected"),
        ("run.weights", "=TODAY()", "holds nothing, where a number in GB/gpu is expected"),
        ("run.weights", "17\u00a0", "holds the text '17[no-break space]': it was read as the number 17"),
        ("run.weights", -1, "is -1; it must be at least 0"),
        ("run.parallel", 2.5, "is 2.5; it must be a whole number"),
        ("run.gpu", 5, "holds 5, where a text is expected"),
        ("run.gpu", None, "holds nothing, where a text is expected"),
        ("run.gpu", "Smal GPU", "'Smal GPU' is not one of the gpus (did you mean 'Small GPU'?)"),
        ("run.gpu", "Large GPU ", "holds 'Large GPU ': the blanks around it were removed"),
        ("gpus.large.maker", "green", "cannot be 'green' (one of: blue, red)"),
        ("lengths.l1", 5000, "the values of list 'lengths' must increase"),
    ],
)
def test_an_input_that_was_edited_wrongly_is_a_finding_with_its_cell(
    cell: str, value: Any, message: str, good: Path, tmp_path: Path
) -> None:
    layout = api.load("tiny", TINY).layout
    sheet, _, address = layout.address(*(layout.model.find(cell) or ("", 0))).rpartition("!")
    path = tmp_path / "edited.xlsx"
    book = openpyxl.load_workbook(good)
    book[sheet.strip("'")][address] = value
    book.save(path)
    result = command("verify", path, "--templates", TINY, "--saved")
    assert (result.exit_code, result.stderr) == (1, "")
    name = sheet.strip("'")
    assert f"{name}!{address} ({cell}) {message}" in result.stdout.splitlines()


def test_one_input_that_cannot_be_read_stops_the_check_of_nothing_else(good: Path, tmp_path: Path) -> None:
    """What does not depend on it is compared all the same, and a number out of limits is calculated with."""
    book = openpyxl.load_workbook(good)
    for cell_id, value in (("run.weights", "17 GB"), ("run.parallel", 2.5)):
        sheet, _, address = api.load("tiny", TINY).layout.address(cell_id, 0).rpartition("!")
        book[sheet][address] = value
    book.save(tmp_path / "edited.xlsx")
    result = command("verify", tmp_path / "edited.xlsx", "--templates", TINY, "--engine", "ironcalc")
    assert result.exit_code == 1
    told = re.search(r"ironcalc +│ +(\d+) +│ +(\d+) +│ +0", result.stdout)
    follow = re.search(r"ironcalc: (\d+) cells follow from what was changed", result.stdout)
    assert told
    assert follow
    assert int(told[2]) + int(follow[1]) == int(told[1])
    assert int(told[2]) > 0


def test_all_inputs_that_were_edited_wrongly_are_told_at_once(good: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(good)
    for row in range(7, 12):
        book["Inputs"].cell(row, 2).value = None
    book.save(tmp_path / "edited.xlsx")
    result = command("verify", tmp_path / "edited.xlsx", "--templates", TINY, "--saved")
    assert result.stdout.count(" holds nothing, where ") == 5


def test_an_input_that_was_edited_rightly_is_verified(good: Path, tmp_path: Path) -> None:
    layout = api.load("tiny", TINY).layout
    at_cell = layout.address("run.weights", 0).split("!")
    change_cells(good, tmp_path / "edited.xlsx", [(at_cell[0], at_cell[1])], lambda cell: re.sub("<v>16</v>", "<v>17.5</v>", cell))
    result = command("verify", tmp_path / "edited.xlsx", "--templates", TINY, "--engine", "ironcalc")
    assert result.exit_code == 1  # the cached values are those of before
    assert "as saved" in result.stdout
    assert re.search(r"ironcalc +│ +(\d+) +│ +\1 +│ 0", result.stdout)


# Inputs that choose a row of a table.


@pytest.mark.parametrize(
    ("given", "fix"),
    [("azure_twoo", "\n    did you mean 'azure_two'?\n"), ("azure two pools", "\n    did you mean 'azure_two'?\n"), ("7", "\n")],
)
@pytest.mark.parametrize("name", ["build", "explain", "optimize"])
def test_a_row_that_a_table_has_not_is_told(name: str, given: str, fix: str, tmp_path: Path) -> None:
    rest: dict[str, list[object]] = {
        "build": ["paper", "--out", tmp_path / "paper.xlsx"],
        "explain": ["whatif.design", "--workbook", "paper"],
        "optimize": [],
    }
    result = command(name, *rest[name], "--set", f"whatif.design={given}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"--set whatif.design: '{given}' is not one of the rows of 'designs'")
    assert result.stderr.endswith(fix)
    assert not list(tmp_path.iterdir())


def test_a_row_that_was_typed_wrongly_is_told_with_its_cell(tmp_path: Path) -> None:
    path, layout = shipped_file("paper").path, shipped("paper").layout
    sheet, _, address = layout.address(*(layout.model.find("whatif.design") or ("", 0))).rpartition("!")
    name = sheet.strip("'")
    change_cells(
        path,
        tmp_path / "edited.xlsx",
        [(name, address)],
        lambda cell: re.sub(r' t="str"><f>[^<]*</f><v>[^<]*</v>', ' t="str"><v>Azure, two pool</v>', cell),
    )
    result = command("verify", tmp_path / "edited.xlsx", "--engine", "ironcalc")
    assert (result.exit_code, result.stderr) == (1, "")
    assert f"{name}!{address} (whatif.design)" in result.stdout
    assert "'Azure, two pool' is not one of the rows of 'designs' (did you mean 'Azure, two pools'?)" in result.stdout


# No traceback from a real process either.


COMMANDS = [
    ("build", "nosuch"),
    ("build", "--set", "a=b"),
    ("verify", "no.xlsx"),
    ("explain", "nosuch"),
    ("nosuch",),
    ("check", "x"),
    ("optimize", "--step", "x=1"),
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_process_ends_without_a_traceback(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = process(*arguments, cwd=tmp_path)
    assert result.returncode == (1 if arguments[0] == "check" else 2)
    assert "Traceback" not in result.stderr + result.stdout
    assert not list(tmp_path.iterdir())
