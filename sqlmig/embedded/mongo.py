"""A MongoDB server for people who have none yet: SecantusDB, for development and tests only.

SecantusDB is under the GPL: it runs as a separate program, and none of it is imported.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import signal
import socket
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlmig.embedded.account import left_running, own_account
from sqlmig.embedded.errors import EmbeddedError, ServerStartError, ServerStopError
from sqlmig.embedded.files import read_regular
from sqlmig.embedded.folders import find_folder, locked, make_folder, remove_folder, resolved, using
from sqlmig.embedded.postmaster import end_process, is_server

DATABASE = "sqlmig"
_SERVER = "mongo"  # its name in the project's `.sqlmig` folder
_HOST = "127.0.0.1"
_ANSWER_SECONDS = 30.0
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.02

_log = logging.getLogger("sqlmig")


@dataclass(frozen=True, slots=True)
class MongoStatus:
    """The state of the embedded MongoDB; `pid` and `url` are None while it is not running, the
    folders until its first start."""

    running: bool
    pid: int | None = None
    url: str | None = None
    data: Path | None = None
    log: Path | None = None


class EmbeddedMongo:
    """The MongoDB server of one project, without a password and reachable only from this machine.

    `root` is the project's folder for sqlmig's own files (`.sqlmig`); it is created when needed,
    and ignored by git. The server runs as the current account, standalone (no replica set), on a
    port that is free when it starts, and outlives the process that starts it.
    """

    def __init__(self, root: Path) -> None:
        self._root = resolved(root)

    def start(self) -> MongoStatus:
        """Returns the running server, ready for connections; creates and starts it if needed.

        Waits for another process that is starting the same server. Raises EmbeddedError.
        """
        with locked(self._root, _SERVER):
            if not self.status().running:
                _require_secantus()
                _start(find_folder(self._root, _SERVER) or make_folder(self._root, _SERVER))
        return self.status()

    def stop(self) -> bool:
        """Stops the server and ends its connections; keeps its data. False if it was not running.

        SecantusDB shuts down in its handler of SIGTERM, which can hang if the signal interrupts its
        start. After a grace period it is killed; its storage survives that, as a mongod's would.
        """
        status = self.status()
        if status.pid is None or status.data is None:
            return False
        try:
            return end_process(status.pid, status.data, signal.SIGTERM, _GRACE_SECONDS)
        except ServerStopError:
            return end_process(status.pid, status.data, signal.SIGKILL)

    def reset(self) -> None:
        """Stops the server if it is running, and removes every database in it."""
        if find_folder(self._root, _SERVER) is None:
            return
        with locked(self._root, _SERVER):
            status = self.status()
            if status.pid is not None and status.data is not None:
                end_process(status.pid, status.data, signal.SIGKILL)
            home = find_folder(self._root, _SERVER)
            if home is not None:
                remove_folder(self._root, home, _SERVER)

    def status(self) -> MongoStatus:
        """The state of the server. Reads only: creates, starts and connects to nothing."""
        home = find_folder(self._root, _SERVER)
        if home is None:
            return MongoStatus(running=False)
        data, log = home / "data", home / "log"
        pid, port = _recorded(home / "server.json")
        if not is_server(pid, data):
            return MongoStatus(running=False, data=data, log=log)
        url = f"mongodb://{_HOST}:{port}/{DATABASE}"
        return MongoStatus(running=True, pid=pid, url=url, data=data, log=log)


def _require_secantus() -> None:
    if importlib.util.find_spec("secantus") is None:
        raise EmbeddedError(
            "the embedded MongoDB is not installed",
            remedy="Run `pip install 'sqlmig[embedded-mongo]'`, or name a server with --mongo-url.",
        )


def _start(home: Path) -> None:
    log, settings, data = home / "log", home / "settings.toml", home / "data"
    port = _free_port()
    with using(home):
        with suppress(FileExistsError):
            data.mkdir(mode=0o700)
        log.write_bytes(b"")
        settings.write_bytes(b"")  # otherwise the server would read the user's own
    program: list[str | Path] = [sys.executable, "-P", "-m", "secantus", "--standalone"]
    program += ["--config", settings, "--storage-path", data]
    program += ["--host", _HOST, "--port", str(port)]
    pid = int(own_account().run(*left_running(log, *program)).stdout)
    with using(home):
        (home / "server.json").write_text(json.dumps({"pid": pid, "port": port}))
    _wait_for_answer(pid, port, home)
    _log.info("embedded MongoDB started on port %s, data in %s", port, data)


def _wait_for_answer(pid: int, port: int, home: Path) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while not _answers(port):
        if not is_server(pid, home / "data"):
            raise _failure("the embedded MongoDB stopped immediately", home)
        if time.monotonic() > deadline:
            end_process(pid, home / "data", signal.SIGKILL)
            message = f"the embedded MongoDB did not answer within {_ANSWER_SECONDS:.0f} s"
            raise _failure(message, home)
        time.sleep(_POLL_SECONDS)


def _failure(message: str, home: Path) -> ServerStartError:
    return ServerStartError(message, output=read_regular(home / "log").decode("utf-8", "replace"))


def _recorded(record: Path) -> tuple[int, int]:
    """The pid and the port of the server that was last started; zeros if they are not known."""
    try:
        found = json.loads(read_regular(record))
        return int(found["pid"]), int(found["port"])
    except (OSError, ValueError, TypeError, LookupError):
        return 0, 0


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((_HOST, port)) == 0
