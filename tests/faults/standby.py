"""A primary with a synchronous standby, which has every commit before the client is told about
it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from sqlmig.embedded.account import account_for_new_cluster
from sqlmig.embedded.postmaster import end_server, last_programs
from tests.database import Database
from tests.faults.own_server import OwnServer, own_server
from tests.faults.processes import wait_until

_DATABASE = "sqlmig"
_IS_IN_STEP = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@dataclass(frozen=True)
class Pair:
    """A primary and its standby; the standby's files are next to the primary's."""

    primary: OwnServer
    socket: Path

    @property
    def url(self) -> str:
        """Both hosts; libpq chooses the one that accepts writes."""
        host = self.primary.server.status().socket
        return (
            f"postgresql://postgres@/{_DATABASE}?host={host},{self.socket}"
            "&target_session_attrs=read-write"
        )

    @contextmanager
    def standby(self) -> Iterator[Database]:
        """The standby's database."""
        url = f"postgresql://postgres@/{_DATABASE}?host={self.socket}"
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            yield Database(connection)

    def fail_over(self) -> None:
        """Stops the primary and promotes the standby."""
        self.primary.stop_at_once()
        with self.standby() as database:
            assert database.value("SELECT pg_promote()")


@contextmanager
def primary_and_standby() -> Iterator[Pair]:
    """Both servers, removed when the block ends."""
    with own_server() as primary:
        data, socket = (_folder(primary.data.with_name(name)) for name in ("standby", "s"))
        _copy(primary, data, socket)
        try:
            _keep_in_step(primary)
            yield Pair(primary, socket)
        finally:
            end_server(data, signal.SIGQUIT)


def _folder(path: Path) -> Path:
    """An empty folder of the account that the servers run as."""
    path.mkdir(mode=0o700)
    account_for_new_cluster().take(path)
    return path


def _copy(primary: OwnServer, data: Path, socket: Path) -> None:
    """Creates and starts the standby."""
    programs = last_programs(primary.data)
    assert programs is not None
    host = primary.server.status().socket
    source = (f"--host={host}", "--username=postgres", "--checkpoint=fast")
    _run(programs / "pg_basebackup", *source, "--write-recovery-conf", f"--pgdata={data}")
    options = f"-c unix_socket_directories={socket} -c listen_addresses= -c fsync=off"
    place = ("-D", str(data), "-l", str(data / "log"))
    _run(programs / "pg_ctl", "start", "-w", "-s", *place, "-o", options)


def _keep_in_step(primary: OwnServer) -> None:
    with primary.database() as database:
        database.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        database.execute("ALTER SYSTEM SET synchronous_commit = remote_apply")
        database.execute("SELECT pg_reload_conf()")
        wait_until(lambda: database.value(_IS_IN_STEP))


def _run(program: str | Path, *arguments: str) -> None:
    done = account_for_new_cluster().run(program, *arguments)
    assert done.returncode == 0, done.stdout
