"""Benchmark tools as data: by which keys a result is known, and which of them hold what.

The names of keys are those that the tools write: vLLM's ``bench serve``, SGLang's ``bench_serving``, ``trtllm-bench``, GuideLLM, AIPerf
and GenAI-Perf, InferenceX, and what tables of one's own are likely to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Paths = Mapping[str, float]

S, MS = 1000.0, 1.0  # of a time in seconds and in milliseconds, in milliseconds
ENGINES = {"sglang": "sglang_2026", "trt": "trtllm_2026", "tensorrt": "trtllm_2026", "vllm": "vllm_2026"}
"""The card of an engine, by what its name holds; the first that fits counts."""

WEIGHTS = dict.fromkeys(("int4", "awq", "gptq", "w4a16"), "int4") | dict.fromkeys(("bf16", "bfloat16", "fp16", "float16"), "bf16")
BLOCKS_OF = "fp8_block"  # models published with scales by block are served so where a tool says fp8
WEIGHTS = {"nvfp4": "nvfp4", "mxfp4": "mxfp4", "fp4": "nvfp4", "fp8_block": BLOCKS_OF, "fp8-block": BLOCKS_OF, "fp8": "fp8"} | WEIGHTS
"""Precisions of weights, by what tools and names of models call them; the first that fits counts."""

AMD = ("mi3",)  # begin the keys of GPUs whose fp4 is mxfp4


@dataclass(frozen=True)
class Tool:
    """A tool that writes results of benchmarks.

    Args:
        name: as people call it.
        signs: paths that a result of it has, each at least one of several.
        numbers: for each role the paths that may hold it, with the factor to its unit (ms, tok/s, tokens, W, J); the first is taken.
        texts: for each role the paths that may hold it.
        engine: the engine that it measures, where a result does not say.
        drawn: the mean of the lengths that are drawn over the nominal ones.

    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    numbers: Mapping[str, Paths]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    engine: str = ""
    drawn: float = 1.0


def _of(*paths: str) -> dict[str, float]:
    return dict.fromkeys(paths, 1.0)


_GPUS = _of("gpus", "num_gpus", "n_gpus", "physical_gpus", "tensor_parallel_size", "tp_size", "tp", "decode_tp")
_SETUP = {
    "gpu": ("gpu", "gpu_type", "gpu_name", "accelerator", "hardware", "hw"),
    "weights": ("weights", "precision", "quantization", "dtype"),
    "version": ("version", "engine_version", "vllm_version", "sglang_version", "image"),
    "disaggregated": ("disagg",),
    "speculative": ("spec_decoding", "spec_method", "speculative", "mtp"),
    "attention": ("dp_attention", "decode_dp_attention"),
}
_SERVE: dict[str, dict[str, float]] = {
    "concurrency": _of("max_concurrency"),
    "prompts": _of("total_input_tokens"),
    "outputs": _of("total_output_tokens"),
    "requests": _of("completed"),
    "asked": _of("num_prompts"),
    "rate": _of("request_throughput"),
    "throughput": _of("output_throughput"),
    "ttft": _of("median_ttft_ms"),
    "ttft_mean": _of("mean_ttft_ms"),
    "tpot": _of("median_tpot_ms"),
    "tpot_mean": _of("mean_tpot_ms"),
    "itl": _of("median_itl_ms"),
    "latency": _of("mean_e2el_ms", "mean_e2e_latency_ms"),
    "gpus": _GPUS,
    "replicas": _of("replicas", "dp_size"),
    "watts": _of("watts", "avg_power_w", "gpu_power_w"),
    "accepted": _of("spec_decode_acceptance_length", "accept_length"),
    "drafted": _of("spec_decode_draft_tokens"),
}
_SERVED_BY = {
    **_SETUP,
    "model": ("model_id", "model", "tokenizer_id", "server_info.model_path"),
    "engine": ("backend", "endpoint_type"),
    "date": ("date",),
}

