"""Results of benchmarks read into measured points: each tool by its own definitions, and W and H of planted step times."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import Benchmark, Setup, WorkbookError, import_benchmark
from workbook.cli.main import main
from workbook.declare.packaged import directory
from workbook.importers.benchmark_runs import Run, read_runs, tool_of
from workbook.importers.step_times import fit_line
from workbook.validation.points import read_points

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from click.testing import Result

MODEL, GPU = "meta-llama/Llama-3.1-70B-Instruct", "NVIDIA H100 80GB HBM3"
SETUP = Setup("llama_3_1_70b", "h100_sxm", "vllm_2026", "bf16", 4)
LOADS = (1, 4, 16, 64)
PROMPT, OUTPUT, TTFT, W, H = 1000, 251, 100.0, 12.0, 0.125


def tpot(load: float) -> float:
    """A step of W + H n; requests last TTFT + 250 of them, so that load / that time are served each second."""
    return W + H * load


def rate(load: float) -> float:
    return load / (TTFT + (OUTPUT - 1) * tpot(load)) * 1000


def vllm(load: float, requests: int = 40) -> dict[str, Any]:
    had = {"date": "20251129-041500", "backend": "openai", "model_id": MODEL, "num_prompts": requests, "completed": requests}
    had |= {"max_concurrency": load, "total_input_tokens": PROMPT * requests, "total_output_tokens": OUTPUT * requests}
    had |= {"request_throughput": rate(load), "output_throughput": rate(load) * OUTPUT}
    times = {
        "mean_ttft_ms": TTFT,
        "median_ttft_ms": 95.0,
        "mean_tpot_ms": tpot(load),
        "median_tpot_ms": tpot(load),
        "median_itl_ms": tpot(load),
    }
    return had | times | {"gpu": GPU, "tensor_parallel_size": "4", "itls": [[0.01] * 3] * 2}


def sglang(load: float) -> dict[str, Any]:
    """The server's own arguments stand in a result: four GPUs, among them two replicas of attention."""
    server = {"model_path": MODEL, "tp_size": 4, "pp_size": 1, "dp_size": 2, "enable_dp_attention": True, "quantization": None}
    server |= {"kv_cache_dtype": "auto", "disaggregation_mode": "null", "speculative_algorithm": None}
    more = {"backend": "sglang", "concurrency": load, "mean_e2e_latency_ms": 1.0, "accept_length": None, "server_info": server}
    return {key: value for key, value in vllm(load).items() if key not in {"model_id", "tensor_parallel_size", "num_prompts"}} | more


def trtllm(load: float) -> dict[str, Any]:
    times = {"avg_ttft_ms": TTFT, "ttft_percentiles": {"p50": 95.0}, "avg_tpot_ms": 1.0, "tpot_percentiles": {"p50": tpot(load)}}
    return {
        "engine": {"model": MODEL, "version": "1.2", "dtype": "bfloat16", "quantization": None, "kv_cache_dtype": "FP8"},
        "machine": {"name": GPU},
        "world_info": {"tp_size": 4, "pp_size": 1, "world_size": 4},
        "request_info": {"avg_num_concurrent_requests": load, "avg_input_length": PROMPT, "avg_output_length": OUTPUT},
        "performance": {"system_output_throughput_tok_s": rate(load) * OUTPUT},
        "streaming_metrics": times,
    }


def guidellm(load: float) -> dict[str, Any]:
    """GuideLLM's time per output token counts the first one in: (TTFT + 250 steps) / 251; requests that a run cuts off are in totals."""
    names = {
        "request_concurrency": load,
        "prompt_token_count": PROMPT,
        "output_token_count": OUTPUT,
        "output_tokens_per_second": rate(load) * OUTPUT,
    }
    metrics: dict[str, Any] = {name: {"successful": {"mean": value, "median": -1}} for name, value in names.items()}
    for name in ("request_concurrency", "output_tokens_per_second"):
        metrics[name] = {"successful": {"mean": 0.9 * names[name]}, "total": {"mean": names[name]}}
    metrics["time_to_first_token_ms"] = {"successful": {"mean": TTFT, "median": 95.0}}
    metrics["time_per_output_token_ms"] = {"successful": {"mean": (TTFT + (OUTPUT - 1) * tpot(load)) / OUTPUT}}
    return {"metrics": metrics, "start_time": 1764389700.5, "gpu": GPU}


