"""Works on many targets, several at a time, each in its own thread.

psycopg releases Python's lock while it waits for the server. Threads share only the list of pending
targets: everything else is created for each target.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from sqlmig.errors import SqlmigError, in_words
from sqlmig.fleet.results import FleetObserver, FleetReport, TargetResult, TargetState
from sqlmig.fleet.targets import FleetTarget

Work = Callable[[FleetTarget], TargetResult]

_log = logging.getLogger("sqlmig")
_LOOK_SECONDS = 0.1


@dataclass(slots=True)
class Crew:
    """Does the work on all targets, `parallel` at a time.

    After more than `max_failures` failures, or a Ctrl-C, no target is begun, and those in progress
    finish. A second Ctrl-C abandons them: the server rolls back what is not committed when the
    process ends.
    """

    work: Work
    parallel: int
    max_failures: int
    observer: FleetObserver
    _todo: deque[tuple[int, FleetTarget]] = field(default_factory=deque)
    _at_work: dict[int, FleetTarget] = field(default_factory=dict)
    _done: dict[int, TargetResult] = field(default_factory=dict)
    _news: queue.SimpleQueue[int | None] = field(default_factory=queue.SimpleQueue)
    _told: set[int] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, targets: Sequence[FleetTarget]) -> FleetReport:
        """The result of each target. Raises KeyboardInterrupt only after a second Ctrl-C."""
        self._todo.extend(enumerate(targets))
        self.observer.begun(len(targets))
        threads = [
            threading.Thread(target=self._labour, name=f"sqlmig fleet {number}", daemon=True)
            for number in range(min(self.parallel, len(targets)))
        ]
        was_interrupted = self._follow(threads)
        for index in sorted(self._done):
            self._tell(index)
        left = [TargetResult(target, TargetState.NOT_BEGUN) for target in targets]
        results = (self._done.get(index, result) for index, result in enumerate(left))
        return FleetReport(tuple(results), was_interrupted)

    def _follow(self, threads: Sequence[threading.Thread]) -> bool:
        """Starts the threads and reports their results until they end; returns whether a Ctrl-C
        came."""
        was_interrupted = False
        while True:
            try:
                self._hear_all(threads)
            except KeyboardInterrupt:
                if was_interrupted:
                    raise
                was_interrupted = True
                self._stop.set()
                self.observer.stopping([each.name for each in list(self._at_work.values())])
            else:
                return was_interrupted

    def _hear_all(self, threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            if thread.ident is None:
                thread.start()
        while any(thread.is_alive() for thread in threads):
            self._hear()

    def _hear(self) -> None:
        try:
            index = self._news.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            return
        if index is not None:
            self._tell(index)

    def _tell(self, index: int) -> None:
        if index not in self._told:
            self._told.add(index)
            self.observer.finished(self._done[index])

    def _labour(self) -> None:
        """The body of one thread."""
        while not self._stop.is_set() and self._todo:
            try:
                index, target = self._todo.popleft()
            except IndexError:  # another thread took the last one
                break
            self._at_work[index] = target
            self._done[index] = result = _outcome(self.work, target)
            del self._at_work[index]
            if result.error and self._failures() > self.max_failures:
                self._stop.set()
            self._news.put(index)
        self._news.put(None)

    def _failures(self) -> int:
        return sum(result.error is not None for result in list(self._done.values()))


def _outcome(work: Work, target: FleetTarget) -> TargetResult:
    """The result of the work, which may be an error."""
    started = monotonic()
    try:
        return work(target)
    except SqlmigError as known:
        error = known
    except Exception as unforeseen:  # noqa: BLE001 - it stops only this target
        _log.debug("the target %s failed", target.name, exc_info=unforeseen)
        error = in_words(unforeseen)
    report = getattr(error, "report", None)
    return TargetResult(
        target, TargetState.FAILED, report=report, error=error, duration=monotonic() - started
    )
