"""Many schemas and databases: each is migrated as if it were the only one, and none is lost."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from sqlmig.errors import ProtectedTableError, UnknownTargetError
from sqlmig.fleet.fleet import Fleet
from sqlmig.fleet.results import TargetResult, TargetState
from sqlmig.model import Outcome
from sqlmig.source import script as reading
from sqlmig.source.lexer import statements
from tests.database import Database
from tests.fleet.fleets import (
    Told,
    applied,
    databases,
    fleet,
    messages,
    of,
    states,
    targets_file,
    tenants,
)
from tests.project import Project
from tests.thorough import is_torture

EXTENSION = 'CREATE EXTENSION IF NOT EXISTS "uuid-ossp" SCHEMA public;'


@pytest.fixture
def own(tmp_path: Path, smart_kids: Path) -> Project:
    """This repository's own migrations, with what tenants share in a script."""
    shutil.copytree(smart_kids / "sql", tmp_path / "sql")
    project = Project(tmp_path)
    project.write("sql/shared.sql", EXTENSION)
    return project


def test_this_repositorys_migrations_run_in_many_schemas_that_share_an_extension(
    own: Project, database: Database, pytestconfig: pytest.Config
) -> None:
    names = tenants(database, 50 if is_torture(pytestconfig) else 5)
    ids = [file.migration_id for file in own.files()]
    done = fleet(own, database, preparation=Path("sql/shared.sql")).apply()
    assert states(done) == dict.fromkeys(names, "applied"), messages(done)
    for name in names:
        assert applied(database, name) == ids
        assert "payments" in database.tables(name)
    assert database.tables() == set()
    query = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'uuid-ossp'"
    assert database.rows(query) == [("public",)]
    assert states(fleet(own, database).status()) == dict.fromkeys(names, "current")
    assert states(fleet(own, database).apply()) == dict.fromkeys(names, "current")


def test_this_repositorys_migrations_run_in_many_databases(
    own: Project, database: Database, pytestconfig: pytest.Config
) -> None:
    with databases(database, 10 if is_torture(pytestconfig) else 3) as urls:
        own.write(
            "sqlmig.toml",
            f"[fleet]\ntargets = '{targets_file(own, urls)}'\npreparation = 'sql/shared.sql'\n",
        )
        ours = Fleet(own.config())
        done = ours.apply()
        names = [f"db{number}" for number in range(1, len(urls) + 1)]
        assert states(done) == dict.fromkeys(names, "applied"), messages(done)
        assert states(ours.status()) == dict.fromkeys(names, "current")
        for url in urls:
            Migrator(own.config(database=url)).expect_current()


