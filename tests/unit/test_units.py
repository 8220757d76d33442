"""Kinds, units and scopes of expressions, with the units of the project's own templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import write_templates
from workbook.declare.packaged import directory
from workbook.declare.sheets import declarations
from workbook.expr.check import Checker
from workbook.expr.nodes import Call, Number
from workbook.expr.parse import parse
from workbook.expr.rules import BOOLEAN, NUMBER, TEXT, Type, UnitError
from workbook.expr.units import show
from workbook.model.compile import compile_model
from workbook.model.resolve import Resolver

if TYPE_CHECKING:
    from workbook.expr.nodes import Tree
    from workbook.model.graph import Model

UNITS = directory(None) / "units.txt"

TEMPLATE = """
sheet: Sheet
blocks:
  - inputs: q
    items:
      power: {value: 400, unit: W/gpu}
      node_power: {value: 5, unit: kW/node}
      rate: {value: 900, unit: tok/s/instance}
      degree: {value: 8, unit: gpu/instance}
      time: {value: 3, unit: ms}
      span: {value: 2, unit: s}
      memory: {value: 80, unit: GB/gpu}
      bytes: {value: 5, unit: byte/gpu}
      share: {value: 0.5, unit: "1"}
      inverse: {value: 4, unit: 1/s}
      name: {value: h100, unit: text}
  - table: t
    rows: {n: {members: {a: 1, b: 2}}}
    columns:
      x: {unit: W, values: {a: 1, b: 2}}
      y: {unit: s, values: {a: 3, b: 5}}
      z: {unit: W, values: {a: 3, b: 5}}
      word: {unit: text, values: {a: one, b: two}}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Compile a model of a few quantities."""
    return compile_model(declarations(write_templates(tmp_path_factory.mktemp("units"), TEMPLATE), "book"))


def checked(model: Model, text: str) -> tuple[Type, Tree]:
    """Return the type and the lowered tree of an expression."""
    tree = Resolver(model, model.tables["q"]).resolve(parse(text))

    def type_of(name: str) -> Type:
        unit = model.quantities[name].unit
        return TEXT if unit == "text" else Type("number", model.units.parse(unit))

    return Checker(model.units, type_of).check(tree)


def unit_of(model: Model, text: str) -> str:
    """Return the unit of an expression as people write it; ``bare`` for a number that fits any."""
    kind, _ = checked(model, text)
    return kind.kind if kind.kind != "number" else "bare" if kind.unit is None else show(kind.unit)


def refusal(model: Model, text: str) -> UnitError:
    """Return the error that an expression meets."""
    with pytest.raises(UnitError) as caught:
        checked(model, text)
    return caught.value


# Scopes


def test_the_tensor_parallel_degree_makes_them_tokens_per_joule(model: Model) -> None:
    units = model.units
    assert units.same(units.parse("tok/J"), units.parse(unit_of(model, "q.rate / (q.power * q.degree)")))
    assert unit_of(model, "q.rate / q.power") == "gpu*tok/W/instance/s"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("q.power + 1 [W/instance]", "gpu/instance"),
        ("q.power + 1 [W/node]", "gpu/node"),
        ("max(q.power, 1 [W/fleet])", "gpu/fleet"),
        ("q.power > 1 [W]", "gpu"),
    ],
)
def test_scopes_do_not_mix(model: Model, text: str, missing: str) -> None:
    error = refusal(model, text)
    assert "do not go together" in error.message
    assert "differ in scope only" in error.fix
    assert missing in error.fix


def test_units_that_differ_in_more_than_scope_are_named(model: Model) -> None:
    assert refusal(model, "q.power + q.rate").fix == "they differ by W*instance*s/gpu/tok"


# Arithmetic


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("q.power * q.span", "W*s/gpu"),
        ("q.power / q.power", "1"),
        ("1 / q.span", "1/s"),
        ("2 * q.power", "W/gpu"),
        ("q.power / 2", "W/gpu"),
        ("q.share * q.power", "W/gpu"),
        ("q.power + q.power", "W/gpu"),
        ("q.power - 0", "W/gpu"),
        ("0 + q.power", "W/gpu"),
        ("q.share + 1", "1"),
        ("1 - q.share", "1"),
        ("-q.power", "W/gpu"),
        ("abs(q.power)", "W/gpu"),
        ("round(q.power, 2)", "W/gpu"),
        ("floor(q.time)", "ms"),
        ("q.span ** 2", "s^2"),
        ("q.span ** 0.5", "s^0.5"),
        ("q.span ** -1", "1/s"),
        ("q.span ** -2", "1/s^2"),
        ("q.share ** 2", "1"),
        ("q.share ** q.share", "1"),
        ("2 ** q.share", "1"),
        ("2 ** 3", "bare"),
        ("1 + 2", "bare"),
        ("2 * 3", "bare"),
        ("2 / 3", "bare"),
        ("sqrt(q.span * q.span)", "s"),
        ("sqrt(q.span)", "s^0.5"),
        ("sqrt(4)", "bare"),
        ("exp(q.share)", "1"),
        ("ln(2)", "1"),
        ("log2(q.span / q.span)", "1"),
        ("min(q.power, q.power * 2)", "W/gpu"),
        ("max(0, q.power)", "W/gpu"),
        ("max(1, q.power)", "W/gpu"),
        ("otherwise(q.power, 0)", "W/gpu"),
        ("q.power if q.share > 0.5 else 0", "W/gpu"),
        ("0 if q.share > 0.5 else q.power", "W/gpu"),
        ("indicator(q.power > 300)", "1"),
        ("q.power > 300", "boolean"),
        ("q.power > 0 and not q.share == 1 or q.name == 'a'", "boolean"),
        ("'a' if q.share > 0.5 else q.name", "text"),
        ("otherwise(q.name, 'none')", "text"),
        ("otherwise(q.share > 1, 1 > 2)", "boolean"),
        ("(q.share > 1) == (q.span > 2)", "boolean"),
        ("sum(r.x for r in t)", "W"),
        ("sum(r.x * r.y for r in t)", "W*s"),
        ("mean(r.x for r in t)", "W"),
        ("count(r.word for r in t)", "1"),
        ("sum(r.x for r in t if r.y <= q.span and 4 > r.x)", "W"),
        ("only(q.power, q.span > 1)", "W/gpu"),
        ("only(q.power * q.degree, q.share == 1)", "W/instance"),
        ("only(2, q.share == 1)", "bare"),
        ("slope([r.x for r in t], [r.y for r in t])", "W/s"),
        ("intercept([r.x for r in t], [r.y for r in t])", "W"),
        ("locate(q.span, [r.y for r in t])", "1"),
        ("interpolate(q.span, 1, [r.y for r in t], [r.x for r in t])", "W"),
        ("t['a'].x", "W"),
        ("t[q.share].x", "W"),
    ],
)
def test_units_of_expressions(model: Model, text: str, unit: str) -> None:
    assert unit_of(model, text) == unit


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("q.power + 1", 10, "'W/gpu' and '1' do not go together"),
        ("1 + q.power", 4, "'1' and 'W/gpu' do not go together"),
        ("q.time + q.span", 9, "'ms' and 's' do not go together"),
        ("q.power - q.memory", 10, "'W/gpu' and 'GB/gpu' do not go together"),
        ("min(q.power, q.span)", 13, "'W/gpu' and 's' do not go together"),
        ("max(2 ** q.share, q.power)", 18, "'1' and 'W/gpu' do not go together"),
        ("min('a', 'b')", 4, "a number is needed here, not a text"),
        ("max(q.share > 1, q.share > 2)", 4, "a number is needed here, not a boolean"),
        ("q.power == q.span", 11, "'W/gpu' and 's' do not go together"),
        ("q.name == q.span", 0, "a number and a text do not go together"),
        ("q.name < 'b'", 0, "a number is needed here, not a text"),
        ("q.name + 1", 0, "a number is needed here, not a text"),
        ("q.name * q.power", 0, "a number is needed here, not a text"),
        ("q.power / (q.span > 1)", 11, "a number is needed here, not a boolean"),
        ("sum(r.x for r in t if r.y <= q.time)", 29, "'s' and 'ms' do not go together"),
        ("sum(r.x for r in t if q.power > r.x)", 22, "'W' and 'W/gpu' do not go together"),
        ("count(r.x for r in t if r.word < q.name)", 33, "a number is needed here, not a text"),
        ("only(q.name, q.span > 1)", 5, "a number is needed here, not a text"),
        ("only(q.power, q.span)", 14, "a comparison is needed here, not a number"),
        ("-q.name", 1, "a number is needed here, not a text"),
        ("q.power ** q.share", 11, "'W/gpu' can only be raised to a written number"),
        ("q.power ** (1 + 1)", 12, "'W/gpu' can only be raised to a written number"),
        ("q.power ** -q.share", 11, "'W/gpu' can only be raised to a written number"),
        ("2 ** q.span", 5, "a plain number is needed here, not 's'"),
        ("exp(q.span)", 4, "a plain number is needed here, not 's'"),
        ("ln(q.power)", 3, "a plain number is needed here, not 'W/gpu'"),
        ("log2(q.degree)", 5, "a plain number is needed here, not 'gpu/instance'"),
        ("log10(q.name)", 6, "a number is needed here, not a text"),
        ("round(q.power, q.span)", 15, "a plain number is needed here, not 's'"),
        ("q.power and q.share", 0, "a comparison is needed here, not a number"),
        ("not q.name", 4, "a comparison is needed here, not a text"),
        ("1 if q.power else 2", 5, "a comparison is needed here, not a number"),
        ("q.power if q.share > 1 else q.span", 28, "'W/gpu' and 's' do not go together"),
        ("q.power if q.share > 1 else 'none'", 0, "a number and a text do not go together"),
        ("otherwise(q.power, 'none')", 10, "a number and a text do not go together"),
        ("indicator(q.power)", 10, "a comparison is needed here, not a number"),
        ("sum(r.word for r in t)", 0, "'sum' needs numbers, not texts"),
        ("locate(q.span, [r.x for r in t])", 15, "'s' and 'W' do not go together"),
        ("interpolate(q.power, 1, [r.y for r in t], [r.x for r in t])", 24, "'W/gpu' and 's' do not go together"),
        ("interpolate(q.span, q.span, [r.y for r in t], [r.x for r in t])", 20, "a plain number is needed here, not 's'"),
        ("slope([r.word for r in t], [r.y for r in t])", 6, "a number is needed here, not a text"),
        ("intercept([r.word for r in t], [r.y for r in t])", 10, "a number is needed here, not a text"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(model: Model, text: str, at: int, message: str) -> None:
    error = refusal(model, text)
    assert (error.message, error.at) == (message, at)


# Conversions


@pytest.mark.parametrize(
    ("text", "unit", "operation", "by"),
    [
        ("convert(q.span, 'ms')", "ms", "multiply", 1000.0),
        ("convert(q.time, 's')", "s", "divide", 1000.0),
        ("convert(q.time, 'us')", "us", "multiply", 1000.0),
        ("convert(q.span, 'h')", "h", "divide", 3600.0),
        ("convert(q.memory, 'byte/gpu')", "byte/gpu", "multiply", 1e9),
        ("convert(q.bytes, 'GiB/gpu')", "GiB/gpu", "divide", 2.0**30),
        ("convert(q.node_power, 'J/s/node')", "J/node/s", "multiply", 1000.0),
    ],
)
def test_a_conversion_becomes_one_exact_multiplication_or_division(model: Model, text: str, unit: str, operation: str, by: float) -> None:
    kind, tree = checked(model, text)
    assert show(kind.unit) == unit
    assert isinstance(tree, Call)
    assert (tree.function, tree.arguments[1]) == (operation, Number(by, tree.at))


def test_a_conversion_to_the_same_scale_vanishes(model: Model) -> None:
    assert checked(model, "convert(q.span, 's')")[1] == checked(model, "        q.span")[1]


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("convert(q.span, 'W')", "'s' cannot be converted to 'W'", "differ by"),
        ("convert(q.power, 'W/node')", "'W/gpu' cannot be converted to 'W/node'", "differ in scope only"),
        ("convert(5, 'ms')", "'1' cannot be converted to 'ms'", ""),
        ("convert(q.span, 'fortnight')", "unknown unit 'fortnight'", ""),
        ("convert(q.span, q.name)", "a unit is written as a 'text'", ""),
        ("convert(q.name, 's')", "a number is needed here, not a text", ""),
        ("q.power / 1 [horse]", "unknown unit 'horse'", "did you mean 'hour'?"),
        ("q.power / 1 [W/gpx]", "unknown unit 'W/gpx'", "did you mean 'gpu'?"),
        ("q.power / 1 [W // gpu]", "unknown unit 'W//gpu'", "write it as in tok/s/gpu"),
        ("q.name * 1 [s]", "a number is needed here, not a text", ""),
        ("exp(q.power)", "a plain number is needed here, not 'W/gpu'", "or by 1 [W/gpu]"),
    ],
)
def test_wrong_conversions_are_refused(model: Model, text: str, message: str, fix: str) -> None:
    error = refusal(model, text)
    assert error.message == message
    assert fix in error.fix


def test_units_that_differ_by_a_factor_name_the_conversion(model: Model) -> None:
    assert refusal(model, "q.span + q.time").fix == "they differ by a factor 1000: write convert(..., 'ms')"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("q.power / 1 [W/gpu]", "1"),
        ("5 [W]", "W"),
        ("q.power * 1 [gpu/instance]", "W/instance"),
        ("1 [gpu / instance] * q.power", "W/instance"),
    ],
)
def test_a_one_with_a_unit_changes_the_unit_and_nothing_else(model: Model, text: str, unit: str) -> None:
    kind, tree = checked(model, text)
    assert show(kind.unit) == unit
    assert not isinstance(tree, Call)


@pytest.mark.parametrize(("text", "unit"), [("q.power * 2 [gpu]", "W"), ("1 [W] / q.power", "gpu"), ("q.power * 1", "W/gpu")])
def test_any_other_factor_stays(model: Model, text: str, unit: str) -> None:
    kind, tree = checked(model, text)
    assert show(kind.unit) == unit
    assert isinstance(tree, Call)


def test_kinds_without_a_unit() -> None:
    assert (NUMBER.kind, TEXT.kind, BOOLEAN.kind) == ("number", "text", "boolean")
    assert NUMBER.unit is TEXT.unit is BOOLEAN.unit is None