SGLANG = Tool(
    "SGLang bench_serving",
    (("total_output_tokens",), ("median_e2e_latency_ms", "mean_e2e_latency_ms", "total_output_tokens_retokenized")),
    _SERVE
    | {
        "in_flight": _of("concurrency"),
        "gpus": _of("server_info.tp_size") | _GPUS,
        "stages": _of("server_info.pp_size"),
        "copies": _of("server_info.dp_size"),
    },
    {
        **_SERVED_BY,
        "weights": (*_SETUP["weights"], "server_info.quantization"),
        "cached": ("server_info.kv_cache_dtype",),
        "version": (*_SETUP["version"], "server_info.version"),
        "attention": (*_SETUP["attention"], "server_info.enable_dp_attention"),
        "speculative": (*_SETUP["speculative"], "server_info.speculative_algorithm"),
        "disaggregated": (*_SETUP["disaggregated"], "server_info.disaggregation_mode", "server_info.prefill.0.model_path"),
    },
    engine="sglang",
)
VLLM = Tool("vLLM bench serve", (("total_output_tokens",), ("mean_ttft_ms", "median_ttft_ms")), _SERVE, _SERVED_BY, engine="vllm")
TRTLLM = Tool(
    "trtllm-bench",
    (("performance",), ("request_info",), ("world_info",)),
    {
        "in_flight": _of("request_info.avg_num_concurrent_requests"),
        "prompt": _of("request_info.avg_input_length"),
        "output": _of("request_info.avg_output_length"),
        "throughput": _of("performance.system_output_throughput_tok_s"),
        "ttft": _of("streaming_metrics.ttft_percentiles.p50"),
        "ttft_mean": _of("streaming_metrics.avg_ttft_ms"),
        "tpot": _of("streaming_metrics.tpot_percentiles.p50"),
        "tpot_mean": _of("streaming_metrics.avg_tpot_ms"),
        "gpus": _of("world_info.world_size", "world_info.tp_size"),
        "stages": _of("world_info.pp_size"),
    },
    {
        "model": ("engine.model", "engine.model_path"),
        "gpu": ("machine.name",),
        "weights": ("engine.quantization", "engine.dtype"),
        "cached": ("engine.kv_cache_dtype",),
        "version": ("engine.version",),
        "speculative": ("decoding_stats.mode",),
    },
    engine="trt",
)


def _successful(name: str, statistic: str) -> dict[str, float]:
    return _of(f"metrics.{name}.successful.{statistic}")


def _all(name: str) -> dict[str, float]:
    """Return where the mean over all requests stands: those that the end of a run cuts off were in flight, and gave tokens, too."""
    return _of(f"metrics.{name}.total.mean") | _successful(name, "mean")


