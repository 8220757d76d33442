"""Cards of accelerators against what their makers publish, and cases of the planning workbook on each of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.reference.borrowed import lenders
from tests.reference.quantities import EMPTY
from tests.support import command, copy_of, shipped
from workbook import api

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED: dict[str, tuple[float, ...]] = {
    "h100_sxm": (80, 3.35, 989, 1979, 0, 700, 450),
    "h100_pcie": (80, 2.0, 756.5, 1513, 0, 350, 64),
    "h100_nvl": (94, 3.9, 835, 1671, 0, 400, 300),
    "h200_sxm": (141, 4.8, 989, 1979, 0, 700, 450),
    "h20": (96, 4.0, 148, 296, 0, 400, 450),
    "a100_sxm": (80, 2.039, 312, 0, 0, 400, 300),
    "b200_sxm": (180, 7.7, 2250, 4500, 9000, 1000, 900),
    "b300_sxm": (288.400343040 / 1.073741824, 7.75, 2250, 4500, 14000, 1100, 900),
    "gb200_nvl72": (198.674743296 / 1.073741824, 8.0, 2500, 5000, 10000, 1200, 900),
    "gb300_nvl72": (298.013687808 / 1.073741824, 8.0, 2500, 5000, 15000, 1400, 900),
    "l40s": (48.305799168 / 1.073741824, 0.864, 362.05, 733, 0, 350, 32),
    "l4": (24, 0.3, 121, 242, 0, 72, 32),
    "rtx_pro_6000": (102.641958912 / 1.073741824, 1.792, 467.8, 935.6, 1871.2, 600, 64),
    "mi300x": (192, 5.3, 1307, 2615, 0, 750, 448),
    "mi325x": (256, 6.0, 1307, 2615, 0, 1000, 448),
    "mi350x": (288, 8.0, 2307, 4614, 9228, 1000, 537),
    "mi355x": (288, 8.0, 2516, 5033, 10066, 1400, 576),
    "gaudi_3": (128, 3.7, 1835, 1835, 0, 900, 600),
    "tpu_v7": (192, 7.37, 2307, 4614, 0, 980, 600),
}
"""By GPU: memory in GiB, bandwidth in TB/s, dense bf16, fp8 and fp4 in TFLOP/s (0: not offered), TDP in W, one-way link in GB/s."""

LISTED: dict[str, tuple[float, float, str]] = {
    "vera_rubin_nvl72": (288, 22, "bf16 compute"),
    "mi455x": (432, 19.6, "bf16 compute"),
    "tpu_v5e": (16, 0.819, "TDP"),
    "tpu_v5p": (95, 2.765, "TDP"),
    "tpu_v6e": (32, 1.64, "TDP"),
    "trainium_2": (96, 2.9, "TDP"),
    "trainium_3": (144, 4.9, "TDP"),
}
"""By accelerator: memory and bandwidth, and what is not published that the equations need."""

OWN = """key: house
name: House accelerator
about: "One that nobody ships: twice the bandwidth of an H200, and its kernels."
basis: corrected
defaults: {confidence: low, evidence: assumed, note: as asked for}
fields:
  - figures: {memory: 282, hbm_bandwidth: 9.6, bf16_compute: 989, fp8_compute: 1979, tdp: 1000, scale_up_bandwidth: 450, scale_up_domain: 8}
  - figures: {price: 4.00, purchase_price: 60000}
  - {borrowed: h200_sxm, figures: [curve, server, printed, kernels]}
  - figures: {curve_scale: {expr: "tdp / hardware['h100_sxm'].tdp"}}
"""
"""A card of one's own, as the guide has it."""

FIELDS = ("memory", "hbm_bandwidth", "bf16_compute", "fp8_compute", "fp4_compute", "tdp", "scale_up_bandwidth")
SPARE = [f"mine_{number}" for number in range(1, 13)]


def column(name: str) -> dict[str, float | str]:
    """Give a field of all cards by their keys."""
    book = shipped("planning")
    table, values = name.partition(".")[0], book.values[name]
    return {key: values[row] for (key,), row in book.model.tables[table].index.items()}


def test_the_catalogue_has_each_of_them() -> None:
    assert set(column("hardware.memory")) == set(PUBLISHED)
    assert set(column("listed_hardware.memory")) == set(LISTED)


@pytest.mark.parametrize("place", range(len(FIELDS)), ids=FIELDS)
def test_figures_are_those_published(place: int) -> None:
    wanted = {gpu: figures[place] for gpu, figures in PUBLISHED.items()}
    assert column(f"hardware.{FIELDS[place]}") == pytest.approx(wanted, rel=5e-4)


