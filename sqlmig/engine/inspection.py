"""What looks at a transaction from inside: before its script runs, and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import LiteralString, Protocol

import psycopg

from sqlmig.engine.connection import server_message
from sqlmig.engine.failure import HistoryMovedError, RowsLostError, ScriptError
from sqlmig.engine.history import History
from sqlmig.engine.loss import Watch
from sqlmig.model import Direction
from sqlmig.plan import PlannedMigration

_MARKED: LiteralString = """
SELECT migration_id FROM {migrations} WHERE migration_id = ANY (%(ids)s)
"""


class Finding(Enum):
    """What an inspector makes of a script that has run."""

    ACCEPTED = "accepted"
    RUN_AGAIN = "it was undone to learn more, and has to run again"


class Inspector(Protocol):
    """Is asked before and after each script, within the transaction, and may refuse to go on by
    raising a ScriptError."""

    def before(self, planned: PlannedMigration) -> None:
        """The transaction is open, and holds the lock on the history."""

    def after(self, planned: PlannedMigration) -> Finding:
        """The script has run, and the session is put back; nothing is recorded yet."""


@dataclass(slots=True)
class RowLossInspector:
    """Refuses a script that loses rows."""

    history: History
    _watch: Watch = field(default_factory=lambda: Watch({}))
    _cleared: set[int] = field(default_factory=set)

    def before(self, planned: PlannedMigration) -> None:  # noqa: ARG002  # a look at the tables
        """Remembers the tables as they are."""
        self._watch = Watch.begin(self.history.connection)
        self._cleared = set()

    def after(self, planned: PlannedMigration) -> Finding:
        """Raises RowsLostError where a table lost rows, ScriptError where that cannot be told."""
        connection = self.history.connection
        try:
            suspects = self._watch.suspects(connection)
            if suspects.keys() <= self._cleared:
                return Finding.ACCEPTED
            losses = self._watch.losses(connection, suspects)
        except psycopg.Error as error:
            message = server_message(error)
            raise ScriptError(
                planned, f"whether rows would be lost cannot be told: {message}", message
            ) from error
        if losses:
            raise RowsLostError(planned, losses)
        self._cleared.update(suspects)
        return Finding.RUN_AGAIN


@dataclass(slots=True)
class HistoryInspector:
    """Refuses a migration that another runner has done since the plan was made.

    For connections through a pooler, on which the runner's lock cannot be held: there the lock on
    the history's table, taken with the transaction, serialises runners.
    """

    history: History

    def before(self, planned: PlannedMigration) -> None:
        """Raises HistoryMovedError where the history is not what the plan says."""
        if has_moved(self.history, [planned]):
            raise HistoryMovedError(planned)

    def after(self, planned: PlannedMigration) -> Finding:  # noqa: ARG002  # the lock is still held
        """Nothing can have changed since."""
        return Finding.ACCEPTED


def has_moved(history: History, batch: Sequence[PlannedMigration]) -> bool:
    """Whether another runner has done any of the batch since the plan was made."""
    ids = [planned.migration_id for planned in batch if not planned.was_partial]
    question = history.sql(_MARKED, ids=ids)
    marked = len(history.connection.execute(question.encode()).fetchall())
    return marked != (0 if batch[0].direction is Direction.APPLY else len(ids))
