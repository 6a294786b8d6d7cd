"""One message to the server: a part of a script, and the statements before and after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psycopg.errors import UntranslatableCharacter

from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.failure import ScriptError, failed_script, unreadable, unrecorded
from sqlmig.engine.server.notices import Notices
from sqlmig.engine.server.wire import Hearing, StatementError, send
from sqlmig.plan import PlannedScript
from sqlmig.source.script import Chunk


def send_statement(
    connection: Connection,
    script: PlannedScript,
    index: int,
    hear: Hearing | None = None,
    send: Callable[[Connection, bytes, str, Hearing | None], int] = send,
) -> int:
    """Sends one statement of the script alone; returns how many rows it wrote or returned. Raises
    ScriptError with the statement's place."""
    statement, text = script.prepared.statements[index], script.prepared.statement_text(index)
    try:
        return send(connection, text.encode(), script.prepared.copied_rows(statement.data), hear)
    except StatementError as failure:
        raise failed_script(script, failure, offset=statement.start, statement=index) from failure


@dataclass(frozen=True, slots=True)
class ScriptMessage:
    """`before` are the statements that prepare for the script, `closing` those that restore the
    session after its last part, and `record` records the script, if that is part of the message."""

    script: PlannedScript
    chunk: Chunk
    before: Sequence[str] = ()
    closing: Sequence[str] = ()
    record: str = ""

    @property
    def encoded(self) -> bytes:
        """The whole message, built in one expression without further copies, because a script may
        be large."""
        text = self.script.prepared.text
        return (self._prefix + text[self.chunk.start : self.chunk.end] + self._suffix).encode()

    @property
    def copied_rows(self) -> str:
        """The rows for the COPY that ends this part; "" if it ends in no COPY."""
        return self.script.prepared.copied_rows(self.chunk.data)

    def failed(self, failure: StatementError) -> ScriptError:
        """The failure of one of its statements, with its place in the script."""
        if self.is_beyond_closing(failure.completed):
            return unrecorded(self.script, failure)
        if self.record and isinstance(failure.error, UntranslatableCharacter):
            return unreadable(self.script, failure)
        offset = self.chunk.start - len(self._prefix)
        statement = self._statement(failure.completed)
        return failed_script(self.script, failure, offset=offset, statement=statement)

    def hearing(self, notices: Notices) -> Hearing:
        """Records notices that arrive during the message, with the statement that was running."""
        return lambda diagnostic, completed: notices.hear(
            self.script, [self._statement(count) for count in completed], diagnostic
        )

    def had_begun(self, completed: int) -> bool:
        """Whether any of the script had run when `completed` statements were done."""
        return self.chunk.first_statement > 0 or completed >= len(self.before)

    def is_beyond_closing(self, completed: int) -> bool:
        """Whether the record, or the commit after it, was next when `completed` statements were
        done."""
        after = self._statement(completed) - len(self.script.prepared.statements)
        return bool(self.record) and after >= len(self.closing)

    def _statement(self, completed: int) -> int:
        return self.chunk.first_statement + completed - len(self.before)

    @property
    def _prefix(self) -> str:
        return "".join(f"{statement};" for statement in self.before) + "\n" * bool(self.before)

    @property
    def _suffix(self) -> str:
        """Starts on a new line, because a script may end in a comment."""
        return "\n;" + ";".join((*self.closing, self.record)) if self.closing else ""
