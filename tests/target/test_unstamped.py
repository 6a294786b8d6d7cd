"""A database with a history and without a stamp: nothing but a stamp makes it less than production,
whatever names the environment and whichever command asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from sqlmig import Config, Migrator
from sqlmig.engine.history.finding import find_history
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.errors import EnvironmentMismatchError, MigrationFailedError
from sqlmig.model import Environment
from sqlmig.plan import Newest, Since
from sqlmig.testing import migrate
from tests.command import Run
from tests.database import Database
from tests.project import Project
from tests.target.test_rules import MeetsAnother

STAMP = "select value #>> '{}' from _sqlmig_state where key = 'environment'"
OF_YOYO = """
create table _yoyo_migration (migration_hash varchar(64) primary key, migration_id varchar(255),
                              applied_at_utc timestamp);
create table _yoyo_log (id varchar(36) primary key, migration_hash varchar(64),
                        migration_id varchar(255), operation varchar(10), username varchar(255),
                        hostname varchar(255), comment varchar(255), created_at_utc timestamp);
create table _yoyo_version (version int primary key, installed_at_utc timestamp);
insert into _yoyo_version values (2, now() at time zone 'UTC');
insert into _yoyo_migration
values (encode(sha256('001_first'), 'hex'), '001_first', now() at time zone 'UTC');
create table first (id int);
insert into first select generate_series(1, 1000);
"""

WORK = [
    ("apply",),
    ("rollback", "001"),
    ("rollback", "--steps", "1", "--yes"),
    ("seed",),
    ("seed", "--prove"),
    ("mark", "002", "--reason", "a test"),
    ("unmark", "001", "--reason", "a test"),
    ("baseline", "001"),
    ("repair", "--all"),
]
NAMED = [
    pytest.param(("--env", "testing"), {}, "", "--env", id="option"),
    pytest.param((), {"SQLMIG_ENV": "testing"}, "", "SQLMIG_ENV", id="variable"),
    pytest.param((), {}, 'environment = "testing"\n', "sqlmig.toml", id="setting"),
]


@pytest.fixture
def run(project: Project, database: Database) -> Run:
    """Runs a command in a project with two migrations and seeds, the first of them applied."""
    project.migration("001_first", "create table first (id int)", "drop table first")
    project.write("sql/seeds/testing/001.sql", "insert into first values (-1)")
    project.write("sql/seeds/demo/001.sql", "insert into first values (-2)")
    Migrator(project.config(database=database.url)).apply()
    database.execute("insert into first select generate_series(1, 1000)")
    project.migration("002_second", "create table second ()", "drop table second")
    return Run(project.root, database.url)


def contents(database: Database) -> list[object]:
    """Everything that a command could have changed here."""
    history = "select migration_id, applied_at_utc from _yoyo_migration order by 1"
    return [
        database.relations(),
        database.rows(history),
        database.value("select count(*) from first"),
    ]


def has_state(database: Database) -> bool:
    return ("public", "_sqlmig_state", "r") in database.relations()


@pytest.mark.parametrize("command", WORK, ids=" ".join)
@pytest.mark.parametrize(("options", "variables", "settings", "origin"), NAMED)
def test_work_under_a_weaker_environment_is_refused_and_nothing_is_touched(
    run: Run,
    project: Project,
    database: Database,
    command: tuple[str, ...],
    options: tuple[str, ...],
    variables: Mapping[str, str],
    settings: str,
    origin: str,
) -> None:
    project.write("sqlmig.toml", settings)
    before = contents(database)
    done = run(*command, *options, **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{origin} says testing, but this database has a history and has no stamp" in done.stderr
    assert "sqlmig environment set testing." in done.stderr
    assert contents(database) == before
    assert database.rows(STAMP) == []


def test_the_one_command_that_is_named_allows_it(run: Run, database: Database) -> None:
    assert run("environment", "set", "testing", SQLMIG_ENV="testing").returncode == 0
    assert run("rollback", "001", SQLMIG_ENV="testing").returncode == 0
    assert "first" not in database.tables()


def test_production_needs_no_stamp_and_makes_one(run: Run, database: Database) -> None:
    assert run("apply", SQLMIG_ENV="production").returncode == 0
    assert database.value(STAMP) == "production"


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_environment_that_is_told_is_the_one_in_force(run: Run, form: str) -> None:
    done = run("environment", "--format", form, SQLMIG_ENV="development")
    assert done.returncode == 0
    if form == "json":
        told = json.loads(done.stdout)
        assert (told["environment"], told["origin"]) == ("production", "the default")
        (warning,) = told["warnings"]
    else:
        assert done.stdout.startswith("production, from the default\n")
        warning = done.stderr
    assert "SQLMIG_ENV says development, but this database has a history" in warning
    assert "commands that write are refused" in warning
    assert "sqlmig environment set development." in warning


@pytest.mark.parametrize(
    "command",
    [("apply", "--dry-run"), ("rollback", "001", "--dry-run"), ("seed", "--dry-run")],
    ids=" ".join,
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_dry_run_says_that_the_run_is_refused(
    run: Run, command: tuple[str, ...], form: str
) -> None:
    done = run(*command, "--format", form, SQLMIG_ENV="development")
    assert done.returncode == 0
    warnings = json.loads(done.stdout)["warnings"] if form == "json" else [done.stderr]
    assert any("commands that write are refused" in warning for warning in warnings)
    assert "demo/001" not in done.stdout


def test_a_dry_run_says_that_another_stamp_refuses_the_run(run: Run) -> None:
    run("environment", "set", "production")
    done = run("apply", "--dry-run", SQLMIG_ENV="development")
    assert done.returncode == 0
    assert "stamped as production, but SQLMIG_ENV says development" in done.stderr
    assert "commands that write are refused" in done.stderr


def test_status_says_that_work_is_refused(run: Run) -> None:
    assert "commands that write are refused" in run("status", SQLMIG_ENV="testing").stderr
    assert "Warning" not in run("status", SQLMIG_ENV="production").stderr
    run("environment", "set", "production")
    told = run("status", "--env", "testing")
    assert told.returncode == 0
    assert "stamped as production, but --env says testing; commands that" in told.stderr


@pytest.mark.parametrize(
    "command", [("status",), ("diff", "1"), ("show", "1", "--recorded"), ("check",)], ids=" ".join
)
def test_looking_is_not_refused(run: Run, database: Database, command: tuple[str, ...]) -> None:
    before = contents(database)
    assert run(*command, SQLMIG_ENV="testing").returncode == 0
    assert contents(database) == before


def test_the_first_apply_under_a_setting_says_how_to_keep_it(
    project: Project, database: Database
) -> None:
    project.migration("001_first", "create table first ()", "drop table first")
    project.write("sqlmig.toml", 'environment = "development"\n')
    told = (
        "Warning: This database has no stamp. sqlmig.toml says development; to keep that for this "
        "database: sqlmig environment set development\n"
    )
    run = Run(project.root, database.url)
    assert told not in run("status").stderr
    assert told in run("apply").stderr
    assert run("environment", "set", "development").returncode == 0
    project.migration("002_second", "create table second ()", "drop table second")
    again = run("apply")
    assert (again.returncode, told in again.stderr) == (0, False)


@pytest.mark.parametrize(
    ("options", "settings"),
    [((), ""), (("--env", "testing"), ""), ((), 'environment = "production"\n')],
)
def test_an_apply_under_anything_else_does_not(
    project: Project, database: Database, options: tuple[str, ...], settings: str
) -> None:
    project.migration("001_first", "create table first ()", "drop table first")
    project.write("sqlmig.toml", settings)
    assert "has no stamp" not in Run(project.root, database.url)("apply", *options).stderr


@pytest.mark.parametrize(
    ("settings", "options", "command"),
    [
        ('environment = "development"\n', (), "sqlmig create"),
        ("", ("--env", "testing"), "sqlmig --env testing create"),
        ("", (), "sqlmig --env development create"),
        ("", ("--env", "production"), "sqlmig --env development create"),
    ],
)
def test_a_database_that_does_not_exist_is_created_by_the_command_that_is_named(
    project: Project,
    database: Database,
    settings: str,
    options: tuple[str, ...],
    command: str,
) -> None:
    project.migration("001_first", "create table first ()", "drop table first")
    project.write("sqlmig.toml", settings)
    url = database.url.replace(f"/{database.connection.info.dbname}?", "/absent?")
    done = Run(project.root, url)("status", *options)
    assert done.returncode == 3
    assert f"For development, `{command}` creates it." in done.stderr


def test_an_environment_in_the_env_file_is_ignored_with_a_warning(
    project: Project, database: Database
) -> None:
    project.migration("001_first", "create table first ()", "drop table first")
    project.write("sqlmig.toml", 'env_file = ".env"\n')
    project.write(".env", "SQLMIG_ENV=development\n")
    run = Run(project.root, database.url)
    told = (
        "Warning: .env: SQLMIG_ENV in this file is ignored. Set the variable itself, or stamp the "
        "database: sqlmig environment set NAME\n"
    )
    for command in (("apply",), ("environment",), ("seed", "--dry-run")):
        assert run(*command).stderr.count(told) == 1
    assert "ignored" not in run("status", SQLMIG_ENV="production").stderr
    assert "ignored" not in run("status", "--env", "production").stderr


# The library


def migrator(project: Project, database: Database, **arguments: object) -> Migrator:
    project.migration("001_first", "create table first (id int)", "drop table first")
    return Migrator(project.config(database=database.url, **arguments))


CALLS: Mapping[str, Callable[[Migrator], object]] = {
    "apply": lambda it: it.apply(),
    "rollback": lambda it: it.rollback(Newest(1)),
    "seed": lambda it: it.seed(),
    "prove_seeds": lambda it: it.prove_seeds(),
    "mark": lambda it: it.mark("1", "a test"),
    "unmark": lambda it: it.unmark("1", "a test"),
    "baseline": lambda it: it.baseline("1"),
    "repair": lambda it: it.repair(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_database_that_yoyo_managed_has_a_history(
    project: Project, database: Database, call: str
) -> None:
    database.execute(OF_YOYO)
    weaker = migrator(project, database, environment="development")
    with pytest.raises(EnvironmentMismatchError, match="has a history and has no stamp"):
        CALLS[call](weaker)
    assert weaker.environment().is_production
    assert not has_state(database)
    assert database.value("select count(*) from first") == 1000


@pytest.mark.parametrize("call", CALLS)
def test_an_environment_without_an_origin_is_no_exception(
    project: Project, database: Database, call: str
) -> None:
    migrator(project, database).apply()
    settings = Config(
        project=project.root, database=database.url, environment=Environment.DEVELOPMENT
    )
    with pytest.raises(EnvironmentMismatchError, match="the argument environment says development"):
        CALLS[call](Migrator(settings))
    assert database.tables() == {"first"}


def test_a_history_that_was_rolled_back_is_one(project: Project, database: Database) -> None:
    migrator(project, database).apply()
    migrator(project, database).rollback(Since("1"))
    assert database.applied() == []
    with pytest.raises(EnvironmentMismatchError, match="has a history and has no stamp"):
        migrator(project, database, environment="testing").apply()


def test_a_migration_that_stopped_half_way_is_one(project: Project, database: Database) -> None:
    project.migration("001_half", "-- transactional: false\ncreate table a (); select 1/0")
    failed = Migrator(project.config(database=database.url))
    with pytest.raises(MigrationFailedError, match="division by zero"):
        failed.apply()
    with pytest.raises(EnvironmentMismatchError, match="has a history and has no stamp"):
        Migrator(project.config(database=database.url, environment="testing")).apply()


@pytest.mark.parametrize("call", ["apply", "baseline", "mark"])
def test_the_run_that_makes_the_first_row_may_say_what_the_database_is(
    project: Project, database: Database, call: str
) -> None:
    testing = migrator(project, database, environment="testing")
    CALLS[call](testing)
    assert database.value(STAMP) == "testing"
    project.migration("002_second", "create table second ()", "drop table second")
    assert len(testing.apply().results) == 1
    assert len(testing.rollback(Newest(1)).results) == 1


def test_a_setting_makes_the_first_row_without_a_stamp_and_is_refused_afterwards(
    project: Project, database: Database
) -> None:
    project.write("sqlmig.toml", 'environment = "testing"\n')
    assert len(migrator(project, database).apply().results) == 1
    assert database.rows(STAMP) == []
    with pytest.raises(EnvironmentMismatchError, match=r"sqlmig\.toml says testing"):
        migrator(project, database).apply()


@pytest.mark.parametrize("call", ["mark", "unmark", "repair"])
def test_marks_and_repairs_heed_the_stamp(project: Project, database: Database, call: str) -> None:
    migrator(project, database, environment="production").apply()
    with pytest.raises(EnvironmentMismatchError, match="stamped as production, but --env"):
        CALLS[call](migrator(project, database, environment="testing"))
    assert database.applied() == ["001_first"]


@pytest.mark.parametrize("call", ["apply", "baseline", "mark"])
def test_a_history_that_another_runner_made_in_the_meantime_counts(
    project: Project, database: Database, call: str
) -> None:
    migrator(project, database)
    with database.another_connection() as other:
        RunnerLock(other, find_history(other, None).schema).try_acquire()
        config = project.config(database=database.url, environment="testing")
        with pytest.raises(EnvironmentMismatchError, match="has a history and has no stamp"):
            CALLS[call](Migrator(config, MeetsAnother(other, OF_YOYO)))
    assert database.applied() == ["001_first"]
    assert not has_state(database)


def test_verify_proves_the_seeds_of_a_weaker_environment(
    project: Project, database: Database
) -> None:
    project.write("sql/seeds/demo/001.sql", "insert into first values (1)")
    verified = migrator(project, database, environment="development").verify()
    assert len(verified.findings) == 1
    assert "demo/001" in verified.findings[0]
    assert database.relations() == []


def test_a_test_database_is_stamped_whatever_was_loaded_into_it(
    project: Project, database: Database
) -> None:
    database.execute(OF_YOYO)
    project.migration("001_first", "create table first (id int)", "drop table first")
    info = database.connection.info
    migrate(project.config(), host=info.host, port=info.port, user=info.user, dbname=info.dbname)
    assert database.value(STAMP) == "testing"
