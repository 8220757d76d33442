"""What differs between two workbooks, and what brought each headline's move: against plain arithmetic over all orders."""

from __future__ import annotations

import json
import random
from itertools import count, permutations
from typing import TYPE_CHECKING, Any

import pytest

from tests.roundtrip.edits import Values, draw, in_libreoffice, place, typed
from tests.support import ACROSS, TAKES, TINY, command, copy_of, plant
from workbook import api
from workbook.changes.differences import Account, account_of
from workbook.errors import WorkbookError
from workbook.expr.values import shown
from workbook.model.evaluate import evaluate
from workbook.model.reaching import reaching
from workbook.roundtrip.contents import side_of_book
from workbook.roundtrip.diff import ALL_ELSE, NO_RESULTS, compared, diff, explained
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.verify.run import verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbook.layout.plan import Layout

UPDATES = 200
RESULTS = "sheets/results.yaml"
# Of case 'mine': GPUs of 200 W, 16 of them, a PUE of 1.25 taken over from 'corrected', for 6 hours: 24 kWh.
FACTORS = {"gpus.small.power": (200, 250), "cases.corrected.pue": (1.25, 1.2), "cases.mine.count": (16, 20), "hours.h6": (6, 9)}
GROUPS = {
    "gpus.small.power": "Small GPU (GPUs)",
    "cases.corrected.pue": "Corrected (cases)",
    "cases.mine.count": "My own (cases)",
    "hours.h6": "Hours (hours)",
}


def build(path: Path, name: str = "across", root: Path = ACROSS, sets: Values | None = None) -> Path:
    """Build a workbook with inputs replaced."""
    return api.build(name, path, templates=root, sets=sets).path


def by_orders(worth: Callable[[frozenset[str]], float], groups: Sequence[str]) -> dict[str, float]:
    """Give each group's mean effect over all orders, one by one."""
    known: dict[frozenset[str], float] = {}

    def asked(chosen: frozenset[str]) -> float:
        if chosen not in known:
            known[chosen] = worth(chosen)
        return known[chosen]

    orders = list(permutations(groups))
    return {
        group: sum(asked(frozenset(order[: order.index(group) + 1])) - asked(frozenset(order[: order.index(group)])) for order in orders)
        / len(orders)
        for group in groups
    }


def move_of(account: Account, identity: str) -> Any:
    """Give a headline's move; untyped, since it is compared with approximations."""
    return next(move for move in account.headlines if move.id == identity)


def moves_of(account: Account) -> dict[str, float]:
    """Give each headline's move where it has shares."""
    return {
        move.id: move.after - move.before
        for move in account.headlines
        if move.shares and isinstance(move.after, float | int) and isinstance(move.before, float | int)
    }


def test_a_product_of_four_factors_is_shared_out_as_by_hand(tmp_path: Path) -> None:
    build(tmp_path / "a.xlsx")
    build(tmp_path / "b.xlsx", sets={key: after for key, (_, after) in FACTORS.items()})

    def energy(changed: frozenset[str]) -> float:
        product = 1e-3
        for key, (before, after) in FACTORS.items():
            product *= after if key in changed else before
        return product

    wanted = by_orders(energy, list(FACTORS))
    account = diff(tmp_path / "a.xlsx", tmp_path / "b.xlsx", templates=ACROSS)
    move = move_of(account, "by_length.h6.energy")
    assert (move.label, move.unit, move.before, move.after) == ("h6: Energy", "kWh", 24.0, pytest.approx(54.0))
    assert move.shares == pytest.approx({GROUPS[key]: share for key, share in wanted.items()}, rel=1e-9)
    assert {item.id: (item.was, item.now) for item in account.inputs} == FACTORS
    assert account.groups == {GROUPS[key]: (key,) for key in sorted(FACTORS, key=lambda key: list(account.groups).index(GROUPS[key]))}


def test_two_hundred_random_updates_are_shared_out_to_the_last_digit() -> None:
    """Inputs drawn at random, as they are in files: shares add up, and are the mean over all orders."""
    checked = 0
    layouts = [api.prepared(name, root)[0] for name, root in (("across", ACROSS), ("tiny", TINY), ("takes", TAKES))]
    for seed in count():
        layout = layouts[seed % 3]
        book = loaded(layout, {})
        dice = random.Random(seed)  # noqa: S311 tests need the same numbers each time
        before, after = draw(book, dice, 5), draw(book, dice, 5)
        try:
            account = _account(layout, before, after)
        except WorkbookError:  # some draws are refused, such as a list that does not rise
            continue
        for identity, move in moves_of(account).items():
            shares = next(item.shares for item in account.headlines if item.id == identity)
            assert sum(shares.values()) == pytest.approx(move, rel=1e-9, abs=1e-12), (seed, identity)
        _by_orders_too(layout, before, after, account)
        checked += bool(moves_of(account))
        if checked == UPDATES:
            break


