"""Why a migration failed, and where: from the server's diagnostics to a place in the file."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.engine.server.connection import server_message
from sqlmig.engine.server.outside import ACTIVE_SQL_TRANSACTION, outside_remedy
from sqlmig.engine.server.parsing import OTHERWISE, READING_REMEDY, culprit
from sqlmig.engine.server.prepared import REPLACED
from sqlmig.engine.server.wire import StatementError
from sqlmig.errors import CheckEndedTransactionError
from sqlmig.model import CheckResult, Location, LostRows, MigrationResult, ServerMessage
from sqlmig.plan import PlannedMigration, PlannedScript
from sqlmig.source.script import PreparedScript

ENDED_TRANSACTION = "ended the transaction that it runs in"

_LOCK_NOT_AVAILABLE, _DEADLOCK = "55P03", "40P01"
_UNIQUE_VIOLATION, _INTERNAL_ERROR = "23505", "XX000"
# Source: simple_heap_update and simple_heap_delete of heapam.c.
_CONCURRENTLY = ("tuple concurrently updated", "tuple concurrently deleted")
_NO_SUCH_STATEMENT, _STATEMENT_EXISTS = "26000", "42P05"
_UNTRANSLATABLE_CHARACTER = "22P05"
_LACKED = "has a character that the database's encoding lacks"
# The error for an enum value that is not committed yet.
_UNSAFE_NEW_ENUM_VALUE = "55P04"


class ScriptError(Exception):
    """A script failed. For the executor, which adds what happened to the other scripts."""

    def __init__(
        self,
        script: PlannedScript,
        message: str,
        server: ServerMessage | None = None,
        location: Location | None = None,
    ) -> None:
        super().__init__(message)
        self.script = script
        self.message = message
        self.server = server
        self.location = location
        self.hint = ""  # what to know besides fixing the script
        self.outside = ""  # how to run it, if it was refused because of the transaction around it
        self.statements_kept = 0  # those that a non-transactional migration completed before
        self.catalog_index = ""  # the index of a system catalog that already has the key
        self.rows_kept = 0  # those that earlier rounds of a repeated migration wrote

    @property
    def is_worth_a_retry(self) -> bool:
        """Whether it met another session's lock, which will be released, or changed the same row of
        a system catalog as another session, for example when both create one extension.

        The text of an internal error is never translated.
        """
        sqlstate = self.server.sqlstate if self.server else ""
        if self.server and sqlstate == _INTERNAL_ERROR:
            return self.server.primary.startswith(_CONCURRENTLY)
        return bool(self.catalog_index) or sqlstate in (_LOCK_NOT_AVAILABLE, _DEADLOCK)

    @property
    def may_be_about_a_savepoint(self) -> bool:
        """Whether the server may have refused the script because it ran in a savepoint."""
        sqlstate = self.server.sqlstate if self.server else ""
        return sqlstate in (_UNSAFE_NEW_ENUM_VALUE, ACTIVE_SQL_TRANSACTION)

    @property
    def is_about_prepared(self) -> bool:
        """Whether a prepared record was missing or replaced, or the script prepared a statement
        whose name was in use."""
        if self.server is None:
            return False
        sqlstate = self.server.sqlstate
        is_the_records = sqlstate == _NO_SUCH_STATEMENT and self.location is None
        is_replaced = self.server.primary == REPLACED
        return is_the_records or is_replaced or sqlstate == _STATEMENT_EXISTS


class ReadOtherwiseError(ScriptError):
    """A statement from `first` to before `end` changed how the server reads text."""

    def __init__(self, script: PlannedScript, first: int, end: int) -> None:
        super().__init__(script, OTHERWISE, location=culprit(script.prepared, first, end))
        self.hint = READING_REMEDY


class TransactionEndedError(ScriptError):
    """The script ended the transaction that it runs in; what it committed is kept.

    `culprit` is the path of the file that did it: the script, or a check after it.
    """

    def __init__(
        self, script: PlannedScript, ended: CheckEndedTransactionError | None = None
    ) -> None:
        super().__init__(script, ended.message if ended else f"{script.name} {ENDED_TRANSACTION}")
        self.culprit = ended.path if ended else script.prepared.script.path


class LossFoundError(ScriptError):
    """A rollback would lose rows, without consent; `losses` is what is known about them."""

    def __init__(self, script: PlannedScript, losses: Sequence[LostRows]) -> None:
        super().__init__(script, "rows would be lost")
        self.losses = tuple(losses)


class ProtectedRowsError(ScriptError):
    """In production, a script did to `tables` what is forbidden on protected ones."""

    def __init__(self, script: PlannedScript, message: str, tables: Sequence[str]) -> None:
        super().__init__(script, message)
        self.tables = tuple(tables)


class ForbiddenRowsError(ScriptError):
    """A seed wrote to `tables`, which its tier must not write to."""

    def __init__(self, script: PlannedScript, message: str, tables: Sequence[str]) -> None:
        super().__init__(script, message)
        self.tables = tuple(tables)


class ChecksFailedError(ScriptError):
    """Sanity checks failed on what was about to be committed; `checks` has the results of all."""

    def __init__(self, script: PlannedScript, checks: Sequence[CheckResult]) -> None:
        super().__init__(script, "a sanity check failed")
        self.checks = tuple(checks)


class HistoryMovedError(ScriptError):
    """Another runner has done what was planned; the plan must be made again.

    `results` are the results of the run so far.
    """

    def __init__(self, planned: PlannedMigration) -> None:
        super().__init__(planned, "another runner has done it")
        self.results: tuple[MigrationResult, ...] = ()


class StatementInDoubtError(ScriptError):
    """It is not known whether the statement completed; `statement` is its number, from 1."""

    def __init__(self, planned: PlannedMigration, statement: int, location: Location) -> None:
        super().__init__(
            planned,
            f"statement {statement} may have completed: the runner stopped during it",
            location=location,
        )
        self.statement = statement
        self.statements_kept = statement - 1


def unrecorded(script: PlannedScript, failure: StatementError) -> ScriptError:
    """The error for a record that failed, or its commit."""
    message = server_message(failure.error)
    return ScriptError(script, f"{script.name} could not be recorded: {message}", message)


def unreadable(script: PlannedScript, failure: StatementError) -> ScriptError:
    """The error for a message that the server could not convert to the database's encoding."""
    message = server_message(failure.error)
    what = f"{script.prepared.script.path}, or the rollback that is recorded with it,"
    return ScriptError(script, f"{what} {_LACKED}: {message}", message)


