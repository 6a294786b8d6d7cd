"""Prisma: one folder per migration, with `migration.sql` and optionally a `down.sql` beside it.

Source: github.com/prisma/prisma-engines: schema-engine/connectors/schema-connector/src/
migrations_directory.rs (the folders; their names are the migrations' and sort as text), checksum.rs
(SHA-256 of the text, with any line endings; older versions dropped the leading zero of a byte),
migration_persistence.rs (a migration with neither finished_at nor rolled_back_at has failed; one
that is rolled back is ignored), and the table of the PostgreSQL flavour of sql-schema-connector.
`down.sql` is where Prisma's guide to down migrations has people put it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, HistoryTable, Ledger, Original, Reading, Row, Tool
from sqlmig.adoption.pairs import joined

_UPS = r"(?P<folder>[^/]+)/migration\.sql"
_DOWNS = r"(?P<folder>[^/]+)/down\.sql"
_PARTS = re.compile(r"(?P<number>\d*)_?(?P<name>.*)", re.DOTALL)
_TABLE = HistoryTable(
    "_prisma_migrations",
    frozenset(
        {"id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at"}
        | {"started_at", "applied_steps_count"}
    ),
    "SELECT migration_name AS version, checksum, finished_at AS applied_at,"
    " rolled_back_at IS NOT NULL AS is_rolled_back FROM {} ORDER BY started_at, migration_name",
)


def recognise(files: Files) -> str | None:
    """The first migration.sql in a folder."""
    first = next(files.matching(_UPS), None)
    return first[0] if first else None


def read(files: Files) -> Reading:
    """Its migrations, by name."""
    downs = {match["folder"]: match[0] for match in files.matching(_DOWNS)}
    found = []
    for match in sorted(files.matching(_UPS), key=lambda each: each["folder"]):
        parts = _PARTS.fullmatch(match["folder"])
        number, name = (parts["number"], parts["name"]) if parts else ("", match["folder"])
        bare = Original(match["folder"], number, name, (), None)
        found.append(joined(files, bare, match[0], downs.get(match["folder"])))
    return Reading(tuple(found))


def history(rows: Sequence[Row]) -> Ledger:
    """The rows that are not rolled back; those without a finish time are unfinished."""
    valid = [row for row in rows if not row["is_rolled_back"]]
    failed = [row["version"] for row in valid if row["applied_at"] is None]
    entries = (Entry(row["version"], row["applied_at"], row["checksum"]) for row in valid)
    return Ledger(tuple(entries), tuple(f"{name} has failed, or still runs" for name in failed))


def checksums(data: bytes) -> tuple[str, ...]:
    """The checksums that Prisma accepts for a file."""
    with_lf = data.replace(b"\r\n", b"\n")
    texts = (data, with_lf, data.replace(b"\n", b"\r\n"), with_lf.replace(b"\n", b"\r\n"))
    digests = [hashlib.sha256(text).digest() for text in texts]
    unpadded = ("".join(f"{byte:x}" for byte in digest) for digest in digests)
    return (*(digest.hex() for digest in digests), *unpadded)


TOOL = Tool(
    "prisma",
    layout="`20240131120000_users/migration.sql`",
    directives="`down.sql` in the same folder",
    refused="–",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
    checksums=checksums,
)
