"""Keeps scripts within their scratch database: undoes and refuses changes beyond it.

The check looks at what has happened, before it commits. So every statement that can run in a
transaction does, whatever its file says; the others are on a closed list.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass

from sqlmig.engine.databases.shared import SUBSCRIPTIONS, SharedCatalogs
from sqlmig.engine.guard.inspection import Judgment, SilentInspector
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import LogEntry
from sqlmig.engine.run.alone import (
    AS_OURSELVES,
    BEGIN,
    BEGIN_SCRIPT,
    RUN_DEFERRED,
    run_alone,
)
from sqlmig.engine.run.message import send_statement
from sqlmig.engine.run.statementwise import StatementwiseWork
from sqlmig.engine.run.steps import Steps
from sqlmig.engine.server.connection import Connection, undo
from sqlmig.engine.server.failure import ScriptError, failed_script
from sqlmig.engine.server.outside import (
    ACTIVE_SQL_TRANSACTION,
    INVALID_TRANSACTION_TERMINATION,
    is_within_a_routine,
)
from sqlmig.engine.server.parsing import reads_as_before
from sqlmig.engine.server.savepoint import Savepoint
from sqlmig.engine.server.wire import StatementError, send
from sqlmig.errors import BeyondDatabaseError, ExecutionError, ServerError
from sqlmig.model import Location
from sqlmig.plan import PlannedMigration, PlannedScript
from sqlmig.source.outside import Reach, reach, runs_only_outside

_WHAT = {
    "pg_auth_members": "memberships of roles",
    "pg_authid": "roles",
    "pg_database": "databases",
    "pg_db_role_setting": "settings of roles or databases",
    "pg_parameter_acl": "privileges on parameters",
    "pg_replication_origin": "replication origins",
    "pg_roles": "roles",
    "pg_shdepend": "owners or privileges",
    "pg_shdescription": "comments on roles, databases or tablespaces",
    "pg_shseclabel": "security labels of roles, databases or tablespaces",
    "pg_tablespace": "tablespaces",
}
_ELSEWHERE = "Name a server where that is harmless: --scratch-url."
# LOCK fails outside a transaction, so it must fail here in a non-transactional file too.
_NEEDS_A_BLOCK = "lock"
# For a partitioned table, these run only outside a transaction, but they change only that table.
_OF_ITS_DATABASE = ("reindex", "cluster")


@dataclass(slots=True)
class Containment(SilentInspector):
    """Checks each transaction before it commits. If the transaction changes what others use, undoes
    it and raises BeyondDatabaseError.

    On a server that is not shared with others (`is_shared`), only subscriptions are refused.
    """

    history: History
    catalogs: SharedCatalogs
    is_shared: bool

    def run(self, script: PlannedScript) -> None:
        """Runs a script that is not recorded, in a transaction of its own, and commits it. Raises
        ScriptError, BeyondDatabaseError."""
        run_alone(self.history.connection, script, look=self.recorded)

    def recorded(self, script: PlannedScript) -> Judgment:
        """Checks what script and record have changed."""
        if changed := self._changed(script):
            undo(self.history.connection)
            raise _refusal(script, self._culprit(script), changed)
        return Judgment.ACCEPTED

    def look(self, script: PlannedScript, statement: int) -> None:
        """Checks what that one statement has changed."""
        if changed := self._changed(script):
            undo(self.history.connection)
            raise _refusal(script, statement, changed)

    def refuse_far(self, script: PlannedScript, statement: int) -> None:
        """Refuses a statement that runs only outside a transaction and reaches beyond its
        database."""
        far = reach(script.prepared.text, script.prepared.statements[statement])
        if far is Reach.PUBLISHER:
            raise _refusal(script, statement, (SUBSCRIPTIONS,))
        if far is Reach.SERVER and self.is_shared:
            raise _refusal(script, statement, ("pg_database",))

    def refuse_unseen(self, script: PlannedScript, statement: int) -> None:
        """Refuses a statement that commits by itself, before it can be checked."""
        if self.is_shared:
            raise BeyondDatabaseError(
                "this statement commits by itself, so its changes outside its database could "
                "not be undone",
                location=_place(script, statement),
                remedy=_ELSEWHERE,
            )

    def _changed(self, script: PlannedScript) -> Collection[str]:
        """What the transaction changes for others. Raises ScriptError, worth a retry, if another
        session has a shared catalog locked: it may be waiting for this transaction."""
        try:
            return self.catalogs.changed()
        except ServerError as error:
            failure = ScriptError(script, f"{script.name}: {error.message}", error.server)
            if not failure.is_worth_a_retry:
                raise
            undo(self.history.connection)
            raise failure from error

    def _culprit(self, script: PlannedScript) -> int:
        """The statement that makes the change, found by running the script again in parts and
        undoing it. Returns the first if the record makes the change, or no statement alone does."""
        connection, aside = self.history.connection, Savepoint()
        try:
            send(connection, BEGIN_SCRIPT)
            for index in range(len(script.prepared.statements)):
                send_statement(connection, script, index)
                if not reads_as_before(connection):
                    return 0
                send(connection, f"{aside.set};{AS_OURSELVES}".encode())
                if self.catalogs.changed():
                    return index
                send(connection, f"{aside.return_to};{aside.release}".encode())
        except (ScriptError, StatementError, ExecutionError):
            return 0
        finally:
            undo(connection)
        return 0


@dataclass(slots=True)
class ContainedStatements(StatementwiseWork):
    """Runs one migration statement by statement on a scratch database, each in a transaction if
    possible, so that it is checked before it commits.

    Keeps no progress: a scratch database with half a migration is discarded.
    """

    containment: Containment
    steps: Steps | None = None

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record, has it inspected, and commits it."""
        with self.recording.writing(planned, entry):
            statement = self.recording.statement(planned, entry)
            self.recording.send(planned, BEGIN.decode(), statement, RUN_DEFERRED)
        self.containment.recorded(planned)
        self.recording.send(planned, self.recording.commit())
        self.recording.tell()

    def _begin(self, planned: PlannedMigration, recorder: Connection) -> int:  # noqa: ARG002  # the base's
        if self.steps is not None:
            self.steps.begin(planned)
        return 0

    def _record_progress(
        self, planned: PlannedMigration, recorder: Connection, *, done: int, begun: int
    ) -> None:
        pass

    def _send_statement(self, planned: PlannedMigration, index: int) -> None:
        statement = planned.prepared.statements[index]
        if statement.word == _NEEDS_A_BLOCK:
            StatementwiseWork._send_statement(self, planned, index)
        elif runs_only_outside(planned.prepared.text, statement):
            self.containment.refuse_far(planned, index)
            self._send_outside(planned, index)
        else:
            self._send_in_a_transaction(planned, index)

    def _send_outside(self, planned: PlannedMigration, index: int) -> None:
        with nullcontext() if self.steps is None else self.steps.alone(planned, index):
            StatementwiseWork._send_statement(self, planned, index)

    def _send_step(self, planned: PlannedMigration, index: int) -> None:
        if self.steps is None:
            StatementwiseWork._send_statement(self, planned, index)
            return
        self.steps.opened()
        self.steps.before(planned, index)
        StatementwiseWork._send_statement(self, planned, index)
        self.steps.after(planned, index)

    def _send_in_a_transaction(self, planned: PlannedMigration, index: int) -> None:
        connection, heard = self.session.connection, len(self.session.notices.heard)
        try:
            send(connection, BEGIN)
            self._send_step(planned, index)
            self._close(planned, index)
        except ScriptError as failure:
            undo(connection)
            if not _commits(failure, planned.prepared.statements[index].word):
                raise
            if planned.prepared.statements[index].word not in _OF_ITS_DATABASE:
                self.containment.refuse_unseen(planned, index)
            self.session.notices.forget_since(heard)
            self._send_outside(planned, index)
        else:
            self.containment.look(planned, index)
            send(connection, b"COMMIT")

    def _close(self, planned: PlannedMigration, index: int) -> None:
        start = planned.prepared.statements[index].start
        try:
            send(self.session.connection, RUN_DEFERRED.encode())
        except StatementError as failure:
            raise failed_script(planned, failure, offset=start, statement=index) from failure


