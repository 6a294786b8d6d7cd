"""A server for one test, which the test can stop and kill."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from sqlmig.embedded import EmbeddedPostgres
from sqlmig.embedded.postmaster import end_server
from tests.database import Database
from tests.janitor import postgres_folder

_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class OwnServer:
    """A server with one database, which nobody else uses."""

    server: EmbeddedPostgres

    @property
    def url(self) -> str:
        """The URL of its database."""
        return self.server.url()

    @property
    def data(self) -> Path:
        """Its data folder."""
        data = self.server.status().data
        assert data is not None
        return data

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Its database, over a new connection."""
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            yield Database(connection)

    def stop_at_once(self) -> None:
        """An immediate shutdown: every session ends as in a crash."""
        end_server(self.data, signal.SIGQUIT)

    def stop_in_order(self) -> None:
        """A fast shutdown: the server tells every session why it ends."""
        end_server(self.data, signal.SIGINT)

    def start(self) -> None:
        """Starts it again, with recovery if needed."""
        self.server.start()


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """A running server, removed when the block ends."""
    server = EmbeddedPostgres(postgres_folder(secrets.token_hex(4)), settings=_SETTINGS)
    try:
        server.start()
        yield OwnServer(server)
    finally:
        server.reset()
