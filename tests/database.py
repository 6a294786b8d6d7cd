"""A test's database, which the test creates, queries, changes and dumps without sqlmig."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection

from sqlmig.embedded import ServerStatus
from sqlmig.embedded.programs import chosen_folder, find_programs

# Each worker of pytest-xdist has its own databases.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


class Server:
    """A server, with a connection that creates and drops databases."""

    def __init__(self, status: ServerStatus, connection: Connection[tuple[Any, ...]]) -> None:
        self._status, self._connection = status, connection
        # Before PostgreSQL 15, files were always copied. Copying takes half as long as logging each
        # page.
        self._strategy = "STRATEGY file_copy" if connection.info.server_version >= 150000 else ""
        self._templates: set[str] = set()

    @classmethod
    @contextmanager
    def at(cls, status: ServerStatus) -> Iterator[Server]:
        """The server with that status."""
        with _connect(status, "postgres") as connection:
            yield cls(status, connection)

    @contextmanager
    def database(self, template: str) -> Iterator[Database]:
        """A copy of another database, dropped at the end even with open connections."""
        name = f"tests{_WORKER}"
        self._copy(name, template)
        with _connect(self._status, name) as connection:
            yield Database(connection)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def empty(self) -> str:
        """An empty database to copy: sessions start faster in a copy of a database that has had
        one."""
        return self.template("empty", lambda _: None)

    def template(self, name: str, fill: Callable[[str], object]) -> str:
        """A database that `fill`, called with its URL, has filled once for all tests that use
        it."""
        template = f"template_{name}{_WORKER}"
        if template not in self._templates:
            self._copy(template, "template1")
            with _connect(self._status, template) as connection:
                fill(Database(connection).url)
            self._templates.add(template)
        return template

    def _copy(self, name: str, template: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} {self._strategy}")

    def _execute(self, query: str) -> None:
        self._connection.execute(query.encode())


def _connect(status: ServerStatus, database: str) -> Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host=str(status.socket),
        port=status.port,
        user="postgres",
        dbname=database,
        autocommit=True,
    )


@dataclass(frozen=True)
class Database:
    """A real database with a connection that sqlmig does not know."""

    connection: Connection[tuple[Any, ...]]

    @property
    def url(self) -> str:
        """How sqlmig and other programs reach it."""
        info = self.connection.info
        return f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"

    def execute(self, query: str) -> None:
        """Runs the test's own SQL."""
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
        """The tables and views of a schema, except those of yoyo and sqlmig."""
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
        """Every relation outside the system's schemas, to check that nothing was written."""
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
