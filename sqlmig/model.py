"""The values that every layer shares: frozen, free of behaviour that reads or writes anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Protocol

_NUMBER = re.compile(r"\d+(?:_\d+)*(?![A-Za-z0-9])")
_DURATION = re.compile(r"0|\d+(?:\.\d+)?\s*(?:us|ms|s|min|h|d)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_EXCERPT_WIDTH = 96


class Direction(Enum):
    """Which way a plan moves the schema."""

    APPLY = "apply"
    ROLLBACK = "rollback"


class Environment(Enum):
    """What kind of database this is; unknown means production (design: unset is production)."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class Tier(Enum):
    """Which databases a seed is for: each tier is a folder of that name."""

    REFERENCE = "reference"
    DEMO = "demo"
    TESTING = "testing"


TIERS: Mapping[Environment, tuple[Tier, ...]] = MappingProxyType(
    {
        Environment.DEVELOPMENT: (Tier.REFERENCE, Tier.DEMO),
        Environment.TESTING: (Tier.REFERENCE, Tier.TESTING),
        Environment.PRODUCTION: (Tier.REFERENCE,),
    }
)


class MigrationState(Enum):
    """How one migration stands between the files and the history."""

    PENDING = "pending"
    APPLIED = "applied"
    CHANGED = "changed"
    REFORMATTED = "reformatted"
    MISSING = "missing"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: line and column, both from 1, the column in characters (not bytes)."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a named file, with the text of its line for showing."""

    path: str
    position: Position | None = None
    line: str = ""

    @classmethod
    def at(cls, path: str, text: str, offset: int) -> Location:
        """The place of the character `text[offset]`; lines end at CRLF, CR or LF."""
        line_number, line_start = 1, 0
        for match in _LINE_END.finditer(text, 0, offset):
            line_number, line_start = line_number + 1, match.end()
        end = _LINE_END.search(text, line_start)
        line = text[line_start : end.start() if end else len(text)]
        return cls(path, Position(line_number, offset - line_start + 1), line)

    def __str__(self) -> str:
        if self.position is None:
            return self.path
        return f"{self.path}:{self.position.line}:{self.position.column}"

    def excerpt(self) -> str:
        """The line with a caret below the column; empty where the line is unknown.

        A long line is cut to the part around the caret; tabs are kept, so that the caret stays
        below its character.
        """
        if self.position is None or not self.line.strip():
            return ""
        column = self.position.column - 1
        start = max(0, min(column - _EXCERPT_WIDTH // 2, len(self.line) - _EXCERPT_WIDTH))
        shown = self.line[start : start + _EXCERPT_WIDTH]
        before = self.line[start:column]
        margin = f"{self.position.line:>5} | "
        indent = "".join("\t" if character == "\t" else " " for character in before)
        return f"{margin}{shown}\n{' ' * (len(margin) - 2)}| {indent}^"


class Severity(Enum):
    """What a finding means to the one who reads it: only errors make a check fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found: what and where it is, and what to do about it."""

    code: str
    message: str
    location: Location
    remedy: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        severity = "" if self.severity is Severity.ERROR else f"{self.severity.value}: "
        return f"{self.location}: {self.code} {severity}{self.message}"


def migration_number(migration_id: str) -> tuple[int, ...]:
    """The number that a migration id begins with: all its leading digit groups.

    `004_payments` is (4,) and `20261121_01_aPDZ5-add-users` is (20261121, 1); an id that begins
    with no number gives ().
    """
    match = _NUMBER.match(migration_id)
    return tuple(int(group) for group in match[0].split("_")) if match else ()


def migration_order(migration_id: str) -> tuple[tuple[int, ...], str]:
    """The key that migrations sort by: the number, compared as numbers, then the id."""
    return migration_number(migration_id), migration_id


def is_duration(text: str) -> bool:
    """Whether PostgreSQL reads the text as a time with its unit (or 0), as in `500ms` or `10min`.

    Source: the units of "Parameter Names and Values" in PostgreSQL's manual. A number alone, which
    means milliseconds there and seconds to most people, is refused.
    """
    return _DURATION.fullmatch(text) is not None


class TextRecord(Enum):
    """What of a migration's text is kept in the history."""

    TEXT = "text"
    CHECKSUM = "checksum"


@dataclass(frozen=True, slots=True)
class Directives:
    """What the head of a file declares; the defaults are those of a file that declares nothing.

    `depends` are migration ids; the timeouts are PostgreSQL durations as written (`2s`, `10min`);
    `touches` are pairs of a protected table and the reason for changing its rows.
    """

    depends: tuple[str, ...] = ()
    transactional: bool = True
    irreversible: str | None = None
    lock_timeout: str | None = None
    statement_timeout: str | None = None
    touches: tuple[tuple[str, str], ...] = ()
    adr: str | None = None
    record: TextRecord = TextRecord.TEXT


@dataclass(frozen=True, slots=True)
class Script:
    """SQL text and where it came from.

    `path` is for people (`sql/migrations/004_x.sql`, or words for a recorded text); `text` is
    decoded, without byte order mark, its line ends as on disk; `checksum` is `sha256:` and the
    hexadecimal hash of the text with its line ends as LF.
    """

    path: str
    text: str
    checksum: str


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A script on disk with what its head says; `description` is "" where it says nothing."""

    script: Script
    directives: Directives
    description: str


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """A migration on disk; `rollback` is None only where it is declared irreversible."""

    migration_id: str
    file: ScriptFile
    rollback: ScriptFile | None

    @property
    def order(self) -> tuple[tuple[int, ...], str]:
        """The key that migrations sort by."""
        return migration_order(self.migration_id)


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """One row of the history.

    `checksum` and the texts are None where yoyo alone applied it, the texts also where they were
    not asked for or not kept. `statements_done`, `statements_begun` and `statements_total` are
    None once complete; where one more is begun than done, its runner died in the middle of it.
    """

    migration_id: str
    applied_at: datetime | None = None
    applied_by: str | None = None
    duration_ms: int | None = None
    checksum: str | None = None
    apply_sql: str | None = None
    rollback_sql: str | None = None
    rollback_checksum: str | None = None
    statements_done: int | None = None
    statements_begun: int | None = None
    statements_total: int | None = None

    @property
    def is_partial(self) -> bool:
        """Only some of its statements are done."""
        return self.statements_done is not None


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """How one migration stands; `remedy` is "" where nothing needs to be done.

    `rollback_changed` says that its rollback file is not what was recorded with it, `irreversible`
    that its file declares that there is none.
    """

    migration_id: str
    state: MigrationState
    description: str = ""
    out_of_order: bool = False
    applied: AppliedMigration | None = None
    remedy: str = ""
    rollback_changed: bool = False
    irreversible: bool = False

    @property
    def needs_attention(self) -> bool:
        """Whether `status --check` reports it: pending, or not what was applied."""
        is_settled = self.state in (MigrationState.APPLIED, MigrationState.REFORMATTED)
        return self.rollback_changed or not is_settled


@dataclass(frozen=True, slots=True)
class LostRows:
    """A table of which a script would lose rows; `rows` are those that it has now."""

    table: str
    rows: int

    def __str__(self) -> str:
        return f"{self.table} ({self.rows} row{'' if self.rows == 1 else 's'})"


class Outcome(Enum):
    """What became of one planned migration."""

    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """One planned migration after a run; `duration` in seconds, 0 where it was not attempted."""

    migration_id: str
    direction: Direction
    outcome: Outcome
    duration: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: one result for each planned migration, in order, and what to know besides."""

    direction: Direction
    results: tuple[MigrationResult, ...] = ()
    warnings: tuple[str, ...] = ()

    def tally(self) -> str:
        """How many migrations ended how, in words: `2 applied, 1 failed, 3 not attempted`."""
        done = {Direction.APPLY: "applied", Direction.ROLLBACK: "rolled back"}[self.direction]
        counts = [(outcome, len(self.ids(outcome))) for outcome in Outcome]
        words = {outcome: outcome.value for outcome in Outcome} | {Outcome.DONE: done}
        return ", ".join(f"{count} {words[outcome]}" for outcome, count in counts if count)

    def ids(self, outcome: Outcome) -> tuple[str, ...]:
        """The migrations that ended so, in the order of the run."""
        return tuple(r.migration_id for r in self.results if r.outcome is outcome)


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """What the server said of an error, from its diagnostic fields."""

    sqlstate: str
    primary: str
    detail: str = ""
    hint: str = ""
    context: str = ""

    def __str__(self) -> str:
        return f"{self.primary} ({self.sqlstate})" if self.sqlstate else self.primary

    def details(self) -> str:
        """DETAIL, HINT and CONTEXT, a line each, as psql labels them; "" where there are none."""
        fields = (("DETAIL", self.detail), ("HINT", self.hint), ("CONTEXT", self.context))
        return "\n".join(f"{label}: {text}" for label, text in fields if text)


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds the migration lock, as the server's activity view tells it."""

    pid: int
    application: str
    client: str
    since: datetime | None

    def __str__(self) -> str:
        since = f", since {self.since:%Y-%m-%d %H:%M:%S %Z}" if self.since else ""
        return (
            f"{self.application or 'a session'} from {self.client} (server pid {self.pid}){since}"
        )


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that keeps a migration waiting: for a lock on what, and what it runs or ran."""

    pid: int
    locked: str
    query: str

    def __str__(self) -> str:
        return f"a lock on {self.locked} held by pid {self.pid}: {self.query}"


class Observer(Protocol):
    """Who is told how a run goes on, as it happens; the calls come from the thread of the run."""

    def started(self, migration_id: str, direction: Direction) -> None:
        """The migration's first statement is about to be sent."""

    def finished(self, result: MigrationResult) -> None:
        """The migration is committed, or has failed."""

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        """Another runner is at work; this one gives up in `remaining` seconds."""

    def blocked(self, blocker: Blocker) -> None:
        """A statement waits for a lock that another session holds; from a thread of its own."""

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        """They met a lock or a deadlock, were undone, and are run again in `delay` seconds."""


class SilentObserver:
    """An observer that does nothing: the default, and a base for those who need only some calls."""

    def started(self, migration_id: str, direction: Direction) -> None:
        """Do nothing."""

    def finished(self, result: MigrationResult) -> None:
        """Do nothing."""

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        """Do nothing."""

    def blocked(self, blocker: Blocker) -> None:
        """Do nothing."""

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        """Do nothing."""


class SeedObserver(Protocol):
    """Who is told how a long load goes on."""

    def loaded(self, path: str, done: int, total: int) -> None:
        """So many of the file's documents are dealt with."""


class SilentSeedObserver:
    """An observer that does nothing."""

    def loaded(self, path: str, done: int, total: int) -> None:
        """Do nothing."""
