"""Verify scripts of sqitch that a sanity check can be."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlmig.adoption.model import Half
from sqlmig.adoption.psql import run_by_psql
from sqlmig.errors import SourceError
from sqlmig.model import Script
from sqlmig.source.lexer import LexError, leading_words, statements

_ENDINGS = {("rollback",), ("commit",), ("end",)}
_BEGINNINGS = {("begin",), ("start", "transaction")}
_IMPOSSIBLE = re.compile(r"\bwhere\s+(?:false|1\s*=\s*0)\s*$", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\b", re.IGNORECASE)
_DIVISION = re.compile(r"\bselect\s+1\s*/\s*count\s*\(", re.IGNORECASE)


def as_check(text: str, path: str) -> Half | None:
    """The one query of a verify script, with what it returns where it holds; None where the script
    is more than that, or one cannot tell.

    Such a script succeeds where it raises no error. `SELECT … WHERE false` then returns no rows;
    `SELECT 1/count(*)` and a query without FROM return one.
    """
    try:
        found = list(statements(text))
        if found and leading_words(text, found[0], 2) in _BEGINNINGS:
            found = found[1:]
        if found and leading_words(text, found[-1], 2) in _ENDINGS:
            found = found[:-1]
        if len(found) != 1 or found[0].word != "select":
            return None
        query = text[found[0].start : found[0].end].rstrip()
        _, variables = run_by_psql(Script.of(path, query))
    except (LexError, SourceError):
        return None
    expected = _expected(query)
    if variables or expected is None:
        return None
    body = f"-- expect: {expected}\n\n{query};\n"
    return replace(Half.whole(Script.of(path, query)), body=body)


def _expected(query: str) -> str | None:
    if _IMPOSSIBLE.search(query):
        return "no rows"
    return "rows" if _DIVISION.match(query) or not _FROM.search(query) else None
