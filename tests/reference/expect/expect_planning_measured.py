"""Expectations of sheets Traces, Hardware, Models, Power curves and Measured."""

import math
from collections.abc import Callable
from operator import mul

from tests.reference.equations.node_power import Node
from tests.reference.equations.step_time import Kernel
from tests.reference.expect.chain import GIGA, MICRO, MILLI, TERA
from tests.reference.expect.expect_steps import (
    expect_choices,
    expect_hardware_terms,
    expect_instance,
    expect_lengths,
    expect_model,
    expect_power,
    expect_step,
    expect_work,
)
from tests.reference.expect.planning_columns import expect_columns, expect_fields, expect_rows
from tests.reference.expect.planning_measured import (
    OFF,
    TOLERATED,
    WITHIN,
    errors,
    fitted,
    is_fitted,
    miss_of,
    models_of,
    point,
    served,
    sweep,
    sweep_exponent,
)
from tests.reference.expect.planning_nodes import LOADS, at_load, nameplate, node, outside, supplies
from tests.reference.expect.planning_requests import distribution, falls, pieces
from tests.reference.expect.planning_shapes import Shape
from tests.reference.expect.planning_steps import (
    EXPERTS,
    GEMMS,
    apart,
    attention_width,
    fit_bytes,
    kernel,
    latent_work,
    rest_parameters,
    routed_parameters,
)
from tests.reference.expect.planning_traces import KNOTS, knots, longest, mean_length
from tests.reference.quantities import PLANNING, Inputs

# Traces


def output_lengths(i: Inputs, card: str) -> float:
    """Return the share of output in the mean lengths of a trace."""
    means = [i[f"traces.{card}.mean_{part}"] for part in ("input", "output")]
    return means[1] / sum(means) if sum(means) else 0.0


def output_agrees(i: Inputs, card: str) -> bool:
    """Tell whether the share of output that cases use is that of the mean lengths within half a percent."""
    return abs(i[f"traces.{card}.output_share"] - output_lengths(i, card)) <= 0.005


def mean_scale(i: Inputs, card: str) -> float:
    """Return the mean of the output share multipliers of a trace over its tokens, 1 without any."""
    tokens = [piece.mass * (piece.lower + piece.upper) / 2 for piece in pieces(i, card)]
    scales = [i[f"trace_knots.{card}.p{number}.output_scale"] for number in range(1, KNOTS + 1)]
    return math.fsum(map(mul, tokens, scales)) / math.fsum(tokens) if any(tokens) else 1.0


def scale_agrees(i: Inputs, card: str) -> bool:
    """Tell whether the multipliers of a trace average 1 within a factor of 2."""
    return 0.5 <= mean_scale(i, card) <= 2.0


expect_rows("trace_scales", {"scale": mean_scale, "agrees": scale_agrees})
expect_rows(
    "trace_list",
    {
        "mean_length": mean_length,
        "longest": longest,
        "falls": falls,
        "ends": lambda i, card: float(min(abs(knots(i, card)[-1][1] - whole) for whole in (0.0, 1.0)) < 1e-9),
        "state": distribution,
        "output_lengths": output_lengths,
        "output_agrees": output_agrees,
    },
)


expect_columns(
    "trace_knots",
    lambda i, card, knot: pieces(i, card)[int(knot[1:]) - 1],
    {
        "lower": lambda _, piece: piece.lower,
        "mass": lambda _, piece: piece.mass,
        "middle": lambda _, piece: (piece.lower + piece.upper) / 2,
        "rises": lambda _, piece: float(piece.upper > piece.lower and piece.mass >= 0),
    },
)

# Cards side by side

expect_rows(
    "gpus",
    {
        "ridge": lambda i, gpu: i[f"hardware.{gpu}.bf16_compute"] / i[f"hardware.{gpu}.hbm_bandwidth"],
        "bandwidth_per_watt": lambda i, gpu: i[f"hardware.{gpu}.hbm_bandwidth"] * TERA / GIGA / i[f"hardware.{gpu}.tdp"],
        "memory_per_watt": lambda i, gpu: i[f"hardware.{gpu}.memory"] / i[f"hardware.{gpu}.tdp"],
        "cost_per_bandwidth": lambda i, gpu: i[f"hardware.{gpu}.price"] / i[f"hardware.{gpu}.hbm_bandwidth"],
    },
)


def kv_gigabytes(i: Inputs, model: str, tokens: float) -> float:
    """Return the GB that a sequence holds at 16 bit."""
    card = f"models.{model}"
    seen = min(tokens, i[f"{card}.attention_window"])
    held = i[f"{card}.kv_bytes_per_token"] * tokens + i[f"{card}.window_bytes_per_token"] * seen
    return (held + i[f"{card}.state_bytes"]) / GIGA


