"""A transactional migration and its record commit together, or neither happened."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from sqlmig import Migrator, Outcome
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.errors import ExecutionError, MigrationFailedError, PlanError, ServerError
from sqlmig.model import SilentObserver
from sqlmig.plan import Newest, Since, Transactions
from tests.database import Database
from tests.observer import RecordingObserver
from tests.project import Project


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    return Migrator(project.config(database=database.url))


def refuse_inserts(database: Database, table: str) -> None:
    database.execute(
        f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN RAISE 'not today'; END$$;
        CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse();
        """
    )


@pytest.mark.parametrize("table", ["_yoyo_migration", "_yoyo_log", "_sqlmig_migration"])
def test_a_migration_that_cannot_be_recorded_is_undone(
    project: Project, database: Database, migrator: Migrator, table: str
) -> None:
    project.migration("001_first", "create table first ()")
    migrator.apply()
    refuse_inserts(database, table)
    project.migration("002_users", "create table users (id int)")
    with pytest.raises(MigrationFailedError, match="002_users could not be recorded: not today"):
        migrator.apply()
    assert database.tables() == {"first"}
    assert database.applied() == ["001_first"]
    assert database.value("SELECT count(*) FROM _sqlmig_migration") == 1
    assert database.value("SELECT count(*) FROM _yoyo_log") == 1


