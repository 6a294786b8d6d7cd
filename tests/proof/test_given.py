"""A script that prepares each scratch database with what migrations find, and did not make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sqlmig.errors import (
    BeyondDatabaseError,
    ConfigError,
    ExecutionError,
    ScratchScriptError,
    SourceError,
)
from sqlmig.migrator import Migrator
from sqlmig.operations.validation import validate
from tests.command import Run
from tests.database import Database
from tests.project import Project

GIVEN = """-- What the platform brings
CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';
CREATE TABLE stub (id int PRIMARY KEY);
CREATE EXTENSION citext;
GRANT USAGE ON SCHEMA public TO public;
"""
LIVE = """
CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY, email text UNIQUE);
CREATE TABLE auth.sessions (id int PRIMARY KEY);
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid -- the real one';
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
CREATE TABLE public.stub (id int PRIMARY KEY, more text);
CREATE INDEX ON public.stub (more);
CREATE EXTENSION citext;
"""


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    project.write("sqlmig.toml", 'scratch_script = "sql/given.sql"\n')
    project.write("sql/given.sql", GIVEN)
    project.migration(
        "001_profiles",
        "create table profile (id uuid references auth.users, name citext, s int references stub)",
        "drop table profile",
    )
    project.migration(
        "002_mine",
        "create policy mine on profile using (id = auth.uid())",
        "drop policy mine on profile",
    )
    return Migrator(project.config(database=database.url))


def told(migrator: Migrator) -> list[str]:
    return [f"{each.presence.value} {each.object}" for each in migrator.drift().differences]


def verdicts(migrator: Migrator) -> list[str]:
    return [trip.verdict.value for trip in migrator.verify().round_trips]


def test_a_history_that_begins_on_something_given_is_verified(migrator: Migrator) -> None:
    assert verdicts(migrator) == ["reversible", "reversible"]
    assert [trip.is_sound for trip in migrator.verify_pending().round_trips] == [True, True]


def test_without_the_script_the_first_migration_fails(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.remove("sqlmig.toml")
    assert verdicts(Migrator(project.config(database=database.url)))[0] == "apply failed"


def test_it_runs_again_where_a_scratch_database_is_built_anew(
    project: Project, migrator: Migrator
) -> None:
    project.migration(
        "002_mine",
        "create policy mine on profile using (id = auth.uid())",
        "-- transactional: false\ndrop policy mine on profile; drop table nothing",
    )
    project.migration(
        "003_more", "alter table auth.users add x int", "alter table auth.users drop x"
    )
    assert verdicts(migrator) == ["reversible", "rollback failed", "reversible"]


def test_a_rollback_that_forgets_something_within_what_is_given_is_found(
    project: Project, migrator: Migrator
) -> None:
    project.migration("003_more", "create table auth.extra (x int)", "select 1")
    assert verdicts(migrator)[2] == "not restored"
    project.migration("003_more", "alter table auth.users add x int", "select 1")
    assert verdicts(migrator)[2] == "not restored"


def test_what_is_given_is_no_drift_however_the_live_database_has_it(
    database: Database, migrator: Migrator
) -> None:
    database.execute(LIVE)
    migrator.apply()
    assert told(migrator) == []


def test_what_migrations_made_is_compared_also_within_what_is_given(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration(
        "003_hook",
        "create table auth.hook (x int); create index hooks on stub (id);"
        "alter table auth.users add z int",
        "drop table auth.hook; drop index hooks; alter table auth.users drop z",
    )
    database.execute(LIVE)
    migrator.apply()
    assert told(migrator) == []
    database.execute(
        "alter table auth.hook add y int; drop index hooks; alter table auth.users drop z;"
        "create index by_hand_too on auth.hook (x); create index on auth.users (email);"
        "create table by_hand (x int); drop policy mine on profile"
    )
    assert told(migrator) == [
        "extra index auth.by_hand_too",
        "missing index public.hooks",
        "missing policy mine on public.profile",
        "extra table public.by_hand",
        "extra table column auth.hook.y",
        "missing table column auth.users.z",
    ]


def test_the_remedy_names_the_setting_where_something_given_is_missing(
    project: Project, database: Database, migrator: Migrator
) -> None:
    database.execute(LIVE)
    migrator.apply()
    project.remove("sqlmig.toml")
    with pytest.raises(ExecutionError, match="`scratch_script`"):
        Migrator(project.config(database=database.url)).drift()


@pytest.mark.parametrize("command", ["verify", "drift"])
def test_an_error_of_the_server_has_its_place(
    project: Project, database: Database, migrator: Migrator, command: str
) -> None:
    project.write(
        "sql/given.sql", "CREATE SCHEMA auth;\n\nCREATE TABLE auth.users (\n  id nope);\n"
    )
    done = Run(project.root, database.url)(command)
    assert done.returncode == 3
    assert 'Error: sql/given.sql:4:6: type "nope" does not exist (42704)' in done.stderr
    assert "`scratch_script`" in done.stderr
    as_json = json.loads(Run(project.root, database.url)(command, "--format", "json").stdout)
    (error,) = as_json["errors"]
    assert error["error"] == "ScratchScriptError"
    assert (error["location"]["line"], error["location"]["column"]) == (4, 6)
    assert database.relations() == []


@pytest.mark.parametrize(
    ("script", "place", "message"),
    [
        ("SELECT 1;\nCOMMIT;", ":2:1", "COMMIT would end the transaction"),
        ("SELECT 'open", ":1:8", "unterminated string"),
        ("-- transactional: false\nSELECT 1", ":1:1", "a scratch script cannot have"),
        ("SELECT 1;\nVACUUM", ":2:1", "cannot run inside a transaction"),
        ("-- nothing", "", "has no statement"),
    ],
)
def test_a_script_that_cannot_be_used_is_refused_before_anything_runs(
    project: Project, migrator: Migrator, script: str, place: str, message: str
) -> None:
    path = project.write("sql/given.sql", script)
    for refuse in (migrator.verify, migrator.drift, lambda: validate(project.config())):
        with pytest.raises(SourceError) as refused:
            refuse()
        assert str(refused.value).startswith(f"{path}{place}: ")
        assert message in str(refused.value)


def test_a_script_that_is_not_there_is_named(project: Project, migrator: Migrator) -> None:
    project.remove("sql/given.sql")
    with pytest.raises(SourceError, match=r"sql/given\.sql: cannot be read: No such file"):
        migrator.verify()


def test_a_deferred_constraint_is_checked_at_its_end(project: Project, migrator: Migrator) -> None:
    project.write(
        "sql/given.sql",
        "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO t VALUES (1, 2)",
    )
    with pytest.raises(ScratchScriptError, match="violates foreign key constraint"):
        migrator.verify()


def test_what_it_sets_for_its_session_does_not_reach_the_migrations(
    project: Project, migrator: Migrator
) -> None:
    project.write(
        "sql/given.sql",
        GIVEN
        + "SET search_path = auth; SET ROLE pg_monitor; SET default_transaction_read_only = on",
    )
    assert verdicts(migrator) == ["reversible", "reversible"]


def test_it_may_not_change_what_other_databases_use(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.write("sql/given.sql", "SELECT 1;\nCREATE ROLE sqlmig_test_given")
    with pytest.raises(
        BeyondDatabaseError, match=r"given\.sql:2:1: this changes objects shared by all databases"
    ):
        migrator.verify()
    assert database.rows("SELECT FROM pg_roles WHERE rolname = 'sqlmig_test_given'") == []


def test_rows_after_copy_are_part_of_it(project: Project, migrator: Migrator) -> None:
    project.write("sql/given.sql", GIVEN + "COPY stub (id) FROM stdin;\n1\n2\n\\.\n")
    project.migration("001_profiles", "select 1 / count(*) from stub", "select 1")
    project.migration("002_mine", "select 1", "select 1")
    assert verdicts(migrator) == ["reversible", "reversible"]


def test_the_path_may_come_from_the_environment_and_must_be_one(project: Project) -> None:
    config = type(project.config()).load(
        project.root, environ={"SQLMIG_SCRATCH_SCRIPT": "other.sql"}
    )
    assert config.scratch_script == Path("other.sql")
    project.write("sqlmig.toml", "scratch_script = 3\n")
    with pytest.raises(ConfigError, match="scratch_script"):
        project.config()