def expert_share(i: Inputs, model: str) -> float:
    """Return the share of its experts that a token takes, 0 for a dense model."""
    taken, experts = i[f"models.{model}.experts_per_token"], i[f"models.{model}.experts"]
    return min(1.0, taken / experts) if experts else 0.0


expect_rows(
    "models_list",
    {
        "expert_share": expert_share,
        "routed_parameters": routed_parameters,
        "rest_parameters": lambda i, model: rest_parameters(i, model) / GIGA,
        "attention_width": attention_width,
        "latent_work": latent_work,
        "active_share": lambda i, model: i[f"models.{model}.active_parameters"] / i[f"models.{model}.total_parameters"],
    },
)


expect_fields("models_list", Shape, Shape)

LENGTHS = {"at_4k": 4096.0, "at_16k": 16_384.0, "at_64k": 65_536.0, "at_256k": 262_144.0, "at_1m": 1_048_576.0}


def at_length(tokens: float) -> Callable[[Inputs, str], float]:
    """Return the rule of the GB of a sequence of a length."""
    return lambda i, model: kv_gigabytes(i, model, tokens)


expect_rows("kv_caches", {name: at_length(tokens) for name, tokens in LENGTHS.items()})
expect_rows("kv_caches", {"state": lambda i, model: i[f"models.{model}.state_bytes"] / GIGA})
expect_rows("kv_lengths", {"held": lambda i, model, size: kv_gigabytes(i, model, 1024.0 * int(size[1:]))})


def of_tdp(i: Inputs, curve: str) -> float:
    """Return the saturated end of a curve over the TDP of its GPU."""
    return i[f"power_fits.{curve}.p_nominal"] / i[f"hardware.{i.text(f'power_fits.{curve}.gpu')}.tdp"]


expect_rows("fit_list", {"of_tdp": of_tdp, "kv_bytes": lambda i, fit: fit_bytes(i, fit)[1]})


def power_agrees(i: Inputs, server: str) -> bool:
    """Tell whether the most power of a server is its nameplate within 2%, and the planned host power within its most."""
    card = f"servers.{server}"
    off = abs(i[f"{card}.max_power"] - nameplate(i, server)) > 0.02 * nameplate(i, server)
    return not off and i[f"{card}.host_power"] <= i[f"{card}.host_ceiling"]


expect_rows(
    "server_list",
    {
        "host_share": lambda i, key: i[f"servers.{key}.host_power"] * MILLI / i[f"servers.{key}.max_power"],
        "nameplate": nameplate,
        "power_agrees": power_agrees,
    },
)


def node_at(i: Inputs, card: str, load: str) -> Node:
    """Return what a server takes at a load."""
    return node(i, card, at_load(i, card, load))


def line_from(i: Inputs, point: str) -> tuple[float, float]:
    """Return (rise, value at no load) of the line to the efficiency at a load from that at the load before it."""
    loads, efficiencies = supplies(i)
    place = LOADS.index(point)
    if not place:
        return 0.0, efficiencies[0]
    rise = (efficiencies[place] - efficiencies[place - 1]) / (loads[place] - loads[place - 1])
    return rise, efficiencies[place] - rise * loads[place]


expect_fields("node_power", node_at, Node)
expect_rows("node_power", {"watts": at_load, "outside": lambda i, card, load: outside(i, card, at_load(i, card, load))})
expect_rows("supplies", {"slope": lambda i, point: line_from(i, point)[0], "start": lambda i, point: line_from(i, point)[1]})


def saturated(i: Inputs, gpu: str) -> float:
    """Return the W that the curve of a GPU ends at."""
    return i[f"power_fits.{i.text(f'hardware.{gpu}.curve')}.p_nominal"] * i[f"hardware.{gpu}.curve_scale"]


def tdp_agrees(i: Inputs, gpu: str) -> bool:
    """Tell whether a TDP is at least nine tenths of what the curve ends at, and at most four times."""
    return 0.9 * saturated(i, gpu) <= i[f"hardware.{gpu}.tdp"] <= 4 * saturated(i, gpu)


expect_rows("gpu_watts", {"saturated": saturated, "agrees": tdp_agrees})
expect_rows(
    "printed_list",
    {
        "kv_tokens": lambda i, key: i[f"printed_profiles.{key}.blocks"] * i[f"printed_profiles.{key}.block_size"],
        "h_token": lambda i, key: i[f"printed_profiles.{key}.h"] / i[f"printed_profiles.{key}.calibration_length"],
    },
)

# Kernels by precision


def rates(i: Inputs, card: str, precision: str) -> tuple[Kernel, Kernel]:
    """Return the kernels of a card (of layers outside experts, of experts) for a precision."""
    return kernel(i, card, f"gemm_{GEMMS[precision]}"), kernel(i, card, f"expert_{EXPERTS[precision]}")


