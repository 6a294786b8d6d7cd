"""Proves rollbacks: applies each migration, rolls it back and applies it again on a scratch
database, and compares the schema after each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from sqlmig.errors import MigrationFailedError
from sqlmig.model import AppliedMigration, Direction, MigrationFile, Migrations
from sqlmig.plan import Exactly, PlannedMigration, RollbackText, plan_rollback
from sqlmig.proof.catalog import SchemaSnapshot
from sqlmig.proof.difference import Difference, differences
from sqlmig.proof.replay import Stage
from sqlmig.proof.required import required_columns


class Verdict(Enum):
    """The result of a round trip."""

    REVERSIBLE = "reversible"
    IRREVERSIBLE = "irreversible"
    NOT_RESTORED = "not restored"
    ROLLBACK_FAILED = "rollback failed"
    NOT_REPEATABLE = "not repeatable"
    APPLY_FAILED = "apply failed"
    NOT_ATTEMPTED = "not attempted"


_SOUND = (Verdict.REVERSIBLE, Verdict.IRREVERSIBLE)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The round trip of one migration.

    `differences` are between the schema before the migration and after its rollback or, if that
    restored it, between the schema after the first and after the second apply; `error` is why a
    script failed; `reason` why there is no rollback; `required` names columns that the rollback can
    add only to an empty table.
    """

    migration_id: str
    verdict: Verdict
    transactional: bool = True
    differences: tuple[Difference, ...] = ()
    error: MigrationFailedError | None = None
    reason: str = ""
    required: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether the migration is correct."""
        return self.verdict in _SOUND

    @property
    def stops(self) -> bool:
        """Whether no later migration could be tried."""
        return self.verdict in (Verdict.APPLY_FAILED, Verdict.NOT_ATTEMPTED)


@dataclass(frozen=True, slots=True)
class Verification:
    """The round trips in order, and what the proofs at the end found wrong, in words. `warnings`
    name scratch databases that could not be dropped, and rollbacks that fail on tables with rows;
    `left_out` are history tables of other tools that migrations created, which are not compared."""

    round_trips: tuple[RoundTrip, ...]
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether everything that was tried is correct."""
        return not self.findings and all(trip.is_sound for trip in self.round_trips)


@dataclass(slots=True)
class RoundTrips:
    """Walks over planned migrations, one by one, on a stage where `applied` have already run."""

    stage: Stage
    files: Migrations
    applied: list[PlannedMigration]

    def walk(self, planned: Iterable[PlannedMigration]) -> Iterator[RoundTrip]:
        """One round trip for each; after a failed apply, the rest is not attempted."""
        files = {file.migration_id: file for file in self.files}
        before, broken = self.stage.look(), False
        for migration in planned:
            if broken:
                yield _result(migration, Verdict.NOT_ATTEMPTED)
                continue
            try:
                self.stage.run(migration)
            except MigrationFailedError as error:
                broken = True
                yield _result(migration, Verdict.APPLY_FAILED, error=error)
                continue
            self.applied.append(migration)
            after = self.stage.look()
            trip = self._there_and_back(migration, files[migration.migration_id], before, after)
            yield trip
            # A rebuilt database may differ: in a time, or a random number.
            before = after if trip.is_sound else self.stage.look()

    def _there_and_back(
        self,
        migration: PlannedMigration,
        file: MigrationFile,
        before: SchemaSnapshot,
        after: SchemaSnapshot,
    ) -> RoundTrip:
        """Rolls back what was just applied, and applies it again; leaves the state of `after`."""
        if file.rollback is None:
            reason = file.file.directives.irreversible or ""
            return _result(migration, Verdict.IRREVERSIBLE, reason=reason)
        try:
            self.stage.run(rollback_of(file))
        except MigrationFailedError as error:
            if not file.rollback.directives.transactional:
                self.stage.rebuild(self.applied)
            return _result(migration, Verdict.ROLLBACK_FAILED, error=error)
        restored = self.stage.look()
        left = differences(before, restored)
        required = tuple(required_columns(after, restored, file.rollback.script.text))
        failure, again = self._apply_again(migration, after)
        result = _result(migration, Verdict.REVERSIBLE)
        if left:
            result = _result(migration, Verdict.NOT_RESTORED, left)
        elif failure or again:
            result = _result(migration, Verdict.NOT_REPEATABLE, again, failure)
        return replace(result, required=required)

    def _apply_again(
        self, migration: PlannedMigration, after: SchemaSnapshot
    ) -> tuple[MigrationFailedError | None, tuple[Difference, ...]]:
        """Why it could not be applied again, or what differs from `after`, the result of the first
        apply; rebuilds the database in both cases."""
        try:
            self.stage.run(migration)
        except MigrationFailedError as failure:
            self.stage.rebuild(self.applied)
            return failure, ()
        again = differences(after, self.stage.look())
        if again:
            self.stage.rebuild(self.applied)
        return None, again


def _result(
    migration: PlannedMigration,
    verdict: Verdict,
    found: tuple[Difference, ...] = (),
    error: MigrationFailedError | None = None,
    reason: str = "",
) -> RoundTrip:
    transactional = migration.directives.transactional
    return RoundTrip(migration.migration_id, verdict, transactional, found, error, reason)


def rollback_of(file: MigrationFile) -> PlannedMigration:
    """The rollback of a migration that has one, from its file."""
    row = AppliedMigration(file.migration_id)
    plan = plan_rollback([file], [row], Exactly((file.migration_id,)), RollbackText.FILE)
    assert plan.direction is Direction.ROLLBACK
    return plan.migrations[0]
