"""One runner at a time; a waiter polls, says who works, and gives up in time."""

from __future__ import annotations

import threading
import time

import pytest

from sqlmig import Migrator, Outcome
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.errors import LockTimeoutError, MigrationFailedError
from sqlmig.model import SilentObserver
from tests.database import Database
from tests.observer import RecordingObserver
from tests.project import Project


def test_a_runner_that_waits_in_vain_says_who_works(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    observer = RecordingObserver()
    migrator = Migrator(project.config(database=database.url, lock_wait=0.3), observer)
    with database.another_connection() as other:
        other.execute("SET application_name = 'the other one'")
        with RunnerLock(other, "public").held(0, SilentObserver()):
            with pytest.raises(LockTimeoutError) as caught:
                migrator.apply()
            pid = other.info.backend_pid
    assert f"the other one from this machine (server pid {pid}), since 20" in str(caught.value)
    assert "--lock-wait" in str(caught.value)
    assert 0.3 <= caught.value.waited < 5
    assert [holder.pid for holder in observer.holders if holder] == [pid]
    assert database.tables() == set()


def test_a_runner_names_itself_in_the_server_s_activity_view(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_a",
        "create table a as select application_name from pg_stat_activity "
        "where pid = pg_backend_pid()",
    )
    Migrator(project.config(database=database.url)).apply()
    name = database.value("SELECT application_name FROM a")
    assert name.startswith("sqlmig 0")
    assert name.split()[-1].isdigit()


def test_two_runners_at_once_apply_each_migration_once(
    project: Project, database: Database
) -> None:
    for number in range(1, 6):
        project.migration(f"00{number}_t", f"create table t{number} (); select pg_sleep(0.05)")
    done: list[tuple[str, ...]] = []

    def run() -> None:
        done.append(Migrator(project.config(database=database.url)).apply().ids(Outcome.DONE))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sum(done, ())) == [f"00{n}_t" for n in range(1, 6)]
    assert database.value("SELECT count(*) FROM _yoyo_log") == 5


def test_a_waiter_holds_no_transaction_open(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    migrator = Migrator(project.config(database=database.url, lock_wait=5))
    with database.another_connection() as other:
        with RunnerLock(other, "public").held(0, SilentObserver()):
            waiter = threading.Thread(target=migrator.apply)
            waiter.start()
            time.sleep(0.5)
            states = database.rows(
                "SELECT state, backend_xmin FROM pg_stat_activity "
                "WHERE application_name LIKE 'sqlmig %' AND datname = current_database()"
            )
        waiter.join()
    assert states == [("idle", None)]
    assert database.tables() == {"a"}


def test_histories_in_different_schemas_do_not_wait_for_each_other(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    migrator = Migrator(
        project.config(database=database.url, lock_wait=0, history_schema="elsewhere")
    )
    with (
        database.another_connection() as other,
        RunnerLock(other, "public").held(0, SilentObserver()),
    ):
        migrator.apply()
    assert database.tables("elsewhere") == set()
    assert database.value("SELECT count(*) FROM elsewhere._yoyo_migration") == 1


def test_a_migration_that_meets_a_lock_is_undone_and_tried_again(
    project: Project, database: Database
) -> None:
    database.execute("create table busy ()")
    project.migration(
        "001_alter", "-- lock_timeout: 100ms\ncreate table first (); alter table busy add x int"
    )
    observer = RecordingObserver()
    migrator = Migrator(project.config(database=database.url), observer)
    with database.another_connection() as other:
        with other.transaction():
            other.execute("select * from busy")
            runner = threading.Thread(target=migrator.apply)
            runner.start()
            time.sleep(0.5)
            assert database.tables() == {"busy"}
        runner.join()
    assert observer.retries
    assert "canceling statement due to lock timeout" in observer.retries[0]
    assert database.tables() == {"busy", "first"}
    assert database.applied() == ["001_alter"]


def test_a_migration_is_tried_as_often_as_the_setting_says(
    project: Project, database: Database
) -> None:
    database.execute("create table busy ()")
    project.migration("001_alter", "-- lock_timeout: 10ms\nalter table busy add x int")
    observer = RecordingObserver()
    migrator = Migrator(project.config(database=database.url, lock_tries=2), observer)
    with database.another_connection() as other, other.transaction():
        other.execute("select * from busy")
        with pytest.raises(MigrationFailedError, match="lock timeout"):
            migrator.apply()
    assert len(observer.begun) == 2
    assert len(observer.retries) == 1


def test_what_runs_outside_a_transaction_is_not_run_again_after_a_lock_timeout(
    project: Project, database: Database
) -> None:
    database.execute("create table busy (); create table done (id int)")
    project.migration(
        "001_two",
        "-- transactional: false\n-- lock_timeout: 10ms\n"
        "insert into done values (1); alter table busy add x int",
    )
    observer = RecordingObserver()
    migrator = Migrator(project.config(database=database.url, lock_tries=2), observer)
    with database.another_connection() as other, other.transaction():
        other.execute("select * from busy")
        with pytest.raises(MigrationFailedError, match="its first statement was kept"):
            migrator.apply()
    assert observer.begun == ["001_two"]
    assert observer.retries == []


def test_a_runner_that_waits_for_no_other_does_not_wait_for_ever(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    config = project.config(database=database.url, lock_wait=0, lock_tries=1)
    Migrator(config).apply()
    project.migration("002_b", "create table b ()")
    with database.another_connection() as other:
        other.execute("begin; lock table _sqlmig_migration in row exclusive mode")
        release = threading.Timer(10, other.execute, ["rollback"])
        release.start()
        with pytest.raises(MigrationFailedError, match="lock timeout"):
            Migrator(config).apply()
        release.cancel()
        release.join()
    assert database.tables() == {"a"}
