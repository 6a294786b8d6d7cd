"""Runs SQL seeds, all of them and their checks in one transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlmig.engine.guard.checks import expect_checks
from sqlmig.engine.guard.inspection import (
    Inspector,
    Judgment,
    SilentInspector,
    asking,
    undo_script,
)
from sqlmig.engine.guard.loss import count_own_rows, lock_against_writing
from sqlmig.engine.guard.protected import Guard
from sqlmig.engine.guard.refusals import checks_failed, forbidden, protected, transaction_ended
from sqlmig.engine.guard.rows import count_old_rows
from sqlmig.engine.guard.tables import (
    Table,
    Tables,
    all_tables,
    ancestors,
    recounted,
    refuse_uncounted,
    written,
)
from sqlmig.engine.history import records
from sqlmig.engine.history.reading import History
from sqlmig.engine.run.frame import NOTHING_LEFT, WRITES_NO_MORE
from sqlmig.engine.run.limits import Retries
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.run.script import ScriptRunner
from sqlmig.engine.server.connection import Connection, undo
from sqlmig.engine.server.failure import (
    ChecksFailedError,
    ForbiddenRowsError,
    ProtectedRowsError,
    ScriptError,
    TransactionEndedError,
)
from sqlmig.engine.server.remedies import remedy_for
from sqlmig.errors import SeedFailedError, SqlmigError
from sqlmig.model import CheckFile, SeedReport, SeedResult, WrittenRows
from sqlmig.plan import PlannedScript, PlannedSeed
from sqlmig.target.rules import Rules

_OUTSIDE = (
    "All seeds run in one transaction. A statement that cannot run in it goes into a migration, "
    "with `-- transactional: false`."
)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a person reads after seeds that failed: what became of them, and what to run again."""

    undone: str = "All seeds were undone; nothing was changed."
    command: str = "sqlmig seed"


LIVE = Consequence()


@dataclass(slots=True)
class Seeder:
    """Runs seeds; `forbidden` lists, for each tier, the tables that its seeds must not write to."""

    session: RunnerSession
    rules: Rules
    forbidden: Mapping[str, Sequence[str]]
    consequence: Consequence = LIVE

    def run(self, seeds: Sequence[PlannedSeed], checks: Sequence[CheckFile]) -> SeedReport:
        """Runs and records all seeds, runs the checks, and commits.

        Raises SeedFailedError, ForbiddenSeedError, ProtectedTableError or SanityCheckError; then
        nothing of the batch is kept.
        """
        retries = Retries(self.session.limits.tries, self.session.observer)
        while True:
            self.session.notices.forget_since(0)
            try:
                return self._attempt(seeds, checks)
            except ScriptError as failure:
                undo(self.session.connection)
                if not retries.allow(failure):
                    connection = self.session.connection
                    raise told(failure, connection, self.consequence) from failure
                retries.pause([seed.name for seed in seeds], failure)
            finally:
                undo(self.session.connection)

    def _attempt(self, seeds: Sequence[PlannedSeed], checks: Sequence[CheckFile]) -> SeedReport:
        watch = SeedWatch(self.session.history, self.forbidden)
        inspectors: list[Inspector] = [watch]
        if self.rules.protected:
            inspectors.append(Guard(self.session.history, self.rules))
        runner = ScriptRunner(self.session, inspectors)
        known = {seed.name: seed.checksum for seed in self.session.history.seeds()}
        results = []
        for seed in seeds:
            results.append(_timed(runner, seed, watch))
            is_known = known.get(seed.name) == seed.seed.file.script.checksum
            needs_record = results[-1].written or not is_known
            record = [self._record_of(seed, results[-1].written)] if needs_record else []
            runner.record(seed, partial(self._write, record))
        has_written = any(result.written for result in results)
        checked = expect_checks(self.session.history, checks, seeds[-1]) if has_written else ()
        self._send(WRITES_NO_MORE, "COMMIT")
        notices = tuple(self.session.notices.heard)
        return SeedReport(self.rules.environment, tuple(results), tuple(checked), notices)

    def _send(self, *statements: str) -> None:
        self.session.connection.execute(";".join(statements).encode())

    def _write(self, record: Sequence[str], before: Sequence[str]) -> None:
        self._send(*before, *record, *NOTHING_LEFT)

    def _record_of(self, seed: PlannedSeed, rows: Sequence[WrittenRows]) -> str:
        counted = ("inserted", "updated", "deleted")
        counts = {each.table: {name: getattr(each, name) for name in counted} for each in rows}
        history, environment = self.session.history, self.rules.environment
        return records.seeded(history, seed.seed, json.dumps(counts), environment)


