"""Finds transactions that a script opens itself and that sqlmig's own can replace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlmig.source.lexer import Statement, leading_words

_OPENINGS = {("begin",), ("begin", "work"), ("begin", "transaction"), ("start", "transaction")}
_ENDS = {(), ("work",), ("transaction",)}
_LARGE_OBJECTS = {"lo_open", "lowrite", "lo_close"}


def own_transactions(text: str, found: Sequence[Statement]) -> frozenset[int]:
    """The offsets of the plain BEGINs and COMMITs that can be left out of a script with those
    statements, because it runs in one transaction: a pair around all of it, the commonest
    hand-written form, and the pairs that pg_dump writes around the contents of large objects."""
    inner = found
    pairs = []
    if len(found) > 1 and _opens(text, found[0]) and _closes(text, found[-1]):
        pairs.append((found[0], found[-1]))
        inner = found[1:-1]
    pairs += _around_large_objects(text, inner)
    return frozenset(statement.start for pair in pairs for statement in pair)


def _around_large_objects(
    text: str, found: Sequence[Statement]
) -> Iterator[tuple[Statement, Statement]]:
    opening, is_filled = None, False
    for statement in found:
        if statement.word in ("begin", "start"):
            opening, is_filled = (statement if _opens(text, statement) else None), False
        elif opening and _is_about_a_large_object(text, statement):
            is_filled = True
        elif opening:
            if is_filled and _closes(text, statement):
                yield opening, statement
            opening = None


def _opens(text: str, statement: Statement) -> bool:
    return leading_words(text, statement, 3) in _OPENINGS


def _closes(text: str, statement: Statement) -> bool:
    words = leading_words(text, statement, 3)
    return words[:1] in {("commit",), ("end",)} and words[1:] in _ENDS


def _is_about_a_large_object(text: str, statement: Statement) -> bool:
    words = leading_words(text, statement, 4)
    return words[:3] == ("select", "pg_catalog", ".") and words[3] in _LARGE_OBJECTS
