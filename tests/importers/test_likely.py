"""Files given to the wrong import: the message names the right one."""

import gzip
import json
from pathlib import Path

import pytest

from tests.support import command

FILES = {
    "trace": ("t.csv", "prompt_tokens,completion_tokens\n10,20\n"),
    "power": ("p.log", "timestamp, power.draw [W]\n2026/11/28 10:00:00.000, 300.00 W\n"),
    "model": ("config.json", json.dumps({"model_type": "qwen3", "hidden_size": 64, "num_hidden_layers": 2})),
    "benchmark": ("b.json", json.dumps({"request_throughput": 1.0, "output_throughput": 2.0, "median_tpot_ms": 3.0})),
}


@pytest.mark.parametrize("asked", ["trace", "power", "benchmark", "model"])
@pytest.mark.parametrize("right", FILES)
def test_the_right_import_is_named_and_no_other(asked: str, right: str, tmp_path: Path) -> None:
    name, text = FILES[right]
    (tmp_path / name).write_text(text)
    result = command("import", asked, tmp_path / name, "-o", tmp_path / "card.yaml")
    is_json_wanted = asked == "model" and right in {"trace", "power"}
    assert (f"workbook import {right}" in result.stderr) == (asked != right and not is_json_wanted)
    assert asked == right == "trace" or result.exit_code == 2


@pytest.mark.parametrize("asked", ["trace", "power", "benchmark"])
def test_a_compressed_file_is_said_to_be_one(asked: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(FILES["trace"][1].encode()))
    assert "is compressed (gzip)\n    unpack it first" in command("import", asked, tmp_path / "t.csv.gz").stderr
