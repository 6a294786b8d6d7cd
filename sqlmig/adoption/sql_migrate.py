"""sql-migrate: one file per migration, with its halves below `-- +migrate Up` and `-- +migrate
Down`.

Source: github.com/rubenv/sql-migrate: sqlparse/sqlparse.go (the commands; a line that begins with
`-- ` is left out wherever it is, even in a string; lines are joined by LF), migrate.go (the id is
the file name; the order is by leading number, then by id, with unnumbered files last; the table
gorp_migrations of gorp's PostgresDialect).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlmig.adoption.cutting import Line
from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, Half, HistoryTable, Ledger, Original, Reading, Row, Tool
from sqlmig.adoption.sections import DOWN, UP, Halves, Sections, divided, each_file, first_with
from sqlmig.model import Script
from sqlmig.source.lexer import LexError, all_line_comments

# The number: all leading groups of digits, so that dates such as 2024-01-31 stay whole.
_NAMES = r"(?P<version>(?P<number>(?:\d+(?:[-_.]\d+)*(?![A-Za-z0-9]))?)(?P<name>[^/]*)\.sql)"
_COMMAND = re.compile(r"^-- \+migrate +(\w+)(.*)$", re.MULTILINE)
_COMMENT = re.compile(r"^-- (?!\+)[^\n]*(?:\n|\Z)", re.MULTILINE)
_LEADING = re.compile(r"\d+")
_TABLE = HistoryTable(
    "gorp_migrations",
    frozenset({"id", "applied_at"}),
    "SELECT id AS version, applied_at::timestamptz AS applied_at FROM {} ORDER BY applied_at, id",
)


def recognise(files: Files) -> str | None:
    """The first file with a command of sql-migrate."""
    return first_with(files, _NAMES, _COMMAND)


def read(files: Files) -> Reading:
    """Its migrations, in its order."""
    found = each_file(files, files.matching(_NAMES), _halves, "version")
    return Reading(tuple(sorted(found, key=_order)))


def history(rows: Sequence[Row]) -> Ledger:
    """One row per applied migration."""
    return Ledger(tuple(Entry(row["version"], row["applied_at"]) for row in rows))


def _order(original: Original) -> tuple[bool, int, str]:
    leading = _LEADING.match(original.version)
    return leading is None, int(leading[0]) if leading else 0, original.version


def _halves(script: Script) -> Halves:
    found = divided(script, "sql-migrate", _give)
    return Halves(_as_sent(found.up), _as_sent(found.down), found.problems)


def _as_sent(half: Half | None) -> Half | None:
    """The half without the lines inside strings that the tool takes for comments."""
    if half is None:
        return None
    body = half.body.replace("\r\n", "\n")
    try:
        comments = {offset for offset, _ in all_line_comments(body)}
    except LexError:
        return half  # reported when the half is checked
    kept = _COMMENT.sub(lambda match: match[0] if match.start() in comments else "", body)
    return replace(half, body=kept)


def _give(sections: Sections, line: Line) -> None:
    command = _COMMAND.match(line.text.rstrip())
    if command is None:
        sections.take(line)
        return
    outside = "notransaction" in command[2].split()
    match command[1]:
        case "Up":
            sections.begin(line, UP, outside=outside)
        case "Down":
            sections.begin(line, DOWN, outside=outside)
        case "StatementBegin":
            sections.begin_block(line)
        case "StatementEnd":
            sections.close_block(line)
        case _:
            sections.refuse(line, "an unknown command of sql-migrate", "Remove it.")


TOOL = Tool(
    "sql-migrate",
    layout="`20240131120000-users.sql`, with both directions",
    directives="`Up`, `Down`, `notransaction`, `StatementBegin`, `StatementEnd`",
    refused="–",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
)
