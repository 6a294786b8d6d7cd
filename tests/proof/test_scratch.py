"""Scratch databases are like the target, and none is left, whatever became of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import psycopg
import pytest

from sqlmig import MigrationFailedError, Migrator
from sqlmig.config import Config
from sqlmig.engine.databases.likeness import DatabaseKind, Likeness, likeness_of
from sqlmig.engine.databases.scratch import ScratchServer, scratch_server
from sqlmig.engine.server.connection import opened
from sqlmig.proof.roundtrip import Verdict
from sqlmig.proof.scratch import scratch_beside
from tests.command import Run
from tests.database import Database
from tests.project import Project

LATIN1 = "ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
KINDS = {
    "libc": "ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'POSIX' LC_CTYPE 'C.UTF-8'",
    "ascii": "ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'",
    "icu": "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C'",
    "rules": "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' ICU_RULES '&V << w' LOCALE 'C'",
    "builtin": "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'",
}
SINCE = {"rules": 160000, "builtin": 170000}
SHAPE = "SELECT to_jsonb(d) - '{oid,datname,datfrozenxid,datminmxid,dattablespace}'::text[]"


@dataclass(frozen=True)
class Another:
    """One more database on the tests' server."""

    name: str
    database: Database

    @property
    def url(self) -> str:
        """How to reach it."""
        return self.database.url.replace(self.database.connection.info.dbname, self.name)

    def shape(self, name: str | None = None) -> object:
        """The row of pg_database of this one, or another, but for its numbers."""
        query = f"{SHAPE} FROM pg_database d WHERE datname = '{name or self.name}'"
        return self.database.value(query)


@pytest.fixture
def another(database: Database, request: pytest.FixtureRequest) -> Iterator[Another]:
    """One of the kind that the test's parameter names; LATIN1 without one."""
    kind = getattr(request, "param", None)
    if SINCE.get(kind or "", 0) > database.connection.info.server_version:
        pytest.skip("the server is older than this")
    name = f"{database.connection.info.dbname}_another"
    options = KINDS[kind] if kind else LATIN1
    try:
        database.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("the server has no ICU")
    yield Another(name, database)
    database.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """A role with LOGIN and CREATEDB alone: its leftovers concern no other test."""
    name = f"maker_of_{database.connection.info.dbname}"
    database.execute(f"CREATE ROLE {name} LOGIN CREATEDB")
    database.execute(f"GRANT CREATE ON SCHEMA public TO {name}")
    yield name
    query = f"SELECT datname FROM pg_database WHERE datdba = '{name}'::regrole"
    for (left,) in database.rows(query):
        database.execute(f'DROP DATABASE IF EXISTS "{left}" WITH (FORCE)')
    database.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


def url_as(role: str, database: Database) -> str:
    return database.url.replace("//postgres@", f"//{role}@")


def there(database: Database, name: str) -> bool:
    return bool(database.rows(f"SELECT FROM pg_database WHERE datname = '{name}'"))


@pytest.mark.parametrize("another", KINDS, indirect=True)
def test_a_scratch_database_is_of_the_same_kind_as_the_target(
    project: Project, another: Another
) -> None:
    with scratch_beside(project.config(database=another.url), None) as server:
        assert another.shape(server.create()) == another.shape()
        assert server.warnings == ()


def test_what_the_encoding_cannot_hold_fails_in_verify_as_in_apply(
    project: Project, another: Another
) -> None:
    project.migration("001_price", "create table price (text text)", "drop table price")
    project.migration("002_euro", "insert into price values ('Цена 5 €')", "delete from price")
    migrator = Migrator(project.config(database=another.url))
    last = migrator.verify().round_trips[-1]
    assert last.verdict is Verdict.APPLY_FAILED
    with pytest.raises(MigrationFailedError) as caught:
        migrator.apply()
    assert last.error is not None
    for error in (last.error, caught.value):
        assert "has a character that the database's encoding lacks" in error.message
    project.migration("002_euro", "insert into price values ('5 £')", "delete from price")
    assert migrator.verify().is_sound
    assert migrator.drift().differences == ()


def test_a_server_without_the_locale_at_least_has_the_encoding_and_it_is_said(
    database: Database, another: Another
) -> None:
    unknown = DatabaseKind("LATIN1", "c", "xx_XX.ISO-8859-1", "xx_XX.ISO-8859-1")
    with scratch_server(database.url, Likeness(unknown), is_shared=False) as server:
        name = server.create()
        found = likeness_of(server.url_of(name), elsewhere=False).kind
        assert found == DatabaseKind("LATIN1", "c", "C", "C")
        server.create()
    assert [warning.split(":")[0] for warning in server.warnings] == [
        "the scratch database differs from the target (encoding LATIN1, locale xx_XX.ISO-8859-1 of "
        "libc)"
    ]


