"""Plain-SQL migrations for PostgreSQL that prove what they do.

`Migrator(Config.load())` is the whole command line as an object: its methods return values, print
nothing, and raise a SqlmigError. The library logs to the logger `sqlmig`.
"""

import logging
from typing import TYPE_CHECKING, Any

from sqlmig.config import Config
from sqlmig.errors import (
    ConfigError,
    ExecutionError,
    MigrationFailedError,
    PlanError,
    SourceError,
    SqlmigError,
)
from sqlmig.model import (
    Direction,
    Environment,
    MigrationResult,
    MigrationState,
    MigrationStatus,
    Observer,
    Outcome,
    Report,
    SilentObserver,
)
from sqlmig.plan import Alone, Newest, Since

if TYPE_CHECKING:
    from sqlmig.migrator import Migrator

__all__ = [
    "Alone",
    "Config",
    "ConfigError",
    "Direction",
    "Environment",
    "ExecutionError",
    "MigrationFailedError",
    "MigrationResult",
    "MigrationState",
    "MigrationStatus",
    "Migrator",
    "Newest",
    "Observer",
    "Outcome",
    "PlanError",
    "Report",
    "SilentObserver",
    "Since",
    "SourceError",
    "SqlmigError",
]

logging.getLogger("sqlmig").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Imports Migrator, and psycopg with it, when it is first asked for: what needs no database
    starts without them."""
    if name == "Migrator":
        from sqlmig.migrator import Migrator  # noqa: PLC0415

        return Migrator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
