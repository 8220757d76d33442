"""What is published: the source distribution, the wheel made from it, and the command that the wheel installs."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import SOURCES, environment

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[object], folder: Path, **extra: str) -> str:
    done = subprocess.run(  # noqa: S603 our own tools
        [sys.executable, *map(str, arguments)], cwd=folder, env=environment(**extra), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from it, in a folder of their own."""
    folder = tmp_path_factory.mktemp("distribution")
    run(["-m", "build", "--no-isolation", "--outdir", folder, SOURCES], folder)
    return folder


def test_the_wheel_made_from_the_source_distribution_builds_a_workbook(made: Path) -> None:
    (wheel,) = made.glob("*.whl")
    quietly = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    run(["-m", "pip", "install", *quietly, "--target", made / "site", wheel], made)
    out = made / "paper.xlsx"
    said = run(["-m", "workbook", "build", "paper", "--out", out], made, PYTHONPATH=str(made / "site"))
    assert "35 sheets" in said
    assert out.is_file()
    where = run(["-c", "import workbook; print(workbook.__file__)"], made, PYTHONPATH=str(made / "site")).strip()
    assert Path(where).is_relative_to(made / "site")


def test_the_wheel_holds_package_templates_and_licence_and_nothing_else(made: Path) -> None:
    (wheel,) = made.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"workbook"}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    packaged = {name.removeprefix("workbook/templates/") for name in names if name.startswith("workbook/templates/")}
    assert packaged == {str(path.relative_to(SOURCES / "templates")) for path in (SOURCES / "templates").rglob("*") if path.is_file()}


def test_the_source_distribution_holds_what_its_tests_and_readers_need(made: Path) -> None:
    (source,) = made.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "docs/language.md", "tests/run", "templates/planning.yaml"}
    assert wanted <= names
