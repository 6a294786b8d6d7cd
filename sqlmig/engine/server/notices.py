"""What the server says while scripts run, without refusing anything, as RAISE WARNING has it do."""

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
    """The notices of a run, in order; the observer and the log have each as it comes."""

    observer: Observer
    heard: list[Notice] = field(default_factory=list)
    _is_repeating: bool = False

    def hear(
        self, script: PlannedScript, candidates: Sequence[int], diagnostic: Diagnostic
    ) -> None:
        """Takes what came during one of the script's statements of those indices: below 0 it is
        none of the script's; beyond the last one, it is of what the script deferred."""
        severity = diagnostic.severity_nonlocalized or ""
        statement = _chosen(script, candidates, diagnostic)
        if severity not in _LEVELS or statement < 0 or self._is_repeating:
            return
        self.add(Notice(script.name, severity, message_of(diagnostic), _place(script, statement)))

    def add(self, notice: Notice) -> None:
        """Takes one that is ready."""
        severity = notice.severity
        self.heard.append(notice)
        _log.log(_LEVELS[severity], "%s", notice)
        if isinstance(self.observer, NoticeObserver):
            self.observer.noticed(notice)

    def hearing(self, script: PlannedScript, statement: int) -> Hearing:
        """Takes what comes during a message that is that statement alone."""
        return lambda diagnostic, _: self.hear(script, (statement,), diagnostic)

    @contextmanager
    def repeating(self) -> Iterator[None]:
        """In its block a script runs once more, and says what it said before."""
        was_repeating, self._is_repeating = self._is_repeating, True
        try:
            yield
        finally:
            self._is_repeating = was_repeating

    def forget_since(self, count: int) -> None:
        """Forgets all but the first `count`: the others are of what was undone and is run again."""
        del self.heard[count:]


def _chosen(script: PlannedScript, candidates: Sequence[int], diagnostic: Diagnostic) -> int:
    """The first, if it calls the function that the notice comes from, else the last."""
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
