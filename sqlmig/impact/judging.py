"""`impact`: runs migrations on a scratch database, observes what the server does, and judges it by
the sizes of the live tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmig.config import Config
from sqlmig.engine.server.connection import Connection
from sqlmig.errors import ExecutionError, MigrationFailedError
from sqlmig.impact.catalog import Catalog
from sqlmig.impact.changes import ROWS
from sqlmig.impact.course import Course
from sqlmig.impact.effects import Effect, Impact, MigrationImpact, StatementImpact
from sqlmig.impact.leaves import Leaves
from sqlmig.impact.locks import Blocks
from sqlmig.impact.observation import Observation, Touches
from sqlmig.impact.sizes import NEW, UNKNOWN, Names, Size, names, sizes
from sqlmig.impact.transaction import Touch
from sqlmig.model import Direction, line_numbers
from sqlmig.plan import PlannedMigration
from sqlmig.proof.replay import Stage, staged
from sqlmig.proof.roundtrip import rollback_of
from sqlmig.proof.scratch import scratch_beside


def impact(
    config: Config,
    course: Course,
    live: Connection | None,
    direction: Direction,
    scratch_url: str | None = None,
) -> Impact:
    """What the judged migrations, or their rollbacks, do.

    `live` is read for the sizes; without it, or if it is an embedded server, every table counts as
    large. Writes only to scratch databases. Raises ExecutionError if a migration cannot run there
    or the server does not count scans, and BeyondDatabaseError.
    """
    with (
        scratch_beside(config, scratch_url) as server,
        staged(server, config, course.schema) as stage,
    ):
        stage.replay(course.applied)
        walk = _Walk(stage, course)
        seen = [*(walk.applies() if direction is Direction.APPLY else walk.rollbacks())]
        measured = {} if live is None else sizes(live, walk.live_names)
        new = frozenset() if live is None or config.is_embedded else walk.new_tables
        warnings = walk.warnings()
    judge = Judge(-1 if config.is_embedded else config.large_table, measured, new)
    return Impact(
        tuple(judge.migration(script, touches) for script, touches in seen),
        config.large_table,
        course.baseline,
        live is not None,
        (*warnings, *server.warnings),
        config.is_embedded,
    )


# Each script with what its statements did, or None if the migration has no rollback.
Seen = Iterator[tuple[PlannedMigration, Touches | None]]


@dataclass(slots=True)
class _Walk:
    """Runs the judged migrations on a stage. `live_names` are the relations' names after what has
    run in the live database, `new_tables` the tables that it cannot have."""

    stage: Stage
    course: Course
    live_names: Names = field(default_factory=dict)
    new_tables: frozenset[int] = frozenset()
    _observation: Observation = field(init=False)

    def __post_init__(self) -> None:
        self._observation = Observation(*self._place())

    def applies(self) -> Seen:
        """What each migration did."""
        judged, live = self.course.judged, self.course.live
        first = names(self.stage.beside)
        applied = [index for index, each in enumerate(judged) if each.migration_id in live]
        done = applied[-1] + 1 if applied else 0
        yield from self._observed(judged[:done])
        self.live_names = names(self.stage.beside)
        yield from self._observed(judged[done:])
        touched = {touch.relation.oid for touch in self._touches()}
        self.new_tables = frozenset(touched - first.keys() - self.live_names.keys())

    def rollbacks(self) -> Seen:
        """What each rollback did, right after its migration was applied."""
        files = {file.migration_id: file for file in self.course.files}
        applied = list(self.course.applied)
        for planned in self.course.judged:
            with _failing():
                self.stage.run(planned)
            applied.append(planned)
            file = files[planned.migration_id]
            if file.rollback is None:
                yield planned, None
                continue
            yield from self._observed([rollback_of(file)])
            self._apply_again(planned, applied)
        self.live_names = {
            touch.relation.oid: (touch.relation.schema, touch.relation.name)
            for touch in self._touches()
        }

    def warnings(self) -> list[str]:
        """What was not observed."""
        return [
            f"{name}: statement {index + 1} commits by itself, so its locks were not seen"
            for name, unseen in self._observation.unseen.items()
            for index in unseen
        ]

    def _apply_again(self, planned: PlannedMigration, applied: Sequence[PlannedMigration]) -> None:
        """Applies it again. If the rollback left something that prevents this, which `verify`
        reports, rebuilds the database."""
        try:
            self.stage.run(planned)
        except MigrationFailedError:
            self.stage.rebuild(applied)
            self._observation.enter(*self._place())

    def _place(self) -> tuple[Catalog, Leaves]:
        history, beside = self.stage.history, self.stage.beside
        return Catalog(history.connection, beside, history.schema), Leaves(beside)

    def _observed(self, planned: Sequence[PlannedMigration]) -> Seen:
        self._observation.catalog.begin_counting()
        rest = planned
        with _failing():
            while rest:
                try:
                    self.stage.observe(rest, self._observation)
                    rest = ()
                except MigrationFailedError as error:
                    if not self._observation.leaves.leave_out(error.migration_id):
                        raise
                    ids = [each.migration_id for each in rest]
                    rest = rest[ids.index(error.migration_id) :]
        self._observation.leaves.remove()
        yield from ((each, self._observation.seen[each.name]) for each in planned)

    def _touches(self) -> Iterator[Touch]:
        for statements in self._observation.seen.values():
            for touches in statements.values():
                yield from touches


@contextmanager
def _failing() -> Iterator[None]:
    """Turns the failure of a judged migration into an ExecutionError."""
    try:
        yield
    except MigrationFailedError as error:
        place = f"{error.location}: " if error.location else ""
        raise ExecutionError(
            f"{error.migration_id} fails on the scratch database\n{place}{error.message}",
            remedy="Fix it: `sqlmig verify` shows all that fail. What it needs and no migration "
            "creates goes into the script that the setting `scratch_script` names.",
        ) from error


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges by the measured sizes; `new` tables are empty, and the others are not known. A table
    is large above `large_table` bytes: -1 for every one."""

    large_table: int
    measured: Mapping[int, Size]
    new: frozenset[int]

    def migration(self, script: PlannedMigration, touches: Touches | None) -> MigrationImpact:
        """The effects of a script, statement by statement."""
        if touches is None:
            return MigrationImpact(script.migration_id)
        prepared = script.prepared
        lines = line_numbers(prepared.text, (each.start for each in prepared.statements))
        statements = (
            StatementImpact(
                prepared, index + 1, line, tuple(self._effects(script, touches.get(index, ())))
            )
            for index, line in enumerate(lines)
        )
        return MigrationImpact(script.migration_id, tuple(statements), script.direction)

    def _effects(self, script: PlannedMigration, touches: Sequence[Touch]) -> Iterator[Effect]:
        at_work = [touch for touch in touches if touch.work.any]
        is_large = any(self._size(touch).exceeds(self.large_table) for touch in at_work)
        for touch in touches:
            is_finding = bool(at_work) and touch.blocks is not Blocks.NOTHING
            is_new = touch.relation.oid in self.new
            yield Effect(
                touch.relation.label,
                touch.lock,
                touch.blocks,
                touch.work,
                self._size(touch),
                is_finding,
                is_large,
                _accepted(script, touch) if is_finding else None,
                touch.locks_rows,
                touch.is_emptied,
                touch.relation.kind,
                touch.changes.on_no_rows() if is_new else touch.changes,
                () if is_new else tuple(_lost(touch)),
            )

    def _size(self, touch: Touch) -> Size:
        oid = touch.relation.oid
        return self.measured.get(oid) or (NEW if oid in self.new else UNKNOWN)


def _lost(touch: Touch) -> Iterator[str]:
    """What is deleted of a table that may have rows."""
    if touch.is_emptied or touch.work.deleted:
        yield ROWS
    yield from touch.changes.lost


def _accepted(script: PlannedMigration, touch: Touch) -> str | None:
    """The reason that the script gives for holding the table."""
    found = (r for name, r in script.directives.holds if touch.relation.is_named(name))
    return next(found, None)
