"""goose: one file per migration, with its halves below `-- +goose Up` and `-- +goose Down`.

Source: github.com/pressly/goose: internal/sqlparser/parser.go (annotations at the beginning of a
line, case-insensitive in newer versions; lines end at LF or CRLF and are joined by LF),
collect_migration.go and NumericComponent (names: a number above 0 before the first `_`),
database/dialect/postgres.go (the table; if a version has several rows, the newest counts).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlmig.adoption.cutting import Line
from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, Half, HistoryTable, Ledger, Reading, Row, Tool
from sqlmig.adoption.pairs import bare_number
from sqlmig.adoption.sections import DOWN, UP, Halves, Sections, divided, each_file, first_with
from sqlmig.model import Script

_NAMES = r"(?P<number>\d+)_(?P<name>[^/]*)\.sql"
_ANNOTATION = re.compile(r"^--\s*\+goose\b[ \t]*(.*)$", re.MULTILINE | re.IGNORECASE)
_TABLE = HistoryTable(
    "goose_db_version",
    frozenset({"id", "version_id", "is_applied", "tstamp"}),
    "SELECT version_id::text AS version, is_applied, tstamp::timestamptz AS applied_at"
    " FROM {} ORDER BY id",
)


def recognise(files: Files) -> str | None:
    """The first file with an annotation of goose."""
    return first_with(files, _NAMES, _ANNOTATION)


def read(files: Files) -> Reading:
    """Its migrations, by number; those in Go are refused."""
    found = each_file(files, files.matching(_NAMES), read_halves, "number")
    go_files = (match[0] for match in files.matching(r"\d+_[^/]*(?<!_test)\.go"))
    problems = tuple(
        files.problem(name, "a migration in Go", "Rewrite it in SQL.") for name in go_files
    )
    return Reading(tuple(sorted(found, key=lambda each: int(each.number))), problems)


def history(rows: Sequence[Row]) -> Ledger:
    """The versions whose newest row says that they are applied, except goose's initial row, 0."""
    newest = {row["version"]: row for row in rows}
    applied = [row for row in rows if newest[row["version"]] is row and row["is_applied"]]
    return Ledger(
        tuple(Entry(row["version"], row["applied_at"]) for row in applied if row["version"] != "0")
    )


def read_halves(script: Script) -> Halves:
    """The halves of a file."""
    found = divided(script, "goose", _give)
    return Halves(_joined_by_lf(found.up), _joined_by_lf(found.down), found.problems)


def _joined_by_lf(half: Half | None) -> Half | None:
    return replace(half, body=half.body.replace("\r\n", "\n")) if half else None


def _give(sections: Sections, line: Line) -> None:
    annotation = _ANNOTATION.match(line.text.rstrip())
    if annotation is None:
        sections.take(line)
        return
    match " ".join(annotation[1].lower().split()):
        case "up":
            sections.begin(line, UP)
        case "down":
            sections.begin(line, DOWN)
        case "statementbegin":
            sections.begin_block(line)
        case "statementend":
            sections.close_block(line)
        case "no transaction":
            sections.is_outside.update({UP: True, DOWN: True})
        case "envsub off":
            pass
        case "envsub on":
            sections.refuse(
                line,
                "environment variables are substituted in the SQL, which sqlmig does not do",
                "Write the values into the file, and remove the annotation.",
            )
        case _:
            sections.refuse(line, "an unknown annotation of goose", "Remove it.")


TOOL = Tool(
    "goose",
    layout="`00001_users.sql`, with both directions",
    directives="`Up`, `Down`, `StatementBegin`, `StatementEnd`, `NO TRANSACTION`",
    refused="`ENVSUB`, migrations in Go",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
    key=bare_number,
)
