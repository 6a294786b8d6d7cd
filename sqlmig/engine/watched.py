"""Transactional work that loses no rows: what would lose some is undone, to ask first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmig.engine.failure import RowsLostError
from sqlmig.engine.loss import Watch
from sqlmig.engine.session import SessionState
from sqlmig.engine.transaction import TransactionWork
from sqlmig.engine.wire import send
from sqlmig.plan import PlannedMigration


@dataclass(slots=True)
class WatchedWork(TransactionWork):
    """A transaction that looks at the tables before the script and after it."""

    _watch: Watch | None = None

    def _opening(self, planned: PlannedMigration) -> Sequence[str]:
        """Opens the transaction in a message of its own, so that the look is part of it."""
        send(self.history.connection, ";".join(super(WatchedWork, self)._opening(planned)))
        self._watch = Watch.begin(self.history.connection)
        return ()

    def _check(self, planned: PlannedMigration, state: SessionState) -> None:
        super(WatchedWork, self)._check(planned, state)
        losses = self._watch.losses(self.history.connection) if self._watch else ()
        if losses:
            raise RowsLostError(planned, losses)
