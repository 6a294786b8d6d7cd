"""What looks at a transaction from inside: before its script runs, and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import LiteralString, Protocol

from sqlmig.engine.failure import HistoryMovedError, RowsLostError
from sqlmig.engine.history import History
from sqlmig.engine.loss import Watch
from sqlmig.model import Direction
from sqlmig.plan import PlannedMigration

_COUNT: LiteralString = """
SELECT count(*) FROM {migrations} WHERE migration_id = %(migration_id)s
"""


class Inspector(Protocol):
    """Is asked before and after each script, within the transaction, and may refuse to go on by
    raising a ScriptError."""

    def before(self, planned: PlannedMigration) -> None:
        """The transaction is open, and holds the lock on the history."""

    def after(self, planned: PlannedMigration) -> None:
        """The script has run, and the session is put back; nothing is recorded yet."""


@dataclass(slots=True)
class RowLossInspector:
    """Refuses a script that loses rows."""

    history: History
    _watch: Watch = field(default_factory=Watch.empty)

    def before(self, planned: PlannedMigration) -> None:  # noqa: ARG002  # a look at the tables
        """Remembers which tables have rows."""
        self._watch = Watch.begin(self.history.connection)

    def after(self, planned: PlannedMigration) -> None:
        """Raises RowsLostError where one of them lost some."""
        if losses := self._watch.losses(self.history.connection):
            raise RowsLostError(planned, losses)


@dataclass(slots=True)
class HistoryInspector:
    """Refuses a migration that another runner has done since the plan was made.

    For connections through a pooler, on which the runner's lock cannot be held: there the lock on
    the history's table, taken with the transaction, serialises runners.
    """

    history: History

    def before(self, planned: PlannedMigration) -> None:
        """Raises HistoryMovedError where the history is not what the plan says."""
        question = self.history.sql(_COUNT, migration_id=planned.migration_id)
        row = self.history.connection.execute(question.encode()).fetchone()
        expected = 0 if planned.direction is Direction.APPLY else 1
        if row != (expected,):
            raise HistoryMovedError(planned)

    def after(self, planned: PlannedMigration) -> None:
        """Nothing: the lock is still held."""
