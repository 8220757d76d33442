"""Bad questions typed into cells: states say what is wrong, what they concern stays empty, and no cell becomes an error.

The command line and the validation of cells refuse some of them; pasting into a cell does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.engines.storm import Edits, Sets, asked_of, check_undone, is_error, places_of, same, typed
from tests.support import require, shipped, shipped_file
from workbook import api
from workbook.expr.nodes import Call
from workbook.expr.values import shown
from workbook.model.evaluate import evaluate
from workbook.verify.engines import ENGINES
from workbook.verify.poison import poison
from workbook.write.writer import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from workbook.verify.engines.base import CellValue
    from workbook.verify.engines.libreoffice import LibreOfficeSession

Cells = dict[str, "CellValue"]
FAILS = "CHECK FAILS: see sheet Checks"
HOLDS = "All checks pass"
NOBODY = "no case of this name; pick one from the list"
KNOTS = range(1, 19)
ORDER, END, NONE = "knots out of order", "shares must end at 1", "no requests"
OUTSIDE, WINDOWS, EXCEED = "split out of range", "windows out of order", "requests exceed the last window"
NO_ANSWER, SHORT, REACH, EMPTY_WINDOW = (
    "a pool has no answer",
    "objective shorter than prefill",
    "no answer within reach",
    "the window holds no sequence",
)

# For each table that shows results: where it says whether it has them, and when it does.
STATES = {
    "outcome": ("state", {"ok"}),
    "cases": ("state", {"ok"}),
    "ladder": ("state", {"ok"}),
    "availability": ("state", {"ok"}),
    "optimum": ("state", {"ok"}),
    "pool_counts": ("state", {"ok"}),
    "sweep_levels": ("verdict", {"met", "missed"}),
    "pareto": ("verdict", {"efficient", "dominated"}),
    "flex": ("verdict", {"objective met", "objective missed", "overloaded: traffic is shed"}),
}
# Empty in some rows that have an answer: fewer windows than columns, the paper's choice off the grid, no wait when overloaded,
# no gain over a fleet without an answer, no cost of a split whose band does not compete.
OPTIONAL = {
    *("pool_counts.window_1", "pool_counts.window_2", "pool_counts.window_3"),
    *("optimum.paper_tok_per_j", "optimum.gain", "flex.wait", "outcome.gain", "pareto.cost"),
}
MORE_THAN_NOTHING = {"instances", "gpus", "power", "power_one", "tokens", "tok_per_j", "tok_per_w", "cost"}


@dataclass(frozen=True)
class Question:
    """What is typed, what state cells must say (ids with * for any), and which rows keep every number."""

    typed: Sets
    says: dict[str, str]
    keeps: tuple[str, ...] = ()
    master: str = FAILS


def _azure(word: str) -> dict[str, str]:
    """All that leans on the distribution of Azure says the same."""
    concerned = ("loads.azure", "fleets.azure_*", "outcome.*.azure_*", "designs.azure_*", "designs.yours", "cases.azure_*", "optimum")
    says = {f"{name}.state": word for name in (*concerned, "cases.yours", "pool_counts.*", "ladder.*", "availability.*")}
    return says | {"sweep_levels.*.verdict": word, "flex.*.verdict": word, "pareto.*.verdict": "no answer"}


def _lmsys(word: str) -> dict[str, str]:
    return {f"{name}.state": word for name in ("loads.lmsys", "fleets.lmsys_*", "outcome.*.lmsys_*", "designs.lmsys_*", "cases.lmsys_*")}


NOT_AZURE = ("outcome.*.lmsys_*", "cases.lmsys_*", "cases.agent_*")
NOT_LMSYS = ("outcome.*.azure_*", "cases.azure_*", "cases.agent_*", "cases.yours", "optimum", "ladder.*", "flex.*", "pareto.*")
NOT_CASES = ("outcome.*", "optimum", "pool_counts.*", "pareto.*")
EVERYTHING = (*NOT_CASES, "cases.*", "ladder.*", "availability.*", "sweep_levels.*")
ALONE = (*NOT_CASES, "cases.azure_*", "cases.lmsys_*", "cases.agent_*", "ladder.*", "availability.*", "flex.*")

QUESTIONS = {
    "shares that decrease": Question({"knots.azure.p5.cumulative": 0.05}, _azure(ORDER), NOT_AZURE),
    "a share below zero": Question({"knots.azure.p1.cumulative": -0.1}, _azure(ORDER), NOT_AZURE),
    "a share above one": Question({"knots.azure.p6.cumulative": 1.5}, _azure(ORDER), NOT_AZURE),
    "an end below one": Question({"knots.lmsys.p18.cumulative": 0.99985}, _lmsys(END), NOT_LMSYS),
    "an end above one": Question({"knots.lmsys.p18.cumulative": 1.25}, _lmsys(END), NOT_LMSYS),
    "no requests at all": Question({f"knots.lmsys.p{n}.cumulative": 0.0 for n in KNOTS}, _lmsys(NONE), NOT_LMSYS),
    "lengths out of order": Question({"knots.azure.p7.upper": 900.0}, _azure(ORDER), NOT_AZURE),
    "two equal lengths": Question({"knots.azure.p7.upper": 1024.0}, _azure(ORDER), NOT_AZURE),
    "lengths out of order, agent": Question(
        {"knots.agent.p9.upper": 100.0},
        {"loads.agent.state": ORDER, "designs.agent_*.state": ORDER, "cases.agent_*.state": ORDER},
        ("outcome.*", "cases.azure_*", "cases.lmsys_*", "cases.yours", "optimum", "ladder.*"),
    ),
    "one knot": Question({f"knots.azure.p{n}.upper": 4096.0 for n in KNOTS}, _azure(ORDER), NOT_AZURE),
    "one knot with all requests": Question(
        {f"knots.azure.p{n}.{field}": value for n in KNOTS for field, value in (("upper", 4096.0), ("cumulative", 1.0))},
        _azure(ORDER),
        NOT_AZURE,
    ),
    "lengths of nothing": Question({f"knots.azure.p{n}.upper": 0.0 for n in KNOTS}, _azure(ORDER), NOT_AZURE),
    "a split beyond the distribution": Question(
        {"workloads.lmsys.short_window": 70000.0},
        {"outcome.*.lmsys_pool_*.state": OUTSIDE, "outcome.*.lmsys_fleetopt_*.state": OUTSIDE, "outcome.*.lmsys_homo_*.state": "ok"},
        (*NOT_LMSYS, "outcome.*.lmsys_homo_*", "cases.lmsys_*"),
    ),
    "a split at the end of the distribution": Question(
        {"workloads.azure.short_window": 65536.0},
        {"outcome.*.azure_pool_*.state": "ok", "outcome.*.azure_fleetopt_*.state": "ok", "outcome.*.azure_homo_*.state": "ok"},
        (*NOT_AZURE, "outcome.*.azure_homo_*", "cases.azure_*"),
    ),
    "windows out of order": Question(
        {"designs.yours.window_1": 9000.0}, {"designs.yours.state": WINDOWS, "cases.yours.state": WINDOWS}, ALONE, HOLDS
    ),
    "two equal windows": Question({"designs.yours.window_2": 2048.0}, {"cases.yours.state": WINDOWS}, ALONE, HOLDS),
    "a window beyond the last": Question({"designs.yours.window_2": 70000.0}, {"cases.yours.state": WINDOWS}, ALONE, HOLDS),
    "windows of the chosen case out of order": Question(
        {"designs.azure_fleetopt.window_1": 65537.0},
        {
            "cases.azure_fleetopt.state": WINDOWS,
            "ladder.chosen.*.state": WINDOWS,
            "ladder.comparison.*.state": "ok",
            "sweep_levels.*.verdict": WINDOWS,
            "availability.*.state": WINDOWS,
            "flex.*.verdict": WINDOWS,
        },
        (*NOT_CASES, "ladder.comparison.*", "cases.azure_homo", "cases.lmsys_*"),
        HOLDS,
    ),
    "a case that is not there": Question(
        {"whatif.design": "Nobody"},
        {
            "ladder.chosen.*.state": NOBODY,
            "ladder.comparison.*.state": "ok",
            "sweep_levels.*.verdict": NOBODY,
            "availability.*.state": NOBODY,
            "flex.*.verdict": NOBODY,
        },
        (*NOT_CASES, "cases.*", "ladder.comparison.*"),
    ),
    "an objective shorter than prefill": Question(
        {"traffic.objective": 1.0},
        {
            "outcome.*.state": NO_ANSWER,
            "cases.*.state": NO_ANSWER,
            "outcome_pools.*.long.state": SHORT,
            "design_pools.*.p1.state": SHORT,
            "optimum.state": "no cell has an answer",
            "pool_counts.*.state": "no choice has an answer",
            "ladder.*.state": NO_ANSWER,
            "flex.*.verdict": NO_ANSWER,
            "pareto.*.verdict": "no answer",
        },
    ),
    "an objective of zero": Question({"traffic.objective": 0.0}, {"outcome.*.state": NO_ANSWER, "cases.*.state": NO_ANSWER}),
    "an objective out of reach": Question(
        {"traffic.objective": 60.0, "traffic.reach": 1.0, "traffic.cap": 0.99},
        {
            "outcome_pools.*.azure_homo_h100.long.state": REACH,
            "outcome.*.azure_homo_h100.state": NO_ANSWER,
            "outcome.*.azure_fleetopt_h100.state": "ok",
            "design_pools.azure_homo.p1.state": REACH,
            "cases.azure_homo.state": NO_ANSWER,
            "ladder.comparison.a1000.state": NO_ANSWER,
            "pool_counts.k1.state": "no choice has an answer",
            "pool_counts.k2.state": "ok",
        },
    ),
    "windows that hold no sequence": Question(
        {"traffic.long_window": 2e7},
        {
            "outcome_pools.*.long.state": EMPTY_WINDOW,
            "outcome.*.state": NO_ANSWER,
            "cases.*.state": NO_ANSWER,
            "optimum.state": "no cell has an answer",
            "sweep_levels.*.verdict": "a window holds no sequence",
            "flex.*.verdict": NO_ANSWER,
        },
    ),
    "requests longer than the last window": Question(
        {"traffic.long_window": 8192.0},
        {"cases.*.state": EXCEED, "ladder.*.state": EXCEED, "availability.*.state": EXCEED, "flex.*.verdict": EXCEED},
    ),
    "an overloaded pool under a cut": Question(
        {"cuts.c10": 0.12}, {"flex.c10.verdict": "overloaded: traffic is shed", "flex.c0.verdict": "objective met"}, EVERYTHING, HOLDS
    ),
    "cuts beyond what is possible": Question(
        {"cuts.c45": 0.95, "cuts.c50": 2.0},
        {"flex.c45.verdict": "cannot: switch instances off", "flex.c50.verdict": "cannot: switch instances off"},
        (*EVERYTHING, "flex.c0", "flex.c10"),
        HOLDS,
    ),
}
TOGETHER = (
    ("shares that decrease", "an end below one", "lengths out of order, agent"),
    ("one knot with all requests", "a split beyond the distribution", "cuts beyond what is possible"),
    ("windows that hold no sequence", "windows out of order", "an overloaded pool under a cut", "no requests at all"),
    ("an objective out of reach", "windows of the chosen case out of order", "a split at the end of the distribution"),
)


@pytest.fixture(scope="module")
def book() -> api.Book:
    """Give the paper workbook as Python has it."""
    return shipped("paper")


@pytest.fixture(scope="module")
def opened(session: LibreOfficeSession, book: api.Book) -> Iterator[LibreOfficeSession]:
    """Open the paper workbook once; after all questions it is as it was."""
    session.open(shipped_file("paper").path)
    yield session
    check_undone(session, book)


def _edits(book: api.Book, sets: Sets) -> Edits:
    """Turn inputs by id into edits without asking whether the templates allow them."""
    edits: Edits = {}
    for cell_id, value in sets.items():
        at = book.model.find(cell_id)
        assert at, cell_id
        assert book.model.quantities[at[0]].is_settable(at[1]), cell_id
        edits[at] = value
    return edits


def _by_id(book: api.Book, computed: dict[str, dict[str, CellValue]]) -> Cells:
    return {book.model.cell_id(*at): computed[sheet][address] for (sheet, address), at in places_of(book).items()}


def _expected(book: api.Book, edits: Edits) -> dict[str, float | str | None]:
    """Give Python's value of every formula cell by id."""
    lists = {name: shown(array) for name, array in evaluate(book.model, edits).items()}
    return {book.model.cell_id(name, row): lists[name][row] for name, row in places_of(book).values()}