def failed_script(
    script: PlannedScript, failure: StatementError, *, offset: int, statement: int
) -> ScriptError:
    """The error for a failed script, with the place that `place_of` finds."""
    message = server_message(failure.error)
    location = place_of(script.prepared, failure, offset=offset, statement=statement)
    if location is None:
        when = "before its first statement" if statement < 0 else "at its end"
        if statement < 0 and message.sqlstate == _UNTRANSLATABLE_CHARACTER:
            when = f"it {_LACKED}"
        return ScriptError(script, f"{script.prepared.script.path}: {when}: {message}", message)
    failed = ScriptError(script, str(message), message, location)
    failed.catalog_index = _catalog_index(failure)
    if 0 <= statement < len(script.prepared.statements):
        word = script.prepared.statements[statement].word
        failed.outside = outside_remedy(message, word, is_in_one=script.directives.transactional)
    return failed


def _catalog_index(failure: StatementError) -> str:
    """The unique index of a system catalog that refused a key; "" for other failures."""
    fields = failure.error.diag
    if fields.sqlstate != _UNIQUE_VIOLATION or fields.schema_name != "pg_catalog":
        return ""
    return fields.constraint_name or ""


def place_of(
    prepared: PreparedScript, failure: StatementError, *, offset: int, statement: int
) -> Location | None:
    """The place in the script that the server refused; None for a statement of sqlmig's own.

    A syntax error has a position, in characters of the message, whose first character is at
    `offset` in the script. A runtime error has none: then the place is the statement with that
    index. An index below 0 is a statement of sqlmig's own before the script, one beyond the last a
    statement after it.
    """
    statements = prepared.statements
    position = failure.error.diag.statement_position
    # The server parses a whole message before it runs any of it, and stops at a syntax error.
    is_unread = position is not None and failure.completed == 0
    if not (is_unread or 0 <= statement < len(statements)):
        return None
    place = int(position) - 1 + offset if position else _place_in_body(prepared, statement, failure)
    # If something is missing at the end of a script, the server reports the character after it.
    end = len(prepared.text[: statements[-1].end].rstrip())
    return prepared.location(min(place, end))


def _place_in_body(prepared: PreparedScript, index: int, failure: StatementError) -> int:
    """The offset of an error in the body of a function. If the message has the body twice, as with
    the record, the server gives the position within the body. Otherwise, the statement's offset."""
    start, text = prepared.statements[index].start, prepared.statement_text(index)
    body, position = failure.error.diag.internal_query, failure.error.diag.internal_position
    if body and position and text.count(body) == 1:
        return start + text.index(body) + int(position) - 1
    return start
