"""What a tool's files and its history table are read into."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from sqlmig.adoption.files import Files
from sqlmig.errors import SourceError
from sqlmig.model import Script

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Half:
    """One direction of a migration: the part of a file that does it or undoes it.

    `masked` is the text of that file with everything else blanked, so that offsets in it are
    offsets in the file; `body` is the part alone. `transactional` says whether the tool runs it in
    a transaction.
    """

    path: str
    masked: str
    body: str
    transactional: bool = True

    @classmethod
    def whole(cls, script: Script, *, transactional: bool = True) -> Half:
        """A file that contains only that direction."""
        return cls(script.path, script.text, script.text, transactional)


@dataclass(frozen=True, slots=True)
class Original:
    """A migration of another tool.

    `version` identifies it in the tool's history. `number` has its leading groups of digits, as
    written, joined by `_`, or "" if it has none; `name` is the rest. `paths` are its files. `up` is
    None if it cannot be used; `problems` say why. `requires` are versions; `remarks` are kept as
    comments. `check` is a query that must hold once the migration is applied.
    """

    version: str
    number: str
    name: str
    paths: tuple[str, ...]
    up: Half | None
    down: Half | None = None
    description: str = ""
    requires: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    check: Half | None = None
    problems: tuple[SourceError, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The files of a folder as a tool reads them: its migrations in the order in which it applies
    them, what sqlmig cannot convert, and what can be left out safely."""

    originals: tuple[Original, ...]
    problems: tuple[SourceError, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An applied migration in a tool's history. `checksum` is that of the original's text, computed
    as the tool does. A time or checksum that the tool does not keep is None."""

    version: str
    applied_at: datetime | None = None
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a tool's history says is applied, in that order.

    `unfinished` describes entries that failed or are half done. `up_to` is a version up to and
    including which everything is applied, with or without an entry.
    """

    entries: tuple[Entry, ...] = ()
    unfinished: tuple[str, ...] = ()
    up_to: str | None = None
    left_out: tuple[str, ...] = ()

    def covers(self, version: str) -> bool:
        """Whether `up_to` includes that version."""
        return self.up_to is not None and version_parts(version) <= version_parts(self.up_to)


def version_parts(version: str) -> tuple[int, ...]:
    """The numbers of a version, by which such versions are ordered: 01_2.0 is (1, 2)."""
    parts = [int(part) for part in re.findall(r"\d+", version)]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """A tool's history table: its name, its columns, and the query that reads it, in which `{}`
    stands for its qualified name. `companions` are the tool's other tables in the same schema."""

    name: str
    columns: frozenset[str]
    query: LiteralString
    companions: frozenset[str] = frozenset()

    def fits(self, columns: Collection[str]) -> bool:
        """Whether a table of that name with these columns is the tool's."""
        return self.columns == set(columns)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its name, its layout and directives in words, and its three functions.

    `recognise` returns the file that shows that a folder is the tool's, or None; `read` reads the
    folder; `history` reads the rows of `table`. `key` brings a version into one form, however it is
    written; `checksums` returns those that the tool may have recorded for an up script.
    """

    name: str
    layout: str
    directives: str
    refused: str
    table: HistoryTable
    recognise: Callable[[Files], str | None]
    read: Callable[[Files], Reading]
    history: Callable[[Sequence[Row]], Ledger]
    key: Callable[[str], str] = str
    checksums: Callable[[bytes], tuple[str, ...]] | None = None
