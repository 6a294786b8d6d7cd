"""The remedy follows from what the server says, and names the setting and what sets it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sqlmig import Migrator
from sqlmig.errors import (
    DatabaseUnavailableError,
    MigrationFailedError,
    SeedFailedError,
    ServerError,
    SqlmigError,
)
from tests.database import Database
from tests.faults.processes import wait_until
from tests.project import Project

_SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> {pid}"


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """An ordinary role that may make tables."""
    name = f"role_of_{database.connection.info.dbname}"
    database.execute(f"CREATE ROLE {name} LOGIN; GRANT CREATE ON SCHEMA public TO {name}")
    yield name
    database.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def migrator_as(role: str, project: Project, database: Database) -> Migrator:
    return Migrator(project.config(database=database.url.replace("postgres@", f"{role}@")))


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("ROLE {role}", "by ALTER ROLE {role}"),
        ("DATABASE {database}", "by ALTER DATABASE {database}"),
        ("ROLE {role} IN DATABASE {database}", "by ALTER ROLE {role} IN DATABASE {database}"),
    ],
)
def test_a_session_that_only_reads_is_told_what_makes_it_so(
    project: Project, database: Database, role: str, subject: str, named: str
) -> None:
    names = {"role": role, "database": database.connection.info.dbname}
    database.execute(f"ALTER {subject.format(**names)} SET default_transaction_read_only = on")
    project.migration("001_a", "create table a ()")
    with pytest.raises(ServerError) as caught:
        migrator_as(role, project, database).apply()
    where = named.format(**names)
    assert caught.value.remedy == (
        f"default_transaction_read_only is on, set {where}. To write: "
        f"{where.removeprefix('by ')} RESET default_transaction_read_only"
    )
    assert database.relations() == []


def test_a_file_is_not_blamed_for_a_session_that_only_reads(
    project: Project, database: Database, role: str
) -> None:
    project.migration("001_a", "create table a ()")
    migrator_as(role, project, database).apply()
    database.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
    project.migration("002_b", "create table b ()")
    with pytest.raises(MigrationFailedError, match=r"002_b\.sql") as caught:
        migrator_as(role, project, database).apply()
    assert f"set by ALTER ROLE {role}." in caught.value.remedy
    assert "Fix" not in caught.value.remedy


def test_a_statement_timeout_is_told_with_what_sets_it(
    project: Project, database: Database, role: str
) -> None:
    database.execute(f"ALTER ROLE {role} SET statement_timeout = '300ms'")
    project.migration("001_a", "select 1;\nselect pg_sleep(20);")
    with pytest.raises(MigrationFailedError, match=r"001_a.sql:2:1") as caught:
        migrator_as(role, project, database).apply()
    assert caught.value.remedy == (
        "001_a was undone completely. statement_timeout is 300ms, set by ALTER ROLE "
        f"{role}. Give the file a longer one, `-- statement_timeout: 10min`; or ALTER ROLE {role} "
        "RESET statement_timeout"
    )


def test_a_statement_timeout_of_the_url_is_told_as_such(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "-- transactional: false\nselect pg_sleep(20);")
    url = f"{database.url}&options=-cstatement_timeout%3D300ms"
    with pytest.raises(MigrationFailedError, match="set by `options` in the URL"):
        Migrator(project.config(database=url)).apply()


def test_a_statement_timeout_of_the_file_is_told_as_such(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "-- statement_timeout: 100ms\nselect pg_sleep(20);")
    with pytest.raises(MigrationFailedError) as caught:
        Migrator(project.config(database=database.url)).apply()
    assert "took longer than statement_timeout. Give the file a longer one" in str(caught.value)


@pytest.mark.parametrize("kind", ["migration", "seed"])
def test_a_cancelled_statement_is_nobodys_mistake(
    project: Project, database: Database, kind: str
) -> None:
    migrator = Migrator(project.config(database=database.url, environment="development"))
    project.migration("001_a", "select 1")
    migrator.apply()
    if kind == "migration":
        project.migration("002_b", "select pg_sleep(20)")
    else:
        project.write("sql/seeds/reference/001_a.sql", "select pg_sleep(20)")
    caught: list[SqlmigError] = []

    def work() -> None:
        try:
            migrator.apply() if kind == "migration" else migrator.seed()
        except (MigrationFailedError, SeedFailedError) as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    others = _SLEEPS.format(pid=database.connection.info.backend_pid)
    wait_until(lambda: database.value(others))
    database.execute(others.replace("count(*)", "pg_cancel_backend(pid)"))
    thread.join()
    assert "Another session cancelled the statement (pg_cancel_backend): run it again." in str(
        caught[0]
    )
    assert "Fix" not in str(caught[0])


@pytest.mark.parametrize(
    ("subject", "remedy"),
    [
        ("ROLE {role}", "ALTER ROLE … CONNECTION LIMIT"),
        ("DATABASE {database}", "ALTER DATABASE … CONNECTION LIMIT"),
    ],
)
def test_a_connection_limit_is_not_blamed_on_the_url(
    project: Project, database: Database, role: str, subject: str, remedy: str
) -> None:
    names = {"role": role, "database": database.connection.info.dbname}
    database.execute(f"ALTER {subject.format(**names)} CONNECTION LIMIT 0")
    project.migration("001_a", "select 1")
    with pytest.raises(DatabaseUnavailableError) as caught:
        migrator_as(role, project, database).apply()
    assert remedy in caught.value.remedy


def test_a_role_that_may_not_log_in_is_told_so(
    project: Project, database: Database, role: str
) -> None:
    database.execute(f"ALTER ROLE {role} NOLOGIN")
    project.migration("001_a", "select 1")
    with pytest.raises(DatabaseUnavailableError, match="ALTER ROLE … LOGIN"):
        migrator_as(role, project, database).apply()


def test_an_event_trigger_on_sqlmigs_own_tables_is_told_with_its_hint(
    project: Project, database: Database
) -> None:
    database.execute(
        "create function no_ddl() returns event_trigger language plpgsql as $$ begin "
        "raise exception 'no tables today' using detail = 'It is Friday.', hint = 'Ask Anna.'; "
        "end $$; create event trigger no_ddl on ddl_command_start when tag in ('CREATE TABLE') "
        "execute function no_ddl()"
    )
    project.migration("001_a", "select 1")
    with pytest.raises(ServerError) as caught:
        Migrator(project.config(database=database.url)).apply()
    first, *others = caught.value.lines()
    assert first == (
        "the database refused to create or upgrade sqlmig's own tables in the schema public: "
        "no tables today (P0001)"
    )
    assert others[:2] == ["DETAIL: It is Friday.", "HINT: Ask Anna."]
    assert "event trigger" in others[-1]


def test_a_character_that_the_database_lacks_is_told_with_the_file(
    project: Project, database: Database
) -> None:
    name = f"{database.connection.info.dbname}_latin"
    database.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    project.migration("001_a", "select 1", "select 'Цена'")
    url = database.url.replace(f"/{database.connection.info.dbname}?", f"/{name}?")
    try:
        with pytest.raises(MigrationFailedError) as caught:
            Migrator(project.config(database=url)).apply()
    finally:
        database.execute(f"DROP DATABASE {name} WITH (FORCE)")
    message = caught.value.message
    assert (
        "sql/migrations/001_a.sql, or the rollback that is recorded with it, has a char" in message
    )
