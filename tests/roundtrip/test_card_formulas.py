"""A formula that comes with a card, or goes, is the card's change: the account shares the move out to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ACROSS, copy_of, plant
from workbook import api
from workbook.roundtrip.diff import diff
from workbook.roundtrip.regenerate import regenerate

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.changes.differences import Account

POWER = "power: {value: 200, unit: W/gpu, source: own}"
FORMULA = 'power: {expr: "5 * 50 [W/gpu]", unit: W/gpu, source: own, confidence: low, evidence: derived}'
OTHER = 'power: {expr: "3 * 100 [W/gpu]", unit: W/gpu, source: own, confidence: low, evidence: derived}'
CARD = "Small GPU (GPUs)"
# Of case 'mine' in 6 hours: 16 GPUs with a PUE of 1.25 take 24 kWh at 200 W each, 30 at 250 W and 36 at 300 W.
ENERGY = {POWER: 24.0, FORMULA: 30.0, OTHER: 36.0}


def templates(tmp_path: Path, power: str) -> Path:
    """Make templates in which the card has this field."""
    root = copy_of(ACROSS, tmp_path / str(len(list(tmp_path.iterdir()))))
    plant(root, "gpus/small.yaml", POWER, power)
    return root


def shares(account: Account) -> Any:
    """Give the energy of the longest length before and after, and what moved it."""
    move = next(move for move in account.headlines if move.id == "by_length.h6.energy")
    return move.before, move.after, move.shares


@pytest.mark.parametrize(("before", "after"), [(POWER, FORMULA), (FORMULA, POWER), (FORMULA, OTHER)], ids=["comes", "goes", "changes"])
@pytest.mark.parametrize("is_backwards", [False, True], ids=["second at hand", "first at hand"])
def test_a_formula_of_a_card_is_the_cards_change(before: str, after: str, is_backwards: bool, tmp_path: Path) -> None:  # noqa: FBT001
    first, second = templates(tmp_path, before), templates(tmp_path, after)
    one = api.build("across", tmp_path / "a.xlsx", templates=first).path
    other = api.build("across", tmp_path / "b.xlsx", templates=second).path
    account = diff(one, other, templates=first if is_backwards else second)
    move = ENERGY[after] - ENERGY[before]
    assert shares(account) == (pytest.approx(ENERGY[before]), pytest.approx(ENERGY[after]), {CARD: pytest.approx(move)})
    assert account.groups == {CARD: ("gpus.small.power",)}


def test_the_formula_and_a_figure_beside_it_share_the_move(tmp_path: Path) -> None:
    """24 kWh become 30 by the card alone, 28.8 by the PUE alone, 36 by both."""
    root = templates(tmp_path, FORMULA)
    plant(root, "sheets/cases.yaml", "corrected: 1.25}", "corrected: 1.5}")
    built = api.build("across", tmp_path / "a.xlsx", templates=ACROSS).path
    account = regenerate(built, tmp_path / "b.xlsx", templates=root).account
    assert account is not None
    # 200 W to 250 W: 6 at the old PUE, 7.2 at the new. PUE: 4.8 at 200 W, 6 at 250 W.
    assert shares(account) == (24.0, pytest.approx(36.0), pytest.approx({CARD: 6.6, "Corrected (cases)": 5.4}))
    item = next(item for item in account.inputs if item.id == "gpus.small.power")
    assert (item.was, item.now, item.outcome, item.behind) == (200.0, 250.0, "changed", "a formula")
