"""Which environment holds, and what the database's stamp has to do with it."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import ConfigError, EnvironmentMismatchError
from sqlmig.model import Environment
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
        with pytest.raises(EnvironmentMismatchError, match="stamped as production, and --env"):
            refused()
    assert database.tables() == {"first"}
    assert EnvironmentMismatchError.exit_code == 2


def test_the_same_environment_is_accepted_again(project: Project, database: Database) -> None:
    migrator(project, database, environment="production").apply()
    assert migrator(project, database, environment="prod").environment().new_stamp is None


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
