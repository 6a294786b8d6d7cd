"""node-pg-migrate: one SQL file per migration, with its halves below `-- Up Migration` and `-- Down
Migration`, or a pair of files for its newer loader.

Source: node-pg-migrate 8: src/sqlMigration.ts (the comments; SQL above the first one that the tool
looks for is not run, and a file without an up comment is run as a whole), src/migrationLoader.ts
(pairs, and their ids), src/migration.ts and utils/comparators.ts (the name without its extension
identifies a migration; the order is by leading number, where 17 digits are a UTC time, then by
name), src/runner.ts (the table).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmig.adoption.cutting import Line, error_at, half, lines
from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, HistoryTable, Ledger, Original, Reading, Row, Tool
from sqlmig.adoption.pairs import joined
from sqlmig.adoption.sections import DOWN, UP, Halves, each_file
from sqlmig.errors import SourceError
from sqlmig.model import Script
from sqlmig.source.lexer import LexError, first_statement

_STEM = r"(?P<version>(?P<number>\d+)(?P<name>[^/]*?))"
_SINGLE = rf"{_STEM}(?<!\.up)(?<!\.down)\.sql"
_UPS = rf"{_STEM}\.up\.sql"
_DOWNS = rf"{_STEM}\.down\.sql"
_CODE = r"\d+[^/]*\.(?:[cm]?[jt]s)"
_MARKER = re.compile(r"^[ \t\r\f\v]*--[\s-]*(up|down)\s+migration", re.IGNORECASE | re.MULTILINE)
_UTC_DIGITS = 17
_TABLE = HistoryTable(
    "pgmigrations",
    frozenset({"id", "name", "run_on"}),
    "SELECT name AS version, run_on::timestamptz AS applied_at FROM {} ORDER BY run_on, id",
)


def recognise(files: Files) -> str | None:
    """The first file with a comment of node-pg-migrate."""
    names = (match[0] for match in files.matching(_SINGLE))
    return next((name for name in names if _MARKER.search(files.text(name))), None)


def read(files: Files) -> Reading:
    """Its SQL migrations, in its order; those in JavaScript or TypeScript are refused."""
    found = each_file(files, files.matching(_SINGLE), _halves, "version")
    downs = {match["version"]: match[0] for match in files.matching(_DOWNS)}
    for match in files.matching(_UPS):
        bare = Original(match["version"], match["number"], match["name"], (), None)
        found.append(joined(files, bare, match[0], downs.pop(match["version"], None)))
    problems = [
        files.problem(name, "a down script without an up script", "Write the up script.")
        for name in downs.values()
    ]
    problems += [
        files.problem(match[0], "a migration in JavaScript or TypeScript", "Rewrite it in SQL.")
        for match in files.matching(_CODE)
    ]
    return Reading(tuple(sorted(found, key=_order)), tuple(problems))


def history(rows: Sequence[Row]) -> Ledger:
    """One row per applied migration."""
    return Ledger(tuple(Entry(row["version"], row["applied_at"]) for row in rows))


def _order(original: Original) -> tuple[int, str]:
    return _time(original.number), original.version


def _time(number: str) -> int:
    """The number as the tool compares it: a UTC time of 17 digits in milliseconds since 1970."""
    if len(number) != _UTC_DIGITS:
        return int(number)
    try:
        moment = datetime.strptime(f"{number}000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return int(number)
    return round(moment.timestamp() * 1000)


def _halves(script: Script) -> Halves:
    marks: dict[str, Line] = {}
    for line in lines(script.text):
        if match := _MARKER.match(line.text):
            marks.setdefault(match[1].lower(), line)
    if UP not in marks and DOWN in marks:
        return Halves(None, problems=(_down_only(script, marks[DOWN]),))
    if (found := _above(script, marks)) is not None:
        return Halves(None, problems=(found,))
    up = _part(script, marks, UP) if UP in marks else [(0, len(script.text))]
    down = half(script, _part(script, marks, DOWN)) if DOWN in marks else None
    return Halves(half(script, up), down)


def _part(script: Script, marks: dict[str, Line], direction: str) -> list[tuple[int, int]]:
    """From below the direction's first comment to the other direction's, if that comes later."""
    own, other = marks[direction], marks.get(DOWN if direction == UP else UP)
    end = other.start if other and other.start > own.start else len(script.text)
    return [(own.stop, end)]


def _above(script: Script, marks: dict[str, Line]) -> SourceError | None:
    """SQL above the first comment, which the tool does not run."""
    above = script.text[: min((line.start for line in marks.values()), default=0)]
    try:
        start = first_statement(above)
    except LexError as error:
        start = error.offset
    if start == len(above):
        return None
    message = "a statement above the first comment, which node-pg-migrate does not run"
    return error_at(script, Line(start, ""), message, "Remove it, or move it below the comment.")


def _down_only(script: Script, line: Line) -> SourceError:
    return error_at(
        script,
        line,
        "a down part without an up part: the tool runs all of the file as its up part",
        "Mark the up part with `-- Up Migration`.",
    )


TOOL = Tool(
    "node-pg-migrate",
    layout="`1706702400000_users.sql`, with both directions; pairs `….up.sql`, `….down.sql`",
    directives="`Up Migration`, `Down Migration`",
    refused="migrations in JavaScript and TypeScript",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
)
