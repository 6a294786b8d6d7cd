"""Which environment holds, and what the database's stamp has to do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from psycopg import Connection

from sqlmig import Migrator
from sqlmig.engine.history.finding import find_history
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.errors import ConfigError, EnvironmentMismatchError, PlanError
from sqlmig.model import Environment, LockHolder, SilentObserver
from tests.database import Database
from tests.project import Project

STAMP = "select value #>> '{}' from _sqlmig_state where key = 'environment'"


def migrator(project: Project, database: Database, **arguments: object) -> Migrator:
    project.migration("001_first", "create table first ()", "drop table first")
    return Migrator(project.config(database=database.url, **arguments))


def test_an_argument_is_stronger_than_everything(project: Project, database: Database) -> None:
    project.write("sqlmig.toml", 'environment = "testing"\n')
    rules = migrator(project, database, environment="development").environment()
    assert (rules.environment, rules.origin) == (Environment.DEVELOPMENT, "--env")


def test_the_stamp_is_stronger_than_the_projects_settings(
    project: Project, database: Database
) -> None:
    migrator(project, database).set_environment(Environment.PRODUCTION)
    project.write("sqlmig.toml", 'environment = "testing"\n')
    rules = migrator(project, database).environment()
    assert (rules.environment, rules.origin) == (Environment.PRODUCTION, "the database's stamp")


def test_the_projects_settings_are_stronger_than_nothing(
    project: Project, database: Database
) -> None:
    path = project.write("sqlmig.toml", 'environment = "test"\n')
    rules = migrator(project, database).environment()
    assert (rules.environment, rules.origin) == (Environment.TESTING, str(path))


def test_nothing_means_production(project: Project, database: Database) -> None:
    rules = migrator(project, database).environment()
    assert (rules.environment, rules.origin) == (Environment.PRODUCTION, "the default")


def test_the_first_apply_with_an_explicit_environment_stamps_the_database(
    project: Project, database: Database
) -> None:
    migrator(project, database, environment="testing").apply()
    assert database.value(STAMP) == "testing"


@pytest.mark.parametrize("settings", ["", 'environment = "development"\n'])
def test_an_environment_that_nobody_gave_explicitly_stamps_nothing(
    project: Project, database: Database, settings: str
) -> None:
    project.write("sqlmig.toml", settings)
    migrator(project, database).apply()
    assert database.rows(STAMP) == []


def test_another_explicit_environment_is_refused_before_anything_is_touched(
    project: Project, database: Database
) -> None:
    migrator(project, database, environment="production").apply()
    project.migration("002_second", "create table second ()", "drop table second")
    other = migrator(project, database, environment="development")
    for refused in (other.apply, other.seed, other.environment):
        with pytest.raises(EnvironmentMismatchError, match="stamped as production, but --env"):
            refused()
    assert database.tables() == {"first"}
    assert EnvironmentMismatchError.exit_code == 2


def test_the_same_environment_is_accepted_again(project: Project, database: Database) -> None:
    migrator(project, database, environment="production").apply()
    assert migrator(project, database, environment="prod").environment().new_stamp is None


def test_an_apply_with_nothing_to_do_stamps_the_database_too(
    project: Project, database: Database
) -> None:
    migrator(project, database).apply()
    assert migrator(project, database, environment="production").apply().results == ()
    assert database.value(STAMP) == "production"


@dataclass(frozen=True)
class MeetsAnother(SilentObserver):
    """While it waits for the runner's lock, the other runner does that, and ends."""

    other: Connection[tuple[Any, ...]]
    does: str

    def waiting_for_lock(self, holder: LockHolder | None, patience: float) -> None:
        self.other.execute(self.does.encode())
        self.other.execute("select pg_advisory_unlock_all()")


def meeting(
    project: Project, database: Database, other: Connection[tuple[Any, ...]], does: str
) -> Migrator:
    """One whose lock the other has."""
    history = find_history(other, None)
    RunnerLock(other, history.schema, is_pooled=False).try_acquire()
    config = project.config(database=database.url, environment="production")
    return Migrator(config, MeetsAnother(other, does))


@pytest.mark.parametrize("command", ["apply", "seed"])
def test_the_stamp_of_a_runner_that_went_before_counts(
    project: Project, database: Database, command: str
) -> None:
    project.write("sql/seeds/reference/001.sql", "create table seeded ()")
    migrator(project, database).apply()
    if command == "apply":
        project.migration("002_second", "create table second ()")
    stamp = "insert into _sqlmig_state values ('environment', to_jsonb('testing'::text))"
    with database.another_connection() as other:
        runner = meeting(project, database, other, stamp)
        with pytest.raises(EnvironmentMismatchError, match="stamped as testing"):
            getattr(runner, command)()
    assert database.value(STAMP) == "testing"
    assert database.tables() == {"first"}


def test_nothing_is_seeded_where_another_runner_has_just_rolled_back(
    project: Project, database: Database
) -> None:
    project.write("sql/seeds/reference/001.sql", "create table seeded ()")
    migrator(project, database).apply()
    with database.another_connection() as other:
        seeder = meeting(project, database, other, "delete from _yoyo_migration")
        with pytest.raises(PlanError, match="001_first is pending"):
            seeder.seed()
    assert database.tables() == {"first"}


def test_setting_the_environment_tells_of_the_stamp_alone(
    project: Project, database: Database
) -> None:
    rules = migrator(project, database, environment="production").set_environment(
        Environment.TESTING
    )
    assert (rules.environment, rules.origin) == (Environment.TESTING, "the database's stamp")
    assert database.value(STAMP) == "testing"


def test_setting_the_environment_says_otherwise_and_is_noted(
    project: Project, database: Database
) -> None:
    migrator(project, database, environment="production").apply()
    migrator(project, database).set_environment(Environment.TESTING)
    assert database.value(STAMP) == "testing"
    assert migrator(project, database, environment="testing").environment().new_stamp is None
    assert database.rows("select event, subject from _sqlmig_event") == [
        ("environment set", "testing")
    ]


def test_an_empty_database_can_be_stamped_before_its_first_migration(
    project: Project, database: Database
) -> None:
    migrator(project, database).set_environment(Environment.TESTING)
    migrator(project, database, environment="testing").apply()
    assert database.applied() == ["001_first"]


def test_a_stamp_that_names_no_environment_is_told(project: Project, database: Database) -> None:
    migrator(project, database, environment="testing").apply()
    database.execute("update _sqlmig_state set value = '\"staging\"' where key = 'environment'")
    with pytest.raises(ConfigError, match="does not exist: 'staging'") as told:
        migrator(project, database).environment()
    assert "sqlmig environment set NAME" in told.value.remedy


def test_an_embedded_server_is_never_production(project: Project) -> None:
    embedded = Migrator(project.config(database="embedded"))
    with pytest.raises(ConfigError, match="for development and tests, not for production"):
        embedded.set_environment(Environment.PRODUCTION)


def test_looking_writes_nothing(project: Project, database: Database) -> None:
    look = migrator(project, database, environment="testing")
    before = database.relations()
    look.environment()
    look.status()
    look.check()
    look.seed_statuses()
    assert database.relations() == before


def test_names_in_the_settings_that_no_table_has_are_told(
    project: Project, database: Database
) -> None:
    tables = {"protected_tables": "first, First, public.first", "forbidden_tables": "frist"}
    first = migrator(project, database, **tables)
    assert first.unknown_tables() == ["first", "First", "public.first", "frist"]
    first.apply()
    assert first.unknown_tables() == ["First", "frist"]
