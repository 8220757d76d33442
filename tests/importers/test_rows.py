"""Tables as programs write them: names in any case, numbers with thousands, times of any unit; and what is no such table is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support import command
from workbook import WorkbookError, import_power, import_trace
from workbook.importers.benchmark_runs import Run, read_runs
from workbook.importers.card_names import model_key
from workbook.importers.rows import number_of

if TYPE_CHECKING:
    from pathlib import Path

FIRST = 1_715_300_000  # 10 May 2024, in seconds from 1970
KEYS = ("deepseek_r1", "gpt_oss_120b", "kimi_k2_5", "llama_3_1_70b", "qwen3_235b_a22b")


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_the_unit_of_times_from_1970_is_that_of_their_size(tmp_path: Path, unit: str, factor: int) -> None:
    rows = [f"{(FIRST + 30 * n) * factor},100,20" for n in range(240)]
    (tmp_path / "t.csv").write_text("\n".join(["Timestamp,Prompt_Tokens,Completion Tokens", *rows]), "utf-8")
    remark = import_trace(tmp_path / "t.csv").remarks[0]
    assert remark == f"arrivals: 0.03333 requests/s over 2.0 hours, times in {unit}"


def test_usage_in_an_object_and_dates_with_zones_are_read(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 300, "completion_tokens": 100}
    rows = [{"ts": f"2026-08-01T{hour:02d}:00:00{zone}", "usage": usage} for hour, zone in ((10, "+02:00"), (10, "Z"))]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    card = import_trace(tmp_path / "t.jsonl")
    assert card.fields["output_share"].value == 0.25
    assert card.remarks[0].endswith("over 2.0 hours")


def test_arrivals_that_are_not_known_are_reported(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("prompt_tokens,completion_tokens\n" + "10,10\n" * 200, "utf-8")
    assert any("--time-column" in line for line in import_trace(tmp_path / "t.csv").warnings)
    (tmp_path / "t.csv").write_text("time,prompt_tokens,completion_tokens\n" + "1,10,10\n" * 200, "utf-8")
    assert "arrivals: all within a minute" in import_trace(tmp_path / "t.csv").verdict


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_tables_with_capitals_units_and_thousands_are_read(tmp_path: Path, encoding: str) -> None:
    text = "Concurrency,Power (W),Tok/s\n" + "".join(f'"{b:,}",{100 + b**0.5 * 10:.1f} W,"{b * 40:,}"\n' for b in (1, 8, 64, 512, 4096))
    (tmp_path / "t.csv").write_bytes((("\ufeff" if encoding == "utf-16-be" else "") + text).encode(encoding))
    card = import_power(tmp_path / "t.csv")
    assert "5 batches from 1 to 4096" in card.verdict
    assert not any("mistake" in line for line in card.warnings)


def test_a_table_of_loads_is_read_by_its_names_and_a_text_in_it_is_reported(tmp_path: Path) -> None:
    head = "Concurrency,Input Tokens,Output Tokens,Throughput (tok/s),TPOT (ms),Power (W)\n"
    (tmp_path / "t.csv").write_text(f'{head}8,1000,200,"1,500.5",12.5,410\n16,1000,200,2900,13,410 W\n', "utf-8")
    (run,), bad = read_runs(tmp_path / "t.csv", 4)
    assert isinstance(run, Run)
    assert (run.in_flight, run.prompt, run.output, run.throughput, run.tpot, run.watts) == (8, 1000, 200, 1500.5, 12.5, 410)
    assert "t.csv:3:1: power_w is '410 W', not a number" in str(bad.first[0])
    assert bad.likely == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt_tokens;completion_tokens\n1;2\n", "separates its cells by semicolons"),
        ("prompt_tokens\tcompletion_tokens\n1\t2\n", "separates its cells by tabs"),
        ("prompt_tokens;share\n1;2,5\n", "separates its cells by semicolons"),
        ("2026/08/01 12:00:00.123, 204.94\n", "has no names of columns: its first line is"),
        ('[{"prompt_tokens": 1}]', "is one JSON array"),
    ],
)
def test_what_is_no_table_is_reported_once_with_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.json").write_text(text, "utf-8")
    for read in (import_trace, import_power):
        with pytest.raises(WorkbookError, match=message) as caught:
            read(tmp_path / "t.json")
        assert [bool(item.fix) for item in caught.value.diagnostics] == [True]


@pytest.mark.parametrize(("text", "number"), [("1,024", 1024), ("-1,024.5", -1024.5), ("1,02", None), ("1,0244", None), (",024", None)])
def test_thousands_are_groups_of_three(text: str, number: float | None) -> None:
    assert number_of(text) == (pytest.approx(number) if number else pytest.approx(float("nan"), nan_ok=True))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("dsr1", "deepseek_r1"),
        ("gptoss120b", "gpt_oss_120b"),
        ("kimik2.5", "kimi_k2_5"),
        ("nvidia/DeepSeek-R1-0528-NVFP4-v2", "deepseek_r1"),
        ("amd/DeepSeek-R1-0528-MXFP4-Preview", "deepseek_r1"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3_235b_a22b"),
        ("RedHatAI/Meta-Llama-3.1-70B-Instruct-quantized.w4a16", "llama_3_1_70b"),
        ("meta-llama/Llama-3.3-70B-Instruct", ""),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", ""),
    ],
)
def test_models_are_known_by_the_names_that_tools_and_makers_use(name: str, key: str) -> None:
    assert model_key(name, KEYS) == key


def test_a_model_without_a_card_is_reported_with_the_likely_one_and_no_consequence(tmp_path: Path) -> None:
    had = {"model": "Llama-3.3-70B-Instruct", "gpu": "h100_sxm", "gpus": 4, "engine": "vllm", "in_flight": 8, "input": 1000, "output": 200}
    (tmp_path / "t.jsonl").write_text(json.dumps(had | {"tok_s": 500}), "utf-8")
    result = command("import", "benchmark", tmp_path / "t.jsonl", "-o", tmp_path / "p.csv")
    assert result.exit_code == 2
    assert result.stderr.endswith("which no card is called\n    give its card with --model KEY: did you mean 'llama_3_1_70b'?\n")
    assert "precision" not in result.stderr
