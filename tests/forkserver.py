"""A Python that has already loaded sqlmig and pytest: each command is a fork of it.

A command in a new Python spends most of its time on imports. A fork is also a process, with its own
arguments, folder, environment, streams, signals and exit code, and starts at once. What Python
reads only when it starts is inherited from the server: see `can_run`.

The server is `python -m tests.forkserver FD`. It runs one command at a time, and ends when the
other end of that socket is closed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Literal, TextIO

import _pytest

import sqlmig
from sqlmig.engine.server.connection import sqlmig_version
from sqlmig.source.lexer import statements

# What Python, or the C library, reads only once.
_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "DYLD_")

Streams = tuple[int, int, int]
"""The descriptors of a command's standard streams."""


@dataclass(frozen=True)
class Command:
    """`python -W … -m …` in a folder, with its complete environment."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    module: str = "sqlmig"
    warnings: Literal["error", "default"] = "error"

    @property
    def words(self) -> list[str]:
        """The command line that starts it in a new Python."""
        return [sys.executable, "-W", self.warnings, "-m", self.module, *self.arguments]


class Server:
    """The server of this process."""

    def __init__(self) -> None:
        self._socket, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forkserver", str(its.fileno())],
                cwd=Path(__file__).parent.parent,
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the tests
            )

    def fork(self, order: bytes, streams: Streams) -> int:
        """Begins a command; returns its process id."""
        socket.send_fds(self._socket, [b"%d\n" % len(order)], list(streams))
        self._socket.sendall(order)
        return self._answer()

    def wait(self) -> int:
        """The exit code of the command that was begun; negative for a signal."""
        return self._answer()

    def _answer(self) -> int:
        digits = b""
        while not digits.endswith(b"\n"):
            part = self._socket.recv(1)
            if not part:
                raise EOFError("the fork server has ended")
            digits += part
        return int(digits)


class Fork:
    """A running command."""

    def __init__(self, command: Command, streams: Streams) -> None:
        self._server = _idle.pop() if _idle else Server()
        self.pid = self._server.fork(json.dumps(astuple(command)).encode(), streams)

    def wait(self) -> int:
        """Its exit code; negative for a signal."""
        code = self._server.wait()
        _idle.append(self._server)
        return code


def can_run(environment: Mapping[str, str]) -> bool:
    """Whether a fork behaves in that environment as a new Python would."""
    return _read_at_the_start(environment) == _variables


def _read_at_the_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in environment if name.startswith(_READ_AT_THE_START)}


_idle: list[Server] = []
_variables = _read_at_the_start(os.environ)


# In the server


def _main(channel: socket.socket) -> None:
    """Runs commands until the other end of the socket is closed."""
    _warm_up()
    while size := (received := socket.recv_fds(channel, 32, 3))[0]:
        order = json.loads(channel.recv(int(size), socket.MSG_WAITALL))
        pid = os.fork()
        if not pid:
            channel.close()
            command = Command(*order)
            _become(command, received[1])
            _run(command.module)
        for descriptor in received[1]:
            os.close(descriptor)
        channel.sendall(b"%d\n" % pid)
        channel.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _warm_up() -> None:
    """Loads the modules and fills the caches that commands use."""
    for package in (sqlmig, _pytest):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    sqlmig_version()
    list(statements("select 1;"))
    gc.freeze()


def _become(command: Command, descriptors: list[int]) -> None:
    """Turns this process into that of a command."""
    for number, (descriptor, name) in enumerate(
        zip(descriptors, ("stdin", "stdout", "stderr"), strict=True)
    ):
        os.dup2(descriptor, number)
        os.close(descriptor)
        setattr(sys, name, _stream(number, getattr(sys, name)))
    os.chdir(command.folder)
    os.environ.clear()
    os.environ.update(command.environment)
    time.tzset()
    sys.path[0] = command.folder
    sys.argv = [command.module, *command.arguments]
    sys.warnoptions[:] = [command.warnings]
    warnings.resetwarnings()
    warnings.simplefilter(command.warnings)


def _stream(number: int, like: TextIO) -> TextIO:
    """A standard stream, opened as Python opens it."""
    mode, buffering = "w" if number else "r", 1 if number == 2 or os.isatty(number) else -1
    return open(number, mode, buffering, like.encoding, like.errors, closefd=False)  # type: ignore[return-value]


def _run(module: str) -> None:
    """Runs the command and ends the process; only if necessary in the way Python does, which takes
    longer."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, int | None) or threading.active_count() > 1:
            raise
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code or 0)
    sys.exit()


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as ordered:
        _main(ordered)
