"""Transactional migrations: scripts and their records in one transaction.

A script and its record are sent in one message, or in several if inspectors have to look at what
the script did before it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlmig.engine.guard.inspection import Inspector
from sqlmig.engine.history.records import LogEntry
from sqlmig.engine.run.frame import NOTHING_LEFT, WRITES_NO_MORE
from sqlmig.engine.run.recording import Recording
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.run.script import ScriptRunner
from sqlmig.engine.run.steps import MakeRunner
from sqlmig.plan import PlannedMigration
from sqlmig.target.rules import Rules


@dataclass(slots=True)
class TransactionWork:
    """Runs a batch of migrations as one transaction, with one message for each migration."""

    session: RunnerSession
    batch: Sequence[PlannedMigration]
    rules: Rules
    inspectors: Sequence[Inspector] = ()
    runner: MakeRunner = ScriptRunner
    recording: Recording = field(init=False)
    _runner: ScriptRunner = field(init=False)

    def __post_init__(self) -> None:
        self.recording = Recording(self.session)
        self._runner = self.runner(self.session, self.inspectors)

    def run(self, planned: PlannedMigration) -> None:
        """Only begins: the script is sent with its record."""
        self.recording.begin(planned)

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Sends script and record, and commits with the last migration of the batch."""
        with self.recording.writing(planned, entry):
            self._runner.run_and_record(planned, lambda: ";".join(self._ending(planned, entry)))
        self.recording.tell()

    def _ending(self, planned: PlannedMigration, entry: LogEntry) -> Iterator[str]:
        yield from self._record(planned, entry)
        yield from self._runner.end_of_fence()
        yield from NOTHING_LEFT
        if self._is_last(planned):
            yield self.recording.commit()

    def _is_last(self, planned: PlannedMigration) -> bool:
        return planned is self.batch[-1]

    def _record(self, planned: PlannedMigration, entry: LogEntry) -> Iterator[str]:
        """The statements that write the record, and the consents that were needed."""
        yield self.recording.statement(planned, entry)
        yield from self.recording.consents(planned, self.rules)


@dataclass(slots=True)
class InspectedWork(TransactionWork):
    """Runs a batch with inspectors, which look at each migration before its script, after it, and
    after it is recorded."""

    def run(self, planned: PlannedMigration) -> None:
        """Sends the script and has it inspected."""
        self.recording.begin(planned)
        self._runner.run(planned)

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Sends the record and has it inspected; commits with the last migration."""
        with self.recording.writing(planned, entry):
            record = (*self._record(planned, entry), *NOTHING_LEFT)
            self._runner.record(
                planned, lambda before: self.recording.send(planned, *before, *record)
            )
        if self._is_last(planned):
            self._commit(planned)

    def _commit(self, planned: PlannedMigration) -> None:
        self.recording.send(planned, WRITES_NO_MORE, self.recording.commit())
        self.recording.tell()


@dataclass(slots=True)
class RehearsedWork(InspectedWork):
    """Runs a batch with inspectors, but does not commit: the caller rolls back the transaction."""

    def run(self, planned: PlannedMigration) -> None:
        """Sends the script and has it inspected."""
        self.recording.try_out(planned)
        self._runner.run(planned)

    def _commit(self, planned: PlannedMigration) -> None:
        """Does nothing."""