def test_a_rollback_that_cannot_be_recorded_is_undone(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_first", "create table first ()", "drop table first")
    migrator.apply()
    refuse_inserts(database, "_yoyo_log")
    with pytest.raises(MigrationFailedError, match="could not be recorded"):
        migrator.rollback(Newest(1))
    assert database.tables() == {"first"}
    assert database.applied() == ["001_first"]


def test_a_failed_migration_leaves_nothing_and_runs_after_it_is_mended(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b (); create table c (id nonsense); select 1")
    project.migration("003_d", "create table d ()")
    with pytest.raises(MigrationFailedError) as caught:
        migrator.apply()
    report = caught.value.report
    assert report.ids(Outcome.DONE) == ("001_a",)
    assert report.ids(Outcome.FAILED) == ("002_b",)
    assert report.ids(Outcome.NOT_ATTEMPTED) == ("003_d",)
    assert database.tables() == {"a"}
    project.migration("002_b", "create table b ()")
    assert migrator.apply().ids(Outcome.DONE) == ("002_b", "003_d")
    assert database.tables() == {"a", "b", "d"}


def test_an_atomic_run_that_fails_leaves_nothing_of_any_migration(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b ()")
    project.migration("003_c", "select 1/0")
    project.migration("004_d", "create table d ()")
    with pytest.raises(MigrationFailedError) as caught:
        migrator.apply(transactions=Transactions.TOGETHER)
    assert caught.value.report.ids(Outcome.UNDONE) == ("001_a", "002_b")
    assert caught.value.report.ids(Outcome.NOT_ATTEMPTED) == ("004_d",)
    assert database.tables() == set()
    assert database.applied() == []


def test_an_atomic_run_commits_all_at_once(
    project: Project, database: Database, migrator: Migrator
) -> None:
    for number in range(1, 4):
        project.migration(
            f"00{number}_t",
            f"create table t{number} (x xid default pg_current_xact_id()::xid);"
            f"insert into t{number} default values",
        )
    report = migrator.apply(transactions=Transactions.TOGETHER)
    assert report.ids(Outcome.DONE) == ("001_t", "002_t", "003_t")
    assert len({database.value(f"SELECT x FROM t{n}") for n in range(1, 4)}) == 1
    assert [status.state.value for status in migrator.status()] == ["applied"] * 3


def test_an_atomic_run_refuses_a_non_transactional_migration_before_it_begins(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "-- transactional: false\nvacuum")
    with pytest.raises(PlanError, match="002_b"):
        migrator.apply(transactions=Transactions.TOGETHER)
    assert database.tables() == set()


def test_a_second_apply_does_nothing_and_takes_no_lock(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()")
    migrator.apply()
    before = database.rows("SELECT * FROM _yoyo_log")
    observer = RecordingObserver()
    impatient = Migrator(project.config(database=database.url, lock_wait=0), observer)
    with (
        database.another_connection() as other,
        RunnerLock(other, "public").held(0, SilentObserver()),
    ):
        assert impatient.apply().results == ()
    assert observer.begun == []
    assert database.rows("SELECT * FROM _yoyo_log") == before


def test_looking_writes_nothing(project: Project, database: Database, migrator: Migrator) -> None:
    project.migration("001_a", "create table a ()")
    before = database.relations()
    migrator.status()
    migrator.plan_apply()
    migrator.plan_rollback(Newest(1))
    migrator.compare("001")
    migrator.validate()
    assert database.relations() == before


def test_a_plan_is_what_a_run_does(
    project: Project, database: Database, migrator: Migrator
) -> None:
    for number in range(1, 6):
        project.migration(f"00{number}_t", f"create table t{number} ()", f"drop table t{number}")
    planned = [m.migration_id for m in migrator.plan_apply("003").migrations]
    assert list(migrator.apply("003").ids(Outcome.DONE)) == planned == ["001_t", "002_t", "003_t"]
    planned = [m.migration_id for m in migrator.plan_rollback(Since("002")).migrations]
    done = migrator.rollback(Since("002")).ids(Outcome.DONE)
    assert list(done) == planned == ["003_t", "002_t"]


def test_a_role_that_may_not_create_is_told_so_and_nothing_is_left(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    role = f"visitor_of_{database.connection.info.dbname}"
    database.execute(
        f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN; "
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    )
    visitor = Migrator(project.config(database=database.url.replace("postgres@", f"{role}@")))
    before = database.relations()
    with pytest.raises(ExecutionError, match="permission denied for schema public") as caught:
        visitor.apply()
    assert caught.value.exit_code == 3
    assert "Grant this role" in str(caught.value)
    assert database.relations() == before
    assert [status.state.value for status in visitor.status()] == ["pending"]


def test_the_texts_are_recorded_but_for_those_that_ask_not_to_be(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("002_b", "-- record: checksum\ncreate table b ()", "drop table b")
    project.migration("003_big", f"select '{'x' * (1 << 20)}'", "select 3")
    migrator.apply()
    recorded = database.rows(
        "SELECT apply_sql, rollback_sql, left(checksum, 7), applied_by, duration_ms >= 0 "
        "FROM _sqlmig_migration ORDER BY migration_id"
    )
    assert recorded == [
        ("create table a ()", "drop table a", "sha256:", "postgres", True),
        (None, "drop table b", "sha256:", "postgres", True),
        (None, "select 3", "sha256:", "postgres", True),
    ]


def test_rollback_works_without_the_file_from_the_recorded_text(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("002_b", "create table b ()", "drop table b")
    migrator.apply()
    project.remove("sql/migrations/002_b.sql")
    project.remove("sql/rollbacks/002_b.sql")
    assert migrator.rollback(Since("002")).ids(Outcome.DONE) == ("002_b",)
    assert database.tables() == {"a"}


def test_rollback_undoes_in_the_order_of_application_not_of_numbers(
    project: Project, database: Database
) -> None:
    lenient = Migrator(project.config(database=database.url, allow_out_of_order=True))
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("003_c", "create table c ()", "drop table c")
    lenient.apply()
    project.migration("002_b", "create table b ()", "drop table b")
    lenient.apply()
    assert lenient.rollback(Since("003")).ids(Outcome.DONE) == ("002_b", "003_c")
    assert database.tables() == {"a"}


def test_a_savepoint_of_one_script_does_not_reach_the_record_of_another(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a (); savepoint s; select 1")
    project.migration("002_b", "rollback to savepoint s; create table b ()")
    with pytest.raises(MigrationFailedError, match='savepoint "s" does not exist'):
        migrator.apply(transactions=Transactions.TOGETHER)
    assert database.tables() == set()
    assert database.applied() == []


def test_deferred_constraints_are_deferred_again_for_the_next_script_of_the_transaction(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration(
        "001_tables",
        "create table parent (id int primary key); create table child "
        "(id int constraint c references parent deferrable initially deferred,"
        " constraint u unique (id) deferrable initially immediate)",
    )
    project.migration("002_child", "insert into child values (1); insert into parent values (1)")
    migrator.apply(transactions=Transactions.TOGETHER)
    assert database.applied() == ["001_tables", "002_child"]


@pytest.mark.parametrize("table", ["_yoyo_migration", "_yoyo_log", "_sqlmig_migration"])
def test_a_record_that_a_trigger_keeps_away_undoes_the_migration(
    project: Project, database: Database, migrator: Migrator, table: str
) -> None:
    project.migration("001_first", "create table first ()")
    migrator.apply()
    database.execute(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;"
        f"CREATE TRIGGER t BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION swallow()"
    )
    project.migration("002_users", "create table users ()")
    with pytest.raises(MigrationFailedError, match="blocked sqlmig's record"):
        migrator.apply()
    assert database.tables() == {"first"}


def test_a_script_that_ends_its_transaction_unseen_is_undone(
    project: Project,
    database: Database,
    migrator: Migrator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sqlmig.source.script._refuse_transaction_control", lambda *_: None)
    project.migration("001_a", "select 1; commit; begin; create table a ()")
    with pytest.raises(MigrationFailedError, match="ended the transaction that it runs in"):
        migrator.apply()
    assert database.tables() == set()


def test_a_script_that_ends_its_transaction_unseen_is_undone_whatever_the_database_defers(
    project: Project,
    database: Database,
    migrator: Migrator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = database.connection.info.dbname
    database.execute(f"ALTER DATABASE {name} SET default_transaction_deferrable = on")
    monkeypatch.setattr("sqlmig.source.script._refuse_transaction_control", lambda *_: None)
    project.migration("001_a", "select 1; commit; create table a ()")
    with pytest.raises(MigrationFailedError, match="ended the transaction that it runs in"):
        migrator.apply()
    assert database.tables() == set()


def test_a_mark_that_a_trigger_keeps_away_is_told_in_plain_words(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()")
    migrator.apply()
    database.execute(
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;"
        "CREATE TRIGGER t BEFORE INSERT ON _yoyo_log FOR EACH ROW EXECUTE FUNCTION swallow()"
    )
    project.migration("002_b", "create table b ()")
    with pytest.raises(ServerError, match="blocked sqlmig's record") as caught:
        migrator.mark("002", "it is there")
    assert "configuration parameter" not in str(caught.value)


def test_a_rollback_text_that_the_database_cannot_hold_is_not_blamed_on_the_script(
    project: Project, database: Database
) -> None:
    name = f"{database.connection.info.dbname}_latin1"
    database.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    database.execute(
        f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LOCALE_PROVIDER libc"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    url = database.url.replace(f"/{database.connection.info.dbname}?", f"/{name}?")
    project.migration("001_a", "create table a ()", "drop table a -- 5 €")
    with pytest.raises(MigrationFailedError, match="or the rollback that is recorded with it"):
        Migrator(project.config(database=url)).apply()
    database.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_rollback_whose_plan_another_runner_has_changed_is_refused(
    project: Project, database: Database, migrator: Migrator
) -> None:
    for name in ("001_a", "002_b"):
        project.migration(name, f"create table {name[-1]} ()", f"drop table {name[-1]}")
    migrator.apply()
    with database.another_connection() as other:
        with RunnerLock(other, "public").held(0, SilentObserver()):
            failures: list[Exception] = []
            waiting = threading.Thread(target=rollback_one, args=(migrator, failures))
            waiting.start()
            time.sleep(0.5)
            database.execute("DELETE FROM _yoyo_migration WHERE migration_id = '002_b'")
        waiting.join()
    assert "another runner has changed the history" in str(failures[0])
    assert database.tables() == {"a", "b"}


def rollback_one(migrator: Migrator, failures: list[Exception]) -> None:
    try:
        migrator.rollback(Newest(1))
    except PlanError as error:
        failures.append(error)


def test_a_rollback_file_that_differs_from_the_record_is_told_until_it_is_repaired(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    migrator.apply()
    project.migration("001_a", "create table a ()", "drop table a cascade")
    (status,) = migrator.status()
    assert status.rollback_changed
    assert status.needs_attention
    assert "sqlmig diff 001_a" in status.remedy
    assert migrator.repair() == ["001_a"]
    assert not migrator.status()[0].needs_attention


def test_a_mark_that_yoyo_made_anew_is_not_measured_by_an_old_record(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    migrator.apply()
    database.execute("UPDATE _yoyo_migration SET applied_at_utc = applied_at_utc + interval '1 h'")
    project.migration("001_a", "create table a (x int)", "drop table a")
    assert [status.state.value for status in migrator.status()] == ["applied"]


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize("padding", [1, 1 << 21])
def test_the_history_knows_when_a_migration_ended_and_how_long_it_took(
    project: Project, database: Database, environment: str, padding: int
) -> None:
    long_part = f"select '{'x' * padding}', pg_sleep(0.2);"
    project.migration("001_slow", f"create table slow (); {long_part} select pg_sleep(0.2);")
    config = project.config(
        database=database.url, environment=environment, protected_tables=["payments"]
    )
    began = database.value("SELECT clock_timestamp()")
    Migrator(config).apply()
    whole = database.value("SELECT clock_timestamp()") - began
    (status,) = Migrator(config).status()
    assert status.applied is not None
    assert status.applied.applied_at is not None
    assert status.applied.duration_ms is not None
    slept = timedelta(milliseconds=400)
    assert slept <= status.applied.applied_at - began <= whole
    assert slept <= timedelta(milliseconds=status.applied.duration_ms) <= whole


@pytest.mark.parametrize("head", ["", "-- transactional: false\n"], ids=["inside", "outside"])
@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_run_tells_how_long_each_migration_took(
    project: Project, database: Database, environment: str, head: str
) -> None:
    project.migration("001_slow", head + "set search_path to public; select pg_sleep(0.3)")
    config = project.config(database=database.url, environment=environment)
    observer = RecordingObserver()
    began = time.monotonic()
    report = Migrator(config, observer).apply()
    whole = time.monotonic() - began
    assert observer.ended == list(report.results)
    assert [0.3 <= result.duration <= whole for result in report.results] == [True]
