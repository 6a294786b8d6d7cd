"""Sessions that constantly read and write a table, and how long each waited for a lock."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

_PAUSE = 0.005
_WAITING = """
SELECT pid, wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = ANY (%s)
"""


@dataclass(slots=True)
class Traffic:
    """What ran, by name; `stalls` has the longest lock wait of each, in seconds.

    The wait counts, not the duration of a query, which says nothing on a busy machine.
    """

    url: str
    stalls: dict[str, float] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    _pids: dict[int, str] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def work(self, name: str, statement: str, pause: float) -> None:
        """Runs the statement repeatedly, with that many seconds in between; `{id}` in it is the id
        of a random row."""
        with self._connected() as connection:
            self._pids[connection.info.backend_pid] = name
            self.stalls[name] = 0.0
            while not self._ended.is_set():
                text = statement.format(id=random.randint(1, 50000))
                connection.execute(text.encode())
                self._ended.wait(pause)

    def watch(self) -> None:
        """Records who waits, and since when."""
        since: dict[int, float] = {}
        with self._connected() as connection:
            while not self._ended.wait(_PAUSE):
                waiting = connection.execute(_WAITING, (list(self._pids),)).fetchall()
                now = time.monotonic()
                for pid, waits in waiting:
                    since[pid] = since.get(pid, now) if waits else now
                    name = self._pids[pid]
                    self.stalls[name] = max(self.stalls[name], now - since[pid])

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                yield connection
        except BaseException as error:
            self.errors.append(error)
            raise

    def end(self) -> None:
        """Makes all of them stop."""
        self._ended.set()


Sessions = Mapping[str, tuple[str, float]]


@contextmanager
def traffic(url: str, sessions: Sessions) -> Iterator[Traffic]:
    """The sessions at work, each with its statement and its pause, until the block ends; all have
    started when it begins."""
    found = Traffic(url)
    with ExitStack() as stack:
        targets = [
            threading.Thread(target=found.work, args=(name, statement, pause))
            for name, (statement, pause) in sessions.items()
        ]
        for thread in (*targets, threading.Thread(target=found.watch)):
            thread.start()
            stack.callback(thread.join)
        stack.callback(found.end)
        while len(found.stalls) < len(sessions) and not found.errors:
            time.sleep(_PAUSE)
        yield found
    assert found.errors == []


def told(stalls: Mapping[str, float]) -> str:
    """The waits in milliseconds, by session."""
    return ", ".join(f"{name} {wait * 1000:.0f} ms" for name, wait in stalls.items())
