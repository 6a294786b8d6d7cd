"""Converts verify scripts of sqitch to sanity checks."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlmig.adoption.model import Half
from sqlmig.adoption.psql import run_by_psql
from sqlmig.errors import SourceError
from sqlmig.model import CheckFile, Script, ScriptFile
from sqlmig.source.checks import prepare_check
from sqlmig.source.directives import FileKind
from sqlmig.source.head import read_head
from sqlmig.source.lexer import LexError, leading_words, statements

_ENDINGS = {("rollback",), ("commit",), ("end",)}
_BEGINNINGS = {("begin",), ("start", "transaction")}
_IMPOSSIBLE = re.compile(r"\bwhere\s+(?:false|1\s*=\s*0)\s*$", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\b", re.IGNORECASE)
_WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
# Without GROUP BY, these return a row even if nothing matches; with it, they return none.
_AGGREGATE = re.compile(
    r"\b(?:count|sum|min|max|avg|every|(?:bool|bit)_(?:and|or|xor)|\w+_agg)\s*\(", re.IGNORECASE
)
_GROUPS = re.compile(r"\b(?:group\s+by|having)\b", re.IGNORECASE)
_DIVISION = re.compile(r"\bselect\s+1\s*/\s*count\s*\(", re.IGNORECASE)


def as_check(text: str, path: str) -> Half | None:
    """The query of a verify script, with the result that it returns if it holds; None if the script
    is more than one query, or the result is not clear.

    A verify script succeeds if it raises no error. `SELECT … WHERE false` then returns no rows;
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
        expected = _expected(query)
        if variables or expected is None:
            return None
        body = f"-- expect: {expected}\n\n{query};\n"
        _refuse_unusable(Script.of(path, body))
    except (LexError, SourceError):
        return None
    return replace(Half.whole(Script.of(path, query)), body=body)


def _refuse_unusable(script: Script) -> None:
    """Raises SourceError for text that the project could not read as a check: all its commands
    would refuse it."""
    directives, description = read_head(script.path, script.text, FileKind.CHECK)
    prepare_check(CheckFile("", ScriptFile(script, directives, description)))


def _expected(query: str) -> str | None:
    if _IMPOSSIBLE.search(query):
        return None if _AGGREGATE.search(query) else "no rows"
    if _DIVISION.match(query):
        return None if _GROUPS.search(query) else "rows"
    return None if _FROM.search(query) or _WHERE.search(query) else "rows"