def _commits(failure: ScriptError, word: str) -> bool:
    """Whether the failure means that the statement has to run outside a transaction; `word` is its
    first word. Within a routine, only a COMMIT or ROLLBACK can do that."""
    if failure.server is None:
        return False
    is_within = is_within_a_routine(failure.server, word)
    refusal = INVALID_TRANSACTION_TERMINATION if is_within else ACTIVE_SQL_TRANSACTION
    return failure.server.sqlstate == refusal


def _refusal(
    script: PlannedScript, statement: int, changed: Collection[str]
) -> BeyondDatabaseError:
    location = _place(script, statement)
    if SUBSCRIPTIONS in changed:
        return BeyondDatabaseError(
            "a scratch database cannot have a subscription: it would pull from a live publisher, "
            "and could not be dropped",
            location=location,
            remedy="It was undone. Create subscriptions outside of migrations.",
        )
    what = ", ".join(sorted(_WHAT.get(catalog, catalog) for catalog in changed))
    return BeyondDatabaseError(
        f"this changes objects shared by all databases of the server: {what}",
        location=location,
        remedy=f"It was undone. {_ELSEWHERE}",
    )


def _place(script: PlannedScript, statement: int) -> Location:
    prepared = script.prepared
    return prepared.statement_location(statement) if prepared.statements else prepared.location(0)
