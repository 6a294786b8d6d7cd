"""What a run does, and its results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlmig.model.checks import CheckResult
from sqlmig.model.printable import counted
from sqlmig.model.server import Notice


class Direction(Enum):
    """Which way a plan moves the schema."""

    APPLY = "apply"
    ROLLBACK = "rollback"


class Environment(Enum):
    """The kind of database; unknown means production."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class Outcome(Enum):
    """The result of one planned migration."""

    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    NOT_ATTEMPTED = "not attempted"


# A rollback that was undone has left its migration applied: "undone" would say the opposite.
_WORDS = {
    Direction.APPLY: {Outcome.DONE: "applied"},
    Direction.ROLLBACK: {Outcome.DONE: "rolled back", Outcome.UNDONE: "not rolled back"},
}


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """One planned migration after a run; `duration` in seconds, 0 if it was not attempted."""

    migration_id: str
    direction: Direction
    outcome: Outcome
    duration: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: one result for each planned migration, in order, the warnings, the sanity
    checks after it, and what the server reported while the scripts ran."""

    direction: Direction
    results: tuple[MigrationResult, ...] = ()
    warnings: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    notices: tuple[Notice, ...] = ()

    def tally(self) -> str:
        """How many migrations had each outcome: `2 applied, 1 failed, 3 not attempted`."""
        counts = [(outcome, len(self.ids(outcome))) for outcome in Outcome]
        words = {outcome: outcome.value for outcome in Outcome} | _WORDS[self.direction]
        return ", ".join(f"{count} {words[outcome]}" for outcome, count in counts if count)

    def ids(self, outcome: Outcome) -> tuple[str, ...]:
        """The migrations with that outcome, in the order of the run."""
        return tuple(r.migration_id for r in self.results if r.outcome is outcome)


@dataclass(frozen=True, slots=True)
class Round:
    """A committed round of a repeated migration: its number in this run, from 1, the rows that it
    wrote, and all that the migration has written so far; `duration` is in seconds."""

    migration_id: str
    number: int
    rows: int
    rows_so_far: int
    duration: float


@dataclass(frozen=True, slots=True)
class LostRows:
    """A table that would lose rows to a script or, if `columns` are named, these columns of all its
    rows; `rows` is how many it has now."""

    table: str
    rows: int
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = [f"{self.table}.{column}" for column in self.columns] or [self.table]
        return f"{', '.join(names)} ({counted(self.rows, 'row')})"