@dataclass(slots=True)
class SeedWatch(SilentInspector):
    """Observes what a seed writes, and refuses what its tier must not write."""

    history: History
    forbidden: Mapping[str, Sequence[str]]
    written: Sequence[WrittenRows] = ()
    _before: Tables = field(default_factory=dict)
    _kept: dict[int, tuple[int, int]] = field(default_factory=dict)

    def before(self, script: PlannedScript) -> None:
        """Looks at the tables as they are. Raises ExecutionError if the server does not count
        writes."""
        self._kept = {}
        with asking(script):
            refuse_uncounted(self.history.connection)
            self._before = all_tables(self.history)

    def after(self, script: PlannedScript) -> Judgment:
        """Raises ForbiddenRowsError."""
        now = self._look(script)
        self.written = [*written(self._before, now).values()]
        judgment = self._count_uncounted(script, now)
        # If another inspector has the script undone and run again, only that run counts.
        self._before = recounted(self._before, now)
        return judgment

    def recorded(self, script: PlannedScript) -> Judgment:
        """Raises ForbiddenRowsError for what a trigger on sqlmig's own tables wrote."""
        now = self._look(script)
        with asking(script):
            self._refuse_uncounted(script, now)
        return Judgment.ACCEPTED

    def _count_uncounted(self, script: PlannedScript, now: Tables) -> Judgment:
        """Handles a statement that could write forbidden rows, of which none are counted: it found
        none, or the script turned counting off. Counts the rows before the script, which then runs
        again."""
        with asking(script):
            unknown = self._suspects(script, now) & self._before.keys() - self._kept.keys()
            if not unknown:
                self._refuse_uncounted(script, now)
                return Judgment.ACCEPTED
            undo_script(self.history)
            for oid in unknown:
                lock_against_writing(self.history.connection, self._before[oid])
                self._kept[oid] = self._counted(self._before[oid])
        return Judgment.RUN_AGAIN

    def _suspects(self, script: PlannedScript, now: Tables) -> set[int]:
        names = self._names(script)
        return {o for o, t in now.items() if t.is_locked_for_rows and _is_any(now, o, names)}

    def _refuse_uncounted(self, script: PlannedScript, now: Tables) -> None:
        labels = [
            now[oid].label
            for oid in self._suspects(script, now)
            if self._counted(now[oid]) != self._kept.get(oid, self._of_none(oid))
        ]
        if labels:
            what = (
                "writes, with row counting off, to tables that seeds of its tier may not change: "
                f"{', '.join(labels)}"
            )
            raise ForbiddenRowsError(script, what, labels)

    def _of_none(self, oid: int) -> tuple[int, int] | None:
        """The counts of a table that was not counted before: zero if the seed created it."""
        return None if oid in self._before else (0, 0)

    def _counted(self, table: Table) -> tuple[int, int]:
        """The number of its rows, and of those that this transaction has not written."""
        connection = self.history.connection
        return count_own_rows(connection, table), count_old_rows(connection, [table.identifier])

    def _names(self, script: PlannedScript) -> Sequence[str]:
        return self.forbidden[script.name.partition("/")[0]]

    def _look(self, script: PlannedScript) -> Tables:
        with asking(script):
            now = all_tables(self.history)
        found = written(self._before, now)
        names = self._names(script)
        refused = [
            rows
            for oid, rows in found.items()
            if _is_any(self._before, oid, names) or _is_any(now, oid, names)
        ]
        if refused:
            raise ForbiddenRowsError(
                script,
                "writes to tables that seeds of its tier may not change: "
                f"{'; '.join(map(str, refused))}",
                [rows.table for rows in refused],
            )
        return now


def _is_any(tables: Tables, oid: int, names: Sequence[str]) -> bool:
    return any(table.is_named(names) for table in ancestors(tables, oid))


def _timed(runner: ScriptRunner, seed: PlannedSeed, watch: SeedWatch) -> SeedResult:
    started = time.monotonic()
    runner.run(seed)
    return SeedResult(seed.name, tuple(watch.written), time.monotonic() - started)


def told(failure: ScriptError, connection: Connection, consequence: Consequence) -> SqlmigError:
    """The error to report for a seed that failed, or after which a check failed."""
    if isinstance(failure, ForbiddenRowsError):
        return forbidden(failure, consequence.undone)
    if isinstance(failure, ProtectedRowsError):
        return protected(failure)
    if isinstance(failure, ChecksFailedError):
        return checks_failed(failure.checks, consequence.undone)
    path = failure.script.prepared.script.path
    known = remedy_for(failure.server, connection) if failure.server else ""
    hint = _OUTSIDE if failure.outside else failure.hint
    fix = f"{hint} Fix {path}, then run `{consequence.command}` again.".lstrip()
    advice = fix if failure.outside else known or fix
    remedy = f"{consequence.undone} {advice}"
    if isinstance(failure, TransactionEndedError):
        remedy = transaction_ended(failure.culprit)
    return SeedFailedError(
        failure.message,
        seed=failure.script.name,
        location=failure.location,
        server=failure.server,
        remedy=remedy,
    )