def test_figures_of_those_that_cannot_be_planned_with_are_those_published_and_say_what_lacks() -> None:
    said = column("listed_hardware.not_published")
    for place, name in enumerate(("memory", "hbm_bandwidth")):
        assert column(f"listed_hardware.{name}") == {key: figures[place] for key, figures in LISTED.items()}
    assert all(lacks in str(said[key]) for key, (_, _, lacks) in LISTED.items())


def test_narrow_numbers_are_no_slower_and_operations_outweigh_bytes() -> None:
    for gpu, (_, bandwidth, bf16, fp8, fp4, *_) in PUBLISHED.items():
        assert fp8 in (0, bf16) or 1.95 * bf16 <= fp8 <= 2.05 * bf16, gpu
        assert fp4 == 0 or 1.99 * fp8 <= fp4 <= 3.2 * fp8, gpu
        assert 30 <= bf16 / bandwidth <= 600, gpu


MONEY = {"rent": ("rent", "cost_rented"), "own": ("own", "cost_bought")}
"""Figures of a case that need a price of the accelerator, a rental one or that of a server."""


@cache
def planned() -> dict[str, dict[str, object]]:
    """Give figures of a case on each accelerator, its states, and what they rest on: a spare case each."""
    found: dict[str, dict[str, object]] = {}
    gpus = sorted(PUBLISHED)
    for some in (gpus[: len(SPARE)], gpus[len(SPARE) :]):
        cases = dict(zip(SPARE, some, strict=False))
        sets: dict[str, float | str] = {f"cases.{case}.gpu_{pool}": gpu for case, gpu in cases.items() for pool in (1, 2)}
        sets |= {f"cases.{case}.{name}": value for case in cases for name, value in (("objective", 600_000), ("model", "llama_3_1_8b"))}
        book = api.load("planning", None, sets)
        shown = ("state", "remark", "word", "gpus", "average", "carbon", *MONEY["rent"], *MONEY["own"])
        for case, gpu in cases.items():
            row = book.model.tables["results"].index[case,]
            found[gpu] = {name: book.values[f"results.{name}"].tolist()[row] for name in shown}
    return found


def test_a_case_on_any_accelerator_has_gpus_and_power_and_says_which_price_is_not_published() -> None:
    priced = {"rent": column("hardware.price"), "own": column("hardware.purchase_price")}
    for gpu, shown in planned().items():
        assert shown["state"] == "ok", gpu
        assert all(float(str(shown[name])) > 0 for name in ("gpus", "average", "carbon")), gpu
        for kind, lacks in (("rent", "no rental price"), ("own", "no purchase price")):
            assert all((shown[name] == EMPTY) is not bool(priced[kind][gpu]) for name in MONEY[kind]), gpu
            assert priced[kind][gpu] or lacks in str(shown["remark"]) or "no price" in str(shown["remark"]), gpu
        assert ("is published: enter" in str(shown["remark"])) is not all(priced[kind][gpu] for kind in priced), gpu


def test_without_kernels_of_its_own_an_accelerator_is_modelled_by_a_named_other() -> None:
    for gpu, shown in planned().items():
        if f"hardware.{gpu}.kernels" in lenders():
            assert shown["word"] == "modelled", gpu
            assert lenders()[f"hardware.{gpu}.kernels"].startswith("hardware."), gpu


def test_one_that_lacks_a_figure_is_refused_with_the_reason() -> None:
    result = command("inputs", "planning", "--set", "cases.mine_1.gpu_1=tpu_v5e")
    assert result.exit_code == 2
    assert "'tpu_v5e' is not one of the accelerators" in result.output
    assert "it is one of: Accelerators that lack a figure to plan with" in result.output


def test_an_accelerator_of_ones_own_is_one_short_file(tmp_path: Path) -> None:
    root = copy_of(None, tmp_path / "templates")
    (root / "hardware" / "house.yaml").write_text(OWN, "utf-8")
    book = api.load("planning", root, {"service.plan.gpu_1": "house", "service.plan_b.gpu_1": "h200_sxm", "service.plan.objective": 5000})
    row = book.model.tables["case_totals"].index
    state, gpus = (book.values[f"case_totals.{name}"] for name in ("state", "gpus"))
    assert len(OWN.splitlines()) <= 20
    assert [state[row[case,]] for case in ("plan", "plan_b")] == ["ok", "ok"]
    assert gpus[row["plan",]] < gpus[row["plan_b",]], "it reads twice as fast and holds twice as much"
    assert float(book.values["hardware.curve_scale"][book.model.tables["hardware"].index["house",]]) == pytest.approx(1000 / 700)