def test_any_value_of_a_setting_is_taken_over(project: Project, database: Database) -> None:
    name, value = database.connection.info.dbname, "a  b\tc\nd\\e'f"
    literal = psycopg.sql.Literal(value).as_string(database.connection)
    database.execute(f"ALTER DATABASE {name} SET app.note = {literal}")
    with (
        scratch_beside(project.config(database=database.url), None) as server,
        opened(server.url_of(server.create())) as connection,
    ):
        assert connection.execute("SHOW app.note").fetchall() == [(value,)]


@pytest.mark.parametrize("is_variable", [False, True])
def test_what_the_client_asks_for_is_stronger_than_the_settings_of_the_database(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch, *, is_variable: bool
) -> None:
    database.execute(f"ALTER DATABASE {database.connection.info.dbname} SET search_path = theirs")
    url = database.url
    if is_variable:
        monkeypatch.setenv("PGOPTIONS", "-csearch_path=mine")
    else:
        url += "&options=-csearch_path%3Dmine"
    with (
        scratch_beside(project.config(database=url), None) as server,
        opened(url) as target,
        opened(server.url_of(server.create())) as connection,
    ):
        for session in (target, connection):
            assert session.execute("SHOW search_path").fetchall() == [("mine",)]


def test_on_another_server_sessions_begin_with_the_settings_of_the_role_too(
    project: Project, database: Database, role: str
) -> None:
    database.execute(f"ALTER ROLE {role} SET app.tenant = '5'; ALTER ROLE {role} SET role = {role}")
    config = project.config(database=url_as(role, database))
    with (
        scratch_beside(config, database.url) as server,
        opened(server.url_of(server.create())) as connection,
    ):
        assert connection.execute("SHOW app.tenant").fetchall() == [("5",)]


def test_on_another_server_sessions_have_the_search_path_of_the_url(
    project: Project, database: Database
) -> None:
    config = project.config(database=f"{database.url}&options=-csearch_path%3Dtenant7,public")
    with (
        scratch_beside(config, database.url) as server,
        opened(server.url_of(server.create())) as connection,
    ):
        assert connection.execute("SHOW search_path").fetchall() == [("tenant7,public",)]


def left_by_a_dead_run(url: str) -> str:
    """The scratch database of a run whose session has ended, as after `kill -9`."""
    with closing(opened(url)) as connection:
        return ScratchServer(url, connection, Likeness(), is_shared=True).create()


@pytest.fixture
def config(project: Project, database: Database, role: str) -> Config:
    project.migration("001_a", "create table a (x int)", "drop table a")
    return project.config(database=url_as(role, database))


def test_what_a_dead_run_left_is_dropped_by_the_next_and_named(
    config: Config, database: Database
) -> None:
    left = [left_by_a_dead_run(config.database or "") for _ in range(2)]
    told = Run(config.project, config.database)("verify")
    assert told.returncode == 0, told.stderr
    assert not any(there(database, name) for name in left)
    for name in left:
        assert f"dropped the scratch database {name}, left by a run that was ended" in told.stderr
    assert Migrator(config).verify().warnings == ()


def test_what_a_living_run_another_role_or_a_person_has_is_left_alone(
    config: Config, database: Database, role: str
) -> None:
    mine = f"sqlmig_scratch_of_{role}"
    database.execute(f"CREATE DATABASE {mine} OWNER {role}")
    others = left_by_a_dead_run(database.url)
    with scratch_beside(config, None) as living:
        name = living.create()
        result = Migrator(config).verify()
        assert result.warnings == ()
        assert there(database, name)
    assert there(database, mine)
    database.execute(f'DROP DATABASE IF EXISTS "{others}"')


@pytest.mark.long_form  # the server waits five seconds for the session to end
def test_what_somebody_looks_at_is_left_and_named(config: Config, database: Database) -> None:
    left = left_by_a_dead_run(config.database or "")
    with closing(psycopg.connect(config.database or "", dbname=left)):
        (warning,) = Migrator(config).verify().warnings
    assert warning.startswith(f"the scratch database {left} could not be dropped: ")
    assert "being accessed by other users" in warning
    assert there(database, left)


def test_a_database_that_another_run_took_for_left_is_no_warning(
    project: Project, database: Database
) -> None:
    with scratch_beside(project.config(database=database.url), None) as server:
        name = server.create()
        database.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    assert server.warnings == ()


def test_a_run_whose_own_session_is_ended_still_drops_its_databases(
    project: Project, database: Database
) -> None:
    with scratch_beside(project.config(database=database.url), None) as server:
        name = server.create()
        pid = name.split("_")[2]
        database.execute(f"SELECT pg_terminate_backend({pid}, 10000)")
    assert server.warnings == ()
    assert not there(database, name)
