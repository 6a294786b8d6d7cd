"""A test's database: made, asked, changed and dumped behind sqlmig's back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection

from sqlmig.embedded import ServerStatus
from sqlmig.embedded.programs import chosen_folder, find_programs


@dataclass(frozen=True)
class Server:
    """A server, with a connection that makes and drops databases."""

    socket: str
    port: int
    connection: Connection[tuple[Any, ...]]

    @classmethod
    @contextmanager
    def at(cls, status: ServerStatus) -> Iterator[Server]:
        """The server that runs there."""
        socket = str(status.socket)
        with _connect(socket, status.port, "postgres") as connection:
            yield cls(socket, status.port, connection)

    @contextmanager
    def database(self, name: str, template: str = "template1") -> Iterator[Database]:
        """A new database, dropped at the end whatever is connected to it."""
        # Its files are copied, which takes less than to log each of their pages. Before
        # PostgreSQL 15 there was no other way.
        strategy = "STRATEGY file_copy" if self.connection.info.server_version >= 150000 else ""
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")
        with _connect(self.socket, self.port, name) as connection:
            yield Database(connection)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, query: str) -> None:
        self.connection.execute(query.encode())


def _connect(socket: str, port: int, database: str) -> Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host=socket, port=port, user="postgres", dbname=database, autocommit=True
    )


@dataclass(frozen=True)
class Database:
    """A real database with a connection that sqlmig does not know of."""

    connection: Connection[tuple[Any, ...]]

    @property
    def url(self) -> str:
        """How sqlmig and other programs reach it."""
        info = self.connection.info
        return f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"

    def execute(self, query: str) -> None:
        """Runs SQL of the test's own."""
        self.connection.execute(query.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows that a query returns."""
        return self.connection.execute(query.encode()).fetchall()

    def value(self, query: str) -> Any:
        """The first column of the first row."""
        return self.rows(query)[0][0]

    def another_connection(self) -> Connection[tuple[Any, ...]]:
        """A second session; the test closes it."""
        return psycopg.connect(self.url, autocommit=True)

    def tables(self, schema: str = "public") -> set[str]:
        """The tables and views of a schema but for those of yoyo and sqlmig."""
        names = {
            name
            for (name,) in self.connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace "
                "AND relkind IN ('r', 'p', 'v', 'm')",
                (schema,),
            )
        }
        return {name for name in names if not name.startswith(("_yoyo", "_sqlmig", "yoyo"))}

    def relations(self) -> list[tuple[Any, ...]]:
        """Every relation outside the system's schemas: to see that nothing was written."""
        return self.rows(
            "SELECT relnamespace::regnamespace::text, relname, relkind FROM pg_class "
            "WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%' "
            "AND relnamespace::regnamespace::text <> 'information_schema' ORDER BY 1, 2"
        )

    def applied(self) -> list[str]:
        """What yoyo's own table says is applied, in order."""
        query = "SELECT migration_id FROM _yoyo_migration ORDER BY applied_at_utc"
        return [name for (name,) in self.rows(query)]

    def dump(self, *options: str) -> str:
        """pg_dump's schema, without the lines that change from run to run."""
        dumped = subprocess.run(
            [
                find_programs(chosen=chosen_folder()).folder / "pg_dump",
                "--schema-only",
                *options,
                self.url,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        lines = dumped.stdout.splitlines()
        return "\n".join(line for line in lines if not line.startswith(("\\", "--")))
