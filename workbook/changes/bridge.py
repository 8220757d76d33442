"""The sheet that shows how groups of changes moved the headline that its reader picks, as a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.changes.cells import HERE, LONGEST_LABEL, PERCENT, clean, expression, number, number_format, numbers, rows_of, units, width_of
from workbook.declare.catalogues import Bounds, Figure
from workbook.declare.schema import (
    Axis,
    Chart,
    ChartsBlock,
    Column,
    GridBlock,
    InputsBlock,
    RowKey,
    Series,
    Sheet,
    TableBlock,
    TextBlock,
    ValuesBlock,
)
from workbook.model.evaluate import quantise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbook.changes.differences import Account, HeadlineMove
    from workbook.declare.schema import Block

TABLES = ("update_bridge", "update_pick", "update_steps", "update_groups", "update_shares")
PICK = "update_bridge.headline"
MOST_GROUPS = 20
MOST_HEADLINES = 100
WIDTH = 34.0  # characters of the column in which the headline is picked
PARTS = {"base": "", "fall": "Fall", "rise": "Rise", "total": "Whole move"}  # the series of the chart, by role
LENGTH = "0.00%;-0.00%;0.00%"
SMALLEST = "0.00005"  # of the figure before: less has no bar, since its label would say 0.00%
HOW = (
    "How the move is shared out: the changes were made group by group, in every order in which that can be done, and each group is given "
    "its mean effect over all orders (its Shapley value). Formulas and structure come as one last group. So the shares add up to the move, "
    "and what two groups bring only together is split evenly between them."
)
SHOWN = (
    "Pick a headline in the yellow cell; all else on this sheet follows. The bars run from 0, the figure before the update, to the whole "
    "move, in % of the size of the figure before (of the figure after where that before was 0): changes in the direction of the move "
    "first, the largest before the others. A fall has a minus, a rise a plus. Nothing here is live but the choice: all figures are "
    "those calculated at the update."
)


def choices(account: Account) -> list[str]:
    """Return the headlines that can be picked, as the sheet names them."""
    taken: set[str] = set()
    found = []
    for item in _explained(account):
        label, count = _searchable(item.label) or "Headline", 1
        name = f"{label} ({_searchable(item.id)})" if label.lower() in taken else label
        while name.lower() in taken:
            count += 1
            name = f"{label} ({count})"
        taken.add(name.lower())
        found.append(name)
    return found


def _searchable(text: str) -> str:
    """Return a text without what programs take for any text in a lookup: ? and *, and ~ as a sign before them."""
    return clean(text, LONGEST_LABEL).replace("?", "").replace("*", "×").replace("~", "-").strip()


def bridge(account: Account, name: str) -> Iterator[Sheet]:
    """Yield the sheet, if there are headlines with shares to show on it."""
    moves = _explained(account)
    if not moves:
        return
    groups = _groups(account, moves)
    picked_row = "update_shares[update_bridge.headline]"
    first = 1 + max(range(len(moves)), key=lambda number: moves[number].size)
    picked = Column(
        "headline", "Headline", "text", HERE, width=WIDTH, bounds=Bounds(key="update_shares"), doc="One of the headlines in the last table."
    )
    chart = Chart(
        title="What moved the headline, one group of changes a bar",
        kind="waterfall",
        x=Axis("Changes"),
        y=Axis("% of the figure before the update", format="0.0%"),
        series=tuple(Series(table="update_steps", x="change", y=role, name=name, place=HERE, role=role) for role, name in PARTS.items()),
        place=HERE,
    )
    blocks: tuple[Block, ...] = (
        TextBlock("", (SHOWN,), HERE),
        InputsBlock("update_bridge", "Choose", ((picked, Figure(f"r{first}", "text", HERE)),), HERE),
        ValuesBlock("update_pick", "The headline that is picked", _pick(picked_row), HERE),
        ChartsBlock((chart,), HERE),
        _steps(len(groups)),
        _contributions(groups, picked_row),
        GridBlock("What is in the groups", ("Group", "Inputs", "Which"), (1, 1, 6), tuple(_contents(account, groups)), HERE),
        _shares(account, moves, groups),
        TextBlock("How it is worked out", (HOW,), HERE),
    )
    yield Sheet(
        name, "What moved the headlines at the update", "Which changes moved a headline, and by how much?", blocks, HERE, is_report=True
    )


def _explained(account: Account) -> list[HeadlineMove]:
    """Return the headlines whose move is shared out: those that moved most, of very many."""
    found = [
        item
        for item in account.headlines
        if number(item.before) is not None and number(item.after) is not None and any(number(part) for part in item.shares.values())
    ]
    return sorted(found, key=lambda item: -item.size)[:MOST_HEADLINES]


def _groups(account: Account, moves: list[HeadlineMove]) -> dict[str, list[str]]:
    """Return by what the sheet shows the groups that each column stands for; of very many, the last share a column."""
    names = list(dict.fromkeys([*account.groups, *(name for item in moves for name in item.shares)]))
    single, rest = (names, []) if len(names) <= MOST_GROUPS else (names[: MOST_GROUPS - 1], names[MOST_GROUPS - 1 :])
    shown = {clean(name, 60) or "Changes": [name] for name in single}
    if len(shown) < len(single):
        shown = {f"{n}: {clean(name, 60)}": [name] for n, name in enumerate(single, 1)}
    return {**shown, f"{len(rest)} other groups": rest} if rest else shown


def _pick(found: str) -> tuple[Column, ...]:
    def value(name: str, label: str, unit: str, text: str, shown: str = "sized", doc: str = "") -> Column:
        return Column(name, label, unit, HERE, expression(text), format=shown, doc=doc, width=WIDTH)

    at_update = "In the unit above, as calculated at the update."
    return (
        value("unit", "Unit", "text", f"{found}.unit", "", "What the headline is counted in."),
        value("before", "Before the update", "mixed", f"{found}.before", doc=at_update),
        value("after", "After the update", "mixed", f"{found}.after", doc=at_update),
        value("move", "Move", "mixed", "after - before", "sized_move", "After less before."),
        value("relative", "Relative move", "1", "move / scale", PERCENT, "The move in % of the size of the figure before."),
        value("closes", "Do the shares add up to the move?", "1", f"{found}.adds", "pass", "Within 1e-9 of the figure's size."),
        value(
            "scale",
            "Chart: what bars are shares of",
            "mixed",
            "abs(before) if before != 0 else (abs(after) if after != 0 else 1)",
            doc="The size of the figure before; of the figure after where that is 0.",
        ),
        value(
            "side",
            "Chart: side to which bars grow",
            "1",
            "1 if move >= 0 else -1",
            "0",
            "1: to the right; -1: to the left, below the figure before.",
        ),
    )


def _steps(count: int) -> TableBlock:
    """Return the data of the chart: before, each group by size, after."""
    steps = [f"s{n}" for n in range(1, count + 1)]
    shown: dict[str, str | float] = {"before": "Start", **{step: f"Step {n}" for n, step in enumerate(steps, 1)}, "after": "End"}

    def of_group(name: str) -> str:
        return f"item([g.{name} for g in update_groups], position({{n}}, [g.place for g in update_groups]))"

    def column(name: str, label: str, unit: str, texts: tuple[str, str, str], shown: str, doc: str, width: float = 12.0) -> Column:
        before, step, after = texts
        cases = {"before": before, **{member: step.format(n=n) for n, member in enumerate(steps, 1)}, "after": after}
        written = {member: expression(text) for member, text in cases.items() if text}
        return Column(name, label, unit, HERE, switch="step", case=written, format=shown, width=width, doc=doc)

    columns = (
        column("change", "Change", "text", ("'Before'", of_group("group"), "'After'"), "", "Name.", WIDTH),
        column(
            "contribution",
            "Contribution, unit of the headline",
            "mixed",
            ("", of_group("contribution"), "update_pick.move"),
            "sized_move",
            "What the group brought; in the last row, the whole move.",
            16.0,
        ),
        column(
            "figure",
            "Figure, unit of the headline",
            "mixed",
            ("update_pick.before", "previous(figure) + contribution", "update_pick.after"),
            "sized",
            "From the figure before to the figure after.",
            16.0,
        ),
        column(
            "share",
            "Contribution in %",
            "1",
            ("0", "round(contribution / update_pick.scale, 12)", "update_pick.relative"),
            PERCENT,
            "The contribution in parts of the size of the figure before.",
        ),
        column("running", "Running total in %", "1", ("0", "previous(running) + share", "share"), PERCENT, "Of the contributions so far."),
        *_bars(column),
    )
    key = RowKey(name="step", label="Step", place=HERE, members=shown)
    return TableBlock("update_steps", "From before to after, by size", (key,), columns, HERE)


def _bars(column: Callable[..., Column]) -> tuple[Column, ...]:
    """Return the columns that only the chart reads: the near end of each bar, and its length by role."""
    grown, fallen = "running - previous(running)", "previous(running) - running"
    side = "update_pick.side"
    near = "min(running, previous(running)) if update_pick.move >= 0 else max(running, previous(running))"
    return (
        column("base", "Chart: near end of a bar", "1", ("0", near, "0"), LENGTH, "The end of a bar that is nearer to 0."),
        column(
            "fall",
            "Chart: fall",
            "1",
            ("0", f"{side} * ({fallen} if {fallen} >= {SMALLEST} else 0)", "0"),
            LENGTH,
            "Length of a bar; below 0 where it lies to the left.",
        ),
        column(
            "rise",
            "Chart: rise",
            "1",
            ("0", f"{side} * ({grown} if {grown} >= {SMALLEST} else 0)", "0"),
            LENGTH,
            "Length of a bar; below 0 where it lies to the left.",
        ),
        column("total", "Chart: whole move", "1", ("0", "0", "running"), PERCENT, "Length of a bar; below 0 where it lies to the left."),
    )


def _contributions(groups: dict[str, list[str]], picked_row: str) -> TableBlock:
    """Return the shares of the headline that is picked, by group, and the place of each in the chart."""
    rows = [f"r{n}" for n in range(1, len(groups) + 1)]
    places = {}
    for own, row in enumerate(rows):
        tests = [f"indicator(update_groups['{other}'].along {'>=' if n < own else '>'} along)" for n, other in enumerate(rows) if n != own]
        places[row] = expression(" + ".join(["1", *tests]))
    taken = {row: expression(f"{picked_row}.{_column(n)}") for n, row in enumerate(rows)}
    columns = (
        Column(
            *("contribution", "Contribution, unit of the headline", "mixed", HERE),
            switch="group",
            case=taken,
            format="sized_move",
            width=16.0,
            doc="The group's share of the move of the headline that is picked.",
        ),
        Column(
            *("along", "In the direction of the move", "mixed", HERE),
            expression("contribution * update_pick.side"),
            format="sized",
            doc="Above 0 where the contribution has the sign of the move.",
        ),
        Column("place", "Step in the chart", "1", HERE, switch="group", case=places, format="0", doc="1 for the largest along the move."),
    )
    return TableBlock("update_groups", "Contributions by group", (rows_of("group", "Group of changes", groups),), columns, HERE)


def _column(number: int) -> str:
    return f"group_{number + 1}"


def _contents(account: Account, groups: dict[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """Yield each group with the number and the labels of its inputs."""
    labels = {item.id: item.label for item in account.inputs}
    for shown, names in groups.items():
        ids = [cell_id for name in names for cell_id in account.groups.get(name, ())]
        which = "; ".join(clean(labels.get(cell_id) or cell_id, LONGEST_LABEL) for cell_id in ids)
        yield shown, f"{len(ids):,}" if ids else "–", clean(which) or "Formulas and structure"


def _shares(account: Account, moves: list[HeadlineMove], groups: dict[str, list[str]]) -> TableBlock:
    """Return the constants: for every headline before, each group's share, after, and whether they add up."""
    rows = {f"r{n}": item for n, item in enumerate(moves, 1)}
    shares = {
        row: [quantise(sum(number(item.shares.get(name)) or 0.0 for name in names)) for names in groups.values()]
        for row, item in rows.items()
    }
    ends = {row: (number(item.before), number(item.after)) for row, item in rows.items()}
    formats = {row: number_format(ends[row], min((abs(part) for part in parts if part), default=0.0)) for row, parts in shares.items()}
    signed = {row: f"+{text};-{text};{text}" for row, text in formats.items()}
    width = width_of(formats, {row: (*ends[row], *shares[row]) for row in rows})
    total = " + ".join(_column(n) for n in range(len(groups)))
    adds = f"indicator(abs(after - before - ({total})) <= 1e-9 * max(abs(before), abs(after)))"
    columns = (
        units([item.unit for item in moves]),
        numbers("before", "Before", {row: before for row, (before, _) in ends.items()}, formats, width),
        *(numbers(_column(n), name, {row: parts[n] for row, parts in shares.items()}, signed, width) for n, name in enumerate(groups)),
        numbers("after", "After", {row: after for row, (_, after) in ends.items()}, formats, width),
        Column("adds", "Shares add up to the move", "1", HERE, expression(adds), format="pass", doc="Within 1e-9 of the figure's size."),
    )
    title = "All headlines by group, as calculated at the update"
    return TableBlock("update_shares", title, (rows_of("headline", "Headline", choices(account)),), columns, HERE)
