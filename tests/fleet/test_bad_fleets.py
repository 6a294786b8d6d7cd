"""What a fleet refuses, and what it says about a target that cannot be worked on."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig import Migrator
from sqlmig.errors import (
    ChecksumMismatchError,
    ConfigError,
    DatabaseUnavailableError,
    EnvironmentMismatchError,
    ServerError,
    SourceError,
)
from sqlmig.fleet.results import TargetState
from tests.database import Database
from tests.faults.pooler import pgbouncer, pooled
from tests.fleet.fleets import fleet, messages, of, states, tenants
from tests.project import Project

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def one_migration(project: Project) -> None:
    project.migration("001_a", "create table a ()")


def refused(project: Project, database: Database, *only: str, **settings: object) -> str:
    """Why the whole command is refused; nothing was touched."""
    before = database.relations()
    with pytest.raises((ConfigError, SourceError)) as error:
        fleet(project, database, *only, **settings).apply()
    assert error.value.exit_code == 2
    assert database.relations() == before
    return str(error.value)


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("select 'a' as name", "name"),
        ("select 'a' as name, 'b' as address", "name, address"),
        ("select 'a' as name, 'b' as url, 'c' as schema", "name, url, schema"),
        ("select 'a', 'b'", "?column?, ?column?"),
        ("set work_mem = '4MB'", "no columns"),
    ],
)
def test_a_query_without_the_two_columns(
    project: Project, database: Database, query: str, columns: str
) -> None:
    said = refused(project, database, query=query)
    assert f"returns {columns}, not `name, url` or `name, schema`" in said


def test_a_query_that_fails_or_writes(project: Project, database: Database) -> None:
    for query in ("select nothing", "create table b ()"):
        with pytest.raises(ServerError, match="the query of the fleet"):
            fleet(project, database, query=query).status()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("null as name, 'a' as schema", "the name is empty"),
        ("'a' as name, null as schema", "the schema of a is empty"),
        ("'a' as name, '' as url", "the url of a is empty"),
        (f"'a' as name, 'postgresql://u:{SECRET}@h:x/d' as url", "its port is not a number"),
        (f"'postgresql://u:{SECRET}@h/d' as name, 'a' as schema", "the name is empty or an"),
    ],
)
def test_a_row_that_names_no_target(
    project: Project, database: Database, row: str, said: str
) -> None:
    message = refused(project, database, query=f"select {row}")
    assert "row 1 of the query" in message
    assert said in message
    assert SECRET not in message


def test_two_targets_with_one_name_or_one_address(project: Project, database: Database) -> None:
    lines = "a postgresql://h1/d\nb host=h1 dbname=d user=x\n"
    project.write("targets.txt", lines)
    said = refused(project, database, targets=Path("targets.txt"))
    assert "targets.txt:2: the target b has the same address as a" in said
    project.write("targets.txt", "a postgresql://h1/d\n\na postgresql://h2/d\n")
    said = refused(project, database, targets=Path("targets.txt"))
    assert "targets.txt:3: the target a has the same name as a" in said
    query = "select name, 'tenant1' as schema from (values ('a'), ('b')) v (name)"
    assert "the same address" in refused(project, database, query=query)


def test_schemas_of_one_database_are_different_addresses(project: Project) -> None:
    options = "options=-csearch_path%3D"
    project.write("targets.txt", f"a postgresql://h/d?{options}a\nb postgresql://h/d?{options}b\n")
    found = of(project.config(), targets=Path("targets.txt")).targets()
    assert [target.name for target in found] == ["a", "b"]
    assert "postgresql" not in repr(found)


def test_lines_of_a_file_that_name_no_target(project: Project, database: Database) -> None:
    project.write(
        "targets.txt",
        f"# name URL\n\na\npostgresql://u:{SECRET}@h/d\nhost=h password={SECRET}\n"
        f"b mysql://u:{SECRET}@h/d\n",
    )
    said = refused(project, database, targets=Path("targets.txt"))
    for line in (3, 4, 5):
        assert f"targets.txt:{line}:1: expected a name and a URL" in said
    assert "targets.txt:6:3: the database URL cannot be read: mysql://" in said
    assert SECRET not in said
    assert "none.txt: cannot be read" in refused(project, database, targets=Path("none.txt"))


def test_an_empty_list(project: Project, database: Database) -> None:
    project.write("targets.txt", "# nothing yet\n")
    for settings in (
        {"targets": Path("targets.txt")},
        {"schemas": "none%"},
        {"query": "select 'a' as name, 'b' as schema where false"},
    ):
        assert "has no targets" in refused(project, database, **settings)


def test_no_list_or_two_of_them(project: Project, database: Database) -> None:
    assert "no setting names the targets" in refused(project, database, schemas=None)
    said = refused(project, database, schemas="a", query="select 1")
    assert "more than one setting names the targets" in said


def test_a_name_that_no_target_has(project: Project, database: Database) -> None:
    tenants(database, 2)
    said = refused(project, database, "tenant22")
    assert "no target has the name 'tenant22'" in said
    assert "tenant2" in said.partition("\n")[2]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("parallel = 0", "has parallel = 0, which is not a count"),
        ("max_failures = -1", "has max_failures = -1, which is not a number"),
        ("schema = 'a'", "has an unknown setting 'schema'"),
    ],
)
def test_settings_that_cannot_be_used(project: Project, settings: str, said: str) -> None:
    project.write("sqlmig.toml", f"[fleet]\n{settings}\n")
    with pytest.raises(ConfigError, match=r"sqlmig\.toml: fleet") as error:
        project.config()
    assert said in str(error.value)


def test_targets_that_cannot_be_reached(project: Project, database: Database) -> None:
    project.write(
        "targets.txt",
        f"here {database.url}\n"
        f"gone {database.url.replace('/tests', '/absent_tests')}\n"
        f"dead postgresql://u:{SECRET}@127.0.0.1:1/d\n",
    )
    for run in (
        of(project.config(), targets=Path("targets.txt"), max_failures=2).apply(),
        of(project.config(), targets=Path("targets.txt")).status(),
    ):
        found = states(run)
        assert (found["gone"], found["dead"]) == ("failed", "failed")
        assert found["here"] in ("applied", "current")
        for result in run.of(TargetState.FAILED):
            assert isinstance(result.error, DatabaseUnavailableError)
        assert SECRET not in str(messages(run))
        assert "absent_tests" in messages(run)["gone"]


def test_a_target_of_another_environment_than_named(project: Project, database: Database) -> None:
    tenants(database, 2)
    of(project.config(database=database.url, environment="production"), "tenant1").apply()
    testing = project.config(database=database.url, environment="testing")
    done = of(testing, max_failures=1).apply()
    assert states(done) == {"tenant1": "failed", "tenant2": "applied"}
    (failed,) = done.of(TargetState.FAILED)
    assert isinstance(failed.error, EnvironmentMismatchError)
    (first, second) = of(testing).status().results
    assert "stamped as production" in str(first.warnings)
    assert second.warnings == ()


def test_a_target_with_a_changed_file(project: Project, database: Database) -> None:
    tenants(database, 2)
    fleet(project, database, "tenant2").apply()
    project.migration("001_a", "create table another ()")
    found = fleet(project, database).status()
    assert states(found) == {"tenant1": "behind", "tenant2": "different"}
    done = fleet(project, database, max_failures=1).apply()
    assert states(done) == {"tenant1": "applied", "tenant2": "failed"}
    (failed,) = done.of(TargetState.FAILED)
    assert isinstance(failed.error, ChecksumMismatchError)


def test_a_schema_that_does_not_exist(project: Project, database: Database) -> None:
    query = "select 'a' as name, 'absent' as schema"
    said = messages(fleet(project, database, query=query).apply())["a"]
    assert "the schema absent does not exist" in said
    assert "CREATE SCHEMA" in said


def test_a_broken_file_is_refused_before_any_target(project: Project, database: Database) -> None:
    tenants(database, 1)
    project.migration("002_b", "select 'unclosed")
    assert "002_b.sql:1:8" in refused(project, database)


def test_a_role_that_may_not_use_a_schema(project: Project, database: Database) -> None:
    tenants(database, 1)
    database.execute("drop role if exists fleet_guest; create role fleet_guest login")
    try:
        config = project.config(database=database.url.replace("postgres@", "fleet_guest@"))
        assert "may not use the schema" in messages(of(config).apply())["tenant1"]
    finally:
        database.execute("drop role fleet_guest")


@pytest.mark.skipif(not pgbouncer(), reason="pgbouncer is not installed")
def test_a_pooler_that_refuses_options(project: Project, database: Database) -> None:
    tenants(database, 1)
    with pooled(database) as url:
        said = messages(of(project.config(database=url)).apply())["tenant1"]
    assert "unsupported startup parameter" in said
    assert "the URL of the server itself" in said


@pytest.mark.skipif(not pgbouncer(), reason="pgbouncer is not installed")
def test_a_pooler_that_drops_options(project: Project, database: Database) -> None:
    tenants(database, 1)
    with pooled(database, "ignore_startup_parameters = options") as url:
        done = of(project.config(database=url)).apply()
    assert "as if the connection's `options` were dropped" in messages(done)["tenant1"]
    assert database.tables() == database.tables("tenant1") == set()
    assert Migrator(project.config(database=database.url)).status()[0].applied is None
