"""A test's database: asked, changed and dumped behind sqlmig's back."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection

from sqlmig.embedded.programs import chosen_folder, find_programs


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
