"""Inspectors, which examine a transaction from inside, before its script runs and after."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import LiteralString, Protocol

import psycopg

from sqlmig.engine.guard.loss import LossWatch, OwnRows
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import server_message
from sqlmig.engine.server.failure import HistoryMovedError, LossFoundError, ScriptError
from sqlmig.model import Direction, LostRows
from sqlmig.plan import PlannedMigration, PlannedScript

_MARKED: LiteralString = """
SELECT migration_id FROM {migrations} WHERE migration_id = ANY (%(ids)s)
"""


class Judgment(Enum):
    """An inspector's judgment on a script that has run, or on its record."""

    ACCEPTED = "accepted"
    RUN_AGAIN = "it was undone to learn more, and has to run again"


class Inspector(Protocol):
    """Called before and after each script, within the transaction. It stops the run by raising a
    ScriptError."""

    def before(self, script: PlannedScript) -> None:
        """The transaction is open, and holds the lock on the history."""

    def after(self, script: PlannedScript) -> Judgment:
        """The script has run, and the session is restored; nothing is recorded yet."""

    def recorded(self, script: PlannedScript) -> Judgment:
        """The record is written, and deferred constraints and triggers have run; the commit is
        next. If the inspector undoes this, only the record is written again."""


class SilentInspector:
    """An inspector that accepts everything: the base for inspectors that use only some hooks."""

    def before(self, script: PlannedScript) -> None:
        """Does nothing."""

    def after(self, script: PlannedScript) -> Judgment:  # noqa: ARG002  # the protocol's
        """Accepts the script."""
        return Judgment.ACCEPTED

    def recorded(self, script: PlannedScript) -> Judgment:  # noqa: ARG002  # the protocol's
        """Accepts the record."""
        return Judgment.ACCEPTED


@dataclass(slots=True)
class RowLossInspector(SilentInspector):
    """Refuses a script that loses rows of any table, except the protected ones, which the guard
    checks, and except scripts named in `consented`.
    """

    history: History
    protected: Collection[str] = ()
    consented: Collection[str] = ()
    _watch: LossWatch = field(default_factory=lambda: LossWatch({}))
    _rows: Mapping[int, OwnRows] = field(default_factory=dict)

    def before(self, script: PlannedScript) -> None:  # noqa: ARG002  # the protocol's
        """Remembers the tables as they are."""
        self._watch = LossWatch.begin(self.history, self.protected)
        self._rows = {}

    def after(self, script: PlannedScript) -> Judgment:
        """Raises LossFoundError if a table lost rows, ScriptError if that cannot be determined."""
        if script.name in self.consented:
            return Judgment.ACCEPTED
        connection = self.history.connection
        with asking(script):
            suspects = self._watch.suspects(self.history)
            if is_news := not suspects.keys() <= self._rows.keys():
                undo_script(self.history)
                # Count all again: undoing also released the locks on the tables counted before.
                self._rows = self._watch.own_rows(connection, self._rows.keys() | suspects.keys())
            losses = self._watch.losses(suspects, self._rows)
        if losses and self._refuses(script, losses, is_news=is_news):
            raise LossFoundError(script, losses)
        if not is_news:
            return Judgment.ACCEPTED
        self._watch = self._watch.counting_from_here(self.history)
        return Judgment.RUN_AGAIN

    def _refuses(
        self,
        script: PlannedScript,  # noqa: ARG002  # for subclasses
        losses: Sequence[LostRows],  # noqa: ARG002
        *,
        is_news: bool,  # noqa: ARG002
    ) -> bool:
        return True


@dataclass(slots=True)
class RowLossCollector(RowLossInspector):
    """Accepts each script and remembers what it loses; for a transaction that is rolled back."""

    found: dict[str, Sequence[LostRows]] = field(default_factory=dict)

    def _refuses(self, script: PlannedScript, losses: Sequence[LostRows], *, is_news: bool) -> bool:
        if not is_news:  # the script has run again, and this is what it leaves
            self.found[script.name] = losses
        return False


@contextmanager
def asking(script: PlannedScript) -> Iterator[None]:
    """Turns an error in an inspector's query into a ScriptError."""
    try:
        yield
    except psycopg.errors.InvalidSavepointSpecification as error:
        raise ScriptError(
            script,
            f"{script.name}: sqlmig cannot tell whether rows would be lost: the script cannot run "
            "in a savepoint, so it cannot be tried and undone",
        ) from error
    except psycopg.Error as error:
        message = server_message(error)
        raise ScriptError(
            script,
            f"{script.name}: sqlmig cannot tell whether rows would be lost: {message}",
            message,
        ) from error


def undo_script(history: History) -> None:
    """Undoes everything since the savepoint before the script, which can then run again."""
    history.connection.execute(history.savepoint.return_to.encode())


@dataclass(slots=True)
class HistoryInspector(SilentInspector):
    """Refuses a migration that another runner has applied or rolled back since the plan was made.

    For connections through a pooler, which cannot hold the runner's lock. There, the lock on the
    history's table, taken with the transaction, serialises runners.
    """

    history: History
    batch: Sequence[PlannedMigration]

    def before(self, script: PlannedScript) -> None:
        """Raises HistoryMovedError if the history is not what the plan expects."""
        for planned in self.batch:
            if planned is script and has_moved(self.history, [planned]):
                raise HistoryMovedError(planned)


def has_moved(history: History, batch: Sequence[PlannedMigration]) -> bool:
    """Whether another runner has processed any of the batch since the plan was made."""
    ids = [planned.migration_id for planned in batch if not planned.was_partial]
    question = history.sql(_MARKED, ids=ids)
    marked = len(history.connection.execute(question.encode()).fetchall())
    return marked != (0 if batch[0].direction is Direction.APPLY else len(ids))
