"""dbmate: one file per migration, with its halves below `-- migrate:up` and `-- migrate:down`.

Source: github.com/amacneil/dbmate: pkg/dbmate/migration.go (the markers and their options),
pkg/dbmate/db.go (the names `^(\\d+).*\\.sql$`, which are ordered as text),
pkg/driver/postgres/postgres.go (the table).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlmig.adoption.cutting import Line
from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, HistoryTable, Ledger, Reading, Row, Tool
from sqlmig.adoption.sections import DOWN, UP, Halves, Sections, divided, each_file, first_with
from sqlmig.model import Script

_NAMES = r"(?P<number>\d+)(?P<name>[^/]*)\.sql"
_MARKER = re.compile(
    r"^--\s*migrate:(?P<direction>up|down)(?P<options>[ \t][^\r\n]*)?\r?$", re.MULTILINE
)
_TABLE = HistoryTable(
    "schema_migrations",
    frozenset({"version"}),
    "SELECT version::text FROM {} ORDER BY version",
)


def recognise(files: Files) -> str | None:
    """The first file with a marker of dbmate."""
    return first_with(files, _NAMES, _MARKER)


def read(files: Files) -> Reading:
    """Its migrations, in the order of their names."""
    names = files.matching(_NAMES)
    return Reading(tuple(each_file(files, names, _halves, "number")))


def history(rows: Sequence[Row]) -> Ledger:
    """One row per applied migration, without times."""
    return Ledger(tuple(Entry(row["version"]) for row in rows))


def _halves(script: Script) -> Halves:
    return divided(script, "dbmate", _give)


def _give(sections: Sections, line: Line) -> None:
    marker = _MARKER.match(line.text.rstrip())
    if marker is None:
        sections.take(line)
        return
    options = (marker["options"] or "").split()
    direction = UP if marker["direction"] == UP else DOWN
    sections.begin(line, direction, outside="transaction:false" in options)


TOOL = Tool(
    "dbmate",
    layout="`20240131120000_users.sql`, with both directions",
    directives="`migrate:up`, `migrate:down`, `transaction:false`",
    refused="several up parts in one file",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
)