def loaded(layout: Layout, sets: Values) -> api.Book:
    """Give the book of templates that were compiled before."""
    return api.evaluated(layout.model, layout, api.parse_sets(layout.model, sets))


def _account(layout: Layout, before: Values, after: Values) -> Account:
    first, book = side_of_book(loaded(layout, before)), loaded(layout, after)
    return explained(compared(first, side_of_book(book), book), first, book)


def _by_orders_too(layout: Layout, before: Values, after: Values, account: Account) -> None:
    """Compare with the mean over all orders, each set of changes evaluated as a workbook of its own."""
    if not moves_of(account) or len(account.groups) > 6 or ALL_ELSE in account.groups:
        return
    where = next(iter(moves_of(account)))

    def worth(chosen: frozenset[str]) -> float:
        mine = {identity for group in chosen for identity in account.groups[group]}
        changed = {identity for ids in account.groups.values() for identity in ids}
        sets = {key: value for key, value in before.items() if key not in changed or key not in mine}
        sets |= {key: value for key, value in after.items() if key not in changed or key in mine}
        for key in mine - after.keys():
            sets.pop(key, None)
        for key in changed - mine - before.keys():
            sets.pop(key, None)
        quantity, row = layout.model.find(where) or ("", 0)
        book = api.evaluated(layout.model, layout, api.parse_sets(layout.model, sets), [quantity])
        return float(book.values[quantity][row])

    wanted = by_orders(worth, list(account.groups))
    shares = next(item.shares for item in account.headlines if item.id == where)
    assert shares == pytest.approx(wanted, rel=1e-9, abs=1e-9 * abs(worth(frozenset())))


def test_what_templates_changed_is_told_and_what_inputs_do_not_explain_is_a_share_of_its_own(tmp_path: Path) -> None:
    build(tmp_path / "a.xlsx")
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "corrected: 1.25}", "corrected: 1.5}")
    plant(root, RESULTS, 'headline: true, expr: "convert(power * hours', 'headline: true, expr: "convert(2 * power * hours')
    plant(root, "across.yaml", "sheets: [", "sheets: [extra, ")
    (root / "sheets" / "extra.yaml").write_text(
        "sheet: Extra\ntitle: Extra\nblocks:\n  - values: extra\n    items:\n      one: {label: One, unit: '1', expr: '1'}\n"
    )
    build(tmp_path / "b.xlsx", root=root)
    account = diff(tmp_path / "a.xlsx", tmp_path / "b.xlsx", templates=root)
    assert [(item.id, item.was, item.now) for item in account.inputs] == [("cases.corrected.pue", 1.25, 1.5)]
    assert account.inputs[0].behind == "own, assumed, low"
    assert [(item.id, item.before, item.after) for item in account.formulas] == [
        ("by_length.energy", "convert(power * hours, 'kWh')", "convert(2 * power * hours, 'kWh')")
    ]
    assert account.structure == ("sheet 'Extra' is new", "table 'extra' is new, 1 rows")
    move = move_of(account, "by_length.h1.energy")
    # 4 kWh before; today's formula makes 8 of that, and 9.6 with the PUE of 1.5.
    assert (move.before, move.after) == (4.0, pytest.approx(9.6))
    assert move.shares == pytest.approx({"Corrected (cases)": 1.6, ALL_ELSE: 4.0})
    assert account.groups[ALL_ELSE] == ()


def test_it_does_not_matter_which_side_has_its_templates_at_hand(tmp_path: Path) -> None:
    build(tmp_path / "a.xlsx")
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "corrected: 1.25}", "corrected: 1.5}")
    plant(root, RESULTS, 'headline: true, expr: "convert(power * hours', 'headline: true, expr: "convert(2 * power * hours')
    build(tmp_path / "b.xlsx", root=root)
    account = diff(tmp_path / "a.xlsx", tmp_path / "b.xlsx", templates=ACROSS)
    move = move_of(account, "by_length.h1.energy")
    # By the formulas of the first: 4 kWh, and 4.8 with the PUE of 1.5.
    assert (move.before, move.after) == (4.0, pytest.approx(9.6))
    assert move.shares == pytest.approx({"Corrected (cases)": 0.8, ALL_ELSE: 4.8})
    other = copy_of(ACROSS, tmp_path / "third")
    plant(other, RESULTS, 'headline: true, expr: "convert(power * hours', 'headline: true, expr: "convert(3 * power * hours')
    account = diff(tmp_path / "a.xlsx", tmp_path / "b.xlsx", templates=other)
    assert [move.shares for move in account.headlines] == [{}] * len(account.headlines)
    assert account.unexplained.startswith(f"moves are not explained: {tmp_path / 'a.xlsx'} was built from other templates")


