"""What is wrong with templates, options and files is told all at once, at its place, with a fix, and without a traceback."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.support import MARK, RECORD_SHEET, TINY, command, copy_of, plant, process
from workbook import api
from workbook.errors import WorkbookError

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS, FIT, GPU, SMALL, LARGE, COVER = (
    "sheets/inputs.yaml",
    "sheets/fit.yaml",
    "sheets/gpu.yaml",
    "gpus/small.yaml",
    "gpus/large.yaml",
    "sheets/cover.yaml",
)
NEST = 10_000


@dataclass(frozen=True)
class Mistake:
    """A text of the tiny templates, what stands there instead (the mark is where it is wrong), and what is said."""

    file: str
    old: str
    new: str
    message: str
    fix: str = ""
    more: tuple[str, ...] = ()  # further messages that the same mistake must give


MISTAKES = {
    # Expressions.
    "unknown name": Mistake(
        FIT, "expr: memory - run.weights", "expr: memory - §run.wieghts", "unknown name 'run.wieghts'", "did you mean 'weights'?"
    ),
    "unknown column": Mistake(
        FIT, "\"fit['small', 'l1'].n\"", "\"§fit['small', 'l1'].m\"", "'fit' has no column 'm'", "one of: gpu, halving, length, n"
    ),
    "unknown table": Mistake(FIT, "\"fit['small', 'l1'].n\"", "\"§fits['small', 'l1'].n\"", "unknown table 'fits'", "did you mean 'fit'?"),
    "unknown key": Mistake(
        FIT, "\"fit['small', 'l1'].n\"", "\"fit[§'smal', 'l1'].n\"", "'smal' is not one of the keys 'gpu'", "did you mean 'small'?"
    ),
    "unknown function": Mistake(FIT, '"floor(gpu_list', '"§flor(gpu_list', "unknown function 'flor'", "did you mean 'floor'?"),
    "wrong unit": Mistake(
        FIT,
        "expr: memory - run.weights",
        "expr: memory - §run.per_token",
        "'GB/gpu' and 'MB/tok' do not go together",
        "they differ by GB*tok/MB/gpu",
    ),
    "scope slip": Mistake(
        FIT,
        "{label: Tokens for a joule, unit: tok/J, expr: \"throughput / gpu_list[gpu].power\"}",
        "{label: Tokens for a joule, unit: tok/J, expr: \"§throughput * run.parallel / gpu_list[gpu].power\"}",
        "but 'tok/J' is declared",
        "gpu/instance",
    ),
    "another scale": Mistake(
        GPU,
        "unit: ms, expr: \"convert(run.weights / gpus[gpu].bandwidth, 'ms')\"",
        "unit: ms, expr: \"§run.weights / gpus[gpu].bandwidth\"",
        "but 'ms' is declared",
        "convert(..., 's')",
    ),
    "unknown unit": Mistake(FIT, "§" if False else "unit: tok/s/gpu", "unit: tok/s/gpx", "unknown unit 'tok/s/gpx'"),
    "cycle": Mistake(
        FIT, '§' if False else '      chosen: {label: Memory of the GPU in question, unit: GB/gpu, expr: "gpu_list[run.gpu].memory"}',
        '      §chosen: {label: Memory of the GPU in question, unit: GB/gpu, expr: "gpu_list[run.gpu].memory + chosen"}',
        "a cycle: result.chosen -> result.chosen",
        "one of these must not depend on the others",
    ),
    "too few keys": Mistake(
        FIT, "\"fit['small', 'l1'].n\"", "\"§fit['small'].n\"", "'fit' is looked up by 2 keys (gpu, length), not 1"
    ),
    "previous of another table": Mistake(
        FIT, "expr: previous(running) + n", "expr: §previous(result.best) + n", "'previous' takes the name of one column of the same table"
    ),
    "previous of an input": Mistake(FIT, "expr: previous(running) + n", "expr: previous(§lengths) + n", "unknown name 'lengths'"),
    "two conversions": Mistake(
        FIT, "relabel(n, 'seq/gpu', 'tok/gpu') / step", "relabel(n, 'seq/gpu', §'tok') / step", "", ""
    ) if False else Mistake(FIT, "relabel(n, 'seq/gpu', 'tok/gpu')", "§relabel(n, 'seq', 'tok/gpu')", "relabel expects 'seq'"),
    "a language of its own": Mistake(
        FIT, "expr: memory - run.weights", "expr: §__import__('os')", "unknown function '__import__'"
    ),
    "an expression that stops": Mistake(FIT, "expr: memory - run.weights", "expr: memory - (run.weights§", "cannot be parsed"),
    "an infinite number": Mistake(FIT, "expr: memory - run.weights", "expr: memory - §1e999 * run.weights", "a number must be finite"),
    "brackets without end": Mistake(
        FIT, "expr: memory - run.weights", f"expr: {'(' * 900}memory{')' * 900}", "cannot be parsed: too many nested parentheses"
    ),
    "a sum without end": Mistake(
        FIT, "expr: memory - run.weights", f"expr: §memory{' + 0' * 480}", "is nested too deeply", "split it into helper columns"
    ),
    # Structure.
    "one id twice": Mistake(
        FIT, "- table: gpu_list", "- §table: result", "'result' is declared twice (first at sheets/fit.yaml:5:5)", "choose another name"
    ),
    "a key twice": Mistake(
        INPUTS, "      parallel:", "      §weights: {value: 3}\n      parallel:", "'weights' is given twice (first on line 8)", "keep one"
    ),
    "unknown key of a block": Mistake(
        INPUTS, "    title: The run\n", "    §titel: The run\n", "unknown key 'titel' in inputs 'run'", "did you mean 'title'?"
    ),
    "a block of no kind": Mistake(INPUTS, "  - list: lengths", "  - §lists: lengths", "a block starts with one of: text, inputs, list"),
    "no name": Mistake(INPUTS, "  - list: lengths", "  - §list: Lengths", "list 'Lengths' is not a usable name", "lower-case letters"),
    "a missing sheet": Mistake("tiny.yaml", "checks, notes]", "checks, §nots]", "there is no sheet 'nots'", "did you mean 'notes'?"),
    "a missing catalogue": Mistake("tiny.yaml", "[gpus]", "[§gpuz]", "there is no catalogue 'gpuz'", "did you mean 'gpus'?"),
    "a sheet for each of nothing": Mistake(
        GPU, 'sheet: "{gpu}"\ntitle: "{gpu}"\nanswers: "What does {gpu} serve?"\neach: {gpu: gpus}',
        '§sheet: "{gpu}"\ntitle: "{gpu}"\nanswers: "What does {gpu} serve?"\neach: {gpu: gpuz}',
        "there is no catalogue 'gpuz' in this workbook",
        "did you mean 'gpus'?",
    ),
    "cards of nothing": Mistake(GPU, "- cards: gpus", "- §cards: gpuz", "there is no catalogue 'gpuz' in this workbook", "did you mean 'gpus'?"),
    "cards nowhere": Mistake(
        GPU, "  - cards: gpus\n    title: Datasheet\n", "", "the cards of 'gpus' are shown on no sheet", "add a block 'cards: gpus' to a sheet"
    ),
    "cards twice": Mistake(
        INPUTS, "  - list: lengths", "  - §cards: gpus\n  - list: lengths", "are shown more than once", "show them in one place only"
    ) if False else Mistake(
        "sheets/notes.yaml", "  - show: equations", "  - §cards: gpus\n  - show: equations", "are shown more than once", "in one place only"
    ),
    "a list on a repeated sheet": Mistake(
        GPU,
        "  - charts:",
        "  - §list: steps\n    values: {a: 1}\n  - charts:",
        "list 'steps' stands on a sheet that is repeated",
        "on a sheet of its own",
    ),
    "a sheet name too long": Mistake(
        FIT, "sheet: Fit\n", f"§sheet: {'Fit' * 11}\n", "cannot be the name of a sheet", "1 to 31 characters"
    ),
    "a sheet name of another's": Mistake(FIT, "sheet: Fit\n", "§sheet: INPUTS\n", "two sheets are called 'INPUTS'", "rename one"),
    "a sheet name of Excel's": Mistake(FIT, "sheet: Fit\n", "§sheet: History\n", "reserved name", "choose another name"),
    "a sheet name of ours": Mistake(FIT, "sheet: Fit\n", f"§sheet: {RECORD_SHEET}\n", "reserved name", "choose another name"),
    "a chart of nothing": Mistake(
        FIT, "- {table: fit, x: length, y: n, per: gpu}", "- §{table: fit, x: length, y: m, per: gpu}", "'fit' has no column 'm'", "one of"
    ),
    "a view of nothing": Mistake(FIT, "- view: joule_view", "- §view: joule_view", "needs 'of: table.column'", "has the keys gpu, length"),
    # Figures.
    "not a number": Mistake(INPUTS, "value: 16,", "value: §.nan,", "must be a finite number, not '.nan'"),
    "infinity": Mistake(INPUTS, "value: 16,", "value: §.inf,", "must be a finite number, not '.inf'"),
    "less infinity": Mistake(INPUTS, "value: 16,", "value: §-.INF,", "must be a finite number, not '-.INF'"),
    "beyond the largest": Mistake(INPUTS, "value: 16,", "value: §1e999,", "must be a finite number, not '1e999'"),
    "a negative memory": Mistake(LARGE, "value: 78,", "value: §-78,", "large.memory is -78; it must be above 0"),
    "a text for a number": Mistake(LARGE, "value: 78,", "value: §plenty,", "large.memory must be a finite number, not 'plenty'"),
    "a number in quotes": Mistake(LARGE, "value: 78,", "value: '§78',", "large.memory must be a finite number, not '78'"),
    "the wrong unit of a figure": Mistake(
        LARGE, "memory: {value: 78, unit: GB/gpu", "memory: {value: 78, §unit: MB/gpu", "is given in 'MB/gpu' but 'GB/gpu' is needed", "convert"
    ),
    "more than the most": Mistake(INPUTS, "value: 2,", "value: §9,", "input 'run.parallel' is 9; it must be at most 8"),
    "a half for a whole": Mistake(INPUTS, "value: 2,", "value: §2.5,", "input 'run.parallel' is 2.5; it must be a whole number"),
    "outside low and high": Mistake(INPUTS, "low: 14,", "low: 17,", "low <= value <= high does not hold (17.0, 16.0, 18.0)"),
    "no such choice": Mistake(LARGE, "value: blue", "value: §green", "large.maker cannot be 'green'", "one of: blue, red"),
    "no such card": Mistake(INPUTS, "value: small", "value: §smal", "'smal' is not a card of 'gpus'", "did you mean 'small'?"),
    "a list that does not increase": Mistake(INPUTS, "l2: 2000", "l2: §500", "the values of list 'lengths' must increase"),
    "a list that stands still": Mistake(INPUTS, "l2: 2000", "l2: §1000", "the values of list 'lengths' must increase"),
    "an unknown source": Mistake(
        INPUTS, "      weights: {label: Weights, value: 16, low: 14, high: 18, unit: GB/gpu, minimum: 0, source: datasheet",
        "      §weights: {label: Weights, value: 16, low: 14, high: 18, unit: GB/gpu, minimum: 0, source: datashet",
        "unknown source 'datashet'",
        "did you mean 'datasheet'?",
    ),
    "an unknown confidence": Mistake(
        INPUTS, "source: datasheet, confidence: low", "source: datasheet, §confidence: hihg", "cannot be 'hihg'", "did you mean 'high'?"
    ),
    "a day that is none": Mistake(LARGE, "memory: {value: 78,", "memory: {value: 78, §date: 1.3.2026,", "is '1.3.2026'", "YYYY-MM-DD"),
    # Cards.
    "a card of the order that is missing": Mistake(
        "catalogues/gpus.yaml", "[small, large]", "[small, §huge, large]", "card 'huge' is missing from gpus/", "one of: large, small"
    ),
    "a missing field": Mistake(
        SMALL, "key: small\n", "§key: small\n", "card 'small' lacks the field 'memory' (Memory, GB/gpu)"
    ),
    "an unknown field": Mistake(
        LARGE, "  cache: {value", "  §cahce: {value", "unknown field 'cahce' in card 'large'", "did you mean 'cache'?"
    ),
    "a key that is not the file's": Mistake(LARGE, "key: large", "§key: big", "the card's key is 'big' but the file is called", "the same"),
    "a name of another card": Mistake(SMALL, "key: small\nname: Small GPU", "§key: small\nname: large gpu", "is also that of card 'large'"),
    "one basis of two": Mistake(
        SMALL, "  power:\n    paper:", "  power:\n    §parer:", "must hold exactly one 'paper' and one 'corrected' figure"
    ),
    # YAML.
    "a tab": Mistake(INPUTS, "      weights:", "§\tweights:", "is not valid YAML", "check indentation, quotes and colons"),
    "a quote that is never closed": Mistake(INPUTS, "title: Inputs", 'title: §"Inputs', "is not valid YAML", "check indentation"),
    "a bracket that is never closed": Mistake(INPUTS, "4000}\n", "4000\n§", "is not valid YAML", "check indentation"),
    "an alias": Mistake(
        INPUTS, "label: GPUs of an instance", "label: §&a GPUs, doc: *a", "anchors and aliases are not used in templates", "write the value out"
    ),
    "a second document": Mistake(INPUTS, "    values: {l1: 1000", "§---\n    values: {l1: 1000", "is not valid YAML", "check indentation"),
    "a list for a key": Mistake(INPUTS, "title: Inputs", "§[title]: Inputs", "a key must be a plain word"),
    "a control character": Mistake(
        INPUTS, "title: Inputs", 'title: §"Inputs\\x0b"', "holds the character U+000B, which a workbook cannot hold", "leave it out"
    ),
    "nothing": Mistake(COVER, "", "", "is empty"),
    "a list": Mistake(COVER, "", "§- sheet", "sheet 'cover' must be a mapping", more=("sheet 'cover' has no blocks",)),
    "brackets in brackets": Mistake(COVER, "", f"a: {'[' * 100}§{'[' * NEST}{']' * NEST}", "is nested deeper than 100 levels"),
    "brackets that overflow a stack": Mistake(COVER, "", f"a: {'{a: ' * 100}§{'[' * 200_000}", "is nested deeper than 100 levels"),
    "lists in lists": Mistake(COVER, "", f"§{'- ' * 50_000}a", "is nested deeper than 100 levels"),
    "keys in keys": Mistake(COVER, "", "\n".join(f"{' ' * level}a:" for level in range(1_000)), "is nested deeper than 100 levels"),
    "a bomb": Mistake(
        COVER, "", "a: §&a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n", "anchors and aliases",
        more=("anchors and aliases", "anchors and aliases"),
    ),
    "an alias of itself": Mistake(COVER, "", "a: §&a [*a]\n", "anchors and aliases are not used in templates", "write the value out"),
    # Other files.
    "sources that are a list": Mistake("sources.yaml", "", "§- datasheet", "sources.yaml must be a mapping"),
    "units that are none": Mistake("units.txt", "", "there are none here\n", "No loader function defined"),
}


def _spoiled(tmp_path: Path, *mistakes: Mistake) -> tuple[Path, list[tuple[str, int, int] | None]]:
    root = copy_of(TINY, tmp_path / "templates")
    places = []
    for mistake in mistakes:
        if mistake.file == SMALL and mistake.message.startswith("card 'small' lacks"):
            plant(root, SMALL, "memory: {value: 45, unit: GB/gpu, low: 40, high: 48, source: datasheet, confidence: high, evidence: vendor}\n  ", "")
        if mistake.message.startswith("needs 'of"):
            plant(root, FIT, "of: fit.per_joule", "of: fit.per_jule")
        places.append(plant(root, mistake.file, mistake.old, mistake.new))
    return root, places
