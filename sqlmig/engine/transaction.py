"""Transactional work: a script and its record in one transaction, two messages a migration."""

from __future__ import annotations

from collections.abc import Sequence
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
        """Sends the script, and puts the session back as it was before."""
        self.recording.begin(planned)
        self._runner.run(planned)

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record; with the last migration of the batch, commits."""
        endings = [*self._consents(planned)]
        if len(self.batch) > 1:
            endings.append(RELEASE_SAVEPOINT)
        is_last = planned is self.batch[-1]
        if self.inspectors:
            self.recording.write(planned, entry, (*endings, _RUN_DEFERRED))
            for inspector in self.inspectors:
                inspector.recorded(planned)
            if is_last:
                self.recording.commit(planned)
        elif is_last:
            self.recording.write_last(planned, entry, (*endings, "COMMIT"))
        else:
            self.recording.write(planned, entry, endings)

    def _consents(self, planned: PlannedMigration) -> Sequence[str]:
        return [
            records.noted(self.history, "allowed", f"{planned.migration_id}: {table}", reason)
            for table, reason in planned.directives.touches
            if table in self.rules.allowed
        ]
