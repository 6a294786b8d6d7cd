"""The scratch databases on the tests' server: those of this process, and abandoned ones."""

from __future__ import annotations

import os

from sqlmig.engine.databases.scratch import PREFIX
from tests.database import Database


def made_here(database: Database) -> list[str]:
    """The scratch databases that this process is using."""
    return _names(
        database,
        f"SELECT d.datname FROM pg_database d JOIN pg_stat_activity a "
        f"ON starts_with(d.datname, '{PREFIX}' || a.pid || '_') "
        f"WHERE a.application_name LIKE '% {os.getpid()}'",
    )


def left_behind(database: Database) -> list[str]:
    """The scratch databases whose creator is gone, which nothing will drop."""
    return _names(
        database,
        f"SELECT datname FROM pg_database WHERE datname ~ '^{PREFIX}[0-9]+_[0-9a-f]+_[0-9a-f]+$' "
        "AND datdba = 'postgres'::regrole AND split_part(datname, '_', 3) "
        "NOT IN (SELECT pid::text FROM pg_stat_activity)",
    )


def _names(database: Database, query: str) -> list[str]:
    return [name for (name,) in database.rows(f"{query} ORDER BY 1")]
