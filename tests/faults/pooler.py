"""pgbouncer in transaction mode in front of the tests' server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from sqlmig.embedded.account import Account, account_for_new_cluster
from tests.database import Database
from tests.faults.processes import wait_until

_PORT = 6432
_SETTINGS = """[databases]
* = host={host} port={port} user=postgres

[pgbouncer]
listen_addr =
listen_port = {own_port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
max_client_conn = 100
default_pool_size = 10
logfile = {folder}/log
"""


def pgbouncer() -> str | None:
    """The program; None if it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


@contextmanager
def pooled(database: Database, *settings: str) -> Iterator[str]:
    """A URL of the same database through a pooler with these additional settings, which stops when
    the block ends."""
    account = account_for_new_cluster()
    with tempfile.TemporaryDirectory(prefix="sqlmig-pooler-", dir="/var/tmp") as name:
        folder = Path(name)
        path = _write_settings(folder, database, settings)
        account.take(folder)
        process = _start(path, account)
        url = f"postgresql://postgres@/{database.connection.info.dbname}?host={folder}&port={_PORT}"
        try:
            wait_until(lambda: _answers(url))
            yield url
        finally:
            process.terminate()
            process.wait()


def _write_settings(folder: Path, database: Database, more: Sequence[str]) -> Path:
    info = database.connection.info
    settings = folder / "pgbouncer.ini"
    common = _SETTINGS.format(host=info.host, port=info.port, own_port=_PORT, folder=folder)
    settings.write_text("\n".join((common.rstrip("\n"), *more, "")))
    return settings


def _start(settings: Path, account: Account) -> subprocess.Popen[bytes]:
    """Runs pgbouncer as the server's account: it refuses to run as root, and only that account can
    reach the socket."""
    program = pgbouncer()
    assert program is not None
    is_other = os.geteuid() != account.uid
    return subprocess.Popen(
        [program, "--quiet", str(settings)],
        cwd="/",
        user=account.uid if is_other else None,
        group=account.gid if is_other else None,
        extra_groups=[] if is_other else None,
        stderr=subprocess.DEVNULL,
    )


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return bool(connection.execute("SELECT 1").fetchone())
    except psycopg.OperationalError:
        return False