def aiperf(load: float) -> dict[str, Any]:
    def stat(unit: str, mean: float, median: float = 1e9) -> dict[str, Any]:
        return {"unit": unit, "avg": mean, "p50": median}

    return {
        "input_config": {"endpoint": {"model_names": [MODEL]}, "loadgen": {"concurrency": load}},
        "start_time": "2025-11-29T04:15:00",
        "request_throughput": stat("requests/sec", rate(load)),
        "request_latency": stat("ms", TTFT + (OUTPUT - 1) * tpot(load)),
        "input_sequence_length": stat("tokens", PROMPT),
        "output_sequence_length": stat("tokens", OUTPUT),
        "output_token_throughput": stat("tokens/sec", rate(load) * OUTPUT),
        "time_to_first_token": stat("ms", TTFT, 95.0),
        "inter_token_latency": stat("ms", 1.0, tpot(load)),
        "telemetry_data": {
            "endpoints": {"node": {"gpus": {str(n): {"metrics": {"gpu_power_usage": {"avg": w}}} for n, w in enumerate((500, 600))}}}
        },
    }


def inferencex(load: float) -> dict[str, Any]:
    """Rows of InferenceX are in seconds and by GPU, and nine tenths of its nominal lengths are drawn on average."""
    had = {
        "hw": "h100",
        "model": MODEL,
        "framework": "vllm",
        "precision": "bf16",
        "tp": 4,
        "conc": load,
        "disagg": False,
        "dp_attention": False,
        "date": "2025-11-29",
    }
    had |= {"isl": PROMPT / 0.9, "osl": OUTPUT / 0.9, "output_tput_per_gpu": rate(load) * OUTPUT / 4, "tput_per_gpu": 1.0}
    return had | {"median_ttft": 0.095, "median_tpot": tpot(load) / 1000, "mean_tpot": 1.0}


RESULTS = {"vllm": vllm, "sglang": sglang, "trtllm": trtllm, "guidellm": guidellm, "aiperf": aiperf, "inferencex": inferencex}


def written(folder: Path, tool: str) -> Path:
    """A file with a result for each load, as the tool writes several."""
    results = [RESULTS[tool](load) for load in LOADS]
    path = folder / f"{tool}.json"
    if tool in {"vllm", "sglang"}:
        path.write_text("".join(json.dumps(result) + "\n" for result in results), "utf-8")
    elif tool == "guidellm":
        path.write_text(
            json.dumps({"metadata": {"guidellm_version": "0.6.0"}, "args": {"backend_kwargs": {"model": MODEL}}, "benchmarks": results}),
            "utf-8",
        )
    else:
        path.write_text(json.dumps(results), "utf-8")
    return path


@pytest.mark.parametrize("tool", RESULTS)
def test_each_tool_gives_the_same_points(tmp_path: Path, tool: str) -> None:
    """One system under four loads, told in the words of six tools: lengths, times after the first token in ms, tok/s of the instance."""
    setup = SETUP if tool in {"guidellm", "aiperf"} else Setup()
    found = import_benchmark(written(tmp_path, tool), setup)
    assert [run.tool.name.lower().startswith(tool[:4]) for run, _ in found.points] == [True] * 4
    expected = [(load, PROMPT, OUTPUT, rate(load) * OUTPUT, 95.0, tpot(load)) for load in LOADS]
    for (run, setup), values in zip(found.points, expected, strict=True):
        assert (run.in_flight, run.prompt, run.output, run.throughput, run.ttft, run.tpot) == pytest.approx(values, rel=1e-6)
        assert (setup.model, setup.gpu, setup.weights, run.gpus) == ("llama_3_1_70b", "h100_sxm", "bf16", 4)
        assert (run.watts, run.replicas) == (550 if tool == "aiperf" else 0, 2 if tool == "sglang" else 1)
    assert {setup.engine for _, setup in found.points} == {
        "sglang_2026" if tool == "sglang" else "trtllm_2026" if tool == "trtllm" else "vllm_2026"
    }
    assert {setup.cached for _, setup in found.points} == {1 if tool == "trtllm" else 0}


