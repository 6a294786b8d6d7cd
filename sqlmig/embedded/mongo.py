"""A MongoDB server for people who have none yet: SecantusDB, for development and tests only.

SecantusDB is under the GPL: it runs as a program of its own, and nothing of it is imported.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import shutil
import signal
import socket
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlmig.embedded.account import Account, left_running
from sqlmig.embedded.errors import EmbeddedError, ServerStartError, ServerStopError
from sqlmig.embedded.home import locked, using
from sqlmig.embedded.postmaster import end_process, is_server

DATABASE = "sqlmig"
_HOST = "127.0.0.1"
_ANSWER_SECONDS = 30.0
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.02

_log = logging.getLogger("sqlmig")


@dataclass(frozen=True, slots=True)
class MongoStatus:
    """How the embedded MongoDB stands; `pid` and `url` are None while it does not run, the
    folders before its first start."""

    running: bool
    pid: int | None = None
    url: str | None = None
    data: Path | None = None
    log: Path | None = None


class EmbeddedMongo:
    """The MongoDB server of one project: no password, reachable from this machine only.

    `root` is the project's folder for such things (`.sqlmig`); it is made when needed, and ignored
    by git. The server runs under our own account, standalone (no replica set), on a port that is
    free when it starts, and outlives the process that starts it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._home = self._root / "mongo"
        self._data = self._home / "data"
        self._record = self._home / "server.json"

    def start(self) -> MongoStatus:
        """The running server, ready for connections; made and started if it was not.

        Waits for another process that is starting the same server. Raises EmbeddedError.
        """
        with locked(self._root, "mongo"), using(self._home):
            if not self.status().running:
                self._start()
        return self.status()

    def stop(self) -> bool:
        """Stops the server, ending its connections; its data stay. False if it was not running.

        SecantusDB works in its handler of SIGTERM, which can hang where the signal interrupts its
        start: after a grace it is killed, which its storage survives, as a mongod's would.
        """
        pid = self.status().pid
        if pid is None:
            return False
        try:
            return end_process(pid, self._data, signal.SIGTERM, _GRACE_SECONDS)
        except ServerStopError:
            return end_process(pid, self._data, signal.SIGKILL)

    def reset(self) -> None:
        """Stops the server if it runs, and removes every database in it."""
        if self._home.exists():
            with locked(self._root, "mongo"), using(self._home):
                if (pid := self.status().pid) is not None:
                    end_process(pid, self._data, signal.SIGKILL)
                shutil.rmtree(self._home)

    def status(self) -> MongoStatus:
        """How the server stands. Reads only: nothing is made, started or connected to."""
        if not self._home.exists():
            return MongoStatus(running=False)
        log = self._home / "log"
        try:
            record = json.loads(self._record.read_text())
        except FileNotFoundError:
            record = {"pid": 0, "port": 0}
        if not is_server(record["pid"], self._data):
            return MongoStatus(running=False, data=self._data, log=log)
        url = f"mongodb://{_HOST}:{record['port']}/{DATABASE}"
        return MongoStatus(running=True, pid=record["pid"], url=url, data=self._data, log=log)

    def _start(self) -> None:
        if importlib.util.find_spec("secantus") is None:
            raise EmbeddedError(
                "the embedded MongoDB is not installed",
                remedy="Run `pip install 'sqlmig[embedded-mongo]'`, or name a server with "
                "--mongo-url.",
            )
        self._home.mkdir(mode=0o700, exist_ok=True)
        log, settings, port = self._home / "log", self._home / "settings.toml", _free_port()
        log.write_bytes(b"")
        settings.write_bytes(b"")  # it would take the user's own
        program: list[str | Path] = [sys.executable, "-P", "-m", "secantus", "--standalone"]
        program += ["--config", settings, "--storage-path", self._data]
        program += ["--host", _HOST, "--port", str(port)]
        account = Account("", os.geteuid(), os.getegid())
        pid = int(account.run(*left_running(log, *program)).stdout)
        self._record.write_text(json.dumps({"pid": pid, "port": port}))
        self._wait_for_answer(pid, port, log)
        _log.info("embedded MongoDB started on port %s, data in %s", port, self._data)

    def _wait_for_answer(self, pid: int, port: int, log: Path) -> None:
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not _answers(port):
            if not is_server(pid, self._data):
                message = "the embedded MongoDB ended at once"
                raise ServerStartError(message, output=log.read_text(errors="replace"))
            if time.monotonic() > deadline:
                end_process(pid, self._data, signal.SIGKILL)
                message = f"the embedded MongoDB did not answer within {_ANSWER_SECONDS:.0f} s"
                raise ServerStartError(message, output=log.read_text(errors="replace"))
            time.sleep(_POLL_SECONDS)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((_HOST, port)) == 0
