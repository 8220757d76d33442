"""What members of a table may be named: texts that every lookup finds, and each its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_CHARACTERS = 60
NOT_IN_NAMES = set('*?~"')  # wildcards and quotes of the criteria that find a member by its name
USABLE = f"up to {MOST_CHARACTERS} characters, starting with a letter or digit, with a letter, none of * ? ~ or double quotes"


def is_usable(name: str) -> bool:
    """Tell whether a name can be taken for no formula, number or wildcard wherever a spreadsheet compares it."""
    try:
        float(name)
    except ValueError:
        shaped = name[:1].isalnum() and name == name.strip() and name.isprintable() and len(name) <= MOST_CHARACTERS
        worded = any(map(str.isalpha, name)) and name.lower() not in {"true", "false"}
        return shaped and worded and not NOT_IN_NAMES & set(name)
    return False


def same_name(known: Mapping[str, str | float], member: str, name: str) -> str | None:
    """Return another member that is shown as ``name``, or whose key that is; capitals make no difference."""
    return next((key for key, shown in known.items() if key != member and name.lower() in {str(shown).lower(), key.lower()}), None)