def test_a_table_of_genai_perf_is_read_by_its_statistics(tmp_path: Path) -> None:
    text = """Metric,avg,p50
Time to First Token (ms),"1,210.50",900.25
Request Latency (ms),"7,234.50","6,900.25"
Inter Token Latency (ms),30.15,30.00
Output Sequence Length (tokens),200.80,200
Input Sequence Length (tokens),"2,048.50",2048

Metric,Value
Output Token Throughput (tokens/sec),401.60
Request Throughput (requests/sec),2.00
"""
    (tmp_path / "genai.csv").write_text(text, "utf-8")
    (run,), bad = read_runs(tmp_path / "genai.csv", 1)
    assert (run.prompt, run.output, run.tpot, run.ttft, run.throughput) == (2048.5, 200.8, 30, 900.25, 401.6)
    assert run.in_flight == pytest.approx(2 * 7.2345)
    assert bad.count == 0


def test_points_and_card_of_planted_step_times(tmp_path: Path) -> None:
    """Points go through validate, which judges them; the fit gives W and H back, and its context is the mean length in flight."""
    path = written(tmp_path, "vllm")
    points, card = tmp_path / "points.csv", tmp_path / "own_fit.yaml"
    result = CliRunner().invoke(main, ["import", "benchmark", str(path), "-o", str(points), "--card", str(card)])
    assert result.exit_code == 0, result.output
    assert "4 measured points; the model against them: tok/s" in result.stdout
    assert [*read_points(points).given("tpot")] == [tpot(load) for load in LOADS]
    assert import_benchmark(path).text == points.read_text("utf-8")
    found = import_benchmark(path).card
    assert found is not None
    assert [found.fields[name].value for name in ("w", "h", "context")] == pytest.approx([W, H, PROMPT + OUTPUT / 2], abs=0.05)
    assert found.confidence == "low"
    assert str(found.fields["p_idle"].expr).startswith("power_fits['h100_x4_llama_70b']")


def test_a_gpu_that_nobody_shipped_is_measured_judged_and_planned_with(tmp_path: Path) -> None:
    """Cards by overlay are known to the points, to what judges them and to the build, and to none of these without it."""
    text = (directory(None) / "hardware" / "h100_nvl.yaml").read_text("utf-8")
    own, points, fit = tmp_path / "zeta_9.yaml", str(tmp_path / "points.csv"), str(tmp_path / "fit.yaml")
    own.write_text(text.replace("key: h100_nvl", "key: zeta_9").replace("name: H100 NVL", "name: Zeta 9"), "utf-8")
    path, given = written(tmp_path, "vllm"), ("--overlay", str(own))

    def run(*line: str) -> Result:
        return CliRunner().invoke(main, list(line))

    for more, status in ((given, 0), ((), 2)):
        assert run("import", "benchmark", str(path), "--gpu", "zeta_9", "-o", points, "--card", fit, *more).exit_code == status
        judged = run("validate", "--data", points, *more)
        assert judged.exit_code == status
    assert "'zeta_9' is not a card of 'hardware'" in judged.output
    assert "give a card of your own with --overlay" in judged.output
    assert run("build", "planning", "--out", str(tmp_path / "a.xlsx"), *given, "--overlay", fit).exit_code == 0
    assert "holds no card" in run("validate", "--data", points, "--overlay", points).output


