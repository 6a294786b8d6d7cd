"""Repeats what is running, and for how long, while nothing else happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from threading import Event, Thread

from sqlmig.report.table import Medium

# Seconds between the lines: a terminal shows the time, a log should stay short.
_ON_A_TERMINAL = (1.0,)
_IN_A_PIPE = (10.0, 50.0, 240.0)

Tell = Callable[[str, float], None]


class Ticker:
    """Calls `tell`, from its own thread, with what is running and for how many seconds.

    `words` may change while it is running.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._end: Event | None = None
        self.words = ""

    def start(self, words: str, medium: Medium) -> None:
        """Starts to report these words."""
        self.stop()
        self.words, self._end = words, Event()
        pauses = _ON_A_TERMINAL if medium is Medium.TERMINAL else _IN_A_PIPE
        forever = chain(pauses, repeat(pauses[-1]))
        Thread(target=self._run, args=(self._end, forever, time.monotonic()), daemon=True).start()

    def stop(self) -> None:
        """Stops the reports."""
        if self._end is not None:
            self._end.set()
            self._end = None

    def _run(self, end: Event, pauses: Iterator[float], begun: float) -> None:
        while not end.wait(next(pauses)):
            self._tell(self.words, time.monotonic() - begun)
