"""Parts of sheets that are written once and used in several places: ``{part: queue, objective: cap}``.

The file ``parts/NAME.yaml`` holds columns, or a block, and under ``parameters`` the names that stand for expressions of whoever uses
it: ``NAME: EXPRESSION`` where one is usual, ``NAME: null`` where it has to be given. Expressions of the part use a parameter as a
value, as a table (``knots[key].upper``), or as a row (``curve.p_idle`` where it stands for ``curves[gpu]``); labels, texts and
numbers stay as they are. All other names are those of the table that uses the part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field

from workbook.declare.first_of import with_states
from workbook.declare.keywords import Anything, Entries, Keywords, Text, Written
from workbook.declare.nodes import changed, entries, mapping, named, text_node, without
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence, is_file, read
from workbook.errors import Patchwork, WorkbookError, suggest
from workbook.expr.parse import names_in

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.errors import Place, Problems

PART, PARAMETERS, FOLDER = "part", "parameters", "parts"
EXPRESSIONS = {"expr", "first", "each_row", "default"}  # what holds an expression in a column; each entry of 'case' does, too
_ONE_THING = re.compile(r"[\w.]+|'[^']*'|\w+\[[^\[\]]*\](\.\w+)?")  # needs no brackets around it
_A_TABLE = re.compile(r"\w+")
_A_ROW = re.compile(r"\w+(\[.*\])?")


class Use(Keywords):
    """A part: what a file in parts/ holds, in the place of this mapping. The parameters of the part are keywords, too."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow", json_schema_extra={"additionalProperties": {"type": ["string", "number"]}}
    )
    part: Text = Field(description="The name of the part, such as queue for parts/queue.yaml.")


class PartFile(Keywords):
    """Columns that several tables share. NAME.yaml in parts/; a block that several sheets share stands in such a file as it is."""

    parameters: Annotated[Entries[str, Anything], Written("mapping of names to expressions, or to null")] = Field(
        {}, description="Names that stand for expressions of whoever uses the part: with the usual one, or null where it has to be given."
    )
    columns: Entries[str, Anything] = Field(description="The columns, with the names of parameters in their expressions.")


def with_parts(root: Path, node: Node, problems: Problems, within: tuple[str, ...] = ()) -> Node:
    """Return a node in which every ``{part: NAME, ...}`` is what the part holds, with its parameters replaced.

    A part that cannot be used is left out, and reported. ``within`` names the parts that are being read.
    """

    def written(child: Node) -> Node | None:
        if isinstance(child, Mapping) and PART in child.items:
            return _used(root, child, problems, within)
        return with_parts(root, child, problems, within)

    if isinstance(node, Sequence):
        return Sequence(tuple(item for item in map(written, node.items) if item), node.place)
    if not isinstance(node, Mapping):
        return node
    return mapping([(key, part, at) for key, child, at in entries(node) if (part := written(child))], node.place)


def _used(root: Path, use: Mapping, problems: Problems, within: tuple[str, ...]) -> Node | None:
    """Return what a part holds for one use of it; None where it cannot be read."""
    name, place = named(use.items[PART]), use.items[PART].place
    if not name:
        problems.add(
            place, f"'{PART}' stands for a file in {FOLDER}/, and nothing else may be called so", f"{PART}: NAME, or another name for it"
        )
        return None
    shown = f"{FOLDER}/{name}.yaml"
    known = [path.stem for path in (root / FOLDER).glob("*.yaml")]
    if name not in known or not is_file(root / shown):
        problems.add(place, f"there is no part '{name}'", suggest(name, known))
        return None
    if name in within:
        problems.add(place, f"part '{name}' uses itself", "write the columns where they are used")
        return None
    try:
        part = with_parts(root, with_states(read(root / shown, shown), problems), problems, (*within, name))
    except WorkbookError as error:
        problems.add(place, f"part '{name}' is used here")
        problems.found.extend(error.diagnostics)
        return None
    if not isinstance(part, Mapping):
        problems.add(part.place, f"part '{name}' must be a mapping", "columns: {...}, or a block")
        return None
    arguments = _arguments(name, part, use, problems)
    written = _replaced(without(part, {PARAMETERS}), arguments, problems)
    declared = part.items.get(PARAMETERS)
    for word, at in declared.keys.items() if isinstance(declared, Mapping) else ():
        if word in arguments and not arguments[word].used:
            problems.add(at, f"no expression of part '{name}' uses its parameter '{word}'", "leave it out")
    return written


