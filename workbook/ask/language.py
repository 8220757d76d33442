"""The keywords of templates: in words, as docs/keywords.md has them, and as JSON Schemas for editors."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbook.ask.reference import table
from workbook.declare.packaged import directory
from workbook.errors import Diagnostic, WorkbookError, suggest
from workbook.files import whole

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.vocabulary import Keyword

HEAD = """# Keywords

Every keyword of the templates by the mapping that it stands in. They are declared once, in `workbook/declare/`: the same declarations
check templates, make this page, and make the JSON Schemas in `templates/schema/`, with which editors complete and check as you type.
`workbook language WORD` prints one keyword or one kind of mapping; [language.md](language.md) explains the language by examples.

A block starts with the keyword that it is called by. Anywhere in a sheet `{use: FILE}` stands for what a file holds, and a key or an
item of a list with `{NAME}` for one of each card of a pattern.
"""


def language_page() -> str:
    """Return the page of all keywords as Markdown."""
    return "\n".join([HEAD, *(line for kind in _vocabulary().KINDS for line in _section(kind))])


def word_text(word: str) -> str:
    """Return the entries of a keyword, or of a kind of mapping; raises WorkbookError for a word that is neither."""
    vocabulary = _vocabulary()
    found = [keyword for keyword in vocabulary.all_keywords() if keyword.name == word]
    if not found and word not in vocabulary.KINDS:
        known = {*vocabulary.KINDS, *(keyword.name for keyword in vocabulary.all_keywords())}
        fix = suggest(word, known) or "list them with: workbook language"
        raise WorkbookError([Diagnostic(None, f"'{word}' is not a keyword of templates", fix)])
    parts = [_kind_text(word)] if word in vocabulary.KINDS else []
    return "\n".join([*parts, *map(_keyword_text, found)])


def write_schemas(target: Path, templates: Path | str | None = None) -> int:
    """Write the JSON Schemas of templates to a directory, each file whole, and return their number; raises WorkbookError."""
    found = import_module("workbook.declare.json_schemas").json_schemas(directory(templates))
    for name, schema in found.items():
        with whole(target / f"{name}.json") as path:
            path.write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return len(found)


def _vocabulary() -> Any:
    """Return the module with all keywords; it loads pydantic, which only those need who ask for it."""
    return import_module("workbook.declare.vocabulary")


def _meaning(kind: str) -> str:
    return (_vocabulary().KINDS[kind].__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _section(kind: str) -> list[str]:
    vocabulary = _vocabulary()
    rows = [[f"`{word.name}`", word.written, word.default, word.meaning] for word in vocabulary.keywords_of(kind)]
    lines = ["", f"## {kind[0].upper()}{kind[1:]}\n", _meaning(kind), ""]
    lines += table(["keyword", "written as", "if left out", "what it does"], rows) if rows else []
    shared = vocabulary.shared_by(kind)
    return [*lines, *(["", "Also: the keywords of " + _listed([_link(other) for other in shared]) + "."] if shared else [])]


def _link(kind: str) -> str:
    return f"[{kind}](#{kind.replace(' ', '-')})"


def _kind_text(kind: str) -> str:
    vocabulary = _vocabulary()
    words = [word.name for other in [kind, *vocabulary.shared_by(kind)] for word in vocabulary.keywords_of(other)]
    return f"{kind}\n  {_meaning(kind)}\n  keywords: {', '.join(dict.fromkeys(words))}\n"


def _keyword_text(word: Keyword) -> str:
    default = "" if not word.default else "; required" if word.default == "required" else f"; {word.default} if left out"
    return f"{word.name}, in {_listed(_vocabulary().places_of(word.kind))}\n  written as: {word.written}{default}\n  {word.meaning}\n"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
