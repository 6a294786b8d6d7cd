"""A project that uses only the public names, for the type checker: it is never run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import assert_type

import sqlmig
from sqlmig import (
    Alone,
    Answer,
    Blocker,
    CheckResult,
    Config,
    Decision,
    Direction,
    Draft,
    Drift,
    EmbeddedPostgres,
    Environment,
    Finding,
    FixturesReport,
    IndexBuild,
    LockHolder,
    MigrationFile,
    MigrationResult,
    MigrationState,
    MigrationStatus,
    Migrator,
    MongoProject,
    Newest,
    Observer,
    OutOfOrder,
    Plan,
    Report,
    RollbackText,
    RowLoss,
    ScriptPart,
    ScriptSource,
    SeedReport,
    SeedStatus,
    Since,
    SqlmigError,
    Staged,
    Transactions,
    UnstableSeed,
)
from sqlmig.testing import Contents, migrated_database


def told(*facts: object) -> None:
    """Stands for the project's own use of values."""


class Progress:
    """An observer defined by the project."""

    def started(self, migration_id: str, direction: Direction) -> None:
        told(direction.value, migration_id)

    def finished(self, result: MigrationResult) -> None:
        told(result.migration_id, result.outcome.value)

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        told(holder, remaining)

    def blocked(self, blocker: Blocker) -> None:
        told(blocker)

    def building(self, build: IndexBuild) -> None:
        told(build, build.share)

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        told(migration_ids, reason, delay)


def migrate(url: str) -> Report:
    observer: Observer = Progress()
    config = Config.load(Path(), {"database": url, "migrations": "package:billing/sql/migrations"})
    migrator = Migrator(config, observer)
    try:
        assert_type(migrator.validate(), tuple[MigrationFile, ...])
        assert_type(migrator.plan_apply("004"), Plan)
        report = migrator.apply(
            "004",
            out_of_order=OutOfOrder.ALLOW,
            transactions=Transactions.TOGETHER,
            decision=Decision(Answer.REDO, 2),
            allowed=["payments"],
        )
        migrator.expect_current()
    except sqlmig.SchemaNotCurrentError as error:
        assert_type(error.statuses, tuple[MigrationStatus, ...])
        raise
    except sqlmig.MigrationFailedError as error:
        told(error.location, error.report.results, error.remedy)
        raise
    except SqlmigError as error:
        raise SystemExit(error.exit_code) from error
    assert_type(report.results, tuple[MigrationResult, ...])
    return report


def look(migrator: Migrator) -> None:
    pending = [s.migration_id for s in migrator.status() if s.state is MigrationState.PENDING]
    assert_type(pending, list[str])
    assert_type(migrator.check(), list[CheckResult])
    assert_type(migrator.compare("004").difference, str)
    assert_type(migrator.repair(["004"]), list[str])
    assert_type(migrator.plan_rollback(Since("004")), Plan)
    assert_type(migrator.rollback(Newest(2), row_loss=RowLoss.ACCEPT), Report)
    assert_type(migrator.rollback("004", agree=lambda loss: len(loss.losses) < 2), Report)
    assert_type(migrator.rollback(Alone("004"), text=RollbackText.RECORDED), Report)
    assert_type(migrator.seed(), SeedReport)
    assert_type(migrator.seed_statuses(), list[SeedStatus])
    assert_type(migrator.prove_seeds(), list[UnstableSeed])
    assert_type(migrator.verify("004").is_sound, bool)
    assert_type(migrator.drift(), Drift)
    assert_type(migrator.show("004", ScriptPart.ROLLBACK, ScriptSource.RECORD).text, str)
    assert_type(migrator.baseline("003"), tuple[str, ...])
    assert_type(migrator.mark("004", "made by hand"), tuple[str, ...])
    migrator.set_environment(Environment.TESTING)


def seed_mongo(config: Config) -> FixturesReport:
    return MongoProject(config).seed()


def write(config: Config) -> tuple[Finding, ...]:
    written = sqlmig.new_migration(config, Draft(description="add invoices"), datetime.now())
    assert_type(written.paths, tuple[str, ...])
    sqlmig.write_starter(Path("elsewhere"))
    sqlmig.write_empty_starter(Path("elsewhere"))
    sqlmig.create_database(sqlmig.Config())
    sqlmig.drop_database(sqlmig.Config())
    return sqlmig.lint_changelog(config, Staged()).findings


async def start(migrator: Migrator) -> None:
    assert_type(await asyncio.to_thread(migrator.apply), Report)


def serve(folder: Path) -> str | None:
    return EmbeddedPostgres(folder).start().url


database = migrated_database(contents=Contents.SEEDED)
