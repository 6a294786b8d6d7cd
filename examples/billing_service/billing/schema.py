"""The schema that this service needs; its migrations are in the package, wherever that is."""

from __future__ import annotations

from enum import Enum

from sqlmig import Config, Migrator

SETTINGS = {
    "migrations": "package:billing/sql/migrations",
    "rollbacks": "package:billing/sql/rollbacks",
    "seeds": "package:billing/sql/seeds",
    "checks": "package:billing/sql/checks",
    "protected_tables": ["invoices", "payments"],
}


class AtStart(Enum):
    """What an instance does about the schema when it starts."""

    MIGRATE = "migrate"
    EXPECT = "expect"


def settings(database: str | None = None) -> Config:
    """The package's own settings; without `database`, it is that of DATABASE_URL."""
    return Config.load(arguments={**SETTINGS, "database": database})


def prepare(at_start: AtStart, config: Config) -> None:
    """Brings the schema up to date, or looks whether it is.

    Raises a SqlmigError: then the service must not start.
    """
    migrator = Migrator(config)
    if at_start is AtStart.MIGRATE:
        migrator.apply()
    else:
        migrator.expect_current()
