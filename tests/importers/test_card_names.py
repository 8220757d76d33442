"""Models and GPUs as tools call them, and the cards that these are."""

from __future__ import annotations

from workbook.declare.packaged import directory
from workbook.importers.card_names import gpu_key, model_key


def test_cards_are_found_by_the_names_that_tools_use() -> None:
    root = directory(None)
    models, gpus = ([path.stem for path in (root / kind).glob("*.yaml")] for kind in ("models", "hardware"))
    names = {
        "meta-llama/Meta-Llama-3.1-8B-Instruct": "llama_3_1_8b",
        "RedHatAI/Meta-Llama-3.1-405B-Instruct-FP8-dynamic": "llama_3_1_405b",
        "deepseek-ai/DeepSeek-R1-0528": "deepseek_r1",
        "openai/gpt-oss-120b": "gpt_oss_120b",
        "Qwen/Qwen3-235B-A22B-Instruct-2507": "qwen3_235b_a22b",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct": "llama_4_maverick",
        "meta-llama/Llama-3.3-70B-Instruct": "",
        "": "",
    }
    assert {name: model_key(name, models) for name in names} == names
    boards = {
        "NVIDIA H100 80GB HBM3": "h100_sxm",
        "NVIDIA H100 PCIe": "h100_pcie",
        "NVIDIA H100 NVL": "h100_nvl",
        "NVIDIA B200": "b200_sxm",
        "gb200": "gb200_nvl72",
    }
    boards |= {
        "AMD Instinct MI300X": "mi300x",
        "NVIDIA H200": "h200_sxm",
        "NVIDIA RTX PRO 6000 Blackwell Server Edition": "rtx_pro_6000",
        "T4": "",
    }
    assert {name: gpu_key(name, gpus) for name in boards} == boards
