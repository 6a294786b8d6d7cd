"""Why a migration failed, and where: from the server's diagnostics to a place in the file."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.engine.connection import server_message
from sqlmig.engine.raising import raised
from sqlmig.engine.tables import Table
from sqlmig.engine.wire import StatementError
from sqlmig.model import CheckResult, Location, MigrationResult, ServerMessage
from sqlmig.plan import PlannedMigration, PlannedScript
from sqlmig.source.script import PreparedScript

_LOCK_NOT_AVAILABLE, _DEADLOCK, _NO_SUCH_STATEMENT = "55P03", "40P01", "26000"


class ScriptError(Exception):
    """A script failed; for its executor, which adds what became of the others."""

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
        self.statements_kept = 0  # of a non-transactional migration, those done before it

    @property
    def is_worth_a_retry(self) -> bool:
        """Whether it met another session's lock, which will go away."""
        return self.server is not None and self.server.sqlstate in (_LOCK_NOT_AVAILABLE, _DEADLOCK)

    @property
    def lacks_prepared(self) -> bool:
        """Whether a prepared statement was not there."""
        return self.server is not None and self.server.sqlstate == _NO_SUCH_STATEMENT


class RowsLostError(ScriptError):
    """A rollback lost rows of `tables` and nobody has agreed to that."""

    def __init__(self, script: PlannedScript, tables: Sequence[Table]) -> None:
        super().__init__(script, "rows would be lost")
        self.tables = tuple(tables)


class ProtectedRowsError(ScriptError):
    """In production, a script did to `tables` what may not be done to protected ones."""

    def __init__(self, script: PlannedScript, message: str, tables: Sequence[str]) -> None:
        super().__init__(script, message)
        self.tables = tuple(tables)


class ForbiddenRowsError(ScriptError):
    """A seed wrote to `tables`, which its tier may not write to."""

    def __init__(self, script: PlannedScript, message: str, tables: Sequence[str]) -> None:
        super().__init__(script, message)
        self.tables = tuple(tables)


class ChecksFailedError(ScriptError):
    """Sanity checks on what is about to be committed failed; `checks` has the results of all."""

    def __init__(self, script: PlannedScript, checks: Sequence[CheckResult]) -> None:
        super().__init__(script, "a sanity check failed")
        self.checks = tuple(checks)


class HistoryMovedError(ScriptError):
    """Another runner has done what was planned; the plan has to be made again.

    `results` are those of the run until then.
    """

    def __init__(self, planned: PlannedMigration) -> None:
        super().__init__(planned, "another runner has done it")
        self.results: tuple[MigrationResult, ...] = ()


class StatementInDoubtError(ScriptError):
    """Nobody can tell whether the statement is done; `statement` is its number, from 1."""

    def __init__(self, planned: PlannedMigration, statement: int, location: Location) -> None:
        super().__init__(
            planned,
            f"statement {statement} may be done already: the runner died in the middle of it",
            location=location,
        )
        self.statement = statement
        self.statements_kept = statement - 1


def unrecorded(script: PlannedScript, failure: StatementError) -> ScriptError:
    """The failure of what records the script, or commits it."""
    message = server_message(failure.error)
    reason = raised(message) or str(message)
    return ScriptError(script, f"could not be recorded: {reason}", message)


def failed_script(
    script: PlannedScript, failure: StatementError, *, offset: int, statement: int
) -> ScriptError:
    """The failure with its place, as `place_of` finds it."""
    message = server_message(failure.error)
    location = place_of(script.prepared, failure, offset=offset, statement=statement)
    if location is None:
        when = "before its first statement" if statement < 0 else "at its end"
        return ScriptError(script, raised(message) or f"{when}: {message}", message)
    return ScriptError(script, str(message), message, location)


def place_of(
    prepared: PreparedScript, failure: StatementError, *, offset: int, statement: int
) -> Location | None:
    """The place in the script that the server refused; None for a statement of sqlmig's own.

    A syntax error has a position, in characters of the message, whose first character stands at
    `offset` in the script. A runtime error has none: then it is the statement of that index; below
    0 it is one of sqlmig's own before the script, beyond the last one of those after it.
    """
    statements = prepared.statements
    position = failure.error.diag.statement_position
    # The server reads a whole message before it runs any of it, and stops there at what is no SQL.
    is_unread = position is not None and failure.completed == 0
    if not (is_unread or 0 <= statement < len(statements)):
        return None
    place = int(position) - 1 + offset if position else statements[statement].start
    # What is missing at the end of a script is missed at the first character after it.
    end = len(prepared.text[: statements[-1].end].rstrip())
    return prepared.location(min(place, end))
