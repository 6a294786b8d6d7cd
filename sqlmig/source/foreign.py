"""Recognises files of other tools by their markers: comments that divide one file into two halves.

sqlmig does not read such markers. It would run the whole file, including the half that undoes it.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmig.errors import SourceError
from sqlmig.model import Location
from sqlmig.source.directives import FileKind
from sqlmig.source.lexer import all_line_comments, first_statement, statements


@dataclass(frozen=True, slots=True)
class Tool:
    """Another tool and its markers: the text after the dashes of a comment that starts its line.

    `titles` are markers that are also plain words. Above the first statement of a file that
    contains only that half, such a comment is just a title. Within a statement or after the last
    one, it divides nothing.
    """

    name: str
    markers: str = ""
    titles: str = ""


class _Marker(NamedTuple):
    """A marker of a tool, and the half that it is the title of; "" if it is no title."""

    offset: int
    tool: Tool
    half: str


# Each pattern matches a whole comment, in upper or lower case.
_TOOLS = (
    Tool("dbmate", r"\s*migrate:(?:up|down)(?:-section)?(?:\s+\w+:\s*\S+)*"),
    Tool(
        "goose",
        r"\s*\+goose\s+(?:up|down|statementbegin|statementend|no\s+transaction|envsub)\b.*",
    ),
    Tool("sql-migrate", r"\s*\+migrate\s+(?:up|down|statementbegin|statementend)\b.*"),
    Tool("micrate", r"\s*\+micrate\s+(?:up|down|statementbegin|statementend)\b.*"),
    Tool("sqlx", r"\s*no-transaction\s*"),
    Tool("MyBatis Migrations", r"\s*(?://\s*)?@undo\b.*"),
    Tool("Rambler", r"\s*rambler\s+(?:up|down)"),
    Tool("tern", r"-*\s*create above\s*/\s*drop below\s*-*"),
    Tool("Play evolutions", r"[\s-]*!(?:ups|downs)\b.*"),
    Tool("shmig", titles=r"\s*=+\s*(?:up|down)\s*=+"),
    Tool(
        "Liquibase",
        # Its header and its change sets; of its rollbacks, only those with a statement.
        r"\s*liquibase\s+formatted\s+sql\b.*|\s*changeset\s+[^\s:]+:\S.*"
        r"|rollback\s+(?:(?:alter|call|create|delete|drop|insert|revoke|grant|select|truncate"
        r"|update)\b.*|empty|not\s+required|changesetid:.*)",
    ),
    Tool("Atlas", r"\s*atlas:txtar|\s*(?:checks|migration|down)\.sql\s*--"),
    Tool("node-pg-migrate", titles=r"[\s-]*(?:up|down)\s+migration\W*"),
    # As in node's sqlite, and in many home-made scripts.
    Tool("another tool", titles=r"\W*(?:migrat(?:e|ions?)\W+)?(?:up|down)(?:\W+migrations?)?\W*"),
)
_REMEDY = {
    FileKind.MIGRATION: "Split it: move the undo part to the rollback file of the same name. "
    "Then remove the markers.",
    FileKind.ROLLBACK: "Keep only the undo part, without the markers.",
}
_OTHER_REMEDY = "Keep only what is to run, without the markers."
_HALVES = {FileKind.MIGRATION: ("up",), FileKind.ROLLBACK: ("down",)}
_EITHER = ("up", "down")

_half = re.compile(r"up|down", re.IGNORECASE).search
# A quick check, so that the comments of most files need not be read.
_may_hold_marker = re.compile(
    r"(?:\A|[\r\n])[ \t\f\v#]*+--[^\r\n]*"
    r"(?:migrate:|\+goose|\+migrate|\+micrate|@undo|rambler|create above|!ups|!downs"
    r"|liquibase|changeset|rollback|no-transaction|atlas:|\.sql"
    r"|\b(?:up|down)\b(?:[^\w\r\n]+migrations?)?[^\w\r\n]*(?:[\r\n]|\Z))",
    re.IGNORECASE,
).search


def refuse_foreign(path: str, text: str, kind: FileKind) -> None:
    """Raises SourceError, at the first marker, for a file that is written for another tool.

    Ignores strings, dollar quotes, COPY's rows, block comments and prose. Raises LexError if the
    text cannot be read that far.
    """
    if not _may_hold_marker(text):
        return
    found = _dividing(text)
    if not found or _are_titles(text, found, _HALVES.get(kind, _EITHER)):
        return
    offset, tool, _ = found[0]
    raise SourceError(
        f"a marker of {tool.name}, which sqlmig does not read: it would run the whole file",
        location=Location.at(path, text, offset),
        remedy=_REMEDY.get(kind, _OTHER_REMEDY),
    )


def _dividing(text: str) -> list[_Marker]:
    """The markers, except titles within a statement or after the last."""
    found = list(_markers(text))
    if not any(marker.half for marker in found):
        return found
    there = list(statements(text))
    starts, stops = [*(each.start for each in there), -1], [each.stop for each in there]
    return [
        marker
        for marker in found
        if not marker.half or starts[bisect(stops, marker.offset)] > marker.offset
    ]


def _are_titles(text: str, found: Sequence[_Marker], possible: Collection[str]) -> bool:
    """Whether all markers are titles above the first statement that say which half the file is."""
    halves = {marker.half for marker in found}
    is_one = len(halves) == 1 and halves <= set(possible)
    return is_one and found[-1].offset < first_statement(text)


def _markers(text: str) -> Iterator[_Marker]:
    for offset, comment in all_line_comments(text):
        if _begins_line(text, offset) and (match := _pattern().fullmatch(comment.rstrip())):
            group = match.lastgroup or ""
            half = _half(comment) if group.startswith("t") else None
            yield _Marker(offset, _TOOLS[int(group[1:])], half[0].lower() if half else "")


@functools.cache
def _pattern() -> re.Pattern[str]:
    """All markers, each in a group that names its tool; compiled when first needed, which is
    rare."""
    parts = (
        f"(?P<m{i}>{tool.markers or '(?!)'})|(?P<t{i}>{tool.titles or '(?!)'})"
        for i, tool in enumerate(_TOOLS)
    )
    return re.compile("|".join(parts), re.IGNORECASE)


def _begins_line(text: str, offset: int) -> bool:
    """Whether only white space or the `#` of Play's `# --- !Ups` precedes it on its line."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    return text[start:offset].strip() in ("", "#")
