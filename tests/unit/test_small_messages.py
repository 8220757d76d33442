"""Messages that name the likely slip: a decimal comma, another word for a key, a sum without rows, a card that names a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import ACROSS, TINY, command, copy_of, plant

if TYPE_CHECKING:
    from pathlib import Path


def test_a_decimal_comma_between_braces_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("cases: {mine: {pue: 1,1}}", "utf-8")
    result = command("results", "across", "--templates", ACROSS, "--overlay", path)
    assert "a comma begins the next entry: write a number with a decimal point" in result.stderr


def test_a_card_whose_name_no_sheet_can_have_is_reported_at_the_card(tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    text = (root / "gpus" / "small.yaml").read_text("utf-8")
    name = next(line for line in text.splitlines() if line.startswith("name:"))
    plant(root, "gpus/small.yaml", name, "name: 'a/b'")
    assert "gpus/small.yaml:" in command("check", "tiny", "--templates", root).stdout


def test_a_value_beyond_a_bound_is_shown_with_the_digits_it_was_typed_with() -> None:
    result = command("inputs", "tiny", "--templates", TINY, "--set", "run.weights=-1000001.5")
    assert "is -1000001.5; it must be" in result.stderr


def test_a_refused_value_is_cut_with_its_length_and_what_cannot_be_seen_is_named() -> None:
    result = command("inputs", "tiny", "--templates", TINY, "--set", "run.weights=1\u00a0x")
    assert "'1[no-break space]x' is not a finite number" in result.stderr
    result = command("inputs", "tiny", "--templates", TINY, "--set", f"run.weights={'x' * 500}")
    assert f"'{'x' * 80}...' (500 characters) is not a finite number" in result.stderr
