"""What became of each target, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from sqlmig.errors import SqlmigError
from sqlmig.fleet.targets import FleetTarget
from sqlmig.model import MigrationState, MigrationStatus, Report


class TargetState(Enum):
    """The state of a target, or what was done with it.

    DIFFERENT has a migration that is not as it was applied; NOT_BEGUN was left out after failures
    or a Ctrl-C.
    """

    CURRENT = "current"
    APPLIED = "applied"
    BEHIND = "behind"
    DIFFERENT = "different"
    FAILED = "failed"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target of a fleet after a command; `duration` in seconds, 0 if it was not begun.

    `statuses` are those of a status that need attention, `report` is what an apply did, also where
    it failed, and `error` why it failed.
    """

    target: FleetTarget
    state: TargetState
    statuses: tuple[MigrationStatus, ...] = ()
    report: Report | None = None
    error: SqlmigError | None = None
    warnings: tuple[str, ...] = ()
    duration: float = 0.0

    @property
    def pending(self) -> tuple[str, ...]:
        """The ids of its pending migrations, as far as a status found them."""
        return tuple(
            status.migration_id
            for status in self.statuses
            if status.state is MigrationState.PENDING
        )


@dataclass(frozen=True, slots=True)
class FleetReport:
    """One result for each target, in their order; `was_interrupted` by a Ctrl-C."""

    results: tuple[TargetResult, ...]
    was_interrupted: bool = False

    def counts(self) -> Mapping[TargetState, int]:
        """How many targets are in each state, those in none left out."""
        found = Counter(result.state for result in self.results)
        return {state: found[state] for state in TargetState if found[state]}

    def of(self, state: TargetState) -> tuple[TargetResult, ...]:
        """The results with that state."""
        return tuple(result for result in self.results if result.state is state)


class FleetObserver:
    """Receives the progress of a fleet, all calls from the thread that called; this one does
    nothing, and is a base for others."""

    def begun(self, total: int) -> None:
        """Work begins on so many targets."""

    def finished(self, result: TargetResult) -> None:
        """A target is done, or has failed."""

    def stopping(self, at_work: Sequence[str]) -> None:
        """No target is begun any more, after a Ctrl-C; those of these names are still at work."""