def _no_error(cells: Cells) -> None:
    found = [f"{name}: {value!r}" for name, value in cells.items() if is_error(value)]
    assert not found, f"{len(found)} cells hold errors, such as {found[:10]}"


def _alike(expected: dict[str, float | str | None], cells: Cells) -> None:
    found = [f"{name}: Python {expected[name]!r}, engine {value!r}" for name, value in cells.items() if not same(expected[name], value)]
    assert not found, f"{len(found)} cells differ, such as {found[:10]}"


def _results(book: api.Book, table: str) -> list[str]:
    """Give the columns of a table that are left empty where there is no answer."""
    quantities = (book.model.quantities[name] for name in book.model.tables[table].columns)
    return [
        quantity.name
        for quantity in quantities
        if any(isinstance(variant.lowered, Call) and variant.lowered.function == "only" for variant in quantity.variants)
    ]


def _results_follow_states(book: api.Book, cells: Mapping[str, CellValue]) -> None:
    """Where a state says that there is no answer no result is shown, and every result where there is one."""
    for table, (state, good) in STATES.items():
        columns = _results(book, table)
        assert len(columns) >= 3, table
        rows = [".".join((table, *keys)) for keys in book.model.tables[table].rows]
        for row in rows:
            said = cells[f"{row}.{state}"]
            for column in columns:
                name = f"{row}.{column}"
                value = cells[name]
                if said not in good:
                    assert value == "", (name, said, value)
                elif f"{table}.{column}" not in OPTIONAL:
                    assert isinstance(value, float), (name, said, value)
                    assert value > 0 or column not in MORE_THAN_NOTHING, (name, value)


