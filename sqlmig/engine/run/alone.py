"""Scripts that a setting names and that are not recorded: each runs in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from sqlmig.engine.run.message import send_statement
from sqlmig.engine.server.connection import Connection, undo
from sqlmig.engine.server.failure import ReadOtherwiseError, failed_script, unrecorded
from sqlmig.engine.server.parsing import reads_as_before
from sqlmig.engine.server.settings import AS_THE_ROLE_HAS_IT
from sqlmig.engine.server.wire import StatementError, send
from sqlmig.model import Directives
from sqlmig.plan import PlannedScript
from sqlmig.source.directives import FileKind
from sqlmig.source.files import read_file
from sqlmig.source.script import PreparedScript, prepare

# Like the statement's own transaction, but one that sees what others commit meanwhile, as a look
# from outside does.
BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
BEGIN_SCRIPT = b";".join((BEGIN, *map(str.encode, AS_THE_ROLE_HAS_IT)))
# Leaves nothing of a script to run at COMMIT. With LOCAL, the role that the script has set returns
# after the transaction.
AS_OURSELVES = "SET LOCAL SESSION AUTHORIZATION DEFAULT;SET LOCAL role TO DEFAULT"
RUN_DEFERRED = f"SET CONSTRAINTS ALL IMMEDIATE;CLOSE ALL;{AS_OURSELVES}"


@dataclass(frozen=True, slots=True)
class LoneScript:
    """A script that is not recorded, ready to run."""

    prepared: PreparedScript
    directives: Directives

    @classmethod
    def read(cls, path: Traversable | None, kind: FileKind) -> LoneScript | None:
        """The script in that file, or None if no setting names one. Raises SourceError if it cannot
        be used."""
        if path is None:
            return None
        file = read_file(path, kind)
        return cls(prepare(file.script, file.directives), file.directives)

    @property
    def name(self) -> str:
        """Its path."""
        return self.prepared.script.path


def run_alone(
    connection: Connection,
    script: PlannedScript,
    opening: str = "",
    look: Callable[[PlannedScript], object] = lambda _: None,
) -> None:
    """Runs the script statement by statement, calls `look` to see what it did, and commits it.
    `opening` is sent before it in its transaction. Raises ScriptError, and what `look` raises."""
    try:
        send(connection, b";".join((BEGIN_SCRIPT, opening.encode())))
        for index in range(len(script.prepared.statements)):
            send_statement(connection, script, index)
            if not reads_as_before(connection):
                raise ReadOtherwiseError(script, index, index + 1)
        _send_end(connection, script, RUN_DEFERRED.encode())
        look(script)
        _send_end(connection, script, b"COMMIT")
    except StatementError as failure:
        raise unrecorded(script, failure) from failure
    finally:
        undo(connection)


def _send_end(connection: Connection, script: PlannedScript, message: bytes) -> None:
    """Sends a message that runs what the script has deferred to its end."""
    try:
        send(connection, message)
    except StatementError as failure:
        end, count = len(script.prepared.text), len(script.prepared.statements)
        raise failed_script(script, failure, offset=end, statement=count) from failure
