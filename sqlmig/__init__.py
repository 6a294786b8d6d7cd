"""Plain-SQL migrations for PostgreSQL that prove what they do.

`Migrator(Config.load())` is the whole command line as an object: its methods return values, print
nothing, and raise a SqlmigError. The library logs to the logger `sqlmig`.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlmig.config import Config, FleetSettings
from sqlmig.errors import (
    ChangelogError,
    ConfigError,
    ConnectionLostError,
    DatabaseUnavailableError,
    ExecutionError,
    FixtureError,
    GuardError,
    LockTimeoutError,
    MigrationFailedError,
    PlanError,
    RowLossError,
    RunInterrupted,
    SanityCheckError,
    SchemaNotCurrentError,
    SeedFailedError,
    ServerError,
    SourceError,
    SqlmigError,
)
from sqlmig.model import (
    Blocker,
    CheckOutcome,
    CheckResult,
    Direction,
    Environment,
    Finding,
    IndexBuild,
    Location,
    LockHolder,
    MigrationFile,
    MigrationResult,
    MigrationState,
    MigrationStatus,
    Notice,
    NoticeObserver,
    Observer,
    Outcome,
    Report,
    Round,
    RoundObserver,
    SeedReport,
    SeedResult,
    SeedStatus,
    Severity,
    SilentObserver,
    UnstableSeed,
)
from sqlmig.plan import (
    Alone,
    Answer,
    Decision,
    Newest,
    OutOfOrder,
    Plan,
    RollbackText,
    RowLoss,
    Since,
    Transactions,
)

if TYPE_CHECKING:
    from sqlmig.changelog.linter import Inspection, lint_changelog
    from sqlmig.changelog.reference import changelog_rules
    from sqlmig.changelog.tree import Revision, Staged, WorkingTree
    from sqlmig.document.file import DocumentState, FoundDocument, SchemaDocument
    from sqlmig.embedded import EmbeddedPostgres
    from sqlmig.fleet.fleet import Fleet
    from sqlmig.fleet.results import FleetObserver, FleetReport, TargetResult, TargetState
    from sqlmig.fleet.targets import FleetTarget
    from sqlmig.impact.effects import Impact
    from sqlmig.migrator import Migrator
    from sqlmig.mongo.fixtures import Fixtures, read_fixtures
    from sqlmig.mongo.project import MongoProject
    from sqlmig.mongo.results import FixturesReport
    from sqlmig.mongo.seeder import MongoSeeder
    from sqlmig.operations.both import (
        ProjectPart,
        ProjectSeeder,
        ProjectSeedPlan,
        ProjectSeeds,
        set_environment,
    )
    from sqlmig.operations.databases import DatabaseChange, create_database, drop_database
    from sqlmig.operations.lookup import ScriptPart, ScriptSource
    from sqlmig.plan.comparison import Comparison
    from sqlmig.project.entries import Entry, add_entry, add_missing
    from sqlmig.project.init import Starter, write_empty_starter, write_starter
    from sqlmig.project.new import Draft, Written, new_migration
    from sqlmig.project.renumber import Renumbering, renumber
    from sqlmig.proof.difference import Difference
    from sqlmig.proof.drift import Drift
    from sqlmig.proof.roundtrip import RoundTrip, Verdict, Verification
    from sqlmig.proof.row_changes import RowChange
    from sqlmig.proof.rows import RowTrip, RowVerdict, RowVerification

__all__ = [
    "Alone",
    "Answer",
    "Blocker",
    "ChangelogError",
    "CheckOutcome",
    "CheckResult",
    "Comparison",
    "Config",
    "ConfigError",
    "ConnectionLostError",
    "DatabaseChange",
    "DatabaseUnavailableError",
    "Decision",
    "Difference",
    "Direction",
    "DocumentState",
    "Draft",
    "Drift",
    "EmbeddedPostgres",
    "Entry",
    "Environment",
    "ExecutionError",
    "Finding",
    "FixtureError",
    "Fixtures",
    "FixturesReport",
    "Fleet",
    "FleetObserver",
    "FleetReport",
    "FleetSettings",
    "FleetTarget",
    "FoundDocument",
    "GuardError",
    "Impact",
    "IndexBuild",
    "Inspection",
    "Location",
    "LockHolder",
    "LockTimeoutError",
    "MigrationFailedError",
    "MigrationFile",
    "MigrationResult",
    "MigrationState",
    "MigrationStatus",
    "Migrator",
    "MongoProject",
    "MongoSeeder",
    "Newest",
    "Notice",
    "NoticeObserver",
    "Observer",
    "OutOfOrder",
    "Outcome",
    "Plan",
    "PlanError",
    "ProjectPart",
    "ProjectSeedPlan",
    "ProjectSeeder",
    "ProjectSeeds",
    "Renumbering",
    "Report",
    "Revision",
    "RollbackText",
    "Round",
    "RoundObserver",
    "RoundTrip",
    "RowChange",
    "RowLoss",
    "RowLossError",
    "RowTrip",
    "RowVerdict",
    "RowVerification",
    "RunInterrupted",
    "SanityCheckError",
    "SchemaDocument",
    "SchemaNotCurrentError",
    "ScriptPart",
    "ScriptSource",
    "SeedFailedError",
    "SeedReport",
    "SeedResult",
    "SeedStatus",
    "ServerError",
    "Severity",
    "SilentObserver",
    "Since",
    "SourceError",
    "SqlmigError",
    "Staged",
    "Starter",
    "TargetResult",
    "TargetState",
    "Transactions",
    "UnstableSeed",
    "Verdict",
    "Verification",
    "WorkingTree",
    "Written",
    "add_entry",
    "add_missing",
    "changelog_rules",
    "create_database",
    "drop_database",
    "lint_changelog",
    "new_migration",
    "read_fixtures",
    "renumber",
    "set_environment",
    "write_empty_starter",
    "write_starter",
]

# Modules that need a driver, git or a server are imported on first access.
_LATER = {
    "sqlmig.project.entries": ("Entry", "add_entry", "add_missing"),
    "sqlmig.project.new": ("Draft", "Written", "new_migration"),
    "sqlmig.project.renumber": ("Renumbering", "renumber"),
    "sqlmig.changelog.linter": ("Inspection", "lint_changelog"),
    "sqlmig.changelog.reference": ("changelog_rules",),
    "sqlmig.changelog.tree": ("Revision", "Staged", "WorkingTree"),
    "sqlmig.plan.comparison": ("Comparison",),
    "sqlmig.document.file": ("DocumentState", "FoundDocument", "SchemaDocument"),
    "sqlmig.embedded": ("EmbeddedPostgres",),
    "sqlmig.fleet.fleet": ("Fleet",),
    "sqlmig.fleet.results": ("FleetObserver", "FleetReport", "TargetResult", "TargetState"),
    "sqlmig.fleet.targets": ("FleetTarget",),
    "sqlmig.migrator": ("Migrator",),
    "sqlmig.mongo.fixtures": ("Fixtures", "read_fixtures"),
    "sqlmig.mongo.project": ("MongoProject",),
    "sqlmig.mongo.results": ("FixturesReport",),
    "sqlmig.mongo.seeder": ("MongoSeeder",),
    "sqlmig.operations.databases": ("DatabaseChange", "create_database", "drop_database"),
    "sqlmig.operations.lookup": ("ScriptPart", "ScriptSource"),
    "sqlmig.proof.difference": ("Difference",),
    "sqlmig.impact.effects": ("Impact",),
    "sqlmig.proof.drift": ("Drift",),
    "sqlmig.proof.roundtrip": ("RoundTrip", "Verdict", "Verification"),
    "sqlmig.proof.row_changes": ("RowChange",),
    "sqlmig.proof.rows": ("RowTrip", "RowVerdict", "RowVerification"),
    "sqlmig.operations.both": (
        "ProjectPart",
        "ProjectSeedPlan",
        "ProjectSeeder",
        "ProjectSeeds",
        "set_environment",
    ),
    "sqlmig.project.init": ("Starter", "write_empty_starter", "write_starter"),
}
_MODULE_OF = {name: module for module, names in _LATER.items() for name in names}

logging.getLogger("sqlmig").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