def test_a_template_is_compared_with_a_file_that_was_edited_in_libreoffice(tmp_path: Path) -> None:
    built, edited = build(tmp_path / "a.xlsx"), tmp_path / "b.xlsx"
    book = api.load("across", ACROSS)
    in_libreoffice([(built, edited, [["set", *place(book, "cases.mine.count"), 20.0], ["set", *place(book, "cases.mine.pue"), 1.5]])])
    result = command("diff", "across", edited, "--templates", ACROSS)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2:11] == [
        "4 headlines moved:",
        "  h1: Energy: 4 -> 6 kWh (+50.00%)",
        "    +2  My own (cases)",
        "  h2: Energy: 8 -> 12 kWh (+50.00%)",
        "    +4  My own (cases)",
        "  h6: Energy: 24 -> 36 kWh (+50.00%)",
        "    +12  My own (cases)",
        "  Most power: 5 -> 6 kW (+20.00%)",
        "    +1  My own (cases)",
    ]
    assert "  cases.mine.pue: inherited -> 1.5 (typed into the file)" in result.stdout
    told = json.loads(command("diff", "across", edited, "--templates", ACROSS, "--format", "json").stdout)
    assert account_of(told) == diff("across", edited, templates=ACROSS)


def test_a_value_typed_that_an_input_inherits_is_no_difference(tmp_path: Path) -> None:
    """The case chosen once more in its list, or its PUE typed as it is: nothing has changed."""
    built = build(tmp_path / "a.xlsx")
    typed(built, tmp_path / "b.xlsx", api.load("across", ACROSS), {"chosen.case": "My own", "cases.mine.pue": 1.25})
    for first, second in ((built, tmp_path / "b.xlsx"), (tmp_path / "b.xlsx", built), ("across", tmp_path / "b.xlsx")):
        assert diff(first, second, templates=ACROSS).inputs == ()


def test_a_file_without_results_is_calculated(tmp_path: Path) -> None:
    built, book = build(tmp_path / "a.xlsx"), api.load("across", ACROSS)
    edited = typed(built, tmp_path / "b.xlsx", book, {"cases.mine.count": 20.0})
    move = move_of(diff(built, edited, templates=ACROSS), "by_length.h1.energy")
    assert (move.before, move.after, move.shares) == (4.0, pytest.approx(5.0), pytest.approx({"My own (cases)": 1.0}))
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "corrected: 1.25}", "corrected: 1.5}")
    plant(root, RESULTS, 'headline: true, expr: "convert(power * hours', 'headline: true, expr: "convert(2 * power * hours')
    account = diff(edited, "across", templates=root)
    # The edited file's own templates are not at hand: 10 is what today's formula makes of its 20 GPUs.
    move = move_of(account, "by_length.h1.energy")
    assert (account.unexplained, move.before, move.after) == (NO_RESULTS, pytest.approx(10.0), pytest.approx(9.6))
    assert sum(move.shares.values()) == pytest.approx(-0.4)


def test_what_is_not_as_built_is_told(tmp_path: Path) -> None:
    built, book = build(tmp_path / "a.xlsx"), api.load("across", ACROSS)
    edited = typed(built, tmp_path / "b.xlsx", book, {"over.most": 3.0})
    result = command("diff", built, edited, "--templates", ACROSS)
    assert result.exit_code == 1
    assert "not as built, in the second: Results!" in result.stdout
    assert "(over.most) holds the constant 3 in place of its formula" in result.stdout


def test_equal_workbooks_have_no_differences(tmp_path: Path) -> None:
    built = build(tmp_path / "a.xlsx", "tiny", TINY)
    result = command("diff", built, "tiny", "--templates", TINY)
    assert (result.exit_code, result.stdout.splitlines()[1:]) == (0, ["no differences"])
    assert pull(built).edits == {}


def test_mistakes_are_told_in_one_message_each(tmp_path: Path) -> None:
    built = build(tmp_path / "a.xlsx")
    tiny = build(tmp_path / "t.xlsx", "tiny", TINY)
    for arguments, said in (
        ((built, tmp_path / "no.xlsx"), "cannot be read: No such file or directory"),
        ((built, "acros"), "there is no workbook template 'acros'"),
        ((built, tiny), "is a workbook 'tiny'"),
    ):
        result = command("diff", *arguments, "--templates", ACROSS)
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr


