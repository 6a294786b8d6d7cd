"""Creates sqlmig's own tables if they are missing, and stamps the database."""

from __future__ import annotations

from contextlib import AbstractContextManager

from psycopg import sql

from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import creation, noted, stamped
from sqlmig.engine.server.connection import translated
from sqlmig.model import Environment
from sqlmig.target.rules import Rules


def ensure_tables(history: History) -> None:
    """Creates the schema and our own tables if they are missing; an apply creates yoyo's."""
    connection = history.connection
    history.refuse_unsound()
    if history.is_complete:
        return
    with making_own_tables(history), connection.transaction():
        if not history.schema_exists:
            schema = sql.Identifier(history.schema)
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        connection.execute(creation(history).encode())


def making_own_tables(history: History) -> AbstractContextManager[None]:
    """Within the block, an error of the server says that it was about sqlmig's own tables."""
    return translated(
        history.connection,
        f"the database refused to create or upgrade sqlmig's own tables in the schema "
        f"{history.schema}",
        "No migration was run. If an event trigger forbids it, make it allow these tables "
        "(_yoyo_… and _sqlmig_…), or run `sqlmig apply` once as a role that can create them.",
    )


def set_stamp(history: History, environment: Environment) -> None:
    """Writes the stamp and an event for it; the tables must exist."""
    with history.connection.transaction():
        history.connection.execute(stamped(history, environment).encode())
        event = noted(history, "environment set", environment.value, "")
        history.connection.execute(event.encode())


def stamp_new(history: History, rules: Rules) -> None:
    """Stamps a database that has no stamp, if its environment was named."""
    if rules.new_stamp is not None:
        history.connection.execute(stamped(history, rules.new_stamp).encode())
