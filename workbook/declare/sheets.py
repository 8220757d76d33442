"""Reading workbook and sheet templates into declarations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.declare import cards
from workbook.declare.blocks import read_block, refuse_takes, with_data
from workbook.declare.figures import BASES
from workbook.declare.include import with_shared_parts
from workbook.declare.limits import FILE, limits_by_unit
from workbook.declare.origin import TEMPLATES, noted_files, part_of
from workbook.declare.patterns import expanded, read_patterns
from workbook.declare.schema import (
    CardBlock,
    Declarations,
    ListBlock,
    Search,
    Sheet,
    TableBlock,
)
from workbook.declare.tables import with_tables_written_out
from workbook.declare.usual import with_usual
from workbook.declare.yaml import Node, Reader, Scalar, Sequence, is_file, number_of, read, text_of
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.catalogues import Catalogue
    from workbook.declare.patterns import Members


def declarations(root: Path, name: str) -> Declarations:
    """Read everything the workbook template ``name`` names; raises WorkbookError with all problems found.

    The result carries which templates these are.
    """
    with noted_files() as files:
        declared = _declarations(root, name)
        if is_file(root / "units.txt"):
            text_of(root / "units.txt", "units.txt")
    return replace(declared, carried={TEMPLATES: part_of(files, declared.catalogues)})


def workbooks(root: Path) -> list[str]:
    """Return the names of the workbook templates in a directory."""
    return sorted(item.stem for item in root.glob("*.yaml") if item.name not in {"sources.yaml", FILE} and is_file(item))


def _declarations(root: Path, name: str) -> Declarations:
    problems = Problems()
    path = root / f"{name}.yaml"
    known = workbooks(root)
    if name not in known:
        raise WorkbookError([Diagnostic(None, f"there is no workbook template '{name}' in {root}", suggest(name, known))])
    reader = Reader(read(path, path.name), problems, "workbook")
    basis = reader.text("basis", "corrected")
    if basis not in BASES:
        problems.add(reader.node.keys.get("basis", reader.place), f"basis cannot be '{basis}'", suggest(basis, BASES))
    catalogues: dict[str, Catalogue] = {}
    for key, at in reader.placed_texts("catalogues"):
        found = cards.catalogue(root, key, basis, at, problems, catalogues)
        if found:
            catalogues[key] = found
    patterns = read_patterns(reader.mapping("patterns"), catalogues, problems)
    nodes = {key: node for key, at in reader.placed_texts("sheets") if (node := _node(root, key, at, patterns, problems))}
    sheets = tuple(_sheet(root, key, node, problems) for key, node in with_tables_written_out(nodes, problems).items())
    wanted = dict(reader.placed_texts("catalogues"))
    if len(catalogues) == len(wanted):
        _check_shown_once(sheets, wanted, problems)
    known_sources = cards.sources(root, problems)
    result = Declarations(
        reader.text("workbook", name),
        reader.text("title", name),
        reader.text("about"),
        reader.text("version"),
        basis,
        catalogues,
        sheets,
        known_sources,
        str(root / "units.txt"),
        reader.place,
        reader.text("results"),
        reader.place_of("results"),
        limits=limits_by_unit(root, problems),
    )
    reader.finish()
    problems.raise_if_any()
    return with_usual(result)


def _node(root: Path, key: str, place: Place, patterns: dict[str, Members], problems: Problems) -> Node | None:
    """Read the file of a sheet, with the parts it uses and entries for several cards written out."""
    shown = f"sheets/{key}.yaml"
    path = root / "sheets" / f"{key}.yaml"
    if not is_file(path):
        problems.add(place, f"there is no sheet '{key}'", suggest(key, [item.stem for item in (root / "sheets").glob("*.yaml")]))
        return None
    try:
        return expanded(with_shared_parts(root, read(path, shown), problems), patterns)
    except WorkbookError as error:
        problems.found.extend(error.diagnostics)
        return None


def _sheet(root: Path, key: str, node: Node, problems: Problems) -> Sheet:
    reader = Reader(node, problems, f"sheet '{key}'")
    each = reader.mapping("each")
    if len(each.items) > 1:
        problems.add(each.place, "'each' names one key and one catalogue")
    each_key, each_of = next(((k, v.text) for k, v in each if isinstance(v, Scalar)), ("", ""))
    raw = reader.take("blocks")
    blocks = [read_block(item, problems) for item in raw.items] if isinstance(raw, Sequence) else []
    for block in blocks if each_of else ():
        if isinstance(block, TableBlock) and (block.across or block.parents):
            what = "runs across" if block.across else "has members with parents"
            problems.add(block.place, f"table '{block.name}' {what} on a sheet that is repeated", "put it on a sheet of its own")
    for item in blocks:
        refuse_takes(item, each_of, problems)
    if not blocks:
        problems.add(reader.place, f"sheet '{key}' has no blocks")
    sheet = Sheet(
        reader.text("sheet", key),
        reader.text("title", key),
        reader.text("answers"),
        tuple(with_data(root, block, problems) for block in blocks if block),
        reader.place,
        each_key,
        each_of,
        _search(Reader(searched, problems, f"'search' of sheet '{key}'")) if (searched := reader.take("search")) else None,
    )
    reader.finish()
    return sheet


def _search(reader: Reader) -> Search:
    """Read what the command that searches a finer grid needs."""
    over = {}
    for key, node in reader.mapping("over"):
        step = number_of(node, f"the step of '{key}'", reader.problems)
        if step is not None and step <= 0:
            reader.problems.add(node.place, f"the step of '{key}' must be above 0")
        over[key] = step or 1.0
    search = Search(reader.text("table"), reader.text("most"), reader.text("least"), over, reader.place)
    reader.finish()
    return search


def _check_shown_once(sheets: tuple[Sheet, ...], known: dict[str, Place], problems: Problems) -> None:
    """Every input stands in one cell: the cards of each catalogue are shown once, and lists are not repeated."""
    shown: dict[str, Place] = {}
    for sheet in sheets:
        if sheet.each_key and sheet.each not in known:
            problems.add(sheet.place, f"there is no catalogue '{sheet.each}' in this workbook", suggest(sheet.each, known))
            continue
        for block in sheet.blocks:
            if isinstance(block, ListBlock) and sheet.each_key:
                problems.add(block.place, f"list '{block.name}' is on a sheet that is repeated", "put it on a sheet of its own")
            if not isinstance(block, CardBlock):
                continue
            if block.catalogue not in known:
                problems.add(block.place, f"there is no catalogue '{block.catalogue}' in this workbook", suggest(block.catalogue, known))
            elif block.catalogue in shown or (sheet.each_key and sheet.each != block.catalogue):
                problems.add(block.place, f"the cards of '{block.catalogue}' are shown more than once", "show them in one place only")
            shown.setdefault(block.catalogue, block.place)
    for name, place in known.items():
        if name not in shown and not problems.found:
            problems.add(place, f"the cards of '{name}' are shown on no sheet", f"add a block 'cards: {name}' to a sheet")
