"""golang-migrate: a pair of files per migration, `1_users.up.sql` and `1_users.down.sql`.

Source: github.com/golang-migrate/migrate: source/parse.go (the names; the version is an unsigned
number, which gives the order), database/postgres/postgres.go (a file is one message of the simple
protocol, and so one transaction unless it says otherwise; the table has one row: the version up to
which everything is applied, or -1, and `dirty` while a migration runs and after one has failed).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, HistoryTable, Ledger, Reading, Row, Tool
from sqlmig.adoption.pairs import bare_number, paired
from sqlmig.adoption.sqlx import is_of_sqlx

_UPS = r"(?P<number>\d+)_(?P<name>[^/]*)\.up\.sql"
_DOWNS = _UPS.replace("up", "down")
_OTHERS = r"\d+_[^/]*\.(?:up|down)\.(?!sql$)[^/]*"
_TABLE = HistoryTable(
    "schema_migrations",
    frozenset({"version", "dirty"}),
    "SELECT version::text, dirty FROM {}",
)


def recognise(files: Files) -> str | None:
    """The first up file, unless sqlx wrote it."""
    first = next(files.matching(_UPS), None) or next(files.matching(_DOWNS), None)
    return first[0] if first and not is_of_sqlx(files) else None


def read(files: Files) -> Reading:
    """Its migrations, by number; files in another language are refused."""
    found, problems = paired(files, files.matching(_UPS), files.matching(_DOWNS))
    problems += [
        files.problem(match[0], "a migration that is not SQL", "Rewrite it in SQL.")
        for match in files.matching(_OTHERS)
    ]
    return Reading(tuple(sorted(found, key=lambda each: int(each.number))), tuple(problems))


def history(rows: Sequence[Row]) -> Ledger:
    """The single row: everything up to and including its version is applied. A dirty row is
    unfinished."""
    if any(row["dirty"] for row in rows):
        return Ledger(unfinished=tuple(f"version {row['version']} is dirty" for row in rows))
    versions = [row["version"] for row in rows if not row["version"].startswith("-")]
    return Ledger((Entry(versions[0]),), up_to=versions[0]) if versions else Ledger()


TOOL = Tool(
    "golang-migrate",
    layout="`000001_users.up.sql`, `000001_users.down.sql`",
    directives="none",
    refused="files other than `.sql`",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
    key=bare_number,
)
