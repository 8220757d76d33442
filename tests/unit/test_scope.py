"""Units know their scope: the published slip, tokens of an instance over the watts of one GPU, cannot pass for tok/J."""

from pathlib import Path

import pytest

from tests.support import mistakes_in
from workbook.declare import packaged

SOUND = "tokens / convert(board_power, 'W/fleet') if board_power > 0 else 0"
SLIPS = {
    "as the unit has it": "tokens / convert(power_one, 'W*instance/gpu/fleet') if power_one > 0 else 0",
    "per instance over per GPU": "convert(tokens / instances, 'tok/s/instance') / convert(board_power / gpus, 'W/gpu') if gpus > 0 else 0",
}


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    target = tmp_path / "templates"
    packaged.write_out(target, "1")
    return target


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS.keys())
def test_tokens_of_an_instance_over_watts_of_a_gpu_do_not_build_as_tokens_per_joule(templates: Path, slip: str) -> None:
    sheet = templates / "sheets" / "studies.yaml"
    text = sheet.read_text()
    assert text.count(SOUND) == 1
    sheet.write_text(text.replace(SOUND, slip))
    (found,) = mistakes_in("planning", templates)
    assert "case_totals.per_board_joule" in found.message
    assert "differ in scope only" in found.fix
    assert "gpu/instance is the tensor parallel degree" in found.fix
    assert found.place is not None
    assert found.place.line == text[: text.index(SOUND)].count("\n") + 1
