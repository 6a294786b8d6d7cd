"""Non-transactional migrations run statement by statement, and are taken up where they stopped."""

from __future__ import annotations

import threading
import time

import pytest

from sqlmig import Migrator
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.engine.server.connection import Connection
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
        PartialMigrationError, match="statement 1, which has already completed, has changed"
    ):
        migrator.apply()
    assert database.value("SELECT count(*) FROM t") == 3


@pytest.mark.parametrize("has_file", [True, False])
def test_a_partial_migration_can_be_given_up_by_its_rollback(
    project: Project, database: Database, migrator: Migrator, has_file: bool
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration(
        "002_two", HEAD + "create table b ();\nselect 1/0;", "drop table if exists b, c"
    )
    with pytest.raises(MigrationFailedError) as caught:
        migrator.apply()
    assert "stopped partway: its first statement was kept" in str(caught.value)
    if not has_file:
        project.remove("sql/migrations/002_two.sql")
        project.remove("sql/rollbacks/002_two.sql")
        with pytest.raises(PartialMigrationError, match="its file is gone: 002_two"):
            migrator.apply()
        assert migrator.status()[1].state is MigrationState.PARTIAL
    report = migrator.rollback(Newest(1))
    assert report.warnings == (
        "002_two is only partly applied (1 of 2 statements); its whole rollback script runs",
    )
    assert database.tables() == {"a", "t"}
    assert [status.state.value for status in migrator.status()] == (
        ["applied", "pending"] if has_file else ["applied"]
    )


def test_a_script_that_gives_up_the_lock_while_another_runner_waits_is_stopped(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_unlock",
        HEAD + "select pg_advisory_unlock_all();\nselect pg_sleep(0.3);\ncreate table late ();",
    )
    with database.another_connection() as other:
        stop = threading.Event()
        taken = threading.Thread(target=take_lock_when_free, args=(other, stop))
        taken.start()
        time.sleep(0.05)
        with pytest.raises(MigrationFailedError, match="released sqlmig's lock"):
            Migrator(project.config(database=database.url, lock_wait=0)).apply()
        stop.set()
        taken.join()
    assert "late" not in database.tables()


def take_lock_when_free(connection: Connection, stop: threading.Event) -> None:
    """Takes the runner's lock as soon as somebody gives it up, and keeps it."""
    lock = RunnerLock(connection, "public")
    was_held = False
    while not stop.is_set():
        was_held = was_held or lock.holder() is not None
        if was_held and lock.try_acquire():
            stop.wait()
        time.sleep(0.001)
