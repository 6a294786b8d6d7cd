"""sqlx: `1_users.sql` alone, or the pair `1_users.up.sql` and `1_users.down.sql`.

Source: github.com/launchbadge/sqlx: sqlx-core/src/migrate/source.rs (the names; a file that begins
with `-- no-transaction` runs outside one), migration_type.rs (the suffixes, and the comment that
sqlx-cli writes into a new file), migration.rs (SHA-384 of the text),
sqlx-postgres/src/migrate.rs (the table).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, Half, HistoryTable, Ledger, Original, Reading, Row, Tool
from sqlmig.adoption.pairs import bare_number, paired

_NAMES = r"(?P<number>\d+)_(?P<name>[^/]*?)(?P<suffix>\.up|\.down)?\.sql"
_OUTSIDE = "-- no-transaction"
_OWN = re.compile(r"\A-- (?:no-transaction|Add (?:(?:up|down) )?migration script here)")
_MARKER = re.compile(
    r"^\s*--\s*(?:migrate:(?:up|down)\b|\+goose\b|\+migrate\b|[\s-]*(?:up|down)\s+migration)",
    re.MULTILINE | re.IGNORECASE,
)
_TABLE = HistoryTable(
    "_sqlx_migrations",
    frozenset({"version", "description", "installed_on", "success", "checksum", "execution_time"}),
    "SELECT version::text, installed_on AS applied_at, success, encode(checksum, 'hex') AS checksum"
    " FROM {} ORDER BY installed_on, version",
)


def is_of_sqlx(files: Files) -> bool:
    """Whether files that could belong to another tool are sqlx's: sqlx wrote its comment into one,
    or they lie in a Rust project."""
    if any(_OWN.match(files.text(match[0])) for match in files.matching(_NAMES)):
        return True
    return (files.root / ".." / "Cargo.toml").is_file()


def recognise(files: Files) -> str | None:
    """The first file, unless a file has another tool's marker, or there are pairs that are not
    clearly sqlx's."""
    found = list(files.matching(_NAMES))
    if any(match["name"].endswith(".rollback") for match in found):
        return None  # yoyo's, or sqlmig's own
    if not found or any(_MARKER.search(files.text(match[0])) for match in found):
        return None
    has_pairs = any(match["suffix"] for match in found)
    return found[0][0] if not has_pairs or is_of_sqlx(files) else None


def read(files: Files) -> Reading:
    """Its migrations, by number."""
    found, problems = paired(files, _those(files, "", ".up"), _those(files, ".down"))
    originals = sorted(map(_with_mode, found), key=lambda each: int(each.number))
    return Reading(tuple(originals), tuple(problems))


def history(rows: Sequence[Row]) -> Ledger:
    """One row per applied migration; one without success is unfinished."""
    failed = [f"version {row['version']} has failed" for row in rows if not row["success"]]
    entries = (Entry(row["version"], row["applied_at"], row["checksum"]) for row in rows)
    return Ledger(tuple(entries), tuple(failed))


def checksums(data: bytes) -> tuple[str, ...]:
    """The checksum that sqlx records for a file."""
    return (hashlib.sha384(data).hexdigest(),)


def _those(files: Files, *suffixes: str) -> Iterator[re.Match[str]]:
    return (match for match in files.matching(_NAMES) if (match["suffix"] or "") in suffixes)


def _with_mode(original: Original) -> Original:
    return replace(original, up=_moded(original.up), down=_moded(original.down))


def _moded(half: Half | None) -> Half | None:
    """The half as sqlx runs it, without the line that turns off the transaction."""
    if half is None or not half.body.startswith(_OUTSIDE):
        return half
    rest = half.body.partition("\n")[2]
    masked = " " * len(_OUTSIDE) + half.masked[len(_OUTSIDE) :]
    return replace(half, body=rest, masked=masked, transactional=False)


TOOL = Tool(
    "sqlx",
    layout="`20240131120000_users.sql`, or `….up.sql` and `….down.sql`",
    directives="`-- no-transaction`",
    refused="–",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
    key=bare_number,
    checksums=checksums,
)
