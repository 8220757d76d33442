"""The parts that series play in charts that are drawn from several columns: waterfalls and tornados."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.errors import suggest

if TYPE_CHECKING:
    from workbook.declare.schema import Chart, Series
    from workbook.errors import Problems

ROLES = {"waterfall": ("base", "fall", "rise", "total"), "tornado": ("low", "high")}
"""One series for each role, in the order in which they are drawn."""


def check_roles(chart: Chart, problems: Problems) -> None:
    """Add what is wrong with the roles of a chart's series, and with the scale of a chart that has roles."""
    roles = ROLES.get(chart.kind, ())
    strange = [series for series in chart.series if series.role not in (roles or ("",))]
    for series in strange:
        _refuse(chart.kind, series, problems)
    if not roles or not chart.series:
        return
    if not strange:
        _check_one_each(chart, roles, problems)
    for series in chart.series:
        if (series.table, series.x) != (chart.series[0].table, chart.series[0].x):
            problems.add(series.place, f"the series of a {chart.kind} have one 'table' and one 'x'", "take its column from the same table")
        if series.per or series.only:
            problems.add(series.place, f"a {chart.kind} has one series a role", "leave out 'per' and 'only'")
    _check_scale(chart, problems)


def _refuse(kind: str, series: Series, problems: Problems) -> None:
    roles = ROLES.get(kind, ())
    if not roles:
        problems.add(series.place, f"a series of a '{kind}' chart has no 'role'", "leave it out; roles are for: " + ", ".join(ROLES))
    elif not series.role:
        problems.add(series.place, f"a series of a {kind} needs a 'role'", "one of: " + ", ".join(roles))
    else:
        problems.add(series.place, f"a {kind} has no role '{series.role}'", suggest(series.role, roles))


def _check_one_each(chart: Chart, roles: tuple[str, ...], problems: Problems) -> None:
    given = [series.role for series in chart.series]
    repeated = [series for number, series in enumerate(chart.series) if series.role in given[:number]]
    for series in repeated:
        problems.add(series.place, f"a {chart.kind} has two series with 'role: {series.role}'", "it has one each of: " + ", ".join(roles))
    missing = [role for role in roles if role not in given]
    if missing and not repeated:
        which = " and ".join(f"'role: {role}'" for role in missing)
        problems.add(chart.place, f"a {chart.kind} needs a series with {which}", "it has one each of: " + ", ".join(roles))


def _check_scale(chart: Chart, problems: Problems) -> None:
    """Bars start at 0; on a logarithmic axis, which has no 0, the totals of a waterfall start at its minimum."""
    if chart.y.log and chart.kind == "tornado":
        problems.add(chart.place, "the 'y' of a tornado cannot have 'log': effects may be negative", "leave out 'log'")
    elif chart.y.log and not (chart.y.minimum or 0) > 0:
        problems.add(chart.place, "the 'y' of a waterfall with 'log' needs a 'minimum' above 0, where its totals start", "minimum: 0.1")
