"""The keywords of the files of a workbook and of its sheets, and how these are read into declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator, Field

from workbook.declare import cards, schema
from workbook.declare.blocks import AnyBlock, refuse_defaults, with_data
from workbook.declare.breaks import BreakKeywords
from workbook.declare.columns import with_groups_written_out
from workbook.declare.figures import Basis
from workbook.declare.first_of import with_states
from workbook.declare.keywords import Anything, Choice, Entries, Keywords, Number, Parts, Text, Texts, Written, words
from workbook.declare.limits import limits_by_unit
from workbook.declare.lines import with_lines_of_files
from workbook.declare.mistakes import read_as
from workbook.declare.own_cards import by_catalogue
from workbook.declare.parts import with_parts
from workbook.declare.patterns import expanded, read_patterns
from workbook.declare.schema import SHEET_ROLES, CardBlock, Declarations, ListBlock, Sheet, TableBlock
from workbook.declare.shown_units import shown_units
from workbook.declare.tables import with_tables_written_out
from workbook.declare.yaml import is_file, read
from workbook.errors import Problems, WorkbookError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from workbook.declare.catalogues import Catalogue
    from workbook.declare.patterns import Members
    from workbook.declare.yaml import Node
    from workbook.errors import Place


class WorkbookFile(Keywords):
    """A workbook: which catalogues and sheets it has. NAME.yaml, at the top of the templates."""

    called: ClassVar[str] = "workbook"
    workbook: Text = Field("", description="The name of the workbook; that of its file, if left out.")
    title: Text = Field("", description="The title that people read.")
    about: Text = Field("", description="What the workbook is for, in a sentence or two.")
    version: Text = Field("", description="The version of the templates, such as the day of their last change.")
    log: Annotated[Entries[str, Text], Written("mapping of versions to texts")] = Field(
        {}, description="What changed, by version, the latest first: that of the workbook."
    )
    basis: Basis = Field("corrected", description="Which figure of a card counts where it has one of the paper and a corrected one.")
    results: Text = Field("", description="The table that holds the results of cases, which 'workbook results' prints.")
    catalogues: Texts = Field(
        (),
        description="The kinds of card that are read, in order: one may name those before it. Fields naming other kinds are left out.",
    )
    patterns: Annotated[Entries[str, Anything], Written("mapping of names to {of: CATALOGUE, without: [...]}")] = Field(
        {}, description="Names of groups of cards: a key or an item of a list that holds {NAME} is written once for each of the cards."
    )
    sheets: Texts = Field((), description="The sheets in the order of their tabs: the names of files in sheets/.")
    breaks: Parts[BreakKeywords] = Field((), description="Rules of 'workbook audit' that the workbook breaks on purpose.")

    def check(self, problems: Problems) -> None:
        """Record a change log whose latest version is another one than the workbook's."""
        latest = next(iter(self.log), self.version)
        if latest != self.version:
            problems.add(
                self.place_of("log"), f"the log begins with version '{latest}', the workbook is of '{self.version}'", "say what changed"
            )


class Search(Keywords):
    """A table over lists whose best rows are sought by 'workbook optimize'."""

    called: ClassVar[str] = "'search' of {outer}"
    table: Text = Field("", description="The table, whose keys are lists.")
    most: Text = Field("", description="The column to make as large as possible.")
    least: Text = Field("", description="The column to keep as small as possible.")
    over: Annotated[Entries[str, Number], Written("mapping of lists to numbers")] = Field(
        {}, description="For each list the step of the finer one that is searched."
    )

    def check(self, problems: Problems) -> None:
        """Record steps that lead nowhere."""
        for key, step in self.over.items():
            if step is not None and step <= 0:
                problems.add(self.place_of("over"), f"the step of '{key}' must be above 0")


NAMED = ("table", "inputs", "values", "checks", "list", "view")
"""Keywords of blocks that have a name, which follows them."""


class SheetFile(Keywords):
    """A sheet, or one for each card of a catalogue. NAME.yaml in sheets/."""

    sheet: Text = Field("", description="The name of the tab; with 'each' it holds {KEY}, which is the name of the card.")
    title: Text = Field("", description="The title at the top of the sheet.")
    answers: Text = Field("", description="The question that the sheet answers; shown on the sheet and in the contents.")
    role: Annotated[str, BeforeValidator(Choice(SHEET_ROLES)), words(SHEET_ROLES), Written("one of: " + ", ".join(SHEET_ROLES))] = Field(
        "", description="What the sheet is for; its tab is coloured by it."
    )
    prints: Text = Field("", description="The last block that is printed; what is below and beyond it is for the screen.")
    prints_to: Text = Field(
        "", description="The last column that is printed, TABLE.COLUMN (TABLE.MEMBER where the rows of the table run across)."
    )
    each: Annotated[Entries[str, Text], Written("{KEY: CATALOGUE}")] = Field(
        {}, description="Repeat the sheet for each card of a catalogue; expressions call the card by KEY."
    )
    search: Search | None = Field(None, description="The table that 'workbook optimize' searches, and for what.")
    blocks: Parts[AnyBlock] = Field((), description="The blocks of the sheet, from top to bottom.")

    def check(self, problems: Problems) -> None:
        """Record what no sheet, or no repeated one, can have."""
        if len(self.each) > 1:
            problems.add(self.place_of("each"), "'each' names one key and one catalogue")
        if not self.blocks:
            problems.add(self.place, "{outer} has no blocks")
        names = {str(getattr(block, word, "")) for block in self.blocks for word in NAMED}
        for word, block in (("prints", self.prints), ("prints_to", self.prints_to.partition(".")[0])):
            if block and block not in names:
                problems.add(self.place_of(word), f"'{word}' names no block of this sheet: '{block}'", suggest(block, names))

    def declared(self, key: str, blocks: tuple[schema.Block, ...]) -> Sheet:
        """Return the declaration of the sheet."""
        each_key, each = next(iter(self.each.items()), ("", ""))
        search = self.search.into(schema.Search) if self.search else None
        name, title = self.sheet or key, self.title or key
        return self.into(Sheet, name=name, title=title, blocks=blocks, each_key=each_key, each=each, search=search)


