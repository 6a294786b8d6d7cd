"""Proves what rollbacks do to rows: from the newest migration down, each is rolled back on a
scratch database with rows, applied, and rolled back once more, and the rows are compared with those
before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from sqlmig.config import Config
from sqlmig.engine.guard.row_snapshot import snapshot
from sqlmig.engine.guard.samples import fill_dropped
from sqlmig.engine.guard.tables import all_tables
from sqlmig.engine.server.connection import translated
from sqlmig.errors import MigrationFailedError
from sqlmig.model import Environment, MigrationFile
from sqlmig.plan import PlannedMigration
from sqlmig.proof.replay import Stage, staged
from sqlmig.proof.roundtrip import rollback_of
from sqlmig.proof.row_changes import RowChange, row_changes, too_large
from sqlmig.proof.scratch import scratch_beside
from sqlmig.proof.verify import Course


class RowVerdict(Enum):
    """What a migration and its rollback do to the rows that existed before."""

    KEPT = "kept"
    DECLARED = "declared loss"
    LOST = "loss"
    IRREVERSIBLE = "irreversible"
    ROLLBACK_FAILED = "rollback failed"
    APPLY_FAILED = "apply failed"
    NOT_ATTEMPTED = "not attempted"


_SOUND = (
    RowVerdict.KEPT,
    RowVerdict.DECLARED,
    RowVerdict.IRREVERSIBLE,
    RowVerdict.NOT_ATTEMPTED,
)


@dataclass(frozen=True, slots=True)
class RowTrip:
    """The rows before and after one migration and its rollback.

    `too_large` are tables with too many rows to compare; `empty` are tables and columns that the
    migration drops and for which no sample was accepted, so that nothing could be lost. `reason` is
    why there is no rollback, `error` why a script failed.
    """

    migration_id: str
    verdict: RowVerdict
    changes: tuple[RowChange, ...] = ()
    too_large: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    error: MigrationFailedError | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RowVerification:
    """The trips, newest migration first, and the number of rows at the start, from the seeds of
    `environment`. `warnings` name scratch databases that could not be dropped."""

    environment: Environment
    rows: int
    trips: tuple[RowTrip, ...]
    warnings: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether no script failed, and no rollback lost what the files do not declare."""
        return all(trip.verdict in _SOUND for trip in self.trips)


def verify_rows(
    config: Config,
    course: Course,
    seed: Callable[[Config], None],
    *,
    scratch_url: str | None = None,
    tell: Callable[[RowTrip], None] = lambda _: None,
) -> RowVerification:
    """The trips of all planned migrations, on a scratch database that is dropped at the end.

    `seed` fills the database of the settings that it gets, once all migrations are applied; the
    environment is development unless one is named. `tell` is called with each result. Raises
    MigrationFailedError if a migration cannot be applied, what `seed` raises, and
    BeyondDatabaseError.
    """
    environment = config.environment or Environment.DEVELOPMENT
    trips = []
    with (
        translated(),
        scratch_beside(config, scratch_url) as server,
        staged(server, config, course.schema) as stage,
    ):
        for migration in course.planned:
            stage.run(migration)
        with stage.left() as url:
            there = replace(config, database=url, history_schema=stage.schema)
            seed(replace(there, environment=environment))
        rows = sum(table.count for table in snapshot(stage.history).values())
        for trip in RowTrips(stage).walk(course):
            tell(trip)
            trips.append(trip)
    return RowVerification(environment, rows, tuple(trips), server.warnings)


@dataclass(frozen=True, slots=True)
class RowTrips:
    """Walks down on a stage where all migrations are applied."""

    stage: Stage

    def walk(self, course: Course) -> Iterator[RowTrip]:
        """One trip for each migration, newest first; below one that cannot be undone, the rest is
        not attempted."""
        files = {file.migration_id: file for file in course.files}
        has_ended = False
        for migration in reversed(course.planned):
            name = migration.migration_id
            if has_ended:
                yield RowTrip(name, RowVerdict.NOT_ATTEMPTED)
                continue
            trip = self._trip(migration, files[name])
            yield trip
            has_ended = bool(trip.error or trip.verdict is RowVerdict.IRREVERSIBLE)

    def _trip(self, migration: PlannedMigration, file: MigrationFile) -> RowTrip:
        name = migration.migration_id
        if file.rollback is None:
            reason = file.file.directives.irreversible or ""
            return RowTrip(name, RowVerdict.IRREVERSIBLE, reason=reason)
        rollback, failure = rollback_of(file), RowVerdict.ROLLBACK_FAILED
        try:
            above = all_tables(self.stage.history)
            self.stage.run(rollback)
            empty = fill_dropped(self.stage.history, above)
            before = snapshot(self.stage.history)
            failure = RowVerdict.APPLY_FAILED
            self.stage.run(migration)
            failure = RowVerdict.ROLLBACK_FAILED
            self.stage.run(rollback)
        except MigrationFailedError as error:
            return RowTrip(name, failure, error=error)
        keys = {table: rows.key for table, rows in before.items()}
        after = snapshot(self.stage.history, keys)
        changes = row_changes(before, after, file)
        return RowTrip(name, _verdict(changes), changes, too_large(before, after), empty)


def _verdict(changes: Iterable[RowChange]) -> RowVerdict:
    found = Counter(change.is_declared for change in changes)
    if found[False]:
        return RowVerdict.LOST
    return RowVerdict.DECLARED if found else RowVerdict.KEPT
