"""The process of a server: finds it by its pid file, verifies it, ends it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmig.embedded.account import owner_of
from sqlmig.embedded.errors import EmbeddedError, ServerStopError
from sqlmig.embedded.files import read_regular

if TYPE_CHECKING:
    import signal

# Larger than any pid that a system assigns, and still valid to PostgreSQL.
_NOBODYS_PID = 2**31 - 1
# "$2" is empty if the file has no usable content: then the file is only removed.
_REPLACE = 'umask 077; rm -rf "$1"; [ -z "$2" ] || printf %s "$2" >"$1"'
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.005


def server_pid(data: Path) -> int | None:
    """The pid of the server that runs on the data folder; None if none does.

    A pid file alone proves nothing: it remains after a crash, and another process may have its
    number by now. The server is the process that was started with this data folder as an argument.
    """
    pid, _ = _record(data)
    return pid if pid is not None and is_server(pid, data) else None


def is_server(pid: int, data: Path) -> bool:
    """Whether the process is the server on the data folder; a zombie is not.

    It must belong to the folder's owner, and is recognised by its arguments or, if the project has
    been moved since, by its current folder, which only Linux shows.
    """
    process = Path("/proc", str(pid))
    if not Path("/proc/self").exists():
        command = ["ps", "-ww", "-o", "uid=,command=", "-p", str(pid)]
        listing = subprocess.run(command, check=False, capture_output=True)  # noqa: S603
        uid, _, command_line = listing.stdout.lstrip().partition(b" ")
        return uid == b"%d" % owner_of(data).uid and os.fsencode(data) in command_line
    try:
        if b"\nUid:\t%d\t" % owner_of(data).uid not in (process / "status").read_bytes():
            return False
        arguments = _arguments(process).split(b"\0")
        return os.fsencode(data) in arguments or (process / "cwd").samefile(data)
    except OSError:
        return False


def _arguments(process: Path) -> bytes:
    """The arguments, each terminated by a zero byte; zombies and kernel threads have none.

    For an instant during exec(2), a live process has none either; unlike those, it has memory
    (proc(5), statm).
    """
    while not (arguments := (process / "cmdline").read_bytes()):
        if (process / "statm").read_bytes().startswith(b"0 "):
            break
    return arguments


def last_programs(data: Path) -> Path | None:
    """The folder of the programs that last ran a server on the data folder; None if there are
    none."""
    try:
        command_line = read_regular(data / "postmaster.opts")
    except OSError:
        return None
    return Path(os.fsdecode(command_line.partition(b' "')[0])).parent


def forget_dead_server(data: Path) -> None:
    """Makes the pid file of a crashed server harmless; call it while no server is running.

    PostgreSQL refuses to start while the number in the file belongs to any process of its account,
    even an unrelated one or a zombie. Only the number is replaced: PostgreSQL needs the rest of the
    file to detect children of the dead server that still work on the data.
    """
    pid_file = data / "postmaster.pid"
    if os.path.lexists(pid_file):
        pid, rest = _record(data)
        record = "" if pid is None else f"{_NOBODYS_PID}\n{rest}"
        owner_of(data).shell(_REPLACE, pid_file, record)


def end_server(data: Path, sign: signal.Signals) -> bool:
    """Ends the server with SIGINT (orderly) or SIGQUIT (at once) and waits; False if none is
    running.

    The signal is sent as the owner of the data, so whatever its files say, no process of another
    account can be hit. Raises EmbeddedError if it cannot be sent, or if the server is still running
    after 60 seconds.
    """
    pid = server_pid(data)
    return pid is not None and end_process(pid, data, sign)


def end_process(
    pid: int, data: Path, sign: signal.Signals, patience: float = _STOP_SECONDS
) -> bool:
    """Ends the server on the data folder, given its pid, as `end_server` does; returns True.

    Raises ServerStopError if it is still running after `patience` seconds.
    """
    if not owner_of(data).signal(pid, sign) and is_server(pid, data):
        raise EmbeddedError(
            f"the embedded server (pid {pid}) belongs to another account and was not stopped",
            remedy="Run the same command as the account that started it.",
        )
    _wait_for_end(pid, data, patience)
    return True


def _wait_for_end(pid: int, data: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while is_server(pid, data):
        if time.monotonic() > deadline:
            raise ServerStopError(pid, patience)
        time.sleep(_POLL_SECONDS)


def _record(data: Path) -> tuple[int | None, str]:
    """The first line of the pid file, and the rest; (None, "") if the file is missing or
    damaged."""
    try:
        record = read_regular(data / "postmaster.pid")
    except OSError:
        return None, ""
    match = re.fullmatch(r"([0-9]{1,10})(?:\n([^\0]*))?", os.fsdecode(record))
    return (int(match[1]), match[2] or "") if match else (None, "")