expect_columns("kernel_rates", rates, {"gemm_floor": lambda _, it: it[0].floor / MICRO, "expert_floor": lambda _, it: it[1].floor / MICRO})

# Measured series and points


def counted(i: Inputs, series: str) -> float:
    """Return the points of a series that count."""
    return sum(i[f"measured.{series}.{number}.counted"] for number in i.members(f"measured.{series}"))


def precision_of(i: Inputs, series: str) -> str:
    """Return the precision of a series."""
    return i.text(f"measured_series.{series}.precision")


def before(i: Inputs, series: str) -> float:
    """Return the mean error of a series before the fit."""
    return miss_of(i, series, fitted=False)


expect_rows(
    "series_list",
    {
        "points": counted,
        "before": before,
        "after": lambda i, series: miss_of(i, series, fitted=True),
        "fitted": lambda i, series: "yes" if is_fitted(i, series) and counted(i, series) >= 0 else "no",
        "verdict": lambda i, series: OFF if before(i, series) > TOLERATED else WITHIN,
        "embedding": lambda i, series: apart(i, i.text(f"measured_series.{series}.model")) / GIGA,
        "cached": lambda *_: 2.0,
    },
)
expect_model("series_list", lambda i, series: served(i, series).model)
expect_instance("series_list", lambda i, series: served(i, series).on)
expect_choices("series_list", lambda i, series: (i.text(f"measured_series.{series}.gpu"), precision_of(i, series), served(i, series).model))
expect_hardware_terms("series_list", lambda i, series: (served(i, series).model, served(i, series).on))
expect_lengths("series_list", served)
expect_work("series_list", lambda i, series: served(i, series).work, "verify")
expect_columns(
    "measured",
    point,
    {
        "joules": lambda _, p: p.joules(p.watts, p.throughput),
        "speed_before": lambda i, p: models_of(i, p)[0][1],
        "fits": lambda i, p: float(is_fitted(i, p.series)),
        "fit_w": lambda i, p: fitted(i, p)[1],
        "fit_h": lambda i, p: fitted(i, p)[2],
        "fit_k": lambda i, p: fitted(i, p)[0].k,
        "fit_x0": lambda i, p: fitted(i, p)[0].x0,
        "fit_idle": lambda i, p: fitted(i, p)[0].p_idle,
        "fit_nominal": lambda i, p: fitted(i, p)[0].p_nominal,
        "power_after": lambda i, p: models_of(i, p)[1][0],
        "speed_after": lambda i, p: models_of(i, p)[1][1],
    },
)
expect_step("measured", lambda i, *keys: (served(i, keys[0]), point(i, *keys).batch))
expect_power("measured", lambda i, *keys: (served(i, keys[0]), point(i, *keys).batch))


def expect_errors(number: int, name: str) -> None:
    """Register how far a model is off, 0 by kernels and 1 fitted."""
    expect_columns(
        "measured",
        point,
        {
            f"joules_{name}": lambda i, p: p.joules(*models_of(i, p)[number]),
            f"error_{name}": lambda i, p: errors(i, p)[number],
            f"off_{name}": lambda i, p: abs(errors(i, p)[number]) * p.counted,
        },
    )


expect_errors(0, "before")
expect_errors(1, "after")

# An error is a quotient less one
PLANNING.differences.update(f"measured.{name}_{when}" for name in ("error", "off") for when in ("before", "after"))

# Context sweeps


def swept(i: Inputs, card: str, number: str) -> tuple[float, float, float]:
    """Return a point of a sweep."""
    return sweep(i, card)[int(number[1:]) - 1]


def per_watt(i: Inputs, card: str, number: str) -> float:
    """Return tokens/s of an instance over the watts of one GPU."""
    _, watts, speed = swept(i, card, number)
    return speed / watts


def halving(i: Inputs, card: str, number: str) -> float | None:
    """Return what doubling the window divides tok/W by."""
    return None if number == "p1" else per_watt(i, card, f"p{int(number[1:]) - 1}") / per_watt(i, card, number)


expect_rows(
    "window_sweep",
    {
        "joules": lambda i, card, number: i[f"context_sweeps.{card}.tensor_parallel"] / per_watt(i, card, number),
        "per_watt": per_watt,
        "per_joule": lambda i, card, number: per_watt(i, card, number) / i[f"context_sweeps.{card}.tensor_parallel"],
        "halving": halving,
        "log_window": lambda i, card, number: math.log2(swept(i, card, number)[0]),
        "log_watt": lambda i, card, number: math.log2(per_watt(i, card, number)),
    },
)
expect_rows("window_list", {"to_64k": lambda i, card: sweep_exponent(i, card, 6), "exponent": sweep_exponent})
