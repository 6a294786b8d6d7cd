"""The values that every layer shares: frozen, free of behaviour that reads or writes anything."""

from sqlmig.model.checks import CheckFile, CheckOutcome, CheckResult, Rows
from sqlmig.model.history import AppliedMigration, MigrationState, MigrationStatus
from sqlmig.model.observer import NoticeObserver, Observer, ServerObserver, SilentObserver
from sqlmig.model.places import Finding, Location, Position, Severity
from sqlmig.model.runs import Direction, Environment, LostRows, MigrationResult, Outcome, Report
from sqlmig.model.scripts import (
    Directives,
    Expectation,
    Expected,
    MigrationFile,
    Script,
    ScriptFile,
    TextRecord,
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
from sqlmig.model.server import Blocker, IndexBuild, LockHolder, Notice, ServerMessage

__all__ = [
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
    "Notice",
    "NoticeObserver",
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
    "is_duration",
    "migration_number",
    "migration_order",
]
