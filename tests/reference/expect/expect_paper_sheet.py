"""Expectations of sheets Paper, Checks and Dashboard: printed figures come from `printed`, never from the workbook."""

from collections.abc import Callable
from functools import cache

from tests.reference.expect import chain
from tests.reference.expect.chain import B200_PROJECTED, DEEPSEEK_V3, H100_CALIBRATED, QWEN3
from tests.reference.printed import PRINTED, deviation, half_unit
from tests.reference.printed_fleet import PRINTED_FLEET
from tests.reference.quantities import Inputs, Value, expect, expect_rows, expected, number

TABLES = ("1", "2", "4", "5", "a")
PRINTED_GPUS = {"h100_sxm": "H100-SXM5", "h200_sxm": "H200-SXM", "b200_sxm": "B200-SXM", "gb200_nvl72": "GB200-NVL"}
PRINTED_PROFILES = {H100_CALIBRATED: "h100", B200_PROJECTED: "b200"}
PRINTED_MODELS = {
    "llama_3_1_8b": "Llama-3.1-8B",
    "llama_3_1_70b": "Llama-3.1-70B",
    "llama_3_1_405b": "Llama-3.1-405B",
    "qwen3_235b_a22b": "Qwen3-235B-A22B",
    "deepseek_v3": "DeepSeek-V3 fp8",
}
PRINTED_POOLS = {
    "short_70b": "Context short 70B@8K",
    "long_70b": "Context long 70B@64K",
    "small_8b": "Semantic small 8B@8K",
    "large_70b": "Semantic large 70B@64K",
}
COLUMNS = {
    "1": {"n_max": "n_max", "p_sat": "p_sat_w", "tok_per_w": "tok_per_w"},
    "4": {"n_rounded": "n_act_printed", "power": "power_w", "tok_per_w": "tok_per_w"},
    "5": {
        "tdp": "tdp_w",
        "p_idle": "p_idle_w",
        "w": "w_ms",
        "n_max": "n_max_8k",
        "power": "p_sat_w",
        "tok_per_w": "tok_per_w",
        "cost": "usd_per_hr",
        "tokens_per_dollar": "mtok_per_usd",
    },
    "a": {"tdp": "tdp_w", "p_idle": "p_idle_w", "p_nominal": "p_nom_w", "k": "k", "x0": "x0"},
}
ARCHITECTURE = {"tok_per_s": "throughput"}


def printed_text(table: str, keys: tuple[str, ...]) -> str:
    """Return the figure of a row as the paper prints it."""
    *row, quantity = keys
    if table == "1":
        return PRINTED["1"][row[1].upper(), f"{PRINTED_PROFILES[row[0]]}_{COLUMNS['1'][quantity]}"]
    if table == "2":
        return PRINTED["2"][PRINTED_MODELS[row[0]], quantity]
    names = PRINTED_POOLS if table == "4" else PRINTED_GPUS
    return PRINTED[table.upper()][names[row[0]], COLUMNS[table][quantity]]


def live(i: Inputs, table: str, keys: tuple[str, ...]) -> float:
    """Return the figure that a row compares with the printed one."""
    *row, quantity = keys
    match table:
        case "1":
            return number(i, f"sweep.{'power' if quantity == 'p_sat' else quantity}", *row)
        case "2" if quantity == "tp":
            return chain.served(i, row[0]).tp
        case "2":
            gpu, _, column = quantity.partition("_")
            return number(i, f"architecture.{ARCHITECTURE.get(column, column)}", f"{gpu}_sxm", *row)
        case "4":
            return number(i, f"routing.{quantity}", *row)
        case "5":
            return number(i, f"generations.{quantity}", *row)
        case _:
            return table_a(i, row[0], quantity)


def physical(i: Inputs, table: str, keys: tuple[str, ...]) -> float | None:
    """Return tok/J beside a row of tok/W."""
    *row, quantity = keys
    if not quantity.endswith("tok_per_w"):
        return None
    return live(i, table, (*row, quantity.replace("tok_per_w", "tok_per_j")))


def table_a(i: Inputs, gpu: str, quantity: str) -> float:
    """Return a figure of Table A."""
    if quantity == "x0":
        return number(i, "table_a.x0_table_a", gpu)
    curve = chain.gpu_curve(i, gpu)
    return {"tdp": chain.gpu(i, gpu).tdp, "p_idle": curve.p_idle, "p_nominal": curve.p_nominal, "k": curve.k}[quantity]


def at_printed_digits(i: Inputs, table: str, keys: tuple[str, ...]) -> bool:
    """Tell whether the live figure rounds to the printed one, give or take a billionth of the last digit."""
    text = printed_text(table, keys)
    return float(deviation(live(i, table, keys), text)) <= float(half_unit(text)) * (1 + 1e-9)


def rows(table: str) -> list[tuple[str, ...]]:
    """Return the keys of every figure of a table that the paper prints."""
    if table == "1":
        windows = [window.lower() for window in dict.fromkeys(row for row, _ in PRINTED["1"])]
        return [(profile, window, quantity) for profile in PRINTED_PROFILES for window in windows for quantity in COLUMNS["1"]]
    if table == "2":
        columns = dict.fromkeys(column for _, column in PRINTED["2"])
        return [(model, quantity) for model in PRINTED_MODELS for quantity in columns]
    members = PRINTED_POOLS if table == "4" else PRINTED_GPUS
    return [(member, quantity) for member in members for quantity in COLUMNS[table]]


