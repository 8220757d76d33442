"""Rows picked by what their records say: the members of a key, or of one made of parts, that have these fields."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from workbook.declare.nodes import listed, named, text_node, without
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence
from workbook.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.records import Records
    from workbook.errors import Problems

PICKS = ("only", "without")


class Picker:
    """Picks members of row keys by the records of tables, and by the parts that keys are made of."""

    def __init__(self, tables: dict[str, Mapping], records: dict[str, Records], problems: Problems) -> None:
        """Pick from ``tables``, some of which have ``records``; record what is wrong in ``problems``."""
        self.tables, self.records, self.problems = tables, records, problems

    def picked(self, key: Mapping, words: Mapping) -> Node:
        """Return the members of a row key whose records, or those of a part of them, have these fields."""
        whole = without(key, PICKS)
        members, narrowed = self._members(whole, words)
        of = named(key.items.get("of"))
        if not narrowed:
            self.problems.add(
                words.place, f"the rows of '{of}' have no records to pick from", suggest(of, self.records) or "list the members"
            )
        elif not members:
            self.problems.add(words.place, f"no record of '{of}' has these fields", "check the words and values")
        return Sequence(tuple(text_node(member, words.place) for member in members if narrowed), words.place)

    def _members(self, key: Node, words: Mapping) -> tuple[list[str], bool]:
        """Return the members of a row key that words pick, and whether they narrow it."""
        if isinstance(key, Scalar):
            return self._of(key.text, words)
        if not isinstance(key, Mapping):
            return [], False
        given, parts = key.items.get("members"), key.items.get("parts")
        if isinstance(given, Mapping):
            return list(given.items), False
        members, narrowed = self._combined(parts, words) if isinstance(parts, Mapping) else self._of(named(key.items.get("of")), words)
        return [member for member in members if self._is_kept(key, member)], narrowed

    def _of(self, of: str, words: Mapping) -> tuple[list[str], bool]:
        """Return the members of a table that words pick, and whether they narrow them."""
        if of in self.records:
            return self.records[of].members_with(words), True
        rows = self.tables[of].items.get("rows") if of in self.tables else None
        return self._members(next(iter(rows.items.values())), words) if isinstance(rows, Mapping) and rows.items else ([], False)

    def _combined(self, parts: Mapping, words: Mapping) -> tuple[list[str], bool]:
        """Return the combinations of the members of parts that words pick: by the names of parts, and by their records."""
        fields = without(words, parts.items)
        found = [self._of_part(part, words.items.get(name), fields) for name, part in parts]
        return ["_".join(names) for names in product(*(members for members, _ in found))], any(narrowed for _, narrowed in found)

    def _of_part(self, part: Node, wanted: Node | None, fields: Mapping) -> tuple[list[str], bool]:
        members, narrowed = self._members(part, fields)
        kept = listed(wanted)
        return ([member for member in members if member in kept], True) if kept else (members, narrowed)

    def _is_kept(self, key: Mapping, member: str) -> bool:
        """Tell whether a key has a member by its own ``only`` and ``without``."""
        only, left_out = (set(self._named(key, word)) for word in PICKS)
        return (not only or member in only) and member not in left_out

    def _named(self, key: Mapping, word: str) -> Iterator[str]:
        """Yield the members that a key names or picks under a word."""
        given = key.items.get(word)
        yield from self._members(without(key, PICKS), given)[0] if isinstance(given, Mapping) else listed(given)
