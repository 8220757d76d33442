"""Ordered lists of conditions: the first that holds gives a column its text or value, and another column its code.

``first_of: [{when: CONDITION, text: TEXT, code: NUMBER}, ..., {otherwise: TEXT}]`` becomes the expression that asks one condition
after the other; in a text ``{...}`` stands for a number or text of an expression. Without texts, ``value`` and ``otherwise`` are
expressions. ``code_of: COLUMN`` becomes the same questions with the codes as answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from workbook.declare.catalogues import Formula
from workbook.declare.keywords import Expression, Keywords, Number, Written
from workbook.declare.mistakes import read_as
from workbook.declare.nodes import entries, mapping, named, replaced, text_node, without
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence
from workbook.errors import Patchwork, suggest

if TYPE_CHECKING:
    from workbook.errors import Place, Problems

FIRST_OF, CODE_OF = "first_of", "code_of"
_NAMED = re.compile(r"\{([^{}]*)\}")


StateText = Annotated[Expression, Written("text, in which {EXPRESSION} is its text or whole number")]


class Answer(Keywords):
    """An answer of 'first_of'."""

    code: Number = Field(None, description="The number that 'code_of' gives for this answer; 0, if left out.")


class Condition(Answer):
    """An entry of 'first_of': a condition, and the answer where it is the first that holds."""

    when: Expression = Field(description="The condition: a comparison, or several joined by and, or, not.")
    text: StateText = Field(None, description="The answer, in a column of texts.")
    value: Expression = Field(None, description="The answer, in a column of numbers.")


class Otherwise(Answer):
    """The last entry of 'first_of': the answer where no condition holds."""

    otherwise: StateText = Field(description="The answer: a text, or an expression in a column of numbers.")


@dataclass(frozen=True, slots=True)
class Branch:
    """One entry of a list: its condition (None: otherwise), its answer, and its code."""

    when: Formula | None
    answer: Formula
    code: float


def with_states(node: Node, problems: Problems) -> Node:
    """Return a node in which every list of conditions, and every code of one, is an expression."""
    if isinstance(node, Sequence):
        return Sequence(tuple(with_states(item, problems) for item in node.items), node.place)
    if not isinstance(node, Mapping):
        return node
    lists = {name: _branches(name, child, problems) for name, child in node if isinstance(child, Mapping) and FIRST_OF in child.items}
    return mapping([(name, _column(name, child, lists, problems), at) for name, child, at in entries(node)], node.place)


def _column(name: str, node: Node, lists: dict[str, list[Branch]], problems: Problems) -> Node:
    if not isinstance(node, Mapping) or not {FIRST_OF, CODE_OF} & node.items.keys():
        return with_states(node, problems)
    for word in ("expr", CODE_OF) if name in lists else ("expr",):
        if word in node.items:
            problems.add(node.keys[word], f"'{name}' has '{FIRST_OF if name in lists else CODE_OF}' and '{word}'", "one of them is enough")
    if name in lists:
        return _with_expression(node, FIRST_OF, _written(lists[name], texts=_has_texts(node)))
    of = node.items[CODE_OF]
    branches = lists.get(named(of), [])
    if named(of) not in lists:
        problems.add(of.place, f"'{name}' is the code of no column with '{FIRST_OF}' beside it", suggest(named(of), lists))
    codes = [Branch(branch.when, Formula(f"{branch.code:g}", branch.answer.place), branch.code) for branch in branches]
    return _with_expression(node, CODE_OF, _written(codes, texts=False))


def _with_expression(column: Mapping, word: str, written: Scalar | None) -> Mapping:
    """Return a column with an expression in place of a word; one that could not be read is reported already."""
    return replaced(without(column, {word}), {"expr": written or text_node("''" if _has_texts(column) else "0", column.place)})


def _has_texts(column: Mapping) -> bool:
    """Tell whether the answers are texts, and no expressions."""
    given = column.items.get(FIRST_OF)
    items = given.items if isinstance(given, Sequence) else ()
    return named(column.items.get("unit")) == "text" or any(isinstance(item, Mapping) and "text" in item.items for item in items)


def _branches(name: str, column: Mapping, problems: Problems) -> list[Branch]:
    """Read a list of conditions: all entries but the last have one."""
    given = column.items[FIRST_OF]
    items = given.items if isinstance(given, Sequence) else ()
    answer = "text" if _has_texts(column) else "value"
    found = []
    for number, item in enumerate(items):
        last = number == len(items) - 1
        what = f"entry {number + 1} of '{FIRST_OF}' of '{name}'"
        entry = read_as(Otherwise if last else Condition, item, what, problems)
        given_answer = entry.otherwise if isinstance(entry, Otherwise) else getattr(entry, answer, None)
        if entry and given_answer is None:
            problems.add(entry.place, f"{what} lacks '{answer}'")
        elif entry and given_answer:
            found.append(Branch(entry.when if isinstance(entry, Condition) else None, given_answer, entry.code or 0.0))
    if len(items) < 2:  # noqa: PLR2004 a question and another answer
        problems.add(
            given.place, f"'{FIRST_OF}' of '{name}' is a list of conditions", "- {when: CONDITION, text: TEXT}, then - {otherwise: TEXT}"
        )
    return found if len(found) == len(items) else []


class _Patches:
    """A text put together from pieces, each with the place it was written at."""

    def __init__(self) -> None:
        self.text, self.pieces = "", list[tuple[int, "Place"]]()

    def add(self, text: str, place: Place | None = None) -> None:
        if place:
            self.pieces.append((len(self.text), place))
        self.text += text

    def node(self, place: Place) -> Scalar:
        return text_node(self.text, Patchwork(place.file, place.line, place.column, place.text, tuple(self.pieces)))


def _written(branches: list[Branch], *, texts: bool) -> Scalar | None:
    """Return the questions and answers as one expression."""
    if not branches:
        return None
    patches = _Patches()
    for branch in branches:
        _add_text(patches, branch.answer) if texts else patches.add(f"({branch.answer.text})", branch.answer.place.shifted(-1))
        if branch.when:
            patches.add(" if (", branch.answer.place)
            patches.add(branch.when.text, branch.when.place)
            patches.add(") else (")
    patches.add(")" * (len(branches) - 1))
    return patches.node(branches[0].answer.place)


def _add_text(patches: _Patches, answer: Formula) -> None:
    """Add a text as an expression; what stands in braces is put in as a text."""
    parts = _NAMED.split(answer.text)
    if len(parts) == 1:
        patches.add(repr(answer.text), answer.place)
        return
    shown = [number for number, part in enumerate(parts) if number % 2 or part]
    at = 0
    patches.add("join(" if len(shown) > 1 else "", answer.place)
    for number, part in enumerate(parts):
        if number in shown:
            patches.add(", " if number != shown[0] else "", answer.place)
            patches.add("text(" if number % 2 else "", answer.place)
            patches.add(part if number % 2 else repr(part), answer.place.shifted(at + number % 2))
            patches.add(")" if number % 2 else "", answer.place)
        at += len(part) + 2 * (number % 2)
    patches.add(")" if len(shown) > 1 else "", answer.place)
