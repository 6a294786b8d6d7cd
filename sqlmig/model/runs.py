"""What a run does, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlmig.model.checks import CheckResult
from sqlmig.model.printable import counted


class Direction(Enum):
    """Which way a plan moves the schema."""

    APPLY = "apply"
    ROLLBACK = "rollback"


class Environment(Enum):
    """What kind of database this is; unknown means production (design: unset is production)."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


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
    """What a run did: one result for each planned migration, in order, what to know besides, and
    the sanity checks after it."""

    direction: Direction
    results: tuple[MigrationResult, ...] = ()
    warnings: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()

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
class LostRows:
    """A table of which a script would lose rows; `rows` are those that it has now."""

    table: str
    rows: int

    def __str__(self) -> str:
        return f"{self.table} ({counted(self.rows, 'row')})"
