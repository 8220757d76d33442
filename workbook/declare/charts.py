"""The keywords of charts, and the parts that series play in charts that are drawn from several columns: waterfalls and tornados."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator, Field

from workbook.declare import schema
from workbook.declare.keywords import Choice, Keywords, Number, Parts, Text, Texts, Written, words
from workbook.declare.schema import CHART_KINDS, ROLES
from workbook.errors import suggest

if TYPE_CHECKING:
    from workbook.declare.schema import Chart, Series
    from workbook.errors import Problems

_EVERY_ROLE = tuple(role for roles in ROLES.values() for role in roles)


class Axis(Keywords):
    """An axis of a chart."""

    called: ClassVar[str] = "axis '{key}'"
    title: Text = Field("", description="What is drawn along the axis, with its unit.")
    log: Number = Field(None, description="The base of a logarithmic scale, such as 2 or 10.")
    minimum: Number = Field(None, description="The number at which the axis starts.")
    maximum: Number = Field(None, description="The number at which the axis ends.")
    format: Text = Field("", description="Excel's number format of the labels.")


class ChartSeries(Keywords):
    """A line or a set of bars; or, with 'per', one for each member of a key."""

    called: ClassVar[str] = "series"
    table: Text = Field("", description="The table that is drawn.")
    x: Text = Field("", description="Its column, or key, along the axis of x.")
    y: Text = Field("", description="Its column along the axis of y.")
    name: Text = Field("", description="What the legend calls the series; without 'per'.")
    per: Text = Field("", description="The row key that has a series for each of its members, named after it.")
    only: Texts = Field(
        (), description="With 'per': the members that have a series; else the rows that are drawn, with those between them."
    )
    without: Texts = Field((), description="The members or rows that 'only' would leave out; a new one is drawn.")
    above: Text = Field("", description="Its column of how far y may be above, in y's unit, drawn as error bars; with 'below' and 'high'.")
    below: Text = Field("", description="Its column of how far y may be below; with 'above' and 'high'.")
    high: Text = Field("", description="Its column of the upper ends, which the axis then has room for; with 'above' and 'below'.")
    role: Annotated[Text, words(_EVERY_ROLE), Written("one of: " + ", ".join(_EVERY_ROLE))] = Field(
        "", description="The part of the series in a waterfall (base, fall, rise, total) or a tornado (low, high)."
    )


class ChartKeywords(Keywords):
    """A chart, which Excel draws from the cells of a table."""

    called: ClassVar[str] = "a chart"
    title: Text = Field("", description="The title, which says what the chart shows.")
    kind: Annotated[str, BeforeValidator(Choice(CHART_KINDS)), words(CHART_KINDS), Written("one of: " + ", ".join(CHART_KINDS))] = Field(
        "line", description="How the series are drawn."
    )
    x: Axis = Field(description="The axis of the categories, or of x, with a title that names the unit.")
    y: Axis = Field(description="The axis of the values, with a title that names the unit.")
    series: Parts[ChartSeries] = Field((), description="The lines or bars that are drawn.")

    def check(self, problems: Problems) -> None:
        """Record what is wrong with the series of a chart, and with its scale."""
        if not self.series:
            problems.add(self.place, "a chart needs 'series'")
        for series in self.series:
            if len({bool(series.above), bool(series.below), bool(series.high)}) > 1 or (series.above and series.role):
                problems.add(series.place, "error bars need 'above', 'below' and 'high', and no 'role'", "give all three, or none")
        check_roles(self.declared(), problems)

    def declared(self) -> Chart:
        """Return the declaration of the chart."""
        series = tuple(each.into(schema.Series) for each in self.series)
        return self.into(schema.Chart, x=self.x.into(schema.Axis), y=self.y.into(schema.Axis), series=series)


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
