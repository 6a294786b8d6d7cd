"""Runs a script one statement at a time, and calls an observer around each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sqlmig.engine.guard.inspection import Inspector
from sqlmig.engine.run.runner_session import RunnerSession
from sqlmig.engine.run.script import LoneStatementsRunner, ScriptRunner
from sqlmig.plan import PlannedScript

MakeRunner = Callable[[RunnerSession, Sequence[Inspector]], ScriptRunner]


class Steps(Protocol):
    """Called around each statement of a script, in the script's session. If a script is retried, it
    starts again with `begin`."""

    def begin(self, script: PlannedScript) -> None:
        """Nothing of the script has run. Its transaction, if it has one, may be open, but no query
        has run in it, and none may run here."""

    def opened(self) -> None:
        """A transaction has begun, in which the next statements run."""

    def before(self, script: PlannedScript, statement: int) -> None:
        """The statement is about to run in the open transaction."""

    def after(self, script: PlannedScript, statement: int) -> None:
        """The statement has run, and its transaction is still open."""

    def alone(self, script: PlannedScript, statement: int) -> AbstractContextManager[None]:
        """A block in which the statement runs outside a transaction."""


@dataclass(slots=True)
class SteppedRunner(LoneStatementsRunner):
    """Sends each statement alone, and calls `steps` around it."""

    steps: Steps = field(kw_only=True)

    def _opening(self, script: PlannedScript) -> Sequence[str]:
        opening = LoneStatementsRunner._opening(self, script)
        self.steps.begin(script)
        self.steps.opened()
        return opening

    def _send_one(self, script: PlannedScript, index: int) -> None:
        self.steps.before(script, index)
        LoneStatementsRunner._send_one(self, script, index)
        self.steps.after(script, index)
