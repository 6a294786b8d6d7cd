"""Creates a cluster, starts its server, and creates its database; call all of it under the lock."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlmig.embedded.account import left_running
from sqlmig.embedded.errors import EmbeddedError, ServerStartError
from sqlmig.embedded.files import read_regular
from sqlmig.embedded.folders import using
from sqlmig.embedded.handshake import Greeting, knock
from sqlmig.embedded.home import Home
from sqlmig.embedded.postmaster import forget_dead_server, is_server, last_programs, server_pid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlmig.embedded.programs import Programs

DATABASE = "sqlmig"
SUPERUSER = "postgres"
_ANSWER_SECONDS = 60.0  # a crash of a busy server takes a while to recover from
_POLL_SECONDS = 0.01
# How long the children of a crashed server may take to notice the crash.
_ORPHANS_SECONDS = 10.0
_ORPHANS_MESSAGE = "pre-existing shared memory block"


def database_url(home: Home, database: str = DATABASE) -> str:
    """A libpq URL over the home's socket.

    If another account runs the server, `requirepeer` makes the client ask the system whether that
    account is listening, because the folder of the socket is not ours.
    """
    host = quote(str(home.socket), safe="")
    peer = "" if home.account.uid == os.geteuid() else f"&requirepeer={quote(home.account.name)}"
    return (
        f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port={home.port}{peer}"
    )


def is_ready(home: Home) -> bool:
    """Whether the server runs and accepts connections to the database `sqlmig`."""
    return _answer(home) is Greeting.READY


def is_running(home: Home) -> bool:
    """Whether the server runs; waits up to 60 seconds for one that is starting or stopping.

    Raises EmbeddedError if its process exists but does not answer.
    """
    pid = server_pid(home.data)
    return pid is not None and _wait_for_answer(home, pid) is not None


def make_cluster(home: Home, programs: Programs) -> None:
    """Creates the data folder, completely or not at all.

    It is not synced to disk, so a power cut within seconds may corrupt it; the server syncs
    everything after that.
    """
    with using(home.path):
        home.make(home.unfinished)
    options = ["--no-sync", "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"]
    _run(
        home,
        programs.folder / "initdb",
        f"--pgdata={home.unfinished}",
        f"--username={SUPERUSER}",
        *options,
        *_locale_options(programs.major),
    )
    with using(home.path):
        home.unfinished.rename(home.data)


def start_server(home: Home, programs: Programs, settings: Mapping[str, str]) -> None:
    """Starts the server and waits until it accepts connections. Raises EmbeddedError."""
    home.prepare()
    forget_dead_server(home.data)
    deadline = time.monotonic() + _ORPHANS_SECONDS
    logged = _size(home.log)
    while _wait_for_answer(home, _launch(home, programs, settings)) is None:
        output = _log_from(home, logged)
        if _ORPHANS_MESSAGE not in output or time.monotonic() > deadline:
            raise ServerStartError("the embedded server stopped immediately", output=output)
        time.sleep(_POLL_SECONDS)
        logged = _size(home.log)


def ensure_database(home: Home) -> None:
    """Creates the database `sqlmig` if the running server does not have it."""
    if _answer(home) is Greeting.NO_DATABASE:
        _create_database(home)


def _wait_for_answer(home: Home, pid: int) -> Greeting | None:
    """The answer of a server once it accepts connections; None if its process ends instead."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while is_server(pid, home.data):
        if answer := _answer(home):
            return answer
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"the embedded server (pid {pid}) runs, but does not answer on {home.socket_file}",
                remedy=f"See its log, {home.log}; `sqlmig embedded stop`, then start it again.",
            )
        time.sleep(_POLL_SECONDS)
    return None


def _answer(home: Home) -> Greeting | None:
    return knock(home.socket_file, user=SUPERUSER, database=DATABASE)


def _locale_options(major: int) -> list[str]:
    """Text sorts by code point; from 17 on, upper() and lower() know every alphabet."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"]


def _launch(home: Home, programs: Programs, settings: Mapping[str, str]) -> int:
    """Starts the server without waiting for it; returns its pid.

    pg_ctl would do the same, but mishandles quotes and dollar signs in paths.
    """
    own = {
        "unix_socket_directories": '"{}"'.format(str(home.socket).replace('"', '""')),
        "unix_socket_permissions": "0700",
    }
    if programs.major >= 18:  # the installation's own extensions come first
        own["extension_control_path"] = f"$system:{home.share}"
    options = [f"--{name}={value}" for name, value in {**own, **settings}.items()]
    server: list[str | Path] = [programs.folder / "postgres", "-D", home.data, *options]
    return int(_run(home, *left_running(home.log, *server)))


def _run(home: Home, program: str | Path, *arguments: str | Path) -> str:
    """The output of a program run as the home's account. Raises ServerStartError."""
    try:
        done = home.account.run(program, *arguments)
    except OSError as error:
        raise ServerStartError(f"{program} cannot be run: {error.strerror}", output="") from error
    if done.returncode != 0:
        raise ServerStartError(
            f"{program} failed, run as {home.account.name}: exit code {done.returncode}",
            output=done.stdout,
        )
    return done.stdout


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _log_from(home: Home, offset: int) -> str:
    return read_regular(home.log, offset).decode("utf-8", "replace") if home.log.exists() else ""


def _create_database(home: Home) -> None:
    folder = last_programs(home.data)
    if folder is None:
        raise EmbeddedError(
            f"the embedded server's file {home.data / 'postmaster.opts'} cannot be read",
            remedy="`sqlmig embedded stop`, then start it again.",
        )
    connection = [f"--host={home.socket}", f"--port={home.port}", f"--username={SUPERUSER}"]
    _run(home, folder / "createdb", *connection, "--maintenance-db=postgres", DATABASE)
