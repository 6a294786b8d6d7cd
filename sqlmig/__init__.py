"""Plain-SQL migrations for PostgreSQL that prove what they do.

`Migrator(Config.load())` is the whole command line as an object: its methods return values, print
nothing, and raise a SqlmigError. The library logs to the logger `sqlmig`.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlmig.config import Config
from sqlmig.errors import (
    ChangelogError,
    ConfigError,
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
    from sqlmig.embedded import EmbeddedPostgres
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
    from sqlmig.operations.lookup import ScriptPart, ScriptSource
    from sqlmig.plan.comparison import Comparison
    from sqlmig.project.init import Starter, write_starter
    from sqlmig.project.new import Draft, Written, add_entry, new_migration
    from sqlmig.proof.difference import Difference
    from sqlmig.proof.drift import Drift
    from sqlmig.proof.roundtrip import RoundTrip, Verdict, Verification

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
    "DatabaseUnavailableError",
    "Decision",
    "Difference",
    "Direction",
    "Draft",
    "Drift",
    "EmbeddedPostgres",
    "Environment",
    "ExecutionError",
    "Finding",
    "FixtureError",
    "Fixtures",
    "FixturesReport",
    "GuardError",
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
    "Report",
    "Revision",
    "RollbackText",
    "RoundTrip",
    "RowLoss",
    "RowLossError",
    "RunInterrupted",
    "SanityCheckError",
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
    "Transactions",
    "UnstableSeed",
    "Verdict",
    "Verification",
    "WorkingTree",
    "Written",
    "add_entry",
    "changelog_rules",
    "lint_changelog",
    "new_migration",
    "read_fixtures",
    "set_environment",
    "write_starter",
]

# What needs a driver, git or a server is imported when it is first asked for.
_LATER = {
    "Draft": "sqlmig.project.new",
    "Written": "sqlmig.project.new",
    "add_entry": "sqlmig.project.new",
    "new_migration": "sqlmig.project.new",
    "Inspection": "sqlmig.changelog.linter",
    "lint_changelog": "sqlmig.changelog.linter",
    "changelog_rules": "sqlmig.changelog.reference",
    "Revision": "sqlmig.changelog.tree",
    "Staged": "sqlmig.changelog.tree",
    "WorkingTree": "sqlmig.changelog.tree",
    "Comparison": "sqlmig.plan.comparison",
    "EmbeddedPostgres": "sqlmig.embedded",
    "Migrator": "sqlmig.migrator",
    "Fixtures": "sqlmig.mongo.fixtures",
    "read_fixtures": "sqlmig.mongo.fixtures",
    "MongoProject": "sqlmig.mongo.project",
    "FixturesReport": "sqlmig.mongo.results",
    "MongoSeeder": "sqlmig.mongo.seeder",
    "ScriptPart": "sqlmig.operations.lookup",
    "ScriptSource": "sqlmig.operations.lookup",
    "Difference": "sqlmig.proof.difference",
    "Drift": "sqlmig.proof.drift",
    "RoundTrip": "sqlmig.proof.roundtrip",
    "Verdict": "sqlmig.proof.roundtrip",
    "Verification": "sqlmig.proof.roundtrip",
    "ProjectPart": "sqlmig.operations.both",
    "ProjectSeedPlan": "sqlmig.operations.both",
    "ProjectSeeder": "sqlmig.operations.both",
    "ProjectSeeds": "sqlmig.operations.both",
    "set_environment": "sqlmig.operations.both",
    "Starter": "sqlmig.project.init",
    "write_starter": "sqlmig.project.init",
}

logging.getLogger("sqlmig").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
