"""Where the history is, and what becomes of a database that has none."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import ConfigError, DatabaseUnavailableError, ExecutionError
from sqlmig.model import MigrationState
from tests.database import Database
from tests.project import Project


def test_the_history_is_in_the_schema_that_the_setting_names(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table public.a ()")
    migrator = Migrator(project.config(database=database.url, history_schema='Räum "1"'))
    migrator.apply()
    assert [status.state for status in migrator.status()] == [MigrationState.APPLIED]
    assert database.value("SELECT to_regclass('public._yoyo_migration')") is None


def test_histories_outside_search_path_are_an_error_that_names_them(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "select 1")
    for schema in ("one", "two"):
        Migrator(project.config(database=database.url, history_schema=schema)).apply()
    with pytest.raises(ConfigError, match="one, two") as caught:
        Migrator(project.config(database=database.url)).status()
    assert "history_schema" in str(caught.value)


def test_without_a_current_schema_the_setting_is_asked_for(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "select 1")
    url = f"{database.url}&options=-csearch_path%3Dnowhere"
    with pytest.raises(ConfigError, match="search_path"):
        Migrator(project.config(database=url)).apply()


def test_a_server_with_strings_of_the_old_kind_is_refused(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "select 1")
    url = f"{database.url}&options=-cstandard_conforming_strings%3Doff"
    with pytest.raises(ExecutionError, match="standard_conforming_strings"):
        Migrator(project.config(database=url)).apply()
    assert database.relations() == []


def test_no_server_is_exit_3_with_host_and_remedy(project: Project) -> None:
    project.migration("001_a", "select 1")
    url = "postgresql://someone:s3cret@127.0.0.1:1/nothing"
    with pytest.raises(DatabaseUnavailableError) as caught:
        Migrator(project.config(database=url)).status()
    assert caught.value.exit_code == 3
    assert "host=127.0.0.1 port=1 dbname=nothing user=someone" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_an_unknown_database_is_exit_3(project: Project, database: Database) -> None:
    project.migration("001_a", "select 1")
    url = database.url.replace(database.connection.info.dbname, "not_there")
    with pytest.raises(DatabaseUnavailableError, match='database "not_there" does not exist'):
        Migrator(project.config(database=url)).status()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@host:port/db",
        "postgresql://me:s3cret@host/db?nonsense=1",
        "mysql://me:s3cret@host/db",
        "password=s3cret dbname",
        "host='unterminated password=s3cret",
        "postgresql://me:s3cret@[::1/db",
    ],
)
def test_a_url_that_cannot_be_read_is_exit_2_without_its_password(
    project: Project, url: str
) -> None:
    project.migration("001_a", "select 1")
    with pytest.raises(ConfigError, match="the database URL cannot be read") as caught:
        Migrator(project.config(database=url)).status()
    assert caught.value.exit_code == 2
    assert "s3cret" not in str(caught.value)
    assert "postgresql://user@host" in str(caught.value)


def test_no_database_at_all_is_exit_2_and_names_the_ways_to_give_one(project: Project) -> None:
    project.migration("001_a", "select 1")
    with pytest.raises(ConfigError) as caught:
        Migrator(project.config()).status()
    for way in ("--database-url", "SQLMIG_DATABASE_URL", "DATABASE_URL", "PGHOST", "`database`"):
        assert way in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+psycopg", "postgresql+asyncpg"])
def test_urls_of_other_tools_are_understood(
    project: Project, database: Database, scheme: str
) -> None:
    project.migration("001_a", "select 1")
    url = database.url.replace("postgresql:", f"{scheme}:")
    assert len(Migrator(project.config(database=url)).status()) == 1


def test_libpq_s_key_value_form_is_understood(project: Project, database: Database) -> None:
    project.migration("001_a", "select 1")
    info = database.connection.info
    dsn = f"host={info.host} port={info.port} dbname={info.dbname} user={info.user}"
    assert len(Migrator(project.config(database=dsn)).status()) == 1
