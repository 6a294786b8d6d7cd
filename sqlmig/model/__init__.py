"""The values that every layer shares: frozen, free of behaviour that reads or writes anything."""

from sqlmig.model.history import AppliedMigration, MigrationState, MigrationStatus
from sqlmig.model.observer import Observer, SilentObserver
from sqlmig.model.places import Finding, Location, Position, Severity
from sqlmig.model.runs import Direction, Environment, LostRows, MigrationResult, Outcome, Report
from sqlmig.model.scripts import (
    Directives,
    MigrationFile,
    Script,
    ScriptFile,
    TextRecord,
    is_duration,
    migration_number,
    migration_order,
)
from sqlmig.model.server import Blocker, LockHolder, ServerMessage

__all__ = [
    "AppliedMigration",
    "Blocker",
    "Direction",
    "Directives",
    "Environment",
    "Finding",
    "Location",
    "LockHolder",
    "LostRows",
    "MigrationFile",
    "MigrationResult",
    "MigrationState",
    "MigrationStatus",
    "Observer",
    "Outcome",
    "Position",
    "Report",
    "Script",
    "ScriptFile",
    "ServerMessage",
    "Severity",
    "SilentObserver",
    "TextRecord",
    "is_duration",
    "migration_number",
    "migration_order",
]
