"""Repeated migrations write some rows at a time, and continue where they stopped."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from sqlmig import Migrator
from sqlmig.errors import (
    MigrationFailedError,
    PartialMigrationError,
    PlanError,
    ProtectedTableError,
)
from sqlmig.model import MigrationState, Position, Round
from sqlmig.plan import Newest, Transactions
from tests.database import Database
from tests.observer import RecordingObserver
from tests.project import Project

HEAD = "-- repeat: until no rows\n"
FILL = """update t set done = done + 1 where id in (
  select id from t where done = 0 order by id limit {})"""
PURGE = "delete from t where id in (select id from t order by id limit 10)"
KEPT = "SELECT count(*) FROM _sqlmig_state WHERE key LIKE 'rows of %'"


@dataclass
class Rounds(RecordingObserver):
    """Remembers the rounds, too."""

    rounds: list[Round] = field(default_factory=list)

    def wrote(self, done: Round) -> None:
        self.rounds.append(done)


@pytest.fixture
def rounds() -> Rounds:
    return Rounds()


@pytest.fixture
def migrator(project: Project, database: Database, rounds: Rounds) -> Migrator:
    database.execute(
        "create table t (id int primary key, done int not null default 0);"
        "insert into t select generate_series(1, 25)"
    )
    return Migrator(project.config(database=database.url), rounds)


def fail_at(database: Database, row: int) -> None:
    """From now on that row cannot be written."""
    database.execute(
        "create function refuse() returns trigger language plpgsql as $$begin raise 'no'; end$$;"
        f"create trigger refuse before update on t for each row when (old.id = {row})"
        " execute function refuse()"
    )


def status(migrator: Migrator) -> tuple[str, int | None]:
    (item,) = migrator.status()
    return item.state.value, item.applied.rows_done if item.applied else None


def test_rounds_run_until_one_writes_no_rows_and_each_commits_by_itself(
    project: Project, database: Database, migrator: Migrator, rounds: Rounds
) -> None:
    project.migration("001_fill", HEAD + FILL.format(10))
    migrator.apply()
    assert [(each.number, each.rows, each.rows_so_far) for each in rounds.rounds] == [
        (1, 10, 10),
        (2, 10, 20),
        (3, 5, 25),
    ]
    assert database.rows("SELECT done, count(DISTINCT xmin::text) FROM t GROUP BY 1") == [(1, 3)]
    assert database.applied() == ["001_fill"]
    assert status(migrator) == ("applied", None)
    assert database.value(KEPT) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "delete from t where id in (select id from t limit 10)",
        "insert into u select id from t where id not in (select id from u) limit 10",
        "with gone as (delete from t where id in (select id from t limit 10) returning id)"
        " insert into u select id from gone",
        "with chosen as (select id from t where done = 0 limit 10)"
        " update t set done = 1 from chosen where chosen.id = t.id",
    ],
)
def test_other_statements_are_repeated_as_well(
    project: Project, database: Database, migrator: Migrator, rounds: Rounds, statement: str
) -> None:
    database.execute("create table u (id int)")
    project.migration("001_fill", HEAD + statement)
    migrator.apply()
    assert [each.rows for each in rounds.rounds] == [10, 10, 5]


def test_it_is_replayed_on_scratch_databases(project: Project, database: Database) -> None:
    project.migration("001_t", "create table t (id int, done int)", "drop table t")
    project.migration("002_fill", HEAD + FILL.format(10))
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    assert migrator.drift().differences == ()
    assert migrator.verify().is_sound


def test_what_failed_is_partial_and_continues_without_a_question(
    project: Project, database: Database, migrator: Migrator, rounds: Rounds
) -> None:
    project.migration("001_fill", HEAD + FILL.format(10))
    fail_at(database, 23)
    with pytest.raises(MigrationFailedError, match="20 rows of earlier rounds were kept") as caught:
        migrator.apply()
    assert caught.value.location is not None
    assert caught.value.location.position == Position(2, 1)
    assert status(migrator) == ("partial", 20)
    assert migrator.status()[0].remedy == "sqlmig apply"
    assert migrator.plan_apply().migrations[0].resumption.rows == 20
    database.execute("drop trigger refuse on t")
    project.migration("001_fill", HEAD + FILL.format(3))  # in smaller rounds
    migrator.apply()
    assert [each.rows_so_far for each in rounds.rounds] == [10, 20, 23, 25]
    assert database.rows("SELECT DISTINCT done FROM t") == [(1,)]


def test_what_cannot_be_recorded_at_the_end_keeps_its_rows_and_says_so(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_fill", HEAD + FILL.format(10))
    fail_at(database, 1)
    with pytest.raises(MigrationFailedError):
        migrator.apply()
    database.execute(
        "drop trigger refuse on t;"
        "create trigger refuse before insert on _yoyo_migration execute function refuse()"
    )
    with pytest.raises(MigrationFailedError, match="could not be recorded") as caught:
        migrator.apply()
    assert "25 rows of earlier rounds were kept" in caught.value.remedy
    assert status(migrator) == ("partial", 25)
    database.execute("drop trigger refuse on _yoyo_migration")
    migrator.apply()
    assert database.rows("SELECT DISTINCT done FROM t") == [(1,)]


def test_a_partial_one_is_given_up_by_its_rollback(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_fill", HEAD + FILL.format(10), "update t set done = 0")
    fail_at(database, 13)
    with pytest.raises(MigrationFailedError):
        migrator.apply()
    database.execute("drop trigger refuse on t")
    report = migrator.rollback(Newest(1))
    assert report.warnings == (
        "001_fill is only partly applied (10 rows so far); its whole rollback script runs",
    )
    assert status(migrator) == ("pending", None)
    assert database.value(KEPT) == 0
    migrator.apply()
    assert database.rows("SELECT DISTINCT done FROM t") == [(1,)]


def test_a_partial_one_must_stay_repeated(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_fill", HEAD + FILL.format(10))
    fail_at(database, 13)
    with pytest.raises(MigrationFailedError):
        migrator.apply()
    project.migration("001_fill", FILL.format(10))
    with pytest.raises(PartialMigrationError, match="no longer repeats"):
        migrator.apply()


def test_a_condition_that_never_ends_is_an_error_until_it_is_fixed(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_fill", HEAD + "update t set done = 1 where id in (select 7 limit 1)")
    for _ in range(2):
        with pytest.raises(MigrationFailedError, match="would have written") as caught:
            migrator.apply()
        assert "exclude the rows that are done" in caught.value.remedy
        state, written = status(migrator)
        assert (state, written) == ("partial", 50), "the round beyond is undone"
    project.migration("001_fill", HEAD + FILL.format(10))
    migrator.apply()
    assert database.rows("SELECT DISTINCT done FROM t") == [(1,)]


def test_a_table_that_grew_since_it_began_is_counted_at_the_next_start(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_fill", HEAD + FILL.format(10))
    database.execute(
        "create function grow() returns trigger language plpgsql as $$begin"
        " insert into t select (select max(id) from t) + n from generate_series(1, 30) n"
        "  where (select count(*) from t) < 60; return new; end$$;"
        "create trigger grow before update on t for each row execute function grow()"
    )
    with pytest.raises(MigrationFailedError, match="its tables have grown") as caught:
        migrator.apply()
    assert "run `sqlmig apply` again" in caught.value.remedy
    assert status(migrator) == ("partial", 50)
    migrator.apply()
    assert database.rows("SELECT done, count(*) FROM t GROUP BY 1") == [(1, 85)]


@pytest.mark.parametrize(
    "source",
    [
        "select n from generate_series(1, 9) n where n not in (select id from u) limit 3",
        "select a.id * 100 + b.id from t a, t2 b where a.id < 4 and a.id * 100 + b.id not in"
        " (select id from u) limit 6",
        "select a.id * 100 + b.id from t a, t b where a.id * 100 + b.id not in"
        " (select id from u) limit 9",
        "select id * 100 + n from t, (values (1), (2), (3), (4)) v (n) where id * 100 + n not in"
        " (select id from u) limit 6",
    ],
)
def test_an_insert_may_write_more_rows_than_its_tables_have(
    project: Project, database: Database, migrator: Migrator, source: str
) -> None:
    database.execute("create table u (id int); create table t2 (id int); insert into u values (0)")
    database.execute("delete from t where id > 3; insert into t2 select generate_series(1, 12)")
    project.migration("001_fill", f"{HEAD}insert into u {source}")
    migrator.apply()
    assert database.value("SELECT count(*) FROM u") > 9


def test_its_rows_are_counted_under_the_settings_of_its_rounds(
    project: Project, database: Database, migrator: Migrator
) -> None:
    database.execute(
        "do $$begin execute format("
        " 'alter database %I set datestyle = ''SQL, DMY''', current_database()); end$$"
    )
    dated = "update t set done = 1 where '31/12/2024'::date < now() and id in ("
    project.migration("001_fill", f"{HEAD}{dated}select id from t where done = 0 limit 10)")
    migrator.apply()
    assert database.rows("SELECT DISTINCT done FROM t") == [(1,)]


def test_rows_that_another_session_deletes_first_do_not_end_it(
    project: Project, database: Database, migrator: Migrator, rounds: Rounds
) -> None:
    project.migration("001_purge", f"{HEAD}{PURGE}")
    with database.another_connection() as other:
        other.execute("begin; delete from t where id <= 10")
        deleting = threading.Timer(0.5, other.execute, ("commit",))
        deleting.start()
        migrator.apply()
        deleting.join()
    assert database.value("SELECT count(*) FROM t") == 0
    assert [each.rows for each in rounds.rounds] == [10, 5]


def test_all_in_one_transaction_is_refused(project: Project, migrator: Migrator) -> None:
    project.migration("001_fill", HEAD + FILL.format(10))
    with pytest.raises(PlanError, match="001_fill is declared `repeat: until no rows`"):
        migrator.apply(transactions=Transactions.TOGETHER)


def test_a_long_round_is_reported_with_its_place(project: Project, migrator: Migrator) -> None:
    project.migration(
        "001_fill",
        HEAD
        + "update t set done = 1 + length(pg_sleep(0.35)::text) where id in"
        + " (select id from t where done = 0 and id < 4 limit 3)",
    )
    (notice,) = migrator.apply().notices
    assert notice.severity == "WARNING"
    assert notice.message.primary.startswith("round 1 took ")
    assert notice.location.position == Position(2, 1)


def test_the_guard_looks_at_each_round(
    project: Project, database: Database, rounds: Rounds
) -> None:
    database.execute("create table t (id int primary key, done int default 0)")
    database.execute("insert into t values (1), (2)")
    project.migration("001_fill", HEAD + FILL.format(1))
    config = project.config(database=database.url, environment="production", protected_tables=["t"])
    with pytest.raises(ProtectedTableError):
        Migrator(config, rounds).apply()
    assert rounds.rounds == []
    project.migration("001_fill", "-- touches: t: a backfill\n" + HEAD + FILL.format(1))
    Migrator(config, rounds).apply(allowed=["t"])
    assert len(rounds.rounds) == 2
    assert database.rows("SELECT event, subject FROM _sqlmig_event") == [("allowed", "001_fill: t")]


def test_an_alter_table_that_waits_gets_in_between_two_rounds(
    project: Project, database: Database, migrator: Migrator, rounds: Rounds
) -> None:
    project.migration(
        "001_fill",
        HEAD
        + "update t set done = 1 from (select pg_sleep(0.05)) as a where id in"
        + " (select id from t where done = 0 limit 1)",
    )
    with database.another_connection() as other:
        altering = threading.Thread(target=other.execute, args=("alter table t add y int",))

        def alter(done: Round) -> None:
            rounds.rounds.append(done)
            if done.number == 3:
                altering.start()
                time.sleep(0.02)

        rounds.wrote = alter  # type: ignore[method-assign]
        migrator.apply()
        altering.join()
    (changed,) = database.rows(
        "SELECT count(*) FILTER (WHERE t.xmin::text::bigint < c.xmin::text::bigint),"
        "       count(*) FILTER (WHERE t.xmin::text::bigint > c.xmin::text::bigint)"
        "  FROM t, pg_attribute c WHERE attrelid = 't'::regclass AND attname = 'y'"
    )
    before, after = changed
    assert before >= 3
    assert after > 15, "the rest was written after the column was there"


def test_a_round_that_cannot_get_a_lock_is_tried_again_alone(
    project: Project, database: Database, migrator: Migrator, rounds: Rounds
) -> None:
    project.migration("001_fill", HEAD + "-- lock_timeout: 50ms\n" + FILL.format(10))
    with database.another_connection() as other:

        def lock(done: Round) -> None:
            rounds.rounds.append(done)
            if done.number == 1:
                other.execute("begin; lock table t in share mode")

        def unlock(names: object, reason: str, delay: float) -> None:
            rounds.retries.append(reason)
            other.execute("rollback")

        rounds.wrote = lock  # type: ignore[method-assign]
        rounds.retrying = unlock  # type: ignore[method-assign, assignment]
        migrator.apply()
    assert len(rounds.retries) == 1
    assert [each.rows_so_far for each in rounds.rounds] == [10, 20, 25]
    assert migrator.status()[0].state is MigrationState.APPLIED