def test_published_points_give_the_published_fit(tmp_path: Path) -> None:
    """The card 'h100_x4_llama_70b' was fitted to these 12 points of ML.ENERGY before this importer was written."""
    with (directory(None) / "measured_points" / "power.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(line for line in stream if not line.startswith("#")) if "chat Llama-3.1-70B" in row["run"]]
    of_h100 = [row for row in rows if row["gpu"] == "h100_sxm" and row["gpus"] == "4"]
    with (tmp_path / "series.csv").open("w", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, list(of_h100[0]))
        table.writeheader()
        table.writerows(of_h100)
    card = import_benchmark(tmp_path / "series.csv").card
    assert len(of_h100) == 12
    assert card is not None
    assert card.fields["w"].value == pytest.approx(15.7833, rel=0.01)
    assert card.fields["h"].value == pytest.approx(0.1029, rel=0.01)
    assert card.fields["p_nominal"].value == pytest.approx(653.72, rel=0.02)


def test_intervals_hold_planted_step_times() -> None:
    draw, inside, loads = np.random.default_rng(5), np.zeros(2), np.array([1, 2, 4, 8, 16, 32, 64, 128.0])
    for _ in range(200):
        planted = np.array([draw.uniform(5, 20), draw.uniform(0.05, 0.5)])
        line = fit_line(loads, (planted[0] + planted[1] * loads) * np.exp(draw.normal(0, 0.05, len(loads))))
        inside += (line.low <= planted) & (planted <= line.high)
    assert (inside / 200 >= 0.95 - 2 * (0.95 * 0.05 / 200) ** 0.5).all()


def test_what_is_not_known_is_asked_for_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(
        json.dumps(vllm(4) | {"model_id": "own/model", "gpu": "", "tensor_parallel_size": None, "quantization": "w8a8_int8"}), "utf-8"
    )
    with pytest.raises(WorkbookError) as caught:
        import_benchmark(path, Setup(engine="vllm_2062"))
    text = str(caught.value)
    assert "there is no 'vllm_2062'" in text
    assert "did you mean 'vllm_2026'?" in text
    for words in (
        "names the model 'own/model', which no card is called",
        "names no GPU",
        "names the precision 'w8a8_int8', which no precision is called",
        "give them with --gpus",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"disagg": True}, "separate pools"),
        ({"spec_decoding": "mtp"}, "speculative decoding (mtp)"),
        ({"spec_decode_acceptance_length": 2.5}, "speculative decoding (2.5 tokens a step)"),
        ({"median_e2e_latency_ms": 1.0, "server_info": {"dp_size": 2, "enable_dp_attention": False}}, "2 copies of the model"),
        ({"completed": 0}, "no request was completed"),
        ({"completed": None}, "does not say the mean prompt"),
        ({"median_ttft_ms": 1e6, "mean_ttft_ms": 1e6}, "requests wait longer"),
        ({"output_throughput": 1e10}, "at most 1,000,000,000"),
    ],
)
def test_results_that_are_no_points_are_counted_and_shown(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(json.dumps(result) for result in (vllm(4), vllm(8) | more)) + "\nno JSON\n", "utf-8")
    found = import_benchmark(path)
    assert len(found.points) == 1
    assert "left out: 2 results, the first of each file above" in found.warnings
    assert any("runs.jsonl:2:1" in line and reason in line for line in found.warnings)


@pytest.mark.parametrize(
    ("more", "speculative"),
    [  # 18 of 32 drafts accepted in 8 steps, 1 + 18 / 8; all drafts rejected; predictions that the API's user sent
        ({"spec_decode_acceptance_length": 3.25, "spec_decode_steps": 8.0}, True),
        ({"spec_decode_token_weighted_acceptance_length": 3.25, "total_accepted_draft_tokens": 18.0}, True),
        ({"spec_decode_acceptance_length": 1.0, "total_draft_tokens": 32.0}, True),
        ({"usage_accepted_prediction_tokens": 18.0}, False),
    ],
)
def test_drafts_in_a_file_of_aiperf_are_speculative_decoding(tmp_path: Path, more: dict[str, float], *, speculative: bool) -> None:
    path = tmp_path / "profile_export_aiperf.json"
    path.write_text(json.dumps(aiperf(8) | {name: {"unit": "", "avg": value} for name, value in more.items()}), "utf-8")
    runs, bad = read_runs(path, 1)
    assert (len(runs), bad.count) == ((0, 1) if speculative else (1, 0))
    assert any("is of speculative decoding" in str(item) for item in bad.first) == speculative


