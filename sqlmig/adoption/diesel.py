"""diesel: one folder per migration, with `up.sql`, `down.sql` and optionally `metadata.toml`.

Source: github.com/diesel-rs/diesel: diesel_migrations/migrations_internals/src/lib.rs (the version:
what precedes the first `_`, without dashes; `run_in_transaction` in metadata.toml, which is true if
the file is missing or cannot be read, and false if the file does not set it),
diesel_migrations/src/file_based_migrations.rs (the files), and diesel's CREATE_MIGRATIONS_TABLE.
Migrations run in the order of their versions as text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, Half, HistoryTable, Ledger, Original, Reading, Row, Tool
from sqlmig.adoption.pairs import joined

_FOLDER = r"(?P<folder>(?P<version>[^/_]+)(?:_(?P<name>[^/]*))?)"
_UPS = rf"{_FOLDER}/up\.sql"
_DOWNS = rf"{_FOLDER}/down\.sql"
_OF_PRISMA = "migration.sql"
_TABLE = HistoryTable(
    "__diesel_schema_migrations",
    frozenset({"version", "run_on"}),
    "SELECT version::text, run_on::timestamptz AS applied_at FROM {} ORDER BY run_on, version",
)


def recognise(files: Files) -> str | None:
    """The first up.sql in a folder, or else a down.sql alone in its folder."""
    lonely = (m for m in files.matching(_DOWNS) if f"{m['folder']}/{_OF_PRISMA}" not in files)
    first = next(files.matching(_UPS), None) or next(lonely, None)
    return first[0] if first else None


def read(files: Files) -> Reading:
    """Its migrations, by version."""
    downs = {match["folder"]: match[0] for match in files.matching(_DOWNS)}
    found = []
    for match in files.matching(_UPS):
        version = match["version"].replace("-", "")
        number = version if version.isdigit() else ""
        name = match["name"] or ("" if number else version)
        bare = Original(version, number, name, (), None)
        original = joined(files, bare, match[0], downs.pop(match["folder"], None))
        found.append(_with_mode(files, original, match["folder"]))
    alone = tuple(
        files.problem(name, "a down script without an up script", "Write the up script.")
        for name in downs.values()
    )
    return Reading(tuple(sorted(found, key=lambda each: each.version)), alone)


def history(rows: Sequence[Row]) -> Ledger:
    """One row per applied migration."""
    return Ledger(tuple(Entry(row["version"], row["applied_at"]) for row in rows))


def _with_mode(files: Files, original: Original, folder: str) -> Original:
    name = f"{folder}/metadata.toml"
    if name not in files or _runs_in_transaction(files.text(name)):
        return original
    return replace(original, up=_outside(original.up), down=_outside(original.down))


def _runs_in_transaction(metadata: str) -> bool:
    try:
        return bool(tomllib.loads(metadata).get("run_in_transaction", False))
    except tomllib.TOMLDecodeError:
        return True


def _outside(half: Half | None) -> Half | None:
    return replace(half, transactional=False) if half else None


TOOL = Tool(
    "diesel",
    layout="`2024-01-31-120000_users/up.sql`, `down.sql`, `metadata.toml`",
    directives="`run_in_transaction`",
    refused="–",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
    key=lambda version: version.replace("-", ""),
)
