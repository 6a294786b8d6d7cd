"""A PostgreSQL server for people who have none yet, for development and tests only."""

from __future__ import annotations

import logging
import signal
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmig.embedded import cluster
from sqlmig.embedded.errors import EmbeddedError, refuse_other_version
from sqlmig.embedded.folders import locked, resolved, using
from sqlmig.embedded.home import PORT, Home, find_home, folder_in_memory, make_home, remove_home
from sqlmig.embedded.postmaster import end_server, last_programs, server_pid
from sqlmig.embedded.programs import Programs, chosen_folder, find_programs
from sqlmig.embedded.tcp import prepare_tcp, refuse_other_port, tcp_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_log = logging.getLogger("sqlmig")


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The state of the embedded server; what is unknown before its first start is None.

    `socket` is the socket's folder, in the form of libpq's `host`; `port` is part of the socket's
    name, and the server listens on the network only if a port is configured. `version` is the
    cluster's major version, such as `18`, and `programs` the folder of the programs that last ran
    it.
    """

    running: bool
    pid: int | None = None
    url: str | None = None
    data: Path | None = None
    socket: Path | None = None
    port: int = PORT
    log: Path | None = None
    version: str | None = None
    programs: Path | None = None


class EmbeddedPostgres:
    """The server of one project: one superuser `postgres`, trusted over a socket.

    `root` is the project's folder for sqlmig's own files (`.sqlmig`); it is created when needed,
    and ignored by git. `settings` are server settings for the next start, such as `{"fsync":
    "off"}`. `programs` is the folder of PostgreSQL's programs; without it they are searched for
    (`programs.py`), with the major version `version` if that is given. With `port`, the server also
    listens there on 127.0.0.1, for clients with a password; otherwise it does not listen on the
    network. The server outlives the process that starts it.
    """

    def __init__(
        self,
        root: Path,
        *,
        settings: Mapping[str, str] | None = None,
        programs: Path | None = None,
        port: int | None = None,
        version: int | None = None,
    ) -> None:
        self._root = resolved(root)  # one server, however the project is reached
        self._settings = dict(settings or {})
        self._programs = programs
        self._port = port
        self._version = version

    def start(self) -> ServerStatus:
        """Returns the running server, ready for connections; creates and starts it if needed.

        Creates the database `sqlmig` if it is missing. Waits for another process that is starting
        the same server. Raises EmbeddedError, also if the existing server has another version or
        port.
        """
        home = find_home(self._root)
        if home is not None:
            refuse_other_version(home.cluster_major, self._version)
        if home is None or not cluster.is_ready(home):
            with locked(self._root):
                self._start()
        else:
            refuse_other_port(home, self._port)
        return self.status()

    def stop(self) -> bool:
        """Stops the server and ends its connections; keeps its data. False if it was not
        running."""
        with self._locked_home() as home:
            return home is not None and end_server(home.data, signal.SIGINT)

    def reset(self) -> None:
        """Stops the server if it is running, and removes its cluster with every database in it."""
        with self._locked_home() as home:
            if home is not None:
                end_server(home.data, signal.SIGQUIT)
                remove_home(self._root, home)

    def status(self) -> ServerStatus:
        """The state of the server. Reads only: creates, starts and connects to nothing."""
        home = find_home(self._root)
        if home is None:
            return ServerStatus(running=False)
        pid = server_pid(home.data)
        major = home.cluster_major
        return ServerStatus(
            running=pid is not None,
            pid=pid,
            url=cluster.database_url(home),
            data=home.data,
            socket=home.socket,
            port=home.port,
            log=home.log,
            version=None if major is None else str(major),
            programs=last_programs(home.data),
        )

    def url(self, database: str = cluster.DATABASE) -> str:
        """A libpq URL of a database of the server. Raises EmbeddedError before the first start."""
        home = find_home(self._root)
        if home is None:
            raise EmbeddedError(
                f"there is no embedded server in {self._root}",
                remedy="Create one with `sqlmig embedded start`.",
            )
        return cluster.database_url(home, database)

    def tcp_url(self, database: str = cluster.DATABASE) -> str:
        """The URL over 127.0.0.1, with the password. Raises EmbeddedError if the server has no
        port."""
        home = find_home(self._root)
        url = None if home is None else tcp_url(home, cluster.SUPERUSER, database)
        if url is None:
            raise EmbeddedError(
                "the embedded server listens on no port",
                remedy="Set `embedded_port`, then `sqlmig embedded stop` and `start`.",
            )
        return url

    @contextmanager
    def _locked_home(self) -> Iterator[Home | None]:
        """The home, under the lock; if there is no home, not even the lock file is created."""
        if find_home(self._root) is None:
            yield None
            return
        with locked(self._root):
            yield find_home(self._root)

    def _start(self) -> None:
        home = find_home(self._root) or make_home(self._root)
        if cluster.is_running(home):  # another process was faster, or its database is missing
            refuse_other_port(home, self._port)
        else:
            programs = self._find_programs(home)
            if home.cluster_major is None:
                cluster.make_cluster(home, programs)
            listening = prepare_tcp(
                home, self._port, programs.folder / "postgres", cluster.SUPERUSER
            )
            cluster.start_server(home, programs, {**listening, **self._settings})
            _log.info("embedded PostgreSQL %s started, data in %s", programs.version, home.data)
        cluster.ensure_database(home)

    def _find_programs(self, home: Home) -> Programs:
        """Programs that match the cluster, in a place where the server's account can run them."""
        with using(home.path):
            return find_programs(
                account=home.account,
                copies=home.programs,
                chosen=self._programs or chosen_folder(),
                cluster_major=home.cluster_major,
                version=self._version,
            )


@contextmanager
def temporary_postgres(settings: Mapping[str, str] | None = None) -> Iterator[EmbeddedPostgres]:
    """A running server in a temporary folder, removed with all its data at the end.

    The folder is in memory (`/dev/shm`) if there is plenty.
    """
    with tempfile.TemporaryDirectory(prefix="sqlmig-", dir=folder_in_memory()) as folder:
        server = EmbeddedPostgres(Path(folder), settings=settings)
        try:
            server.start()
            yield server
        finally:
            server.reset()
