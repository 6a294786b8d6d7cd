"""`create` and `drop`: a database for development, never one that may be production."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from sqlmig import Config, Migrator, create_database, drop_database
from sqlmig.errors import ConfigError, EnvironmentMismatchError, NotAgreedError, ServerError
from sqlmig.model import Environment, Outcome
from tests.database import Database
from tests.project import Project

# Each worker of pytest-xdist has its own.
NAME = f'odd "name"; x{os.environ.get("PYTEST_XDIST_WORKER", "")}'


@pytest.fixture
def url(database: Database) -> Iterator[str]:
    """A database that does not exist."""
    yield make_conninfo(database.url, dbname=NAME)
    database.execute(f'DROP DATABASE IF EXISTS "{NAME.replace(chr(34), 2 * chr(34))}" WITH (FORCE)')


def settings(url: str, environment: str | None = "development", root: Path = Path()) -> Config:
    arguments = {"database": url, "environment": environment}
    return Config.load(root, arguments, environ={})


def create_as_anyone(database: Database) -> None:
    """Creates it without sqlmig."""
    database.execute(f'CREATE DATABASE "{NAME.replace(chr(34), 2 * chr(34))}"')


def exists(database: Database) -> bool:
    return NAME in [name for (name,) in database.rows("SELECT datname FROM pg_database")]


def test_a_database_is_created_used_and_dropped(
    database: Database, project: Project, url: str
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    config = settings(url, root=project.root)
    assert create_database(config).changed
    Migrator(config).apply()
    asked: list[str] = []
    dropped = drop_database(config, asked.append)
    assert (dropped.name, dropped.changed, asked) == (NAME, True, [NAME])
    assert not exists(database)


def test_with_nothing_to_do_nothing_is_done(database: Database, url: str) -> None:
    assert not create_database(settings(database.url)).changed
    assert not drop_database(settings(url)).changed


@pytest.mark.parametrize("environment", [None, "production"])
def test_production_is_refused(database: Database, url: str, environment: str | None) -> None:
    with pytest.raises(ConfigError, match="counts as production") as caught:
        create_database(settings(url, environment))
    assert "--env development create" in caught.value.remedy
    with pytest.raises(ConfigError, match="counts as production"):
        drop_database(settings(database.url, environment))
    assert not exists(database)


def test_what_it_has_created_follows_the_environment_that_it_was_created_for(
    database: Database, project: Project, url: str
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.write("sqlmig.toml", 'environment = "testing"\n')
    config = project.config(database=url)
    create_database(config)
    migrator = Migrator(config)
    assert migrator.environment().origin == "the database's stamp"
    assert migrator.apply().warnings == ()
    project.migration("002_b", "create table b ()", "drop table b")
    assert migrator.apply().ids(Outcome.DONE) == ("002_b",)
    assert migrator.environment().environment is Environment.TESTING


def test_a_database_that_was_there_gets_no_stamp(database: Database) -> None:
    before = database.relations()
    assert not create_database(settings(database.url)).changed
    assert database.relations() == before


@pytest.mark.parametrize("stamp", ["production", None])
def test_a_database_that_may_be_production_is_not_dropped(
    database: Database, project: Project, url: str, stamp: str | None
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    create_as_anyone(database)
    Migrator(settings(url, stamp, project.root)).apply()
    with pytest.raises(EnvironmentMismatchError):
        drop_database(settings(url))
    assert exists(database)


def test_a_database_with_another_history_of_production_is_not_dropped(
    database: Database, project: Project, url: str
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    create_as_anyone(database)
    theirs = replace(settings(url, "production", project.root), history_schema="theirs")
    Migrator(theirs).apply()
    ours = replace(settings(url, root=project.root), history_schema="ours")
    with pytest.raises(EnvironmentMismatchError, match=r"schema theirs .* stamped as production"):
        drop_database(ours)
    assert exists(database)


def test_a_database_that_only_a_service_names_is_not_guessed() -> None:
    for work in (create_database, drop_database):
        with pytest.raises(ConfigError, match="only in the service 'billing'"):
            work(settings("service=billing user=postgres"))


def test_a_refusal_to_agree_keeps_the_database(database: Database, url: str) -> None:
    def refuse(name: str) -> None:
        raise NotAgreedError(name)

    create_database(settings(url))
    with pytest.raises(NotAgreedError):
        drop_database(settings(url), refuse)
    assert exists(database)


def test_a_database_in_use_is_not_dropped(database: Database) -> None:
    with pytest.raises(ServerError, match="being accessed by other users") as caught:
        drop_database(settings(database.url))
    assert "Close the sessions" in caught.value.remedy


def test_the_embedded_server_is_refused_with_its_own_commands() -> None:
    config = Config(database="embedded")
    with pytest.raises(ConfigError, match="manages its own") as caught:
        create_database(config)
    assert "sqlmig apply" in caught.value.remedy
    with pytest.raises(ConfigError) as caught:
        drop_database(config)
    assert "sqlmig embedded reset" in caught.value.remedy
