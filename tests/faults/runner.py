"""Runs `sqlmig` in a process that kills itself with SIGKILL at an exact place.

`python -m tests.faults.runner before 3 apply …` dies before its third message of work, `after 3`
when that has been answered; a text instead of the number means the message that begins with it.
`within 0.2`: that many seconds after everything is imported. `together 20` does not die: twenty
processes run the command at the same moment, and all must succeed.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from typing import Protocol

from sqlmig.engine.server import wire
from sqlmig.engine.server.connection import Connection

_send = wire.send


class Send(Protocol):
    """The signature of `wire.send`."""

    def __call__(
        self,
        connection: Connection,
        message: bytes,
        copy_rows: str = "",
        hear: wire.Hearing | None = None,
    ) -> int:
        """Runs the text as one message."""


def main(moment: str, value: str, *command: str) -> None:
    """Prepares the requested death, and runs the command."""
    if moment in ("before", "after"):
        wire.send = _deadly_send(moment, value)
    # Modules import `send` by name, so it is replaced before they are imported.
    from sqlmig.cli import main as sqlmig  # noqa: PLC0415
    from sqlmig.engine.run import executor  # noqa: F401, PLC0415  # slow to import: not part of the run

    if moment == "within":
        timer = threading.Timer(float(value), _die)
        timer.daemon = True
        timer.start()
    if moment == "together":
        _multiply(int(value))
    sqlmig(command, prog_name="sqlmig")


def _multiply(count: int) -> None:
    """Forks, which is faster than starting and importing that often; returns only in the
    children."""
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            return
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    sys.exit(f"exit codes: {codes}" if any(codes) else 0)


def _deadly_send(moment: str, place: str) -> Send:
    count = itertools.count(1)

    def send(
        connection: Connection,
        message: bytes,
        copy_rows: str = "",
        hear: wire.Hearing | None = None,
    ) -> int:
        number = str(next(count))
        is_the_last = (
            place == number if place.isdecimal() else message.lstrip().startswith(place.encode())
        )
        if is_the_last and moment == "before":
            _die()
        rows = _send(connection, message, copy_rows, hear)
        if is_the_last and moment == "after":
            _die()
        return rows

    return send


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