def _says(question: Question, cells: Cells) -> None:
    for pattern, text in question.says.items():
        found = {name: value for name, value in cells.items() if fnmatchcase(name, pattern)}
        assert found, pattern
        assert set(found.values()) == {text}, (pattern, found)
    assert cells["checks.status"] == question.master


def _keeps(question: Question, book: api.Book, cells: Cells, before: dict[str, float | str | None]) -> None:
    for pattern in question.keeps:
        results = set(_results(book, pattern.partition(".")[0]))
        found = [name for name in cells if fnmatchcase(name, f"{pattern}.*") and name.rpartition(".")[2] in results]
        assert found, pattern
        moved = {name: (before[name], cells[name]) for name in found if not same(before[name], cells[name])}
        assert not moved, (pattern, moved)


@cache
def _before() -> dict[str, float | str | None]:
    book = shipped("paper")
    return _expected(book, {})


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_bad_question_is_answered_in_words(name: str, opened: LibreOfficeSession, book: api.Book) -> None:
    question = QUESTIONS[name]
    edits = _edits(book, question.typed)
    try:
        cells = _by_id(book, typed(opened, book, edits, asked_of(book)))
    finally:
        opened.undo()
    _no_error(cells)
    _alike(_expected(book, edits), cells)
    _says(question, cells)
    _results_follow_states(book, cells)
    _keeps(question, book, cells, _before())


def test_good_questions_have_answers(book: api.Book) -> None:
    cells = _before()
    _results_follow_states(book, cells)
    assert cells["checks.status"] == HOLDS
    for table, (state, good) in STATES.items():
        assert any(cells[".".join((table, *keys, state))] in good for keys in book.model.tables[table].rows), table


@pytest.mark.parametrize("names", TOGETHER, ids=" + ".join)
def test_other_engines_agree_on_bad_questions(names: tuple[str, ...], book: api.Book, tmp_path: Path) -> None:
    sets: Sets = {}
    for name in names:
        assert not sets.keys() & QUESTIONS[name].typed.keys()
        sets |= QUESTIONS[name].typed
    edits = _edits(book, sets)
    file = tmp_path / "bad.xlsx"
    write(book.layout, evaluate(book.model, edits), file, api.package_version())
    poison(file, file.with_name("poisoned.xlsx"))
    expected = _expected(book, edits)
    for engine in ENGINES.keys() - {"libreoffice"}:
        cells = _by_id(book, require(ENGINES[engine]()).recalculate(file.with_name("poisoned.xlsx"), asked_of(book)))
        _no_error(cells)
        _alike(expected, cells)
        _results_follow_states(book, cells)
