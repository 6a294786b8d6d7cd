"""Non-transactional migrations run statement by statement, and are taken up where they stopped."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import MigrationFailedError, PartialMigrationError
from sqlmig.model import MigrationState, Position
from sqlmig.plan import Newest
from tests.database import Database
from tests.project import Project

HEAD = "-- transactional: false\n"


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    database.execute("create table t (id int); insert into t values (1), (1)")
    return Migrator(project.config(database=database.url))


def test_an_index_is_built_concurrently_and_dropped_so(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration(
        "001_index",
        HEAD + "create index concurrently i on t (id);\nvacuum t;",
        HEAD + "drop index concurrently i",
    )
    migrator.apply()
    assert database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")
    assert database.applied() == ["001_index"]
    migrator.rollback(Newest(1))
    assert database.value("SELECT to_regclass('i')") is None
    assert database.applied() == []


def test_a_failed_statement_leaves_a_partial_migration_that_is_resumed_once_mended(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_two", HEAD + "insert into t values (2);\nselect 1/0;\nselect 3;")
    with pytest.raises(MigrationFailedError) as caught:
        migrator.apply()
    assert caught.value.location is not None
    assert caught.value.location.position == Position(3, 1)
    (status,) = migrator.status()
    assert status.state is MigrationState.PARTIAL
    assert status.applied is not None
    assert (status.applied.statements_done, status.applied.statements_total) == (1, 3)
    assert database.applied() == []

    project.migration("001_two", HEAD + "insert into t values (2); -- done\nselect 1;\nselect 3;")
    migrator.apply()
    assert database.value("SELECT count(*) FROM t WHERE id = 2") == 1
    assert migrator.status()[0].state is MigrationState.APPLIED


def test_a_partial_migration_whose_done_statement_changed_is_refused(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_two", HEAD + "insert into t values (2);\nselect 1/0;")
    with pytest.raises(MigrationFailedError):
        migrator.apply()
    project.migration("001_two", HEAD + "insert into t values (22);\nselect 1;")
    with pytest.raises(
        PartialMigrationError, match="statement 1, which is done already, has changed"
    ):
        migrator.apply()
    assert database.value("SELECT count(*) FROM t") == 3


def test_a_partial_migration_stops_a_rollback(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("002_two", HEAD + "insert into t values (2);\nselect 1/0;")
    with pytest.raises(MigrationFailedError):
        migrator.apply()
    with pytest.raises(PartialMigrationError, match="002_two"):
        migrator.rollback(Newest(1))
    assert database.tables() == {"a", "t"}