def test_the_second_can_be_written_with_the_account_on_sheets(tmp_path: Path) -> None:
    built, edited = build(tmp_path / "a.xlsx"), build(tmp_path / "b.xlsx", sets={"cases.mine.count": 20})
    target = tmp_path / "told.xlsx"
    assert command("diff", built, edited, "--templates", ACROSS, "--out", target).exit_code == 1
    assert verify(target, ["libreoffice"], templates=ACROSS).ok
    assert pull(target).sets == {"cases.mine.count": 20.0}
    assert command("diff", edited, target, "--templates", ACROSS).stdout.splitlines()[1:] == ["no differences"]
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, RESULTS, 'headline: true, expr: "convert(power * hours', 'headline: true, expr: "convert(3 * power * hours')
    result = command("diff", built, edited, "--templates", root, "--out", tmp_path / "no.xlsx")
    assert (result.exit_code, (tmp_path / "no.xlsx").exists()) == (2, False)
    assert "give its templates with --templates" in result.stderr


def test_expressions_that_look_like_escapes_come_back_from_libreoffice(tmp_path: Path) -> None:
    """LibreOffice takes ``_x8_`` in a text for a character's escape."""
    root = copy_of(ACROSS, tmp_path / "templates")
    old = "expr: \"count(r.power for r in cases if r.cooling == 'water')\""
    plant(root, RESULTS, old, old.replace("water", "a_x8_b"))
    built = build(tmp_path / "a.xlsx", root=root)
    in_libreoffice([(built, tmp_path / "b.xlsx", [])])
    assert diff(tmp_path / "b.xlsx", "across", templates=root).formulas == ()


def told_on_changes(path: Path) -> list[object]:
    """Give what sheet Changes of a file says."""
    return [cell.value for cell in read_cells(path)["Changes"].values()]


def test_what_was_gone_without_an_edit_is_no_edit_that_was_lost(tmp_path: Path) -> None:
    built = build(tmp_path / "a.xlsx")
    edited = typed(built, tmp_path / "b.xlsx", api.load("across", ACROSS), {"hours.h6": 7.0})
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, RESULTS, "{h1: 1, h2: 2, h6: 6}", "{h1: 1, h5: 5}")
    for file, gone in ((built, {"hours.h2": "gone", "hours.h6": "gone"}), (edited, {"hours.h2": "gone", "hours.h6": "removed"})):
        target = tmp_path / f"new_{file.name}"
        account = regenerate(file, target, templates=root).account
        assert account is not None
        assert {item.id: item.outcome for item in account.inputs if item.now is None} == gone
        lost = "Gone from the templates, edit not carried"
        assert told_on_changes(target).count(lost) == list(gone.values()).count("removed")
        assert told_on_changes(target).count("Gone") == list(gone.values()).count("gone")


def test_headlines_worked_out_anew_are_told_beside_the_bridge(tmp_path: Path) -> None:
    book = api.load("across", ACROSS)
    edited = typed(build(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", book, {"cases.mine.count": 20.0})
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "corrected: 1.25}", "corrected: 1.5}")
    regenerate(edited, tmp_path / "new.xlsx", templates=root)
    assert "Update bridge" in read_cells(tmp_path / "new.xlsx")
    assert f"{NO_RESULTS.capitalize()}." in told_on_changes(tmp_path / "new.xlsx")
    assert verify(tmp_path / "new.xlsx", ["gnumeric"], templates=root).ok  # one group alone is looked up


def test_a_comparison_is_not_told_as_an_update(tmp_path: Path) -> None:
    built, edited = build(tmp_path / "a.xlsx"), build(tmp_path / "b.xlsx", sets={"cases.mine.count": 20})
    diff(built, edited, templates=ACROSS, out=tmp_path / "told.xlsx")
    said = [text for text in told_on_changes(tmp_path / "told.xlsx") if str(text).startswith("Built with")]
    assert len(said) == 1
    assert "compared with another workbook" in str(said[0])


@pytest.mark.parametrize("root", [ACROSS, TAKES], ids=["across", "takes"])
def test_a_cell_that_no_mark_reaches_keeps_its_value(root: Path) -> None:
    book, dice, unmarked = api.load(root.name, root), random.Random(4), 0  # noqa: S311 repeatable
    for _ in range(UPDATES // 20):
        edits = {at: value for name, value in draw(book, dice, 4).items() if (at := book.model.find(name))}
        marks = {at: 1 << number for number, at in enumerate(edits)}
        reached = reaching(book.model, book.values, book.edits, marks)
        for at, value in edits.items():
            now = evaluate(book.model, book.edits | {at: value})
            pairs = {name: zip(shown(found), shown(book.values[name]), strict=True) for name, found in now.items()}
            moved = {(name, row) for name, of in pairs.items() for row, (one, other) in enumerate(of) if repr(one) != repr(other)}
            marked = {(name, row) for name in now for row, mark in enumerate(reached[name]) if mark & marks[at]}
            assert moved <= marked
            unmarked += len(marked) < sum(map(len, now.values()))
    assert unmarked  # else all cells were marked, and nothing was tried