def test_a_query_names_schemas_or_databases(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    tenants(database, 2)
    database.execute("create table customers (id int, home text)")
    database.execute("insert into customers values (7, 'tenant1'), (9, 'tenant2')")
    query = "select id as name, home as schema from customers order by id"
    assert states(fleet(project, database, query=query).apply()) == {"7": "applied", "9": "applied"}
    assert database.tables("tenant2") == {"a"}
    with databases(database, 1) as (url,):
        query = f"select 'it' as name, '{url}' as url"
        assert states(fleet(project, database, query=query).apply()) == {"it": "applied"}


def test_a_name_of_a_schema_can_be_anything(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    name = 'Tenant "1"\\, x=1'
    database.execute("create schema " + '"' + name.replace('"', '""') + '"')
    query = "select 'it' as name, nspname as schema from pg_namespace where nspname like 'Tenant%'"
    done = fleet(project, database, query=query).apply()
    assert states(done) == {"it": "applied"}, messages(done)
    assert database.tables() == set()


def test_only_the_targets_of_these_names_are_touched(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    tenants(database, 3)
    done = fleet(project, database, "tenant3", "tenant1").apply()
    assert states(done) == {"tenant1": "applied", "tenant3": "applied"}
    assert states(fleet(project, database).status()) == {
        "tenant1": "current",
        "tenant2": "behind",
        "tenant3": "current",
    }


def test_the_migration_that_is_named_is_the_last_for_all(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b ()")
    tenants(database, 2)
    fleet(project, database).apply("001")
    (first, _) = fleet(project, database).status().results
    assert (first.state, first.pending) == (TargetState.BEHIND, ("002_b",))
    with pytest.raises(UnknownTargetError):
        fleet(project, database).apply("009")


def test_scripts_are_read_once_for_all_targets(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("002_b", "create table b ()", "drop table b")
    tenants(database, 3)
    lexed: list[str] = []

    def counting(text: str) -> object:
        lexed.append(text)
        return statements(text)

    monkeypatch.setattr(reading, "statements", counting)
    fleet(project, database).apply()
    assert sorted(lexed) == sorted(
        ["create table a ()", "create table b ()", "drop table a", "drop table b"]
    )


def test_a_failure_ends_the_run_and_the_next_run_continues(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b ()")
    names = tenants(database, 6)
    database.execute("create table tenant3.b ()")
    done = fleet(project, database, parallel=1).apply()
    assert list(states(done).values()) == [
        *("applied", "applied", "failed", "not begun", "not begun", "not begun")
    ]
    assert list(messages(done)) == ["tenant3"]
    assert 'relation "b" already exists' in messages(done)["tenant3"]
    assert "then run `sqlmig fleet apply`" in messages(done)["tenant3"]
    (failed,) = done.of(TargetState.FAILED)
    assert failed.report is not None
    assert failed.report.ids(Outcome.DONE) == ("001_a",)
    more = fleet(project, database, parallel=1, max_failures=1).apply()
    assert states(more) == {**dict.fromkeys(names[:2], "current"), "tenant3": "failed"} | (
        dict.fromkeys(names[3:], "applied")
    )
    database.execute("drop table tenant3.b")
    assert states(fleet(project, database).apply())["tenant3"] == "applied"


def test_no_more_targets_are_worked_on_at_a_time_than_parallel_says(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_a",
        "create table a as select count(distinct pid) as n from pg_stat_activity "
        "where datname = current_database() and query like '%001_a%' or pid = pg_backend_pid(); "
        "select pg_sleep(0.05)",
    )
    names = tenants(database, 6)
    fleet(project, database, parallel=2).apply()
    most = [database.value(f"select n from {name}.a") for name in names]
    assert max(most) <= 2


def test_progress_is_told_in_the_thread_of_the_call(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    tenants(database, 5)
    told = Told()
    of(project.config(database=database.url), observer=told).apply()
    assert told.total == 5
    assert sorted(result.target.name for result in told.results) == [
        f"tenant{number}" for number in range(1, 6)
    ]
    assert told.threads == {threading.get_ident()}


class Interrupting(Told):
    """Sends a Ctrl-C when the first target is done."""

    def finished(self, result: TargetResult) -> None:
        super().finished(result)
        if len(self.results) == 1:
            os.kill(os.getpid(), signal.SIGINT)


def test_after_a_ctrl_c_those_at_work_finish_and_the_rest_is_reported(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (); select pg_sleep(0.1)")
    names = tenants(database, 6)
    told = Interrupting()
    done = of(project.config(database=database.url), observer=told, parallel=2).apply()
    assert done.was_interrupted
    assert len(told.stopped) == 1
    found = states(done)
    begun = [name for name in names if found[name] == "applied"]
    assert 1 <= len(begun) <= 4
    assert {found[name] for name in names} == {"applied", "not begun"}
    assert [name for name in names if "a" in database.tables(name)] == begun
    assert [result.target.name for result in told.results if result.error] == []
    assert set(states(fleet(project, database).apply()).values()) == {"applied", "current"}


def test_sessions_that_create_one_extension_at_a_time_try_again(
    project: Project, database: Database
) -> None:
    project.migration("001_a", 'create extension if not exists "uuid-ossp" schema public')
    names = tenants(database, 4)
    done = fleet(project, database).apply()
    assert states(done) == dict.fromkeys(names, "applied"), messages(done)


def test_what_is_shared_is_prepared_once_and_only_where_something_is_pending(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a as select * from shared_numbers()")
    project.write(
        "shared.sql",
        "create table if not exists prepared (at timestamptz);\n"
        "insert into prepared values (clock_timestamp());\n"
        "create or replace function shared_numbers() returns int language sql as 'select 1';",
    )
    names = tenants(database, 4)
    ours = fleet(project, database, preparation=Path("shared.sql"))
    assert states(ours.apply()) == dict.fromkeys(names, "applied")
    assert database.value("select count(*) from public.prepared") == 1
    assert states(ours.apply()) == dict.fromkeys(names, "current")
    assert database.value("select count(*) from public.prepared") == 1


def test_a_preparation_that_fails_is_told_with_its_place_and_nothing_is_run(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    project.write("shared.sql", "create table once ();\nselect nothing;")
    tenants(database, 1)
    done = fleet(project, database, preparation=Path("shared.sql")).apply()
    assert "shared.sql:2:8: column" in messages(done)["tenant1"]
    assert "`preparation`" in messages(done)["tenant1"]
    assert (database.tables(), database.tables("tenant1")) == (set(), set())


def test_the_guard_of_a_tenant_looks_at_its_own_tables(
    project: Project, database: Database
) -> None:
    project.migration("001_paid", "create table paid (id int); insert into paid values (1)")
    project.migration("002_clean", "delete from paid where id = 1")
    tenants(database, 2)
    config = project.config(
        database=database.url, environment="production", protected_tables="paid, public.shared"
    )
    database.execute("create table shared (id int); insert into shared values (1)")
    of(config).apply("001")
    done = of(config, max_failures=9).apply()
    assert {type(result.error) for result in done.results} == {ProtectedTableError}
    project.migration("002_clean", "delete from tenant1.paid")
    assert states(of(config, "tenant1").apply()) == {"tenant1": "failed"}
    assert states(of(config, "tenant2").apply()) == {"tenant2": "applied"}
    project.migration("003_shared", "delete from shared")
    done = of(config, "tenant2").apply()
    assert "shared" in messages(done)["tenant2"]


def test_checks_look_at_the_tables_of_each_tenant(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a (id int)")
    project.migration("002_b", "insert into a select 1 where current_schema() = 'tenant2'")
    project.write("sql/checks/001.sql", "-- requires: 002_b\nselect * from a")
    tenants(database, 3)
    done = fleet(project, database, max_failures=3).apply()
    assert states(done) == {"tenant1": "applied", "tenant2": "failed", "tenant3": "applied"}
    assert "1 sanity check failed: 001" in messages(done)["tenant2"]


def test_each_target_keeps_its_own_stamp(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    tenants(database, 2)
    config = project.config(database=database.url, environment="testing")
    of(config, "tenant1").apply()
    of(project.config(database=database.url, environment="production"), "tenant2").apply()
    assert states(of(config, max_failures=2).apply()) == {
        "tenant1": "current",
        "tenant2": "failed",
    }


def test_a_fleet_can_be_set_in_the_projects_file(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    names = tenants(database, 2)
    project.write("sqlmig.toml", "[fleet]\nschemas = 'tenant%'\nparallel = 2\n")
    config = Config.load(project.root, {"database": database.url}, environ={})
    assert config.fleet.parallel == 2
    assert states(of(config, schemas=None).status()) == dict.fromkeys(names, "behind")
