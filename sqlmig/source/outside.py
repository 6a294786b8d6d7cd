"""Which statements PostgreSQL refuses inside a transaction, and which of them are harmless.

Source: the calls of PreventInTransactionBlock in PostgreSQL 15 to 18, as the manual's pages of
these commands tell them.
"""

from __future__ import annotations

import re
from enum import Enum

from sqlmig.source.lexer import Statement, leading_words

# The first words of most statements say enough; that DETACH … CONCURRENTLY ends with it does not
# matter, for a table's and a partition's name take no more than these.
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
    | (create|drop)\ subscription\b
    | discard\ all\b
    | cluster$
    """,
    re.VERBOSE,
)
_OF_THE_SERVER = re.compile(r"(create|alter|drop) (database|tablespace|system)\b")
_OF_A_PUBLISHER = re.compile(r"(create|drop) subscription\b")
_TAKES_ROWS = re.compile(r"drop (database|tablespace|subscription)\b|alter table\b")
_NEW_LABEL = re.compile(r"alter type (\S+ ){1,3}add value\b")
_OF_THE_SESSION = ("set", "reset", "analyze")
_FIRST_WORDS = frozenset({"vacuum", "discard", "cluster"})
_COMMON_FIRST_WORDS = frozenset({"create", "drop", "alter", "reindex"})
# Most statements begin with these; one of those words it takes to be refused.
_HINT = re.compile("concurrently|database|system|schema|tablespace|subscription", re.IGNORECASE)


class Reach(Enum):
    """How far a statement reaches that runs outside a transaction alone."""

    DATABASE = "its database"
    SERVER = "what all databases of the server share"
    PUBLISHER = "another server"


def reach(text: str, statement: Statement) -> Reach:
    """How far that statement reaches, of which `runs_only_outside` is true."""
    words = _words(text, statement)
    if _OF_A_PUBLISHER.match(words):
        return Reach.PUBLISHER
    return Reach.SERVER if _OF_THE_SERVER.match(words) else Reach.DATABASE


def keeps_rows(text: str, statement: Statement) -> bool:
    """Whether it is one of the statements that need no transaction and never take rows away."""
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
    return _OUTSIDE.match(_words(text, statement)) is not None


def _words(text: str, statement: Statement) -> str:
    return " ".join(leading_words(text, statement, _WORDS_THAT_TELL))