GUIDELLM = Tool(
    "GuideLLM",
    (("metrics.request_concurrency", "metrics.inter_token_latency_ms", "metrics.time_per_output_token_ms"),),
    {
        "in_flight": _all("request_concurrency"),
        "prompt": _successful("prompt_token_count", "mean"),
        "output": _successful("output_token_count", "mean"),
        "throughput": _all("output_tokens_per_second"),
        "ttft": _successful("time_to_first_token_ms", "median"),
        "ttft_mean": _successful("time_to_first_token_ms", "mean"),
        "tpot": _successful("inter_token_latency_ms", "median"),
        "tpot_mean": _successful("inter_token_latency_ms", "mean"),
        "tpot_with_first": _successful("time_per_output_token_ms", "mean"),
    },
    {
        "model": (
            *("args.model", "args.backend_kwargs.model", "args.backend.model", "args.spec.backend.model", "config.backend.model"),
            *("worker.backend_model", "benchmarker.backend.model", "model"),
        ),
        "date": ("start_time", "run_stats.start_time"),
        "version": ("metadata.guidellm_version",),
    },
)
AIPERF = Tool(
    "AIPerf",
    (("request_latency.avg", "time_to_first_token.avg"), ("output_token_throughput",)),
    {
        "concurrency": _of(
            "input_config.loadgen.concurrency", "input_config.perf_analyzer.stimulus.concurrency", "input_config.concurrency"
        ),
        "rate": _of("request_throughput.avg"),
        "latency": _of("request_latency.avg"),
        "prompt": _of("input_sequence_length.avg"),
        "output": _of("output_sequence_length.avg"),
        "throughput": _of("output_token_throughput.avg"),
        "ttft": _of("time_to_first_token.p50"),
        "ttft_mean": _of("time_to_first_token.avg"),
        "tpot": _of("inter_token_latency.p50"),
        "tpot_mean": _of("inter_token_latency.avg"),
        "itl": _of("inter_chunk_latency.p50"),
        "watts": _of("gpu_power_usage.avg"),
        "accepted": _of("spec_decode_acceptance_length.avg", "spec_decode_token_weighted_acceptance_length.avg"),
        "drafted": _of("total_draft_tokens.avg", "spec_decode_draft_tokens.avg"),
    },
    {
        "model": ("input_config.endpoint.model_names.0", "input_config.models.items.0.name", "input_config.model_names.0"),
        "date": ("start_time",),
        "version": ("aiperf_version",),
    },
)
INFERENCEX = Tool(
    "InferenceX",
    (("tput_per_gpu", "output_tput_per_gpu", "metrics.tput_per_gpu", "metrics.output_tput_per_gpu"),),
    {
        "concurrency": _of("conc"),
        "prompt": _of("isl"),
        "output": _of("osl"),
        "throughput_gpu": _of("output_tput_per_gpu", "metrics.output_tput_per_gpu"),
        **{
            role: {f"{part}{name}": S for part in ("", "metrics.") for name in names}
            for role, names in {
                "ttft": ("median_ttft",),
                "ttft_mean": ("mean_ttft",),
                "tpot": ("median_tpot",),
                "tpot_mean": ("mean_tpot",),
                "itl": ("median_itl",),
            }.items()
        },
        "gpus": _of("tp", "decode_tp"),
        "watts": _of("avg_power_w", "metrics.avg_power_w"),
        "joules": _of("joules_per_output_token", "metrics.joules_per_output_token"),
    },
    _SETUP | {"model": ("model",), "engine": ("framework",), "date": ("date",)},
    drawn=0.9,
)
TABLE = Tool(
    "a table",
    (),
    {
        "in_flight": _of("in_flight", "batch", "batch_avg", "batch_size", "num_requests_running"),
        "concurrency": _of("concurrency", "max_concurrency", "conc"),
        "prompt": _of("prompt", "input", "input_tokens", "input_len", "isl", "mean_input", "prompt_tokens", "random_input_len"),
        "output": _of("output", "output_tokens", "output_len", "osl", "mean_output", "completion_tokens", "avg_output_len"),
        "throughput": _of("throughput", "tok_s", "throughput_tok_s", "output_throughput", "tokens_per_second", "tok_s_instance"),
        "throughput_gpu": _of("output_tput_per_gpu", "tok_s_per_gpu_out", "output_tok_s_per_gpu_field", "output_tok_s_per_gpu"),
        "ttft": _of("ttft", "ttft_ms", "median_ttft_ms") | {"median_ttft": S, "ttft_s": S},
        "ttft_mean": _of("mean_ttft_ms") | {"mean_ttft": S, "mean_ttft_s": S},
        "tpot": _of("tpot", "tpot_ms", "median_tpot_ms") | {"median_tpot": S, "tpot_s": S},
        "tpot_mean": _of("mean_tpot_ms") | {"mean_tpot": S, "mean_tpot_s": S},
        "itl": _of("itl", "itl_ms", "median_itl_ms") | {"median_itl": S},
        "watts": _of("watts", "w", "power_w", "watts_per_gpu", "w_per_gpu", "avg_w_per_gpu"),
        "joules": _of("joules", "j_per_token", "j_per_output_token", "j_per_output_tok", "energy_per_token"),
        "gpus": _GPUS,
        "replicas": _of("replicas", "dp"),
    },
    _SETUP | {"model": ("model", "model_id"), "engine": ("engine", "framework", "backend"), "date": ("date", "measured")},
)
TOOLS = (SGLANG, VLLM, TRTLLM, GUIDELLM, AIPERF, INFERENCEX)
"""Tools in the order in which a result is compared with them; what is none of them is a table."""
