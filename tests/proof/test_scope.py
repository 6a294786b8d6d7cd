"""What a comparison is about: never what sqlmig made, nor what belongs to another history."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import ConfigError
from tests.database import Database
from tests.project import Project

TENANTS = ("t1", "t2", "t3")


def on(database: Database, search_path: str) -> str:
    return f"{database.url}&options=-csearch_path%3D{search_path}"


def told(migrator: Migrator) -> list[str]:
    return [f"{each.presence.value} {each.object}" for each in migrator.drift().differences]


@pytest.fixture
def tenants(project: Project, database: Database) -> dict[str, Migrator]:
    """Three tenants, each with its tables and its history in a schema of its own."""
    project.migration("001_a", "create table a (x int)", "drop table a")
    migrators = {}
    for name in TENANTS:
        database.execute(f"create schema {name}")
        config = project.config(database=on(database, name), history_schema=name)
        migrators[name] = Migrator(config)
        migrators[name].apply()
    return migrators


@pytest.mark.parametrize("schema", ["hist", 'Räum "1"', "public", None])
def test_the_schema_that_sqlmig_makes_is_no_part_of_a_round_trip(
    project: Project, database: Database, schema: str | None
) -> None:
    project.migration("001_a", "create table public.a ()", "drop table public.a")
    migrator = Migrator(project.config(database=database.url, history_schema=schema))
    assert [trip.differences for trip in migrator.verify().round_trips] == [()]
    migrator.apply()
    assert told(migrator) == []
    project.migration("002_b", "create table public.b ()", "drop table public.b")
    assert migrator.verify_pending().is_sound


def test_a_right_on_the_schema_of_the_history_that_is_not_taken_back_is_seen(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "grant usage on schema hist to public", "select 1")
    migrator = Migrator(project.config(database=database.url, history_schema="hist"))
    (trip,) = migrator.verify().round_trips
    assert [str(each.object) for each in trip.differences] == ["schema hist"]


def test_the_schema_of_the_history_may_belong_to_somebody_else(
    project: Project, database: Database
) -> None:
    role = f"sqlmig_dba_{database.connection.info.dbname}"
    database.execute(f"create role {role}; create schema hist authorization {role}")
    try:
        database.execute(f"grant all on schema hist to {role}; comment on schema hist is 'mine'")
        project.migration("001_a", "create table public.a ()", "drop table public.a")
        migrator = Migrator(project.config(database=database.url, history_schema="hist"))
        migrator.apply()
        assert told(migrator) == []
    finally:
        database.execute(f"drop schema hist cascade; drop role {role}")


def test_without_a_current_schema_a_project_is_verified(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_app", "create schema app; create table app.a ()", "drop schema app cascade"
    )
    project.migration("002_b", "create table b (x int); select 'b'::regclass", "drop table b")
    project.write("sql/checks/01_b.sql", "-- expect: no rows\nselect * from b")
    migrator = Migrator(project.config(database=on(database, "app")))
    verified = migrator.verify()
    assert verified.is_sound, verified
    assert len(verified.round_trips) == 2


def test_a_tenant_s_drift_is_its_own(tenants: dict[str, Migrator], database: Database) -> None:
    assert told(tenants["t1"]) == []
    database.execute("create table t2.extra (); drop table t3.a")
    assert told(tenants["t1"]) == []
    assert told(tenants["t2"]) == ["extra table t2.extra"]
    assert told(tenants["t3"]) == ["missing table t3.a"]


def test_where_services_share_a_schema_nothing_of_it_is_left_out(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (x int)", "drop table a")
    Migrator(project.config(database=database.url)).apply()
    project.remove("sql/migrations/001_a.sql")
    project.remove("sql/rollbacks/001_a.sql")
    project.migration("001_b", "create table b (x int)", "drop table b")
    other = Migrator(project.config(database=database.url, history_schema="other"))
    other.apply()
    database.execute("alter table b add y int")
    assert told(other) == ["extra table public.a", "extra table column public.b.y"]


@pytest.mark.parametrize(
    ("schemas", "expected"),
    [
        (["t1"], []),
        (["t1", "t2"], ["extra schema t2", "extra table column t2.a.y"]),
        ("t1, shared", ["extra schema shared", "extra table shared.s"]),
    ],
)
def test_the_named_schemas_are_compared_and_no_others(
    tenants: dict[str, Migrator],
    project: Project,
    database: Database,
    schemas: object,
    expected: list[str],
) -> None:
    database.execute("create schema shared; create table shared.s (x int primary key)")
    database.execute("alter table t2.a add y int; create extension if not exists hstore")
    config = project.config(database=on(database, "t1"), history_schema="t1", schemas=schemas)
    found = told(Migrator(config))
    assert [line for line in found if not line.startswith("extra table t2.a")] == [
        line for line in expected if "t2.a" not in line
    ]
    assert told(tenants["t1"])  # without the setting, the schema `shared` is not expected


def test_what_is_outside_the_named_schemas_is_outside_a_round_trip(
    project: Project, database: Database
) -> None:
    head = (
        "create table a (x int primary key, y text default 'a'); create index on a (y);"
        "create view v as table a; create policy p on a; create sequence s owned by a.x;"
    )
    project.migration(
        "001_a",
        f"{head} create schema if not exists other; create table if not exists other.t ()",
        "drop view v; drop table a cascade",
    )
    narrow = Migrator(project.config(database=database.url, schemas=["public"]))
    assert narrow.verify().is_sound
    (trip,) = Migrator(project.config(database=database.url)).verify().round_trips
    assert [str(each.object) for each in trip.differences] == ["schema other", "table other.t"]
    project.migration("001_a", f"{head} create schema other", "drop view v; drop schema other")
    (trip,) = narrow.verify().round_trips
    assert "table public.a" in [str(each.object) for each in trip.differences]


def test_a_schema_that_is_nowhere_is_not_taken_for_one_without_drift(
    tenants: dict[str, Migrator], project: Project, database: Database
) -> None:
    config = project.config(database=on(database, "t1"), history_schema="t1", schemas=["t9"])
    for call in (Migrator(config).drift, Migrator(config).verify):
        with pytest.raises(ConfigError, match="`schemas` names schemas that do not exist: t9"):
            call()
    assert told(tenants["t1"]) == []
