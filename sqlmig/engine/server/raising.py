"""SQL that fails with a message of ours, for which SQL has no expression."""

from __future__ import annotations

import re

# Both ends are marked, so that the reason can be found in a message in any language.
_MARKED = re.compile(r"sqlmig: (.+)!")


def raising(reason: str) -> str:
    """A boolean expression that fails, but only when evaluated: it asks for a setting of that name.
    A cast of a constant would fail earlier."""
    name = f"sqlmig: {reason}!".replace("'", "''")
    return f"pg_catalog.current_setting('{name}')::boolean"


def raised(words: str) -> str | None:
    """The reason, if the message is from such an expression."""
    found = _MARKED.search(words)
    return found[1] if found else None
