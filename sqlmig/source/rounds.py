"""What a file with `-- repeat: until no rows` may contain: one statement that writes some rows.

A LIMIT keeps a round short, and the number of rows that the server reports for the statement shows
when none are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from sqlmig.errors import SourceError
from sqlmig.model import Location, Script
from sqlmig.source.lexer import Statement, leading_words

_VERBS = ("update", "delete", "insert")
_OTHER_VERBS = ("select", "table", "values", "merge")
_ALL_ROWS = ("all", "null")
# In the list of a WITH, a name follows one of these: `update` there is the name of a query.
_BEFORE_NAMES = ("with", "recursive", ",")


def round_problems(script: Script, found: Sequence[Statement]) -> Iterator[SourceError]:
    """What prevents the script from being repeated, each error at its statement."""
    for statement in found[1:]:
        yield _error(
            script,
            statement,
            "a file with `-- repeat: until no rows` can have only one statement",
            "Put the others into migrations of their own.",
        )
    for statement in found[:1]:
        yield from _problems(script, statement)


def _problems(script: Script, statement: Statement) -> Iterator[SourceError]:
    words = leading_words(script.text, statement, statement.end)
    if _verb(words) not in _VERBS:
        yield _error(
            script,
            statement,
            "`-- repeat: until no rows` is only for UPDATE, DELETE and INSERT",
            "Write one of these, which may begin with WITH, or remove the directive.",
        )
    elif not _has_limit(words):
        yield _error(
            script,
            statement,
            "this statement has no LIMIT, so its first round would write all rows",
            "Choose the rows of a round: WHERE id IN (SELECT id FROM … WHERE … LIMIT 10000).",
        )
    elif ("skip", "locked") in pairwise(words):
        yield _error(
            script,
            statement,
            "SKIP LOCKED would end this as soon as other sessions hold the rows that are left: "
            "a round then writes none",
            "Remove it: a round waits for these rows, and is tried again after `lock_timeout`.",
        )


def _verb(words: Sequence[str]) -> str:
    """The verb of the statement: its first word, or the first after its WITH queries."""
    if words[0] != "with":
        return words[0]
    depth = 0
    for previous, word in pairwise(words):
        depth += (previous == "(") - (word == ")")
        if depth == 0 and previous not in _BEFORE_NAMES and word in (*_VERBS, *_OTHER_VERBS):
            return word
    return ""


def _has_limit(words: Sequence[str]) -> bool:
    return any(
        (word == "limit" and following not in _ALL_ROWS)
        or (word == "fetch" and following in ("first", "next"))
        for word, following in pairwise(words)
    )


def _error(script: Script, statement: Statement, message: str, remedy: str) -> SourceError:
    location = Location.at(script.path, script.text, statement.start)
    return SourceError(message, location=location, remedy=remedy)
