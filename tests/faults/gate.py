"""A gate that stops a runner's statement on the server until the test opens it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from tests.database import Database

_KEY = 4711
PASS = f"pg_advisory_xact_lock({_KEY})"

_IN_THE_RECORD = """
create function pass() returns trigger language plpgsql as
$$ begin perform {function}; return new; end $$;
create trigger gate after insert or update on {table} for each row execute function pass()
"""


@dataclass(frozen=True)
class Gate:
    """The gate is closed while its session holds the lock that every statement at the gate
    needs."""

    connection: Connection[tuple[Any, ...]]

    def open(self) -> None:
        """Lets through all statements, waiting or not."""
        self.connection.execute("SELECT pg_advisory_unlock_all()")


@contextmanager
def gate(database: Database) -> Iterator[Gate]:
    """A closed gate for scripts that `select` PASS; it opens when the block ends."""
    with closing(database.another_connection()) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_KEY,))
        yield Gate(connection)


@contextmanager
def gate_in_the_record(database: Database, table: str) -> Iterator[Gate]:
    """A closed gate for statements that write that table of the history."""
    database.execute(_IN_THE_RECORD.format(function=PASS, table=table))
    with gate(database) as closed:
        yield closed


def somebody_waits(database: Database) -> bool:
    """Whether a statement is stopped at the gate."""
    return bool(
        database.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
            f"AND objid = {_KEY} AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    )
