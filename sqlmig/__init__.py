"""Plain-SQL migrations for PostgreSQL that prove what they do.

`Migrator(Config.load())` is the whole command line as an object: its methods return values, print
nothing, and raise a SqlmigError. The library logs to the logger `sqlmig`.
"""

from typing import TYPE_CHECKING, Any

from sqlmig.config import Config
from sqlmig.errors import SqlmigError
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

if TYPE_CHECKING:
    from sqlmig.migrator import Migrator

__all__ = [
    "Config",
    "Direction",
    "Environment",
    "MigrationResult",
    "MigrationState",
    "MigrationStatus",
    "Migrator",
    "Observer",
    "Outcome",
    "Report",
    "SilentObserver",
    "SqlmigError",
]


def __getattr__(name: str) -> Any:
    """Imports Migrator, and psycopg with it, when it is first asked for: what needs no database
    starts without them."""
    if name == "Migrator":
        from sqlmig.migrator import Migrator  # noqa: PLC0415

        return Migrator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