def failing(i: Inputs, quantity: str, keys: tuple[str, ...], passes: float | str) -> float:
    """Return 1 unless a row shows what a row that passes does; one without an answer does not."""
    try:
        return float(expected(i, quantity, keys) != passes)
    except (ValueError, ZeroDivisionError):
        return 1.0


def expect_table(table: str) -> None:
    """Register the expectations of one table of printed figures."""

    @expect(f"printed_{table}.live")
    def live_figure(i: Inputs, *keys: str) -> float:
        return live(i, table, keys)

    @expect(f"printed_{table}.deviation", difference=True)
    def less_printed(i: Inputs, *keys: str) -> float:
        return live(i, table, keys) - float(printed_text(table, keys))

    @expect(f"printed_{table}.relative", difference=True)
    def relative(i: Inputs, *keys: str) -> float:
        return less_printed(i, *keys) / float(printed_text(table, keys))

    @expect(f"printed_{table}.ok")
    def ok(i: Inputs, *keys: str) -> float:
        return float(at_printed_digits(i, table, keys))

    @expect(f"checks.table_{table}")
    def failures(i: Inputs) -> float:
        return sum(failing(i, f"printed_{table}.ok", keys, 1.0) for keys in rows(table))


def expect_physical(table: str) -> None:
    """Register the physical figure beside the rows of a table that prints tok/W."""

    @expect(f"printed_{table}.physical")
    def beside(i: Inputs, *keys: str) -> float | None:
        return physical(i, table, keys)


for each in TABLES:
    expect_table(each)
for each in TABLES[:-1]:
    expect_physical(each)


@expect("reproduction.numbers")
def numbers(_i: Inputs) -> float:
    return float(sum(len(cells) for cells in (*PRINTED.values(), PRINTED_FLEET)))


@expect("reproduction.reproduced")
def reproduced(i: Inputs) -> float:
    return numbers(i) - sum(number(i, f"checks.table_{table}") for table in (*TABLES, "3"))


@expect("cover.answer")
def cover(i: Inputs) -> str:
    return f"{reproduced(i):.0f} of {numbers(i):.0f} printed figures follow from the inputs. Owner: {i.text('about.owner')}."


# Checks


@expect("checks.power_rises")
def power_falls(i: Inputs) -> float:
    cells = [expected(i, "power.rises", (curve, n)) for curve in i.members("power_curves") for n in i.members("batches")]
    return float(sum(cell == 0.0 for cell in cells))


@expect("checks.power_below_tdp")
def rows_above_tdp(i: Inputs) -> float:
    return sum(failing(i, "power_bounds.above_tdp", (gpu, model), 0.0) for gpu in i.members("hardware") for model in i.members("models"))


expect_rows(
    "checks",
    {
        "windows_increase": lambda i: float(sum(rises(i, "windows", window) == 0.0 for window in i.members("windows"))),
        "marks_increase": lambda i: float(sum(rises(i, "marks", member) == 0.0 for member in i.members("marks"))),
    },
)


@expect("checks.physical_unit")
def unit_is_wrong(i: Inputs) -> float:
    per_watt, per_joule = (number(i, f"sweep.{name}", H100_CALIBRATED, "8k") for name in ("tok_per_w", "tok_per_j"))
    return float(abs(per_watt - chain.calibrated(i, H100_CALIBRATED).tp * per_joule) > 1e-9 * per_watt)


@expect("checks.expert_split")
def counts_apart(i: Inputs) -> float:
    return sum(failing(i, "moe.consistent", (gpu, model), 1.0) for gpu in i.members("hardware") for model in (QWEN3, DEEPSEEK_V3))


@cache
def saturated_power(i: Inputs, gpu: str, model: str) -> float:
    return number(i, "architecture.power", gpu, model)


@cache
def tdp(i: Inputs, gpu: str, _model: str) -> float:
    return chain.gpu(i, gpu).tdp


expect("power_bounds.above_tdp")(lambda i, gpu, model: float(saturated_power(i, gpu, model) > tdp(i, gpu, model)))


ORDERED = {"window": "windows", "mark": "marks"}


def rises(i: Inputs, of: str, member: str) -> float | None:
    """Return whether a value of a list lies above the one before it; nothing for the first."""
    members = i.members(of)
    above = members.index(member) - 1
    return float(i[f"{of}.{member}"] > i[f"{of}.{members[above]}"]) if above >= 0 else None


def expect_order(one: str, many: str) -> None:
    """Register the order of a list."""
    expect(f"{one}_order.rises")(lambda i, member: rises(i, many, member))


for each, all_of_them in ORDERED.items():
    expect_order(each, all_of_them)


# Dashboard


def expect_headline(name: str, quantity: str, *keys: str) -> Callable[[Inputs], Value]:
    """Register a headline that repeats a figure of another sheet."""

    @expect(f"headline.{name}")
    def headline(i: Inputs) -> Value:
        return expected(i, quantity, keys)

    return headline


expect_headline("h100_tok_per_w", "sweep.tok_per_w", H100_CALIBRATED, "8k")
expect_headline("b200_tok_per_w", "sweep.tok_per_w", B200_PROJECTED, "8k")
expect_headline("h100_tok_per_j", "sweep.tok_per_j", H100_CALIBRATED, "8k")
expect_headline("b200_tok_per_j", "sweep.tok_per_j", B200_PROJECTED, "8k")
expect_headline("exponent", "law.exponent_h100")
expect_headline("reproduced", "reproduction.reproduced")


@expect("headline.generation_gain")
def generation_gain(i: Inputs) -> float | None:
    h100, b200 = (number(i, "sweep.tok_per_j", profile, "8k") for profile in (H100_CALIBRATED, B200_PROJECTED))
    return b200 / h100 if h100 else None
