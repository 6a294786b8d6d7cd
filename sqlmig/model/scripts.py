"""SQL files: what they declare, and how they are numbered."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_NUMBER = re.compile(r"\d+(?:_\d+)*(?![A-Za-z0-9])")

# A long text is hashed in parts, so that it is not in memory a second time as bytes.
_HASHED_CHARACTERS = 1 << 20

_DURATION = re.compile(r"0|\d+(?:\.\d+)?\s*(?:us|ms|s|min|h|d)")


class TextRecord(Enum):
    """Which of a migration's texts the history keeps."""

    TEXT = "text"
    CHECKSUM = "checksum"


class Expectation(Enum):
    """What a check expects of its last statement; with ERROR, that the server rejects the check."""

    NO_ROWS = "no rows"
    ROWS = "rows"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a check expects; `conditions` are SQLSTATEs or their names, one of which an expected
    error must have."""

    kind: Expectation = Expectation.NO_ROWS
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind.value} {' or '.join(self.conditions)}".rstrip()


@dataclass(frozen=True, slots=True)
class Directives:
    """What the head of a file declares; the defaults are those of a file that declares nothing.

    `depends` are migration ids. The timeouts are PostgreSQL durations as written (`2s`, `10min`).
    `touches` are pairs of a table and the reason for changing its rows, `holds` pairs of a table
    and the reason for keeping its users waiting. `until_no_rows` says that the file's one statement
    runs again and again, each time in a transaction. `expect`, `requires` (references to
    migrations) and `after_seeds` are for checks.
    """

    depends: tuple[str, ...] = ()
    transactional: bool = True
    until_no_rows: bool = False
    irreversible: str | None = None
    lock_timeout: str | None = None
    statement_timeout: str | None = None
    touches: tuple[tuple[str, str], ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    adr: str | None = None
    record: TextRecord = TextRecord.TEXT
    expect: Expected = Expected()  # a frozen value
    requires: tuple[str, ...] = ()
    after_seeds: bool = False

    @property
    def is_atomic(self) -> bool:
        """Whether the whole file and its record are one transaction."""
        return self.transactional and not self.until_no_rows


@dataclass(frozen=True, slots=True)
class Script:
    """SQL text and where it came from.

    `path` is for display (`sql/migrations/004_x.sql`, or a description of a text that
    `is_recorded`); `text` is decoded, without a byte order mark, its line ends as on disk.
    """

    path: str
    text: str
    checksum: str
    is_recorded: bool = False

    @classmethod
    def of(cls, path: str, text: str) -> Script:
        """The script with its checksum."""
        return cls(path, text, checksum(text))

    @classmethod
    def recorded(cls, what: str, migration_id: str, text: str) -> Script:
        """A text that the history keeps of a migration; `what` says which."""
        return cls(f"recorded {what} of {migration_id}", text, checksum(text), is_recorded=True)


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A script on disk with what its head declares; `description` is "" if there is none."""

    script: Script
    directives: Directives
    description: str


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """A migration on disk; `rollback` is None if it is declared irreversible or was not read."""

    migration_id: str
    file: ScriptFile
    rollback: ScriptFile | None

    @property
    def order(self) -> tuple[tuple[int, ...], str]:
        """The key that migrations sort by."""
        return migration_order(self.migration_id)


Migrations = Sequence[MigrationFile]


def checksum(text: str) -> str:
    """`sha256:` and the hash of the text, with CRLF and CR read as LF so that checkouts agree."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    digest = hashlib.sha256()
    for start in range(0, len(text), _HASHED_CHARACTERS):
        digest.update(text[start : start + _HASHED_CHARACTERS].encode())
    return f"sha256:{digest.hexdigest()}"


@functools.cache
def migration_number(migration_id: str) -> tuple[int, ...]:
    """The number that a migration id starts with: all its leading digit groups.

    `004_payments` is (4,) and `20261121_01_aPDZ5-add-users` is (20261121, 1); an id that does not
    start with a number gives ().
    """
    return tuple(map(int, number_groups(migration_id)))


def number_groups(migration_id: str) -> tuple[str, ...]:
    """The digit groups of that number, as written."""
    match = _NUMBER.match(migration_id)
    return tuple(match[0].split("_")) if match else ()


def migration_order(migration_id: str) -> tuple[tuple[int, ...], str]:
    """The key that migrations sort by: the number, compared as numbers, then the id."""
    return migration_number(migration_id), migration_id


def is_duration(text: str) -> bool:
    """Whether PostgreSQL reads the text as a time with its unit (or 0), as in `500ms` or `10min`.

    Source: the units of "Parameter Names and Values" in PostgreSQL's manual. A number alone, which
    means milliseconds there and seconds to most people, is refused.
    """
    return _DURATION.fullmatch(text) is not None
