"""Expectations of the parts of templates that hold the equations of step times, for whichever tables use them."""

from collections.abc import Callable

from tests.reference.equations import step_time as eq
from tests.reference.equations.step_time import Instance, Model, Served, Work
from tests.reference.expect.chain import GIGA, MICRO, MILLI, TERA
from tests.reference.expect.planning_columns import expect_columns, expect_fields
from tests.reference.expect.planning_steps import expert_rate, gemm_precision, kernels_of
from tests.reference.quantities import Inputs, Value

Columns = dict[str, Callable[[Inputs, Served], Value]]
PARAMETERS = ("rest", "routed")  # in billions


def expect_model(table: str, of: Callable[..., Model], *but: str) -> None:
    """Register the columns of columns/model_terms.yaml."""
    expect_fields(table, of, Model, *PARAMETERS, *but)
    expect_columns(table, of, {"rest": lambda _, model: model.rest / GIGA, "routed": lambda _, model: model.routed / GIGA})


def expect_kernels(table: str, of: Callable[..., Instance]) -> None:
    """Register what columns/gpu_terms.yaml looks up of kernels, by the times and shares that the equations take."""
    expect_columns(
        table,
        of,
        {
            "gemm_memory": lambda _, on: on.gemm.memory,
            "gemm_compute": lambda _, on: on.gemm.compute,
            "expert_memory": lambda _, on: on.expert.memory,
            "expert_compute": lambda _, on: on.expert.compute,
            "kv_efficiency": lambda _, on: on.kv_efficiency,
            "reduce_floor": lambda _, on: on.reduce_floor / MICRO,
        },
    )


def expect_instance(table: str, of: Callable[..., Instance]) -> None:
    """Register the other columns of columns/gpu_terms.yaml that the equations take."""
    expect_kernels(table, of)
    expect_columns(
        table,
        of,
        {
            "peak": lambda _, on: on.peak / TERA,
            "expert_peak": lambda _, on: on.expert_peak / TERA,
            "expert_factor": lambda _, on: on.expert_factor,
            "replicas": lambda _, on: on.replicas,
        },
    )


def expect_choices(table: str, of: Callable[..., tuple[str, str, Model]]) -> None:
    """Register the columns of columns/gpu_terms.yaml that choose; ``of`` gives the GPU, the precision and the model."""
    expect_columns(
        table,
        of,
        {
            "layers_in": lambda i, it: i.shown(f"precisions.{gemm_precision(it[2], it[1])}"),
            "offered": lambda i, it: float(kernels_of(i, i.text(f"hardware.{it[0]}.kernels"), it[2], it[1])[2]),
            "expert_rate": lambda i, it: expert_rate(i, it[0], it[1]),
        },
    )


def expect_hardware_terms(table: str, of: Callable[..., tuple[Model, Instance]]) -> None:
    """Register the columns of columns/step_hardware.yaml: ms, and ms of one sequence more."""
    expect_columns(
        table,
        of,
        {
            "replica_gpus": lambda _, it: it[1].gpus / it[1].replicas,
            "rest_bytes": lambda _, it: eq.rest_bytes(*it) / GIGA,
            "rest_stream": lambda _, it: eq.rest_bytes(*it) / it[1].bandwidth / MILLI,
            "inverse_peak": lambda _, it: eq.inverse_peak(*it) * TERA,
            "rest_each": lambda _, it: eq.rest_compute(it[0], it[1], 1.0) / MILLI,
            "expert_all": lambda _, it: it[0].routed * it[0].weight_bytes / it[1].gpus / it[1].bandwidth / MILLI,
            "share_taken": lambda _, it: it[0].share_taken,
            "unread": lambda _, it: 1.0 - eq.touched(it[0], it[1], 1.0),
            "expert_each": lambda _, it: eq.expert_compute(it[0], it[1], 1.0) / MILLI,
            "sent_token": lambda _, it: eq.sent_time(*it) / MILLI,
            "reduce_fixed": lambda _, it: eq.reduce_fixed(*it) / MILLI,
            "byte_watts": lambda _, it: it[1].byte_watts,
            "floors": lambda _, it: eq.floors(*it) / MILLI,
            "fixed": lambda _, it: eq.fixed(*it) / MILLI,
            "each": lambda _, it: (eq.sent_time(*it) + it[1].sequence / it[1].replicas) / MILLI,
        },
    )


LENGTHS: Columns = {
    "kv_held": lambda _, it: eq.kv_held(it.model, it.work),
    "kv_gpus": lambda _, it: eq.kv_gpus(it.model, it.on),
    "kv_each": lambda _, it: eq.kv_stream(it.model, it.on, it.work, 1.0) / MILLI,
    "latent_each": lambda _, it: eq.latent_compute(it.model, it.on, it.work, 1.0) / MILLI,
    "state_each": lambda _, it: eq.state_stream(it.model, it.on, 1.0) / MILLI,
    "attention_each": lambda _, it: eq.attention(it, 1.0) / MILLI,
    "new": lambda _, it: it.work.prompt * (1.0 - it.work.hit),
    "pre_linear": lambda _, it: eq.prefill_parts(it)["pre_linear"] / MILLI,
    "pre_experts": lambda _, it: eq.prefill_parts(it)["pre_experts"] / MILLI,
    "pre_attention": lambda _, it: eq.prefill_parts(it)["pre_attention"] / MILLI,
    "pre_reduce": lambda _, it: eq.prefill_parts(it)["pre_reduce"] / MILLI,
    "prefill": lambda _, it: eq.prefill(it) / MILLI,
    "prefill_peak": lambda _, it: eq.prefill_peak(it) / MILLI,
    "steps": lambda _, it: eq.steps(it.work),
}


def expect_lengths(table: str, of: Callable[..., Served]) -> None:
    """Register the columns of columns/step_lengths.yaml: ms of one sequence."""
    expect_columns(table, of, LENGTHS)


def expect_work(table: str, of: Callable[..., Work], *but: str) -> None:
    """Register the columns that say what requests are."""
    expect_fields(table, of, Work, *but)


AtN = tuple[Served, float]


def expect_step(table: str, of: Callable[..., AtN]) -> None:
    """Register the columns of columns/step_at.yaml, ms; ``of`` gives what is served and the sequences in flight."""
    expect_columns(
        table,
        of,
        {
            "n": lambda _, it: it[1],
            "linear": lambda _, it: eq.linear(it[0].model, it[0].on, it[1]) / MILLI,
            "touched": lambda _, it: eq.touched(it[0].model, it[0].on, it[1]),
            "experts": lambda _, it: eq.experts(it[0].model, it[0].on, it[1]) / MILLI,
            "attention": lambda _, it: eq.attention(*it) / MILLI,
            "step_decode": lambda _, it: eq.step_decode(*it) / MILLI,
            "carry": lambda _, it: eq.carry(it[0].work, it[1]),
            "prefill_of_step": lambda _, it: it[1] / eq.steps(it[0].work) * eq.prefill(it[0]) / MILLI,
            "step": lambda _, it: eq.step(*it) / MILLI,
        },
    )


def expect_power(table: str, of: Callable[..., AtN]) -> None:
    """Register the columns of columns/step_power.yaml."""
    expect_columns(
        table,
        of,
        {
            "um": lambda _, it: eq.in_use(*it)[0],
            "uc": lambda _, it: eq.in_use(*it)[1],
            "work": lambda _, it: eq.in_use(*it)[2],
            "raw": lambda _, it: eq.raw_power(*it),
            "gpu_power": lambda _, it: eq.watts(*it),
        },
    )
