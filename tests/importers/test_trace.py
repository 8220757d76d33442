"""Traces read into cards: their figures worked out by hand, their mistakes with lines, and texts that stay texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import WorkbookError, api, import_trace
from workbook.cli.main import main
from workbook.declare.packaged import write_out
from workbook.declare.yaml import Mapping, Scalar, read

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.importers.card import Card

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,100,28\n2023-11-16 18:16:46.6805900,900,100\n"


def card_of(folder: Path, text: str, name: str = "mine.csv", **more: str) -> Card:
    file = folder / name
    file.write_text(text, "utf-8")
    return import_trace(file, more)


def test_azure_columns_give_means_share_and_knots(tmp_path: Path) -> None:
    card = card_of(tmp_path, AZURE)
    assert {name: card.fields[name].value for name in ("mean_input", "mean_output", "requests")} == {
        "mean_input": 500,
        "mean_output": 64,
        "requests": 2,
    }
    assert card.fields["output_share"].value == pytest.approx(128 / 1128, abs=1e-6)
    shares = {int(upper): share for upper, share, _ in card.rows}
    assert (shares[64], shares[128], shares[768], shares[1024]) == (0, 0.5, 0.5, 1)
    scales = [scale for _, _, scale in card.rows if scale != 1]
    assert scales == pytest.approx([28 / 128 / (128 / 1128), 100 / 1000 / (128 / 1128)], abs=5e-5)
    assert card.confidence == "low"


def test_mooncake_columns_are_in_milliseconds_and_prefixes_are_counted(tmp_path: Path) -> None:
    """The second request shares its first block of 512 tokens with the first; the third shares both of its 600 tokens."""
    rows = [(0, 1024, [1, 2]), (60_000, 1024, [1, 3]), (120_000, 600, [1, 2])]
    lines = [json.dumps({"timestamp": t, "input_length": n, "output_length": 1, "hash_ids": ids}) for t, n, ids in rows]
    card = card_of(tmp_path, "\n".join(lines), "mine.jsonl")
    assert f"{(512 + 600) / 2648:.4f}" in next(line for line in card.remarks if "prefixes" in line)
    assert "coefficient of variation of gaps (Poisson: 1): 0.00" in card.remarks
    assert card.remarks[0] == "arrivals: 0.01667 requests/s over 0.1 hours, times in ms"


def test_parquet_gives_the_card_of_the_same_rows_as_csv(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="an extra of the package: importers")
    of_csv = card_of(tmp_path, AZURE)
    pd.read_csv(tmp_path / "mine.csv", parse_dates=["TIMESTAMP"]).to_parquet(tmp_path / "mine.parquet")
    assert pq.read_metadata(tmp_path / "mine.parquet").num_rows == 2
    of_parquet = import_trace(tmp_path / "mine.parquet")
    assert (of_parquet.fields, of_parquet.rows, of_parquet.remarks) == (of_csv.fields, of_csv.rows, of_csv.remarks)


def test_burstgpt_columns_and_those_that_are_named(tmp_path: Path) -> None:
    assert card_of(tmp_path, "Timestamp,Request tokens,Response tokens\n5,10,20\n").fields["mean_output"].value == 20
    assert card_of(tmp_path, "a,b\n10,30\n", input="a", output="b").fields["output_share"].value == 0.75


def test_every_missing_column_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError) as caught:
        card_of(tmp_path, "when,prompt\n1,2\n", time="whenn")
    assert {item.fix for item in caught.value.diagnostics} == {
        "did you mean 'when'?",
        "name it with --input-column",
        "name it with --output-column",
    }


def test_rows_with_mistakes_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    bad = "x,-1,5\ny,7\n" + "z,nan,5\n" * 6
    card = card_of(tmp_path, AZURE + bad)
    assert card.fields["requests"].value == 2
    assert any(":4:1: ContextTokens is '-1', not a whole number" in line for line in card.warnings)
    assert any(":5:1: has 2 cells; there are names for 3 columns" in line for line in card.warnings)
    assert any(line.startswith("8 rows with a mistake") for line in card.warnings)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no line of column names"),
        (b"a,a\n", "twice"),
        (b"{\n", "no JSON object"),
        (b"ContextTokens,GeneratedTokens\n", "no usable request"),
        (b"ContextTokens,GeneratedTokens\n0,0\n", "no usable request"),
        (b"PAR1", "Parquet"),
    ],
)
def test_files_without_a_trace_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    result = CliRunner().invoke(main, ["import", "trace", str(tmp_path / "t.csv"), "-o", str(tmp_path / "out.yaml")])
    assert (result.exit_code, (tmp_path / "out.yaml").exists()) == (2, False)
    assert message in result.stderr


def test_the_card_is_taken_by_the_planning_workbook(tmp_path: Path) -> None:
    """From a file whose name would be YAML, or a formula, if it were not a text."""
    (tmp_path / '=1+1 "x": {a}.csv').write_text(AZURE, "utf-8")
    root = tmp_path / "cards"
    write_out(root, "1")
    target = root / "traces" / "own.yaml"
    result = CliRunner().invoke(main, ["import", "trace", str(tmp_path / '=1+1 "x": {a}.csv'), "-o", str(target)])
    assert result.exit_code == 0, result.output
    assert "own.yaml: 2 requests" in result.stdout
    model = api.prepared("planning", root)[0].model
    assert model.declared.catalogues["traces"].cards["own"].name == "1+1 x {a}"


def test_no_card_replaces_the_file_that_it_is_read_from_or_gets_a_name_that_is_no_key(tmp_path: Path) -> None:
    card = card_of(tmp_path, AZURE, "mine.yaml")
    for name, message in (("mine.yaml", "is the file to read"), ("My card.yaml", "cannot be the key"), ("card.txt", "a .yaml file")):
        with pytest.raises(WorkbookError, match=message):
            card.save(tmp_path / name)


CELLS = st.one_of(
    st.integers(-5, 10**8).map(str), st.text(max_size=8), st.sampled_from(["", "nan", "1e400", '"', "2023-11-16 18:15:46", "\0"])
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=12).map("\n".join)
HEADS = st.sampled_from(["TIMESTAMP,ContextTokens,GeneratedTokens\n", "timestamp,input_length,output_length,hash_ids\n", ""])
JSON = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.fixed_dictionaries(
            {"input_length": st.one_of(st.integers(), CELLS), "output_length": CELLS},
            optional={"hash_ids": st.lists(st.integers(-1, 10**9))},
        ).map(json.dumps),
    ),
    max_size=8,
).map("\n".join)
ANY = st.one_of(st.tuples(HEADS, ROWS).map("".join), JSON).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=100)


def read_any(folder: Path, data: bytes) -> None:
    """A file gives a card that can be read back, or a list of what is wrong."""
    file = folder / "any.csv"
    file.write_bytes(data)
    try:
        card = import_trace(file)
    except WorkbookError:
        return
    node = read(card.save(folder / "any.yaml"), "any.yaml")
    assert isinstance(node, Mapping)
    assert isinstance(node.items["name"], Scalar)


@settings(max_examples=60, deadline=None)
@given(data=ANY)
def test_any_file_gives_a_card_or_messages(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    read_any(tmp_path_factory.getbasetemp(), data)


@pytest.mark.storm
@settings(max_examples=10_000, deadline=None)
@given(data=ANY)
def test_ten_thousand_files_give_cards_or_messages(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    read_any(tmp_path_factory.getbasetemp(), data)
