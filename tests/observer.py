"""An observer that records its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmig.model import Blocker, Direction, IndexBuild, LockHolder, MigrationResult, SilentObserver


@dataclass
class RecordingObserver(SilentObserver):
    """Each list has one kind of call, in order."""

    begun: list[str] = field(default_factory=list)
    ended: list[MigrationResult] = field(default_factory=list)
    holders: list[LockHolder | None] = field(default_factory=list)
    blockers: list[Blocker] = field(default_factory=list)
    builds: list[IndexBuild] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)

    def started(self, migration_id: str, direction: Direction) -> None:
        self.begun.append(migration_id)

    def finished(self, result: MigrationResult) -> None:
        self.ended.append(result)

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        self.holders.append(holder)

    def blocked(self, blocker: Blocker) -> None:
        self.blockers.append(blocker)

    def building(self, build: IndexBuild) -> None:
        self.builds.append(build)

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        self.retries.append(reason)