def test_what_points_lack_for_a_card_is_said(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    for results, reason in (
        ([vllm(4), vllm(8)], "needs 3 numbers"),
        ([vllm(4), vllm(8), vllm(16) | {"total_input_tokens": 400_000}], "of several lengths"),
        ([vllm(4), vllm(8), vllm(16) | {"tensor_parallel_size": 8}], "of several models"),
    ):
        path.write_text("".join(json.dumps(result) + "\n" for result in results), "utf-8")
        found = import_benchmark(path)
        assert found.card is None
        assert reason in found.lacking


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"a": 1}', "a,b\n1,2\n", "Metric,avg\n", "", '{"benchmarks": []}', "[" * 5000])
def test_what_is_no_benchmark_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.json").write_text(text, "utf-8")
    result = CliRunner().invoke(main, ["import", "benchmark", str(tmp_path / "own.json"), "-o", str(tmp_path / "points.csv")])
    assert (result.exit_code, (tmp_path / "points.csv").exists()) == (2, False)
    assert "own.json" in result.stderr
    assert "Traceback" not in result.output


ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just("=1+1"))


def mutant(record: Mapping[str, Any], data: st.DataObject) -> dict[str, Any]:
    """A result with some keys gone or with other values, at any depth."""
    changed = dict(record)
    for key in data.draw(st.lists(st.sampled_from(sorted(changed)), max_size=3, unique=True)):
        if isinstance(changed[key], dict) and changed[key] and data.draw(st.booleans()):
            changed[key] = mutant(changed[key], data)
        elif data.draw(st.booleans()):
            changed[key] = data.draw(ODD)
        else:
            del changed[key]
            if not changed:
                break
    return changed


def read_any(folder: Path, data: st.DataObject) -> None:
    """Any change of a tool's results gives points that can be written, or a list of what is wrong."""
    results = [mutant(RESULTS[data.draw(st.sampled_from(sorted(RESULTS)))](load), data) for load in LOADS[:2]]
    text = json.dumps(results) if data.draw(st.booleans()) else "\n".join(map(json.dumps, results))
    cut = data.draw(st.integers(0, len(text)))
    path = folder / "any.json"
    path.write_bytes(
        (text if data.draw(st.booleans()) else text[:cut] + data.draw(st.text(max_size=3)) + text[cut:]).encode("utf-8", "surrogatepass")
    )
    try:
        runs, bad = read_runs(path)
    except WorkbookError:
        return
    assert len(runs) + bad.count <= 9
    lines = Benchmark([(run, SETUP) for run in runs], [path], None).text.splitlines()
    assert len([line for line in lines if not line.startswith("#")]) == len(runs) + 1


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_result_gives_points_or_messages(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    read_any(tmp_path_factory.getbasetemp(), data)


@pytest.mark.storm
@settings(max_examples=10_000, deadline=None)
@given(data=st.data())
def test_ten_thousand_results_give_points_or_messages(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    read_any(tmp_path_factory.getbasetemp(), data)


def test_every_tool_is_told_from_the_others() -> None:
    assert len({tool_of(make(4)).name for make in RESULTS.values()}) == len(RESULTS)
    assert tool_of({"batch": 1}).name == "a table"


def test_a_median_time_between_chunks_of_several_tokens_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(vllm(4) | {"median_itl_ms": 0.01}), "utf-8")
    (run,), _ = read_runs(tmp_path / "a.json")
    assert isinstance(run, Run)
    assert (run.itl, run.tpot) == (0, tpot(4))
