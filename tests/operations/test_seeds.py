"""Seeds: schema before data, all or nothing, never in a forbidden table, the same twice."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from sqlmig import Migrator
from sqlmig.errors import (
    ConfigError,
    ExecutionError,
    ForbiddenSeedError,
    LockTimeoutError,
    PlanError,
    ProtectedTableError,
    SanityCheckError,
    SeedFailedError,
    SourceError,
    UnusableFilesError,
)
from sqlmig.model import SeedReport, WrittenRows
from tests.database import Database
from tests.faults.processes import advisory_locks
from tests.project import Project

TABLES = """
create table cities (id int primary key, name text, checked timestamptz);
create table payments (id int primary key, amount int);
create table entries (day date) partition by range (day);
create table entries_all partition of entries default;
create table visits (id int);
create view paid as select * from payments;
create function pay() returns trigger language plpgsql as
  'begin insert into payments values (9, 9); return null; end';
"""
FORBIDDEN = {
    "insert": "insert into payments values (1, 10)",
    "copy": "copy payments from stdin;\n1\t10\n\\.\n",
    "merge": (
        "merge into payments p using (values (1)) v (id) on p.id = v.id"
        " when not matched then insert values (1, 10)"
    ),
    "function": (
        "create function f() returns void language sql as 'insert into payments values (1, 10)';"
        "select f()"
    ),
    "trigger": (
        "create trigger t after insert on visits for each row execute function pay();"
        "insert into visits values (1)"
    ),
    "deferred trigger": (
        "create constraint trigger t after insert on visits deferrable initially deferred"
        " for each row execute function pay(); insert into visits values (1)"
    ),
    "trigger on the history": (
        "create trigger t after insert on _sqlmig_seed for each row execute function pay()"
    ),
    "common table expression": (
        "with paid as (insert into payments values (1, 10) returning id) select * from paid"
    ),
    "dynamic sql": "do $$begin execute 'insert into pay' || 'ments values (1, 10)'; end$$",
    "view": "insert into paid values (1, 10)",
    "partitioned table": "insert into entries values ('2020-01-01')",
    "partition": "insert into entries_all values ('2020-01-01')",
    "truncate": "truncate payments",
    "drop": "drop table payments cascade",
    "drop column": "drop view paid; alter table payments drop column amount",
    "rename": "alter table payments rename to paid_before",
    "rename and write": (
        "alter table payments rename to hidden; insert into hidden values (1, 10);"
        "create table payments (id int primary key, amount int)"
    ),
    "detach and write": (
        "alter table entries detach partition entries_all;"
        "insert into entries_all values ('2020-01-01')"
    ),
}


def migrator(project: Project, database: Database, **arguments: object) -> Migrator:
    project.migration("001_tables", TABLES, "drop view paid; drop table cities, payments, visits")
    given = {"environment": "development", "forbidden_tables": "payments, entries", **arguments}
    return Migrator(project.config(database=database.url, **given))


def applied(project: Project, database: Database, **arguments: object) -> Migrator:
    found = migrator(project, database, **arguments)
    found.apply()
    return found


def seed(project: Project, name: str, sql: str) -> Path:
    return project.write(f"sql/seeds/{name}.sql", sql)


def written(report: SeedReport) -> dict[str, tuple[WrittenRows, ...]]:
    return {result.name: result.written for result in report.results}


def test_the_tiers_of_the_environment_are_seeded_in_order(
    project: Project, database: Database
) -> None:
    seed(project, "demo/1_more", "insert into cities values (2, 'b') on conflict do nothing")
    seed(project, "reference/10_last", "insert into cities values (3, 'c') on conflict do nothing")
    seed(project, "reference/9_first", "insert into cities values (1, 'a') on conflict do nothing")
    seed(project, "testing/1_none", "insert into cities values (4, 'd') on conflict do nothing")
    report = applied(project, database).seed()
    assert written(report) == {
        "reference/9_first": (WrittenRows("cities", inserted=1),),
        "reference/10_last": (WrittenRows("cities", inserted=1),),
        "demo/1_more": (WrittenRows("cities", inserted=1),),
    }
    assert database.rows("select id from cities order by 1") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("environment", "names"),
    [("development", "ac"), ("testing", "ab"), ("production", "a")],
)
def test_production_gets_reference_rows_alone(
    project: Project, database: Database, environment: str, names: str
) -> None:
    for tier, name in (("reference", "a"), ("testing", "b"), ("demo", "c")):
        seed(project, f"{tier}/001", f"insert into cities values ({ord(name)}, '{name}')")
    applied(project, database, environment=environment).seed()
    assert database.value("select string_agg(name, '' order by name) from cities") == names


def test_a_second_run_changes_nothing_and_records_nothing(
    project: Project, database: Database
) -> None:
    seed(project, "reference/001", "insert into cities values (1, 'a') on conflict do nothing")
    seeder = applied(project, database)
    seeder.seed()
    contents = "select xmin, * from cities", "select xmin, * from _sqlmig_seed"
    before = [database.rows(query) for query in contents]
    assert written(seeder.seed()) == {"reference/001": ()}
    assert [database.rows(query) for query in contents] == before


def test_the_record_says_what_was_written(project: Project, database: Database) -> None:
    seed(project, "reference/001", "insert into cities values (1, 'a'), (2, 'b')")
    applied(project, database).seed()
    rows = database.rows(
        "select seed, checksum ~ '^sha256:', rows_written, environment from _sqlmig_seed"
    )
    counts = {"cities": {"inserted": 2, "updated": 0, "deleted": 0}}
    assert rows == [("reference/001", True, counts, "development")]


@pytest.mark.parametrize("sql", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_seed_that_writes_a_forbidden_table_is_undone_with_all_others(
    project: Project, database: Database, sql: str
) -> None:
    seed(project, "reference/001_allowed", "insert into cities values (1, 'a')")
    seed(project, "reference/002_forbidden", sql)
    seeder = applied(project, database)
    before = database.relations()
    with pytest.raises(ForbiddenSeedError) as refused:
        seeder.seed()
    words = str(refused.value)
    assert words.startswith(
        "reference/002_forbidden writes to tables that seeds of its tier may not change:"
    )
    assert re.search(r"(payments|entries_all): (1 inserted|replaced)", words)
    assert refused.value.exit_code == 3
    for table in ("cities", "payments", "entries", "_sqlmig_seed"):
        assert database.value(f"select count(*) from {table}") == 0
    assert database.relations() == before


def test_a_tier_may_be_allowed_to_write_what_others_may_not(
    project: Project, database: Database
) -> None:
    project.write("sqlmig.toml", 'tier_may_write = { demo = ["payments"] }\n')
    seed(project, "demo/001", "insert into payments values (1, 10)")
    seeder = applied(project, database)
    seeder.seed()
    assert database.value("select amount from payments") == 10
    seed(project, "reference/001", "insert into payments values (2, 10)")
    with pytest.raises(ForbiddenSeedError, match=r"reference/001 .* payments: 1 inserted"):
        seeder.seed()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('{ dmo = ["payments"] }', "dmo: no environment has that tier"),
        ('{ demo = ["paymnts"] }', "paymnts: it is not listed in forbidden_tables"),
    ],
)
def test_an_exception_that_is_none_is_a_mistake(
    project: Project, database: Database, setting: str, words: str
) -> None:
    project.write("sqlmig.toml", f"tier_may_write = {setting}\n")
    seed(project, "reference/001", "select 1")
    with pytest.raises(ConfigError, match=f"tier_may_write names {words}"):
        applied(project, database).seed()


UNCOUNTED = {
    "insert": "set track_counts = off; insert into payments values (1, 1)",
    "insert, and counting again": (
        "set track_counts = off; insert into payments values (1, 1); set track_counts = on"
    ),
    "dynamic sql": (
        "do $$begin perform set_config('track' || '_counts', 'off', true);"
        " delete from payments; perform set_config('track' || '_counts', 'on', true); end$$"
    ),
    "function": (
        "create function f() returns void language sql set track_counts = off as"
        " 'update payments set amount = 9'; select f()"
    ),
    "as many rows": (
        "set track_counts = off; delete from payments; insert into payments values (5, 5)"
    ),
    "trigger on the history": (
        "create function w() returns trigger language plpgsql set track_counts = off as"
        " 'begin delete from payments; return null; end'; create trigger t after insert on"
        " _sqlmig_seed for each row execute function w(); insert into cities values (1, 'a')"
    ),
}


@pytest.mark.parametrize("sql", UNCOUNTED.values(), ids=UNCOUNTED)
def test_a_seed_that_has_the_server_stop_counting_is_refused(
    project: Project, database: Database, sql: str
) -> None:
    seeder = applied(project, database)
    database.execute("insert into payments values (7, 70)")
    seed(project, "reference/001", sql)
    with pytest.raises(
        ForbiddenSeedError, match=r"reference/001 writes, with row counting off, .*: payments"
    ):
        seeder.seed()
    assert database.rows("select amount from payments") == [(70,)]


@pytest.mark.parametrize(
    "sql",
    [
        "-- track_counts\nselect 'set track_counts = off'",
        "set track_counts = off; insert into cities values (1, 'a')",
        "delete from payments where false",
        "insert into payments select 1, 1 where false",
    ],
)
def test_a_seed_that_writes_nothing_forbidden_is_run(
    project: Project, database: Database, sql: str
) -> None:
    seed(project, "reference/001", sql)
    applied(project, database).seed()
    assert database.rows("select seed from _sqlmig_seed") == [("reference/001",)]


def test_where_the_server_does_not_count_nothing_is_seeded(
    project: Project, database: Database
) -> None:
    seed(project, "reference/001", "insert into payments values (1, 1)")
    seeder = applied(project, database)
    name = database.value("select current_database()")
    database.execute(f"alter database {name} set track_counts = off")
    with pytest.raises(ExecutionError, match="track_counts is off on this server"):
        seeder.seed()
    assert database.value("select count(*) from payments") == 0


def test_a_seed_that_the_guard_had_run_again_is_counted_once(
    project: Project, database: Database
) -> None:
    sql = "update cities set name = name; insert into visits values (1)"
    seed(project, "reference/001", sql)
    seeder = applied(project, database, environment="production", protected_tables="cities")
    database.execute("insert into cities values (1, 'a')")
    assert set(written(seeder.seed())["reference/001"]) == {
        WrittenRows("cities", updated=1),
        WrittenRows("visits", inserted=1),
    }


def test_a_seed_cannot_undo_the_one_before(project: Project, database: Database) -> None:
    seed(project, "reference/001", "savepoint mine; insert into cities values (1, 'a')")
    seed(project, "reference/002", "rollback to savepoint mine")
    with pytest.raises(SeedFailedError, match='savepoint "mine" does not exist'):
        applied(project, database).seed()


def test_a_write_that_was_undone_is_none(project: Project, database: Database) -> None:
    sql = (
        "do $$begin begin insert into payments values (1, 1); raise 'x';"
        " exception when others then end; end$$"
    )
    seed(project, "reference/001", sql)
    assert written(applied(project, database).seed()) == {"reference/001": ()}


@pytest.mark.parametrize("environment", ["development", "production"])
def test_nothing_is_seeded_while_migrations_are_pending(
    project: Project, database: Database, environment: str
) -> None:
    seed(project, "reference/001", "insert into cities values (1, 'a')")
    seeder = applied(project, database, environment=environment)
    project.migration("002_more", "select 1")
    with pytest.raises(PlanError, match="not ready to be seeded: 002_more is pending"):
        seeder.seed()
    with pytest.raises(PlanError, match="not ready"):
        seeder.prove_seeds()
    assert database.value("select count(*) from cities") == 0


def test_nothing_is_seeded_where_a_migration_has_changed(
    project: Project, database: Database
) -> None:
    seeder = applied(project, database)
    project.write("sql/migrations/001_tables.sql", TABLES + "select 1;")
    with pytest.raises(PlanError, match="001_tables is changed"):
        seeder.seed()


def test_a_seed_that_fails_undoes_all_and_says_where(project: Project, database: Database) -> None:
    seed(project, "reference/001", "insert into cities values (1, 'a')")
    path = seed(project, "reference/002", "select 1;\ninsert into nowhere values (1);")
    with pytest.raises(SeedFailedError) as failed:
        applied(project, database).seed()
    assert str(failed.value).startswith(f'{path}:2:13: relation "nowhere" does not exist (42P01)')
    assert "All seeds were undone; nothing was changed." in str(failed.value)
    assert database.value("select count(*) from cities") == 0


def test_the_guard_looks_at_seeds_too(project: Project, database: Database) -> None:
    seed(project, "reference/001", "update cities set name = 'b'")
    seeder = applied(project, database, environment="production", protected_tables="cities")
    database.execute("insert into cities values (1, 'a')")
    with pytest.raises(
        ProtectedTableError, match="reference/001 would lose or alter 1 of the 1 row"
    ):
        seeder.seed()
    assert database.value("select name from cities") == "a"


def test_a_failed_check_undoes_the_seeds(project: Project, database: Database) -> None:
    seed(project, "reference/001", "insert into cities values (1, 'a')")
    project.write("sql/checks/001.sql", "-- no city is called a\nselect * from cities")
    seeder = applied(project, database)
    with pytest.raises(SanityCheckError, match="All seeds were undone") as failed:
        seeder.seed()
    assert failed.value.checks[0].violations.rows == (("1", "a", None),)
    assert failed.value.exit_code == 1
    assert database.value("select count(*) from cities") == 0
    assert database.value("select count(*) from _sqlmig_seed") == 0


UNSTABLE = {
    "insert of another row": ("insert into visits values (1)", "changes rows of visits"),
    "insert of the same key": (
        "insert into cities values (1, 'a')",
        "second run fails: duplicate key value",
    ),
    "counter": (
        "insert into cities values (1, 'a')"
        " on conflict (id) do update set name = cities.name || '!'",
        "changes rows of cities",
    ),
    "clock": (
        "insert into cities values (1, 'a', clock_timestamp())"
        " on conflict (id) do update set checked = clock_timestamp()",
        "changes rows of cities",
    ),
    "a table that only the second run makes": (
        "do $$begin if exists (select from visits) then create table late as select 1; end if;"
        " insert into visits select 1 where not exists (select from visits); end$$",
        "changes rows of late",
    ),
    "another table the second time": (
        "insert into visits select 1 where exists (select from cities);"
        "insert into cities values (1, 'a') on conflict do nothing",
        "changes rows of visits",
    ),
}
STABLE = {
    "a table of its own": "drop table if exists own; create table own as select 1 as id",
    "do nothing": "insert into cities values (1, 'a') on conflict do nothing",
    "the same values": (
        "insert into cities values (1, 'a') on conflict (id) do update set name = excluded.name"
    ),
    "delete and insert": "delete from cities; insert into cities values (1, 'a')",
    "truncate and insert": "truncate cities; insert into cities values (1, 'a')",
    "not exists": (
        "insert into visits select 1 where not exists (select from visits where id = 1)"
    ),
}


@pytest.mark.parametrize(("sql", "reason"), UNSTABLE.values(), ids=UNSTABLE)
def test_a_seed_that_is_not_idempotent_is_named(
    project: Project, database: Database, sql: str, reason: str
) -> None:
    seed(project, "reference/001_good", STABLE["do nothing"].replace("(1,", "(7,"))
    seed(project, "reference/002_bad", sql)
    seed(project, "reference/003_good", STABLE["do nothing"].replace("(1,", "(8,"))
    (found,) = applied(project, database).prove_seeds()
    assert found.name == "reference/002_bad"
    assert reason in found.reason
    assert database.value("select count(*) from cities") == 0
    assert database.value("select count(*) from visits") == 0


def test_a_seed_whose_second_run_meets_what_a_later_one_wrote_is_named(
    project: Project, database: Database
) -> None:
    seed(project, "reference/001", "insert into visits select 1 where exists (select from cities)")
    seed(project, "reference/002", STABLE["do nothing"])
    (found,) = applied(project, database).prove_seeds()
    assert (found.name, found.reason) == ("reference/001", "its second run changes rows of visits")


@pytest.mark.parametrize("sql", STABLE.values(), ids=STABLE)
def test_a_seed_that_leaves_the_same_rows_is_proven(
    project: Project, database: Database, sql: str
) -> None:
    seed(project, "reference/001", sql)
    assert applied(project, database).prove_seeds() == []
    assert database.value("select count(*) from cities") == 0


def test_a_seed_that_fails_at_once_cannot_be_proven(project: Project, database: Database) -> None:
    seed(project, "reference/001", "select 1 / 0")
    with pytest.raises(SeedFailedError, match="division by zero"):
        applied(project, database).prove_seeds()


def test_the_proof_refuses_what_a_run_would_refuse(project: Project, database: Database) -> None:
    seed(project, "reference/001", "insert into payments values (1, 1) on conflict do nothing")
    with pytest.raises(ForbiddenSeedError, match="payments: 1 inserted"):
        applied(project, database).prove_seeds()
    assert database.value("select count(*) from payments") == 0


def test_what_would_run_is_told(project: Project, database: Database) -> None:
    seed(project, "reference/001", "-- Cities\ninsert into cities values (1, 'a')")
    seeder = applied(project, database)
    (status,) = seeder.seed_statuses()
    assert (status.name, status.description, status.applied) == ("reference/001", "Cities", None)
    seeder.seed()
    seed(project, "reference/001", "insert into cities values (1, 'b') on conflict do nothing")
    (status,) = seeder.seed_statuses()
    assert status.applied is not None
    assert status.is_changed


def test_without_seeds_nothing_is_done(project: Project, database: Database) -> None:
    seeder = applied(project, database)
    assert seeder.seed().results == ()
    assert seeder.prove_seeds() == []


def test_a_misnamed_tier_is_an_error_and_so_is_a_seed_in_none(
    project: Project, database: Database
) -> None:
    seed(project, "refrence/001", "select 1")
    seed(project, "002", "select 1")
    with pytest.raises(UnusableFilesError) as refused:
        applied(project, database).seed()
    words = str(refused.value)
    assert "refrence: no environment has a tier of this name" in words
    assert "002.sql: a seed outside the tier folders" in words


def test_tiers_are_a_setting(project: Project, database: Database) -> None:
    project.write("sqlmig.toml", 'tiers = { development = ["reference", "load"] }\n')
    seed(project, "load/001", "insert into cities values (1, 'a')")
    applied(project, database).seed()
    assert database.value("select count(*) from cities") == 1


def test_a_seed_cannot_end_its_transaction(project: Project, database: Database) -> None:
    seed(project, "reference/001", "insert into cities values (1, 'a'); commit")
    with pytest.raises(SourceError, match="COMMIT would end the transaction"):
        applied(project, database).seed()


def test_seeds_wait_for_another_runner(project: Project, database: Database) -> None:
    seed(project, "reference/001", "insert into cities values (1, 'a')")
    seeder = applied(project, database, lock_wait=0.2)
    project.migration("002_slow", "select pg_sleep(1.5)")
    runner = threading.Thread(target=migrator(project, database).apply)
    runner.start()
    while not advisory_locks(database):
        time.sleep(0.01)
    (project.root / "sql/migrations/002_slow.sql").unlink()
    (project.root / "sql/rollbacks/002_slow.sql").unlink()
    with pytest.raises(LockTimeoutError):
        seeder.seed()
    runner.join()
