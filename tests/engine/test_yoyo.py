"""yoyo: what we override is there, its loops run ours, and its command agrees with us."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from yoyo import default_migration_table
from yoyo.backends import PostgresqlPsycopgBackend
from yoyo.backends.base import DatabaseBackend
from yoyo.migrations import Migration, get_migration_hash

from sqlmig import Config, Migrator, Outcome
from sqlmig.engine.history.tables import LOG, MIGRATIONS, VERSION
from sqlmig.engine.run.backend import Backend, ScriptMigration
from sqlmig.model import MigrationState
from sqlmig.plan import Newest
from tests.database import Database
from tests.project import Project

PARAMETERS = {
    "connect": ["self", "dburi"],
    "init_connection": ["self", "connection"],
    "copy": ["self"],
    "list_tables": ["self", "kwargs"],
    "ensure_internal_schema_updated": ["self"],
    "log_migration": ["self", "migration", "operation"],
    "mark_one": ["self", "migration", "log"],
    "unmark_one": ["self", "migration", "log"],
    "transaction": ["self", "rollback_on_exit"],
}
LOOPS = (
    "apply_migrations",
    "apply_migrations_only",
    "apply_one",
    "rollback_migrations",
    "rollback_one",
)


def yoyo(database: Database, *arguments: str) -> str:
    url = database.url.replace("postgresql://", "postgresql+psycopg://")
    command = [
        sys.executable, "-W", "ignore", "-m", "yoyo",
        arguments[0], "--batch", "--no-config-file", "--database", url, *arguments[1:],
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


def listed(output: str) -> dict[str, str]:
    """The letter (A or U) of each migration in the table that `yoyo list` prints."""
    rows = [line.split() for line in output.splitlines()[2:] if line.strip()]
    return {row[1]: row[0] for row in rows}


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_overridden_method_is_yoyo_s_with_its_parameters(name: str) -> None:
    theirs = inspect.signature(getattr(PostgresqlPsycopgBackend, name))
    assert list(theirs.parameters) == PARAMETERS[name]
    assert name in vars(Backend)
    assert list(inspect.signature(getattr(Backend, name)).parameters) == PARAMETERS[name]


def test_nothing_of_yoyo_s_is_overridden_unseen() -> None:
    ours = {name for name in vars(Backend) if hasattr(DatabaseBackend, name)}
    known = {*PARAMETERS, "__init__", "__module__", "__doc__", "__annotations__"}
    assert ours - known <= {"__static_attributes__", "__firstlineno__"}


@pytest.mark.parametrize("name", LOOPS)
def test_the_loops_are_yoyo_s_own(name: str) -> None:
    assert getattr(Backend, name) is getattr(DatabaseBackend, name)


def test_a_migration_has_all_that_yoyo_reads_of_one() -> None:
    theirs = set(vars(Migration("1", "1.sql", "")))
    ours = set(inspect.getsource(ScriptMigration.__init__).split())
    assert theirs - {"source", "source_dir", "module"} <= {
        word.removeprefix("self.").rstrip(":") for word in ours
    }
    assert list(inspect.signature(Migration.process_steps).parameters) == list(
        inspect.signature(ScriptMigration.process_steps).parameters
    )


def test_the_tables_are_named_as_yoyo_names_them() -> None:
    assert default_migration_table == MIGRATIONS
    assert DatabaseBackend.log_table == LOG
    assert DatabaseBackend.version_table == VERSION


def test_our_migrations_do_not_enter_yoyo_s_registry(project: Project, database: Database) -> None:
    project.migration("001_registry", "create table a ()")
    Migrator(project.config(database=database.url)).apply()
    registry = Migration._Migration__all_migrations
    assert "001_registry" not in registry


def test_yoyo_list_agrees_with_status(smart_kids: Path, database: Database) -> None:
    migrator = Migrator(Config.load(smart_kids, {"database": database.url}))
    migrator.apply("005")
    for _ in range(2):
        letters = listed(yoyo(database, "list", str(smart_kids / "sql/migrations")))
        states = {
            status.migration_id: "A" if status.state is MigrationState.APPLIED else "U"
            for status in migrator.status()
        }
        assert letters == states
        assert "A" in letters.values()
        assert "U" in letters.values()
        migrator.rollback(Newest(2))


def test_yoyo_takes_over_where_sqlmig_stopped(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ();")
    Migrator(project.config(database=database.url)).apply()
    project.migration("002_b", "create table b ();")
    yoyo(database, "apply", str(project.root / "sql/migrations"))
    assert database.tables() == {"a", "b"}
    assert {
        status.state for status in Migrator(project.config(database=database.url)).status()
    } == {MigrationState.APPLIED}


def test_a_database_that_yoyo_managed_is_adopted(project: Project, database: Database) -> None:
    folder = project.root / "sql/migrations"
    folder.mkdir(parents=True)
    for message, sql in (("add users", "create table users ();"), ("add ünits", "select 1;")):
        created = yoyo(database, "new", "--sql", "-m", message, str(folder))
        path = Path(created.split()[-1])
        path.write_text(path.read_text() + sql)
        path.with_suffix(".rollback.sql").write_text(
            "drop table users" if "users" in sql else "select 1"
        )
    yoyo(database, "apply", str(folder))
    names = sorted(p.stem for p in folder.glob("*.sql") if ".rollback" not in p.name)

    migrator = Migrator(project.config(database=database.url))
    before = database.relations()
    statuses = migrator.status()
    assert database.relations() == before
    assert [(s.migration_id, s.state) for s in statuses] == [
        (name, MigrationState.APPLIED) for name in names
    ]
    assert migrator.apply().results == ()

    project.migration("30000101_01_ours", "create table ours ();", "drop table ours")
    assert migrator.apply().ids(Outcome.DONE) == ("30000101_01_ours",)
    assert migrator.rollback(Newest(3)).ids(Outcome.DONE) == ("30000101_01_ours", *names[::-1])
    assert database.tables() == set()
    letters = listed(yoyo(database, "list", str(folder)))
    assert set(letters.values()) == {"U"}


def test_repair_records_what_yoyo_applied(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ();", "drop table a")
    yoyo(database, "apply", str(project.root / "sql/migrations"))
    migrator = Migrator(project.config(database=database.url))
    assert migrator.compare("001").notes[0].startswith("yoyo applied it")
    assert migrator.repair() == ["001_a"]
    project.migration("001_a", "create table a (x int);", "drop table a")
    assert migrator.status()[0].state is MigrationState.CHANGED


def test_where_tables_disagree_yoyo_s_is_the_truth(project: Project, database: Database) -> None:
    project.migration("001_a", "create table if not exists a ();", "drop table a")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    database.execute("DELETE FROM _yoyo_migration")
    assert migrator.status()[0].state is MigrationState.PENDING
    migrator.apply()
    assert database.value("SELECT count(*) FROM _sqlmig_migration") == 1
    assert migrator.status()[0].state is MigrationState.APPLIED


def test_yoyo_s_log_has_what_ran(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ();", "drop table a")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    migrator.rollback(Newest(1))
    log = database.rows(
        "SELECT operation, migration_id, migration_hash, hostname <> '', username <> '', "
        "created_at_utc - now() AT TIME ZONE 'UTC' < interval '1 min' "
        "FROM _yoyo_log ORDER BY created_at_utc"
    )
    common = ("001_a", get_migration_hash("001_a"), True, True, True)
    assert log == [("apply", *common), ("rollback", *common)]
