"""The result of each target, as values."""

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

    DIFFERENT has a migration that differs from what was applied; NOT_BEGUN was skipped after
    failures or a Ctrl-C.
    """

    CURRENT = "current"
    APPLIED = "applied"
    BEHIND = "behind"
    DIFFERENT = "different"
    FAILED = "failed"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target of a fleet after a command; `duration` is in seconds, 0 if it was not begun.

    `statuses` has the migrations that need attention, if this is a status. `report` is what an
    apply did, even if it failed; `error` is why it failed.
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
        """The ids of its pending migrations, if this is the result of a status."""
        return tuple(
            status.migration_id
            for status in self.statuses
            if status.state is MigrationState.PENDING
        )


@dataclass(frozen=True, slots=True)
class FleetReport:
    """One result for each target, in order; `was_interrupted` is True after a Ctrl-C."""

    results: tuple[TargetResult, ...]
    was_interrupted: bool = False

    def counts(self) -> Mapping[TargetState, int]:
        """The number of targets in each state, without the states of none."""
        found = Counter(result.state for result in self.results)
        return {state: found[state] for state in TargetState if found[state]}

    def of(self, state: TargetState) -> tuple[TargetResult, ...]:
        """The results with that state."""
        return tuple(result for result in self.results if result.state is state)


class FleetObserver:
    """Receives the progress of a fleet, always in the caller's thread. This base class does
    nothing."""

    def begun(self, total: int) -> None:
        """Work on that many targets begins."""

    def finished(self, result: TargetResult) -> None:
        """A target is done, or has failed."""

    def stopping(self, at_work: Sequence[str]) -> None:
        """No more targets are begun after a Ctrl-C; those with these names are still in
        progress."""
