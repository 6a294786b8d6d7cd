"""SQL that fails with a message of ours: SQL has no expression for that."""

from __future__ import annotations

import re

# Both ends are marked, so that the words are found within a message in any language.
_MARKED = re.compile(r"sqlmig: (.+)!")


def raising(reason: str) -> str:
    """A boolean expression that fails when it is evaluated, and not before, as a cast of a constant
    would: the server is asked for a setting of that name."""
    name = f"sqlmig: {reason}!".replace("'", "''")
    return f"pg_catalog.current_setting('{name}')::boolean"


def raised(words: str) -> str | None:
    """The reason, where the server's words are those of such an expression."""
    found = _MARKED.search(words)
    return found[1] if found else None
