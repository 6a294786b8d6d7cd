"""The values that every layer shares: frozen, free of behaviour that reads or writes anything."""

from sqlmig.model.checks import CheckFile, CheckOutcome, CheckResult, Rows
from sqlmig.model.history import (
    Applied,
    AppliedMigration,
    MigrationState,
    MigrationStatus,
)
from sqlmig.model.observer import Observer, ServerObserver, SilentObserver
from sqlmig.model.places import Finding, Location, Position, Severity
from sqlmig.model.runs import Direction, Environment, LostRows, MigrationResult, Outcome, Report
from sqlmig.model.scripts import (
    Directives,
    Expectation,
    Expected,
    MigrationFile,
    Migrations,
    Script,
    ScriptFile,
    TextRecord,
    checksum,
    is_duration,
    migration_number,
    migration_order,
)
from sqlmig.model.seeds import (
    AppliedSeed,
    SeedFile,
    SeedReport,
    SeedResult,
    SeedStatus,
    UnstableSeed,
    WrittenRows,
)
from sqlmig.model.server import Blocker, IndexBuild, LockHolder, ServerMessage

__all__ = [
    "Applied",
    "AppliedMigration",
    "AppliedSeed",
    "Blocker",
    "CheckFile",
    "CheckOutcome",
    "CheckResult",
    "Direction",
    "Directives",
    "Environment",
    "Expectation",
    "Expected",
    "Finding",
    "IndexBuild",
    "Location",
    "LockHolder",
    "LostRows",
    "MigrationFile",
    "MigrationResult",
    "MigrationState",
    "MigrationStatus",
    "Migrations",
    "Observer",
    "Outcome",
    "Position",
    "Report",
    "Rows",
    "Script",
    "ScriptFile",
    "SeedFile",
    "SeedReport",
    "SeedResult",
    "SeedStatus",
    "ServerMessage",
    "ServerObserver",
    "Severity",
    "SilentObserver",
    "TextRecord",
    "UnstableSeed",
    "WrittenRows",
    "checksum",
    "is_duration",
    "migration_number",
    "migration_order",
]
