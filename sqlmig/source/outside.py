"""Which statements PostgreSQL refuses inside a transaction, and which of them are harmless.

Source: the calls of PreventInTransactionBlock in PostgreSQL 15 to 18, and the manual's pages on
these commands.
"""

from __future__ import annotations

import re
from enum import Enum

from sqlmig.source.lexer import Statement, leading_words

# The first words of most statements are enough. DETACH … CONCURRENTLY has its keyword at the end,
# but the names of a table and a partition take no more words than these.
_WORDS_THAT_TELL = 14

_OUTSIDE = re.compile(
    r"""
      create\ (unique\ )?index\ concurrently\b
    | drop\ index\ concurrently\b
    | reindex\b.*\bconcurrently\b
    | reindex\ (\(.*\)\ )?(database|system|schema)\b
    | vacuum\b
    | (create|drop)\ (database|tablespace)\b
    | alter\ database\ \S+\ set\ tablespace\b
    | alter\ system\b
    | alter\ table\ .*\bdetach\ partition\ .*\bconcurrently\b
    | discard\ all\b
    | cluster$
    """,
    re.VERBOSE,
)
_OF_THE_SERVER = re.compile(r"(create|alter|drop) (database|tablespace|system)\b")
# Without a connection, no replication slot is created or dropped: it can then run in a transaction.
_CONNECTS = re.compile(r"(create|drop) subscription\b")
_OPTIONS = re.compile(r"\bwith \( ([^()]*) \)$")
_HAS_NO_SLOT = re.compile(r"\bslot_name\s*=\s*'?none\b", re.IGNORECASE)
_FALSE = ("false", "off", "0")
_OF_A_PUBLISHER = re.compile(r"(create|drop) subscription\b")
_TAKES_ROWS = re.compile(r"drop (database|tablespace|subscription)\b|alter table\b")
_NEW_LABEL = re.compile(r"alter type (\S+ ){1,3}add value\b")
_OF_THE_SESSION = ("set", "reset", "analyze")
_FIRST_WORDS = frozenset({"vacuum", "discard", "cluster"})
_COMMON_FIRST_WORDS = frozenset({"create", "drop", "alter", "reindex"})
# Most statements start with a common word; the server refuses one only if it also contains one of
# these.
_HINT = re.compile("concurrently|database|system|schema|tablespace|subscription", re.IGNORECASE)


class Reach(Enum):
    """How far a statement reaches that runs only outside a transaction."""

    DATABASE = "its database"
    SERVER = "what all databases of the server share"
    PUBLISHER = "another server"


def reach(text: str, statement: Statement) -> Reach:
    """How far that statement reaches; `runs_only_outside` must be true for it."""
    words = _words(text, statement)
    if _OF_A_PUBLISHER.match(words):
        return Reach.PUBLISHER
    return Reach.SERVER if _OF_THE_SERVER.match(words) else Reach.DATABASE


def keeps_rows(text: str, statement: Statement) -> bool:
    """Whether the statement needs no transaction and never removes rows."""
    words = _words(text, statement)
    if statement.word in _OF_THE_SESSION or _NEW_LABEL.match(words):
        return True
    return runs_only_outside(text, statement) and not _TAKES_ROWS.match(words)


def runs_only_outside(text: str, statement: Statement) -> bool:
    """Whether the server refuses the statement inside a transaction."""
    if statement.word in _COMMON_FIRST_WORDS:
        if not _HINT.search(text, statement.start, statement.end):
            return False
    elif statement.word not in _FIRST_WORDS:
        return False
    words = _words(text, statement)
    if _CONNECTS.match(words):
        return not _has_no_slot(text, statement)
    return _OUTSIDE.match(words) is not None


def _has_no_slot(text: str, statement: Statement) -> bool:
    """Whether CREATE SUBSCRIPTION creates no slot, or DROP SUBSCRIPTION drops none because the
    script has detached it from the subscription before."""
    if statement.word == "drop":
        return _HAS_NO_SLOT.search(text, 0, statement.start) is not None
    options = _OPTIONS.search(" ".join(leading_words(text, statement, statement.end)))
    pairs = (option.partition(" = ") for option in options[1].split(" , ")) if options else ()
    values = {name.strip('"'): value.strip("'").lower() for name, _, value in pairs}
    return values.get("create_slot", values.get("connect", "true")) in _FALSE


def _words(text: str, statement: Statement) -> str:
    return " ".join(leading_words(text, statement, _WORDS_THAT_TELL))