def read_workbook(root: Path, name: str, data: Mapping[str, Path], own: Sequence[Node]) -> Declarations:
    """Read everything that a workbook's file names; raises WorkbookError with all problems found.

    ``data`` gives by table the CSV file whose lines are its records, in place of those that its sheet names; ``own`` are cards beside
    those of the templates.
    """
    problems = Problems()
    node = read(root / f"{name}.yaml", f"{name}.yaml")
    book = read_as(WorkbookFile, node, "workbook", problems)
    if book is None:
        raise WorkbookError(problems.found)
    catalogues: dict[str, Catalogue] = {}
    given = by_catalogue(root, own, {key for key, _ in book.placed("catalogues")}, problems)
    for key, at in book.placed("catalogues"):
        if catalogue := cards.catalogue(root, key, book.basis, at, problems, catalogues, given.pop(key, ())):
            catalogues[key] = catalogue
    for key, others in given.items():
        for card in others:
            problems.add(
                card.place, f"is a card of '{key}', which workbook '{name}' does without", "leave it out, or build another workbook"
            )
    catalogues = {key: _without_strangers(root, found, catalogues) for key, found in catalogues.items()}
    patterns = read_patterns(book.patterns, catalogues, problems)
    nodes = {key: found for key, at in book.placed("sheets") if (found := _node(root, key, at, patterns, problems))}
    nodes = {key: with_lines_of_files(root, node, data, problems) for key, node in nodes.items()}
    written = with_tables_written_out(nodes, problems)
    sheets = tuple(sheet for key, node in written.items() if (sheet := _sheet(root, key, node, problems)))
    wanted = dict(book.placed("catalogues"))
    if len(catalogues) == len(wanted):
        _check_shown_once(sheets, wanted, problems)
    result = book.into(
        Declarations,
        name=book.workbook or name,
        title=book.title or name,
        catalogues=catalogues,
        sheets=sheets,
        sources=cards.sources(root, problems),
        units_file=str(root / "units.txt"),
        results_place=book.place_of("results"),
        limits=limits_by_unit(root, problems),
        shown_units=shown_units(root, problems),
        carried={},
        breaks=tuple(item.into(schema.Break, columns=item.placed("columns")) for item in book.breaks),
    )
    problems.raise_if_any()
    return result


def _without_strangers(root: Path, catalogue: Catalogue, known: dict[str, Catalogue]) -> Catalogue:
    """Return a catalogue without the fields that name a card of a catalogue which this workbook does without."""
    others = {path.stem for path in (root / "catalogues").glob("*.yaml")} - known.keys()
    return catalogue.without([name for name, field in catalogue.fields.items() if field.bounds.key in others])


def _node(root: Path, key: str, place: Place, patterns: dict[str, Members], problems: Problems) -> Node | None:
    """Read the file of a sheet, with the parts it uses and entries for several cards written out."""
    shown = f"sheets/{key}.yaml"
    path = root / "sheets" / f"{key}.yaml"
    if not is_file(path):
        problems.add(place, f"there is no sheet '{key}'", suggest(key, [item.stem for item in (root / "sheets").glob("*.yaml")]))
        return None
    try:
        return expanded(with_parts(root, with_states(read(path, shown), problems), problems), patterns)
    except WorkbookError as error:
        problems.found.extend(error.diagnostics)
        return None


def _sheet(root: Path, key: str, node: Node, problems: Problems) -> Sheet | None:
    written = read_as(SheetFile, with_groups_written_out(node, problems), f"sheet '{key}'", problems)
    if written is None:
        return None
    sheet = written.declared(key, tuple(with_data(root, block.declared(), problems) for block in written.blocks))
    for block in sheet.blocks:
        if sheet.each and isinstance(block, TableBlock) and (block.across or block.parents):
            what = "runs across" if block.across else "has members with parents"
            problems.add(block.place, f"table '{block.name}' {what} on a sheet that is repeated", "put it on a sheet of its own")
        refuse_defaults(block, sheet.each, problems)
    return sheet


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
