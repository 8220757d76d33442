"""Merging three versions of inputs: laws that hold for any inputs, and each case by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbook.roundtrip.merge import State, States, merge

UNITS = st.sampled_from(["kW", "1", "text"])
VALUES = st.one_of(st.none(), st.integers(-3, 3).map(float), st.sampled_from(["a", "b"]))
STATES = st.dictionaries(st.sampled_from([f"t.{letter}.x" for letter in "abcdef"]), st.builds(State, VALUES, UNITS))


@st.composite
def edited(draw: st.DrawFn) -> tuple[States, States, States]:
    """Draw what templates gave, what users made of it (the same ids and units), and what templates give now."""
    base = draw(STATES)
    theirs = {name: State(draw(VALUES), state.unit) if draw(st.booleans()) else state for name, state in base.items()}
    ours = {name: state for name, state in base.items() if draw(st.booleans())} | draw(STATES)
    return base, theirs, ours


@given(edited())
def test_templates_that_did_not_change_keep_every_edit(drawn: tuple[States, States, States]) -> None:
    base, theirs, _ = drawn
    result = merge(base, theirs, base)
    assert (result.merged, result.conflicts, result.removed) == (theirs, [], {})


@given(STATES, STATES)
def test_a_file_without_edits_becomes_what_templates_give_now(base: States, ours: States) -> None:
    result = merge(base, base, ours)
    assert (result.merged, result.conflicts, result.removed, result.kept) == (ours, [], {}, [])


@given(edited(), st.sampled_from(["theirs", "ours"]))
def test_a_second_merge_changes_nothing(drawn: tuple[States, States, States], prefer: str) -> None:
    base, theirs, ours = drawn
    first = merge(base, theirs, ours, prefer)  # type: ignore[arg-type] # one of the two
    again = merge(ours, first.merged, ours, prefer)  # type: ignore[arg-type] # as above
    assert (again.merged, again.conflicts, again.updated, again.removed) == (first.merged, [], [], {})


@given(edited(), st.sampled_from(["theirs", "ours"]))
def test_no_edit_vanishes(drawn: tuple[States, States, States], prefer: str) -> None:
    base, theirs, ours = drawn
    result = merge(base, theirs, ours, prefer)  # type: ignore[arg-type] # as above
    told = {item.id: item.theirs for item in result.conflicts} | result.removed
    for name, state in theirs.items():
        if state != base[name]:
            assert result.merged.get(name) == state or told.get(name) == state
    assert set(result.merged) == set(ours)


def one(
    base: float | None, theirs: float | None, ours: float | None, unit: str = "kW", prefer: str = "theirs"
) -> tuple[float | str | None, int]:
    """Merge one input; give its value and the number of conflicts."""
    states = [{"a": State(value, "kW")} for value in (base, theirs)]
    result = merge(states[0], states[1], {"a": State(ours, unit)}, prefer)  # type: ignore[arg-type] # as above
    return result.merged["a"].value, len(result.conflicts)


def test_each_case_by_hand() -> None:
    assert one(1, 1, 1) == (1, 0)
    assert one(1, 1, 2) == (2, 0)
    assert one(1, 3, 1) == (3, 0)
    assert one(1, 3, 3) == (3, 0)
    assert one(1, 3, 2) == (3, 1)
    assert one(1, 3, 2, prefer="ours") == (2, 1)
    assert one(None, 3, None) == (3, 0)
    assert one(None, 3, 2) == (3, 1)
    assert one(None, None, 2) == (2, 0)
    assert one(1, 3, 1000, unit="W") == (1000, 1)
    assert one(1, 1, 1000, unit="W") == (1000, 0)


def test_digits_beyond_the_fifteenth_are_no_edit() -> None:
    assert one(521.029194987643, 521.029194987643, 521.0291949876428) == (521.0291949876428, 0)
    assert one(0.1, 0.1 + 1e-15, 7) == (0.1 + 1e-15, 1)


def test_a_removed_input_is_told_with_what_users_made_of_it() -> None:
    result = merge({"a": State(1, "kW"), "b": State(2, "kW")}, {"a": State(1, "kW"), "b": State(3, "kW")}, {})
    assert (result.merged, result.removed) == ({}, {"b": State(3, "kW")})
