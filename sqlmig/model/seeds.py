"""SQL seeds: files of rows, and what they wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmig.model.checks import CheckResult
from sqlmig.model.runs import Environment
from sqlmig.model.scripts import ScriptFile
from sqlmig.model.server import Notice


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A seed on disk; `name` is its tier and its stem, as in `reference/001_academic_sessions`."""

    name: str
    tier: str
    file: ScriptFile


@dataclass(frozen=True, slots=True)
class AppliedSeed:
    """A seed in the history, from the last time that it wrote rows or had changed."""

    name: str
    checksum: str
    seeded_at: datetime


@dataclass(frozen=True, slots=True)
class SeedStatus:
    """A seed of the environment's tiers; `applied` is None if it has never run.

    `is_changed` says that its file differs from what last ran.
    """

    name: str
    description: str
    applied: AppliedSeed | None = None
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """What a script wrote to a table, in rows. `replaced` says that the rows were not counted: the
    table was truncated, rewritten or dropped, or it lost a column, its name or its parent."""

    table: str
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    replaced: bool = False

    def __str__(self) -> str:
        counts = (("inserted", self.inserted), ("updated", self.updated), ("deleted", self.deleted))
        parts = [f"{rows} {verb}" for verb, rows in counts if rows]
        return f"{self.table}: {', '.join(parts + ['replaced'] * self.replaced)}"


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One seed after a run; `duration` in seconds."""

    name: str
    written: tuple[WrittenRows, ...]
    duration: float


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What a batch of seeds did, each in order, the checks that ran before its commit, and what the
    server reported while the seeds ran."""

    environment: Environment
    results: tuple[SeedResult, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class UnstableSeed:
    """A seed that is not idempotent; `reason` says what its second run does."""

    name: str
    reason: str