@dataclass(slots=True)
class _Argument:
    """What a parameter stands for, where that is written, and whether an expression uses it."""

    text: str
    place: Place
    used: bool = False


def _arguments(name: str, part: Mapping, use: Mapping, problems: Problems) -> dict[str, _Argument]:
    """Return what each parameter of a part stands for in one use of it."""
    declared = part.items.get(PARAMETERS)
    parameters = declared if isinstance(declared, Mapping) else Mapping({}, {}, part.place)
    for word, node in without(use, {PART}):
        if word not in parameters.items:
            hint = suggest(word, parameters.items) if parameters.items else "it has none"
            problems.add(use.keys[word], f"part '{name}' has no parameter '{word}'", hint)
        elif not isinstance(node, Scalar) or node.value is None:
            problems.add(node.place, f"'{word}' of part '{name}' must be an expression in quotes")
    found: dict[str, _Argument] = {}
    for word, usual in parameters:
        node = use.items.get(word, usual)
        if isinstance(node, Scalar) and node.value is not None:
            found[word] = _Argument(node.text, node.place)
        elif word not in use.items:
            problems.add(use.place, f"part '{name}' needs '{word}'", f"{{part: {name}, {word}: EXPRESSION}}")
            found[word] = _Argument("0", use.place)
    return found


def _replaced(node: Node, arguments: dict[str, _Argument], problems: Problems) -> Node:
    """Return a part in whose expressions parameters are what they stand for."""
    if isinstance(node, Sequence):
        return Sequence(tuple(_replaced(item, arguments, problems) for item in node.items), node.place)
    if not isinstance(node, Mapping):
        return node

    def inner(word: str, child: Node) -> Node:
        if word in EXPRESSIONS and isinstance(child, Scalar) and isinstance(child.value, str):
            return _expression(child, arguments, problems)
        if word == "case" and isinstance(child, Mapping):
            return changed(child, lambda _, case: _expression(case, arguments, problems) if isinstance(case, Scalar) else case)
        return _replaced(child, arguments, problems)

    return changed(node, inner)


def _expression(node: Scalar, arguments: dict[str, _Argument], problems: Problems) -> Scalar:
    """Return an expression with the parameters in it replaced: each name keeps the place where it was written."""
    text, pieces, read_to = "", list[tuple[int, "Place"]](), 0
    for at, name in names_in(node.text):
        if name not in arguments:
            continue
        argument, after = arguments[name], node.text[at + len(name) :].lstrip()[:1]
        argument.used, before = True, node.text[read_to:at]
        written, offset = _fitting(name, argument, after, is_table=before.endswith(" in "), problems=problems)
        pieces += [(len(text), node.place.shifted(read_to)), (len(text) + len(before) + offset, argument.place)]
        text += before + written
        read_to = at + len(name)
    if not pieces:
        return node
    pieces.append((len(text), node.place.shifted(read_to)))
    text += node.text[read_to:]
    place = node.place
    return text_node(text, Patchwork(place.file, place.line, place.column, place.text, tuple(pieces)))


def _fitting(name: str, argument: _Argument, after: str, *, is_table: bool, problems: Problems) -> tuple[str, int]:
    """Return an argument as it stands in the place of its parameter, and how many characters come before it."""
    if (after == "[" or is_table) and not _A_TABLE.fullmatch(argument.text):
        problems.add(argument.place, f"'{name}' stands for a table, and '{argument.text}' is none", "give the name of a table")
        return argument.text, 0
    if after == "." and not _A_ROW.fullmatch(argument.text):
        message = f"'{name}' stands for a row or a group of values, and '{argument.text}' is none"
        problems.add(argument.place, message, "write TABLE[KEY], or the name of a group")
        return argument.text, 0
    return (argument.text, 0) if after in {"[", "."} or _ONE_THING.fullmatch(argument.text) else (f"({argument.text})", 1)
