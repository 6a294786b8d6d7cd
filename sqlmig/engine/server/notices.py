"""What the server reports while scripts run, other than errors; for example, RAISE WARNING."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from psycopg.errors import Diagnostic

from sqlmig.engine.server.diagnostics import message_of
from sqlmig.engine.server.wire import Hearing
from sqlmig.model import Location, Notice, NoticeObserver, Observer
from sqlmig.plan import PlannedScript

_log = logging.getLogger("sqlmig")
# The last line of a context is the outermost call.
_OUTERMOST_FUNCTION = re.compile(r"function ([^\s(]+)\([^\n]*\Z")
_LEVELS = {"WARNING": logging.WARNING, "NOTICE": logging.INFO, "INFO": logging.INFO}


@dataclass(slots=True)
class Notices:
    """The notices of a run, in order; the observer and the log get each as it arrives."""

    observer: Observer
    heard: list[Notice] = field(default_factory=list)
    _is_repeating: bool = False

    def hear(
        self, script: PlannedScript, candidates: Sequence[int], diagnostic: Diagnostic
    ) -> None:
        """Records a notice that arrived during one of the statements with those indices. An index
        below 0 is not the script's; one beyond the last is what the script deferred."""
        severity = diagnostic.severity_nonlocalized or ""
        statement = _chosen(script, candidates, diagnostic)
        if severity not in _LEVELS or statement < 0 or self._is_repeating:
            return
        self.add(Notice(script.name, severity, message_of(diagnostic), _place(script, statement)))

    def add(self, notice: Notice) -> None:
        """Adds a notice that is complete."""
        severity = notice.severity
        self.heard.append(notice)
        _log.log(_LEVELS[severity], "%s", notice)
        if isinstance(self.observer, NoticeObserver):
            self.observer.noticed(notice)

    def hearing(self, script: PlannedScript, statement: int) -> Hearing:
        """A handler for the notices of a message that is only that statement."""
        return lambda diagnostic, _: self.hear(script, (statement,), diagnostic)

    @contextmanager
    def repeating(self) -> Iterator[None]:
        """Within the block, a script runs again, and its notices are ignored as repetitions."""
        was_repeating, self._is_repeating = self._is_repeating, True
        try:
            yield
        finally:
            self._is_repeating = was_repeating

    def forget_since(self, count: int) -> None:
        """Forgets all but the first `count`: the others came from work that was undone and runs
        again."""
        del self.heard[count:]


def _chosen(script: PlannedScript, candidates: Sequence[int], diagnostic: Diagnostic) -> int:
    """The first candidate if it calls the function that sent the notice, else the last."""
    first = candidates[0]
    called = _OUTERMOST_FUNCTION.search(diagnostic.context or "")
    if called and 0 <= first < len(script.prepared.statements):
        name = called[1].rpartition(".")[2]
        return first if name in script.prepared.statement_text(first) else candidates[-1]
    return candidates[-1]


def _place(script: PlannedScript, statement: int) -> Location:
    statements = script.prepared.statements
    if statement < len(statements):
        return script.prepared.location(statements[statement].start)
    return Location(script.prepared.script.path)
