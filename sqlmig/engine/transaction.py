"""Transactional work: a script and its record in one transaction, and where nobody has to look at
it in between, in one message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlmig.engine import records
from sqlmig.engine.history import History
from sqlmig.engine.inspection import Inspector
from sqlmig.engine.limits import Limits
from sqlmig.engine.lock import RunnerLock
from sqlmig.engine.recording import Recording
from sqlmig.engine.records import LogEntry
from sqlmig.engine.savepoint import RELEASE_SAVEPOINT
from sqlmig.engine.script import ScriptRunner
from sqlmig.environments import Rules
from sqlmig.model import Observer
from sqlmig.plan import PlannedMigration

# So that deferred triggers on the history's own tables have run when somebody looks.
_RUN_DEFERRED = "SET CONSTRAINTS ALL IMMEDIATE"


@dataclass(slots=True)
class TransactionWork:
    """Runs a batch of migrations as one transaction.

    The inspectors look at each migration before its script, after it, and once it is recorded.
    """

    history: History
    lock: RunnerLock
    limits: Limits
    observer: Observer
    batch: Sequence[PlannedMigration]
    rules: Rules
    inspectors: Sequence[Inspector] = ()
    recording: Recording = field(init=False)
    _runner: ScriptRunner = field(init=False)

    def __post_init__(self) -> None:
        self.recording = Recording(self.history, self.observer)
        self._runner = ScriptRunner(
            self.history, self.lock, self.limits, len(self.batch), self.inspectors
        )

    def run(self, planned: PlannedMigration) -> None:
        """Sends the script where somebody looks at what it did; else it travels with its record."""
        self.recording.begin(planned)
        if self.inspectors:
            self._runner.run(planned)

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record; with the last migration of the batch, commits."""
        is_last = planned is self.batch[-1]
        if self.inspectors:
            self._record(planned, entry)
            if is_last:
                with self.recording.committing():
                    self.recording.send(planned, "COMMIT")
        elif is_last:
            with self.recording.committing():
                self._run_and_record(planned, entry, "COMMIT")
        else:
            self._run_and_record(planned, entry)

    def _record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        with self.recording.writing(planned, entry):
            self.recording.send(planned, *self._statements(planned, entry), _RUN_DEFERRED)
        for inspector in self.inspectors:
            inspector.recorded(planned)

    def _run_and_record(self, planned: PlannedMigration, entry: LogEntry, *after: str) -> None:
        with self.recording.writing(planned, entry):
            self._runner.run_and_record(
                planned, lambda: ";".join((*self._statements(planned, entry), *after))
            )

    def _statements(self, planned: PlannedMigration, entry: LogEntry) -> Iterator[str]:
        """The record, the consents that were needed, and the end of what can be undone alone."""
        yield self.recording.statement(planned, entry)
        for table, reason in planned.directives.touches:
            if table in self.rules.allowed:
                subject = f"{planned.migration_id}: {table}"
                yield records.noted(self.history, "allowed", subject, reason)
        if len(self.batch) > 1:
            yield RELEASE_SAVEPOINT
