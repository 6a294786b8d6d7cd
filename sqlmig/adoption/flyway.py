"""Flyway: `V1.2__users.sql` and its undo script `U1.2__users.sql`, in any subfolder.

Source: github.com/flyway/flyway, flyway-core/src/main/java/org/flywaydb/core: internal/resource/
ResourceNameParser.java (prefix, version, `__`, description), api/MigrationVersion.java (`_` is `.`;
parts are compared as numbers, and trailing zeros are ignored), internal/resolver/
ChecksumCalculator.java (CRC-32 of the lines without line endings and byte order mark, as a signed
number), internal/sqlscript/SqlScriptMetadata.java (`executeInTransaction` and
`placeholderReplacement` in a script's own `.conf`), and PostgreSQLDatabase's create script of
flyway_schema_history.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import (
    Entry,
    Half,
    HistoryTable,
    Ledger,
    Original,
    Reading,
    Row,
    Tool,
    version_parts,
)
from sqlmig.adoption.pairs import joined
from sqlmig.errors import SourceError
from sqlmig.model import Location

_PATH = r"(?:.*/)?"
_VERSIONED = r"(?P<version>\d+(?:[._]\d+)*)(?:__(?P<name>[^/]*))?\.sql"
_UPS = rf"{_PATH}V{_VERSIONED}"
_DOWNS = rf"{_PATH}U{_VERSIONED}"
_OTHERS = {
    rf"{_PATH}R__[^/]*\.sql": "a repeatable migration, which sqlmig does not have",
    rf"{_PATH}B{_VERSIONED}": "a baseline migration, which sqlmig does not have",
    rf"{_PATH}(?:(?:before|after)[A-Z]\w*|createSchema)\.sql": (
        "a callback, which sqlmig does not have"
    ),
    rf"{_PATH}[VUR]\d*(?:[._]\d+)*__[^/]*\.(?:java|kt|groovy|scala|class|py|sh|bash|ps1|bat|cmd)": (
        "a migration that is not SQL"
    ),
}
_PLACEHOLDER = re.compile(r"\$\{[^{}\r\n]*\}")
_LINE_END = re.compile(r"\r\n|\r|\n")
_TABLE = HistoryTable(
    "flyway_schema_history",
    frozenset(
        {"installed_rank", "version", "description", "type", "script", "checksum"}
        | {"installed_by", "installed_on", "execution_time", "success"}
    ),
    "SELECT version, type, script, checksum::text AS checksum, success,"
    " installed_on::timestamptz AS applied_at FROM {} ORDER BY installed_rank",
)


def recognise(files: Files) -> str | None:
    """The first file named like a migration or undo script of Flyway."""
    first = next(files.matching(_UPS), None) or next(files.matching(_DOWNS), None)
    return first[0] if first else None


def read(files: Files) -> Reading:
    """Its versioned migrations, by version; all other kinds are refused."""
    downs = {key(match["version"]): match[0] for match in files.matching(_DOWNS)}
    found = [_original(files, match, downs) for match in files.matching(_UPS)]
    problems = [
        files.problem(name, "an undo script without its migration", "Write the migration.")
        for name in downs.values()
    ]
    problems += _refused(files)
    return Reading(
        tuple(sorted(found, key=lambda each: version_parts(each.version))), tuple(problems)
    )


def history(rows: Sequence[Row]) -> Ledger:
    """What is applied after all rows: an undo or a deletion cancels the row of its version, and a
    baseline means that everything up to its version is applied."""
    applied: dict[str, Entry] = {}
    failed, left_out, up_to = [], [], None
    for row in rows:
        version, kind = row["version"], row["type"]
        if not row["success"]:
            failed.append(f"{row['script']} has failed")
        elif version is None:
            left_out += [f"{row['script']}: {kind}"] if kind != "SCHEMA" else []
        elif kind.endswith("BASELINE"):  # also SQL_BASELINE, from a B script
            up_to = version
        elif kind == "DELETE" or kind.startswith("UNDO"):
            applied.pop(key(version), None)
        elif kind != "SCHEMA":
            applied[key(version)] = Entry(version, row["applied_at"], row["checksum"])
    return Ledger(tuple(applied.values()), tuple(failed), up_to, tuple(left_out))


def key(version: str) -> str:
    """The canonical form of a version: 01_2.0 → 1.2."""
    return ".".join(map(str, version_parts(version)))


def checksums(data: bytes) -> tuple[str, ...]:
    """The checksum that Flyway records for a file."""
    text = data.decode(errors="replace").removeprefix("\ufeff")
    crc = zlib.crc32("".join(_LINE_END.split(text)).encode())
    return (str(crc - (1 << 32) if crc >= 1 << 31 else crc),)


def _original(files: Files, match: re.Match[str], downs: dict[str, str]) -> Original:
    version = match["version"].replace("_", ".")
    bare = Original(version, version.replace(".", "_"), match["name"] or "", (), None)
    down = downs.pop(key(version), None)
    original = joined(files, bare, match[0], down)
    problems = list(original.problems)
    return replace(
        original,
        up=_as_run(files, match[0], original.up, problems),
        down=_as_run(files, down, original.down, problems),
        problems=tuple(problems),
    )


def _as_run(
    files: Files, name: str | None, half: Half | None, problems: list[SourceError]
) -> Half | None:
    """The half, with the mode that the script's own settings give it; its placeholders are added to
    `problems`."""
    if half is None:
        return None
    settings = _settings(files, f"{name}")
    if settings.get("placeholderreplacement") != "false":
        problems += _placeholders(half)
    return replace(half, transactional=settings.get("executeintransaction") != "false")


def _settings(files: Files, name: str) -> dict[str, str]:
    """The settings of one script, a `key=value` per line."""
    pairs = (line.partition("=") for line in files.text(f"{name}.conf").splitlines())
    return {left.strip().lower(): right.strip().lower() for left, _, right in pairs}


def _placeholders(half: Half) -> Iterator[SourceError]:
    """Flyway replaces them in comments and strings too."""
    for match in _PLACEHOLDER.finditer(half.masked):
        yield SourceError(
            f"the placeholder {match[0]}, which sqlmig does not replace",
            location=Location.at(half.path, half.masked, match.start()),
            remedy="Write its value into the file.",
        )


def _refused(files: Files) -> Iterator[SourceError]:
    for pattern, message in _OTHERS.items():
        for match in files.matching(pattern):
            yield files.problem(match[0], message, "Rewrite it as a migration.")


TOOL = Tool(
    "flyway",
    layout="`V1.2__users.sql`, `U1.2__users.sql`",
    directives="`executeInTransaction` and `placeholderReplacement` in the script's `.conf`",
    refused="placeholders, repeatable and baseline migrations, callbacks, Java and scripts",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
    key=key,
    checksums=checksums,
)
