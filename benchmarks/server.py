"""The server of the benchmark: a temporary one on disk, and an empty database for each run."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlmig.embedded.cluster import SUPERUSER
from sqlmig.embedded.postgres import EmbeddedPostgres
from sqlmig.embedded.programs import chosen_folder, find_programs

_ON_DISK = "/var/tmp"  # /tmp may be in memory, where flushing costs nothing


class Flushing(StrEnum):
    """Whether a COMMIT waits for the disk: PostgreSQL's setting `fsync`."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, reached over the socket in a folder; `programs` is the folder of
    PostgreSQL's."""

    socket: Path
    port: int
    programs: Path
    version: str

    @property
    def psql(self) -> tuple[str, ...]:
        """psql without user settings, which ends at the first error."""
        return (str(self.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1")

    @property
    def socket_file(self) -> Path:
        """The socket itself, named as PostgreSQL names it."""
        return self.socket / f".s.PGSQL.{self.port}"

    def url(self, database: str, socket: Path | None = None) -> str:
        """A libpq URL, over the server's own socket unless another is given."""
        return f"postgresql://{SUPERUSER}@/{database}?host={socket or self.socket}&port={self.port}"

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The name of a new database for this process, which is dropped at the end."""
        name = f"bench_{os.getpid()}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield name
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        subprocess.run([*self.psql, "-c", statement, self.url("postgres")], check=True)


@contextmanager
def temporary_server(flushing: Flushing) -> Iterator[Server]:
    """A server on disk with PostgreSQL's defaults except for `fsync`; removed at the end."""
    programs = find_programs(chosen=chosen_folder())
    with tempfile.TemporaryDirectory(prefix="sqlmig-bench-", dir=_ON_DISK) as folder:
        settings = {"fsync": flushing.value}
        embedded = EmbeddedPostgres(Path(folder), settings=settings, programs=programs.folder)
        try:
            status = embedded.start()
            assert status.socket is not None, "the server runs"
            yield Server(status.socket, status.port, programs.folder, programs.version)
        finally:
            embedded.reset()
