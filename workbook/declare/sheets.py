"""Reading the templates of a workbook into declarations."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from workbook.declare.limits import FILE
from workbook.declare.origin import TEMPLATES, noted_files, part_of
from workbook.declare.usual import with_usual
from workbook.declare.yaml import is_file, text_of
from workbook.errors import Diagnostic, WorkbookError, suggest
from workbook.files import WORKBOOK_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workbook.declare.schema import Declarations
    from workbook.declare.yaml import Node


def declarations(root: Path, name: str, data: Mapping[str, Path] | None = None, cards: Sequence[Node] = ()) -> Declarations:
    """Read everything the workbook template ``name`` names; raises WorkbookError with all problems found.

    ``data`` gives by table a CSV file whose lines are its records, in place of the files that the template names; ``cards`` come
    beside those of the templates. The result carries which templates these are.
    """
    check_known(root, name)
    files = import_module("workbook.declare.template_files")  # loads pydantic, which only those need who read templates
    with noted_files() as noted:
        declared: Declarations = files.read_workbook(root, name, data or {}, cards)
        if is_file(root / "units.txt"):
            text_of(root / "units.txt", "units.txt")
    return with_usual(replace(declared, carried={TEMPLATES: part_of(noted, declared.catalogues)}))


def check_known(root: Path, name: str) -> None:
    """Raise WorkbookError for the name of no workbook template, such as that of a file."""
    known = workbooks(root)
    if name in known:
        return
    if name.lower().endswith(WORKBOOK_SUFFIX):
        message = f"'{name}' is a file; here a workbook template is named: {', '.join(known)}"
        fix = "built files are for: workbook verify, audit, diff, pull, render, results, build --from"
        raise WorkbookError([Diagnostic(None, message, fix)])
    fix = suggest(name.removesuffix(".yaml"), known)
    raise WorkbookError([Diagnostic(None, f"there is no workbook template '{name}' in {root}", fix)])


def workbooks(root: Path) -> list[str]:
    """Return the names of the workbook templates in a directory."""
    return sorted(item.stem for item in root.glob("*.yaml") if item.name not in {"sources.yaml", FILE} and is_file(item))
