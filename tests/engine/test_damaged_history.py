"""A history that cannot be relied on is named as such: it shows nothing as pending, and nothing
runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from yoyo.internalmigrations import schema_versions

from sqlmig import Migrator, Outcome
from sqlmig.engine.history.damage import YOYO_VERSION
from sqlmig.engine.history.finding import find_history
from sqlmig.errors import HistoryError
from sqlmig.model import Environment
from sqlmig.plan import Newest
from tests.database import Database
from tests.project import Project

TABLES = (
    *("_yoyo_migration", "_yoyo_log", "_yoyo_version"),
    *("_sqlmig_migration", "_sqlmig_state", "_sqlmig_seed", "_sqlmig_event"),
)
OF_THE_TABLE = {
    "is gone": "DROP TABLE {table}",
    "is a view": "ALTER TABLE {table} RENAME TO was; CREATE VIEW {table} AS TABLE was",
    "is another thing": "DROP TABLE {table}; CREATE SEQUENCE {table}",
    "is empty of columns": "DROP TABLE {table}; CREATE TABLE {table} ()",
}
# So that no constraint refuses a value.
_FREE = (
    "ALTER TABLE _yoyo_migration DROP CONSTRAINT _yoyo_migration_pkey;"
    "CREATE UNIQUE INDEX ON _yoyo_migration (migration_hash);"
    "ALTER TABLE _sqlmig_migration DROP CONSTRAINT _sqlmig_migration_pkey;"
    "CREATE UNIQUE INDEX ON _sqlmig_migration (migration_id);"
    "ALTER TABLE _sqlmig_migration ALTER migration_id DROP NOT NULL;"
    "ALTER TABLE _sqlmig_migration ALTER applied_at DROP NOT NULL;"
    "ALTER TABLE _yoyo_migration ALTER migration_hash DROP NOT NULL;"
    "ALTER TABLE _sqlmig_state ALTER value DROP NOT NULL;"
    "ALTER TABLE _yoyo_version DROP CONSTRAINT _yoyo_version_pkey;"
    "ALTER TABLE _yoyo_version ALTER version DROP NOT NULL;"
)
_MARK, _DETAIL = "UPDATE _yoyo_migration SET ", "UPDATE _sqlmig_migration SET "
VALUES = {
    "an id that is NULL": f"{_MARK} migration_id = NULL",
    "an id that is empty": f"{_MARK} migration_id = ''",
    "an id that is there twice": "INSERT INTO _yoyo_migration "
    "SELECT 'x', migration_id, applied_at_utc FROM _yoyo_migration",
    "a time that is NULL": f"{_MARK} applied_at_utc = NULL",
    "a time without end": f"{_MARK} applied_at_utc = 'infinity'",
    "a time without beginning": f"{_MARK} applied_at_utc = '-infinity'",
    "a time before our era": f"{_MARK} applied_at_utc = '0044-03-15 BC'",
    "a time after Python's": f"{_MARK} applied_at_utc = '20000-01-01'",
    "a detail's id that is NULL": f"{_DETAIL} migration_id = NULL",
    "a detail's id that is empty": f"{_DETAIL} migration_id = ''",
    "a checksum that is NULL": f"{_DETAIL} checksum = NULL",
    "a checksum that is none": f"{_DETAIL} checksum = 'md5:1'",
    "a rollback's checksum that is NULL": f"{_DETAIL} rollback_checksum = NULL",
    "a rollback's text that is NULL": f"{_DETAIL} rollback_sql = NULL",
    "progress without an end": f"{_DETAIL} statements_done = 1, statements_begun = 1",
    "progress that is not begun": f"{_DETAIL} statements_done = 1, statements_total = 2",
    "progress below zero": f"{_DETAIL} (statements_done, statements_begun, statements_total) "
    "= (-1, 0, 1)",
    "progress beyond the end": f"{_DETAIL} (statements_done, statements_begun, statements_total) "
    "= (2, 3, 2)",
    "progress that leaps": f"{_DETAIL} (statements_done, statements_begun, statements_total) "
    "= (0, 3, 9)",
    "a detail's time without end": f"{_DETAIL} applied_at = 'infinity'",
    "a detail's time that is NULL": f"{_DETAIL} applied_at = NULL",
    "yoyo's version 99": "UPDATE _yoyo_version SET version = 99",
    "yoyo's version 0": "UPDATE _yoyo_version SET version = 0",
    "yoyo's version below zero": "UPDATE _yoyo_version SET version = -1",
    "yoyo's version NULL": "UPDATE _yoyo_version SET version = NULL",
    "no version of yoyo's": "DELETE FROM _yoyo_version",
    "format 99": "UPDATE _sqlmig_state SET value = '99' WHERE key = 'format'",
    "format 0": "UPDATE _sqlmig_state SET value = '0' WHERE key = 'format'",
    "format 1.5": "UPDATE _sqlmig_state SET value = '1.5' WHERE key = 'format'",
    "a format in words": "UPDATE _sqlmig_state SET value = '\"one\"' WHERE key = 'format'",
    "a format that is null": "UPDATE _sqlmig_state SET value = 'null' WHERE key = 'format'",
    "a format that is NULL": "UPDATE _sqlmig_state SET value = NULL WHERE key = 'format'",
}
NEWER = ("yoyo's version 99", "format 99")
CALLS: dict[str, Callable[[Migrator], object]] = {
    "status": lambda it: it.status(),
    "expect_current": lambda it: it.expect_current(),
    "plan_apply": lambda it: it.plan_apply(),
    "apply": lambda it: it.apply(),
    "rollback": lambda it: it.rollback(Newest(1)),
    "compare": lambda it: it.compare("1"),
    "repair": lambda it: it.repair(),
    "seed": lambda it: it.seed(),
    "mark": lambda it: it.mark("2", "a test"),
    "drift": lambda it: it.drift(),
    "set_environment": lambda it: it.set_environment(Environment.TESTING),
}


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    """A project with an applied migration, a pending one, and a seed."""
    project.migration("001_a", "create table a ()", "drop table a")
    project.write("sql/seeds/reference/001.sql", "select 1")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    project.migration("002_b", "create table b ()", "drop table b")
    return migrator


def refusal(migrator: Migrator, call: str) -> HistoryError:
    with pytest.raises(HistoryError) as caught:
        CALLS[call](migrator)
    assert caught.value.exit_code == 3
    assert "Nothing was run" in caught.value.remedy
    return caught.value


def seen(database: Database, *damage: str) -> HistoryError:
    """What is said of that damage, which is undone after it."""
    with database.connection.transaction(force_rollback=True):
        for statement in damage:
            database.execute(statement)
        with pytest.raises(HistoryError) as caught:
            find_history(database.connection, "public").read()
        return caught.value


@pytest.mark.parametrize("call", CALLS)
def test_every_command_refuses_a_damaged_history_and_runs_nothing(
    migrator: Migrator, database: Database, call: str
) -> None:
    database.execute("DROP TABLE _yoyo_migration")
    assert "_yoyo_migration is missing" in refusal(migrator, call).message
    assert database.tables() == {"a"}
    assert database.value("SELECT count(*) FROM _sqlmig_migration") == 1


@pytest.mark.usefixtures("migrator")
@pytest.mark.parametrize("damage", OF_THE_TABLE)
def test_damage_of_a_table_is_named(database: Database, damage: str) -> None:
    for table in TABLES:
        assert table in seen(database, OF_THE_TABLE[damage].format(table=table)).message


@pytest.mark.usefixtures("migrator")
def test_a_column_that_is_gone_or_of_another_type_is_named(database: Database) -> None:
    columns = database.rows(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name ~ '^_(yoyo|sqlmig)_'"
    )
    assert len(columns) > 30
    for table, column in columns:
        message = seen(database, f"ALTER TABLE {table} DROP {column}").message
        assert f"{table} has no column {column}" in message
        other = f"ALTER TABLE {table} DROP {column} CASCADE, ADD {column} box"
        assert f"{table}.{column} has the type box" in seen(database, other).message


@pytest.mark.usefixtures("migrator")
@pytest.mark.parametrize("key", ["_sqlmig_migration", "_sqlmig_state", "_sqlmig_seed"])
def test_a_key_that_is_gone_is_named(database: Database, key: str) -> None:
    dropped = f"ALTER TABLE {key} DROP CONSTRAINT {key}_pkey"
    assert "has no unique index" in seen(database, dropped).message


@pytest.mark.usefixtures("migrator")
@pytest.mark.parametrize("damage", VALUES)
def test_a_value_that_no_version_writes_is_named(database: Database, damage: str) -> None:
    error = seen(database, _FREE, VALUES[damage])
    assert ("is newer than this sqlmig" if damage in NEWER else "is damaged: ") in error.message


def test_a_recorded_text_that_was_altered_is_not_run(
    migrator: Migrator, database: Database, project: Project
) -> None:
    database.execute("UPDATE _sqlmig_migration SET rollback_sql = 'drop schema public cascade'")
    project.migration("001_z", "create table z ()")
    project.remove("sql/migrations/001_a.sql")
    project.remove("sql/rollbacks/001_a.sql")
    with pytest.raises(HistoryError, match="rollback_sql of 001_a does not match its checksum"):
        migrator.rollback("001_a")
    assert database.tables() == {"a"}


@pytest.mark.parametrize("damage", ["seeded_at = 'infinity'", "checksum = ''", "seed = ''"])
def test_a_damaged_record_of_a_seed_is_named(
    migrator: Migrator, database: Database, damage: str
) -> None:
    database.execute(
        "INSERT INTO _sqlmig_seed VALUES ('reference/001', 'sha256:' || repeat('0', 64), '{}', 'x')"
    )
    assert len(migrator.seed_statuses()) == 1
    database.execute(f"UPDATE _sqlmig_seed SET {damage}")
    with pytest.raises(HistoryError, match="_sqlmig_seed"):
        migrator.seed_statuses()


def test_a_history_that_was_only_stamped_is_whole(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    migrator = Migrator(project.config(database=database.url))
    migrator.set_environment(Environment.TESTING)
    assert migrator.apply().ids(Outcome.DONE) == ("001_a",)


def test_the_yoyo_whose_format_is_known_is_the_one_that_runs() -> None:
    assert max(schema_versions) == YOYO_VERSION


@pytest.mark.parametrize("policy", ["", "CREATE POLICY p ON _yoyo_migration USING (true);"])
def test_row_level_security_never_hides_the_history(
    migrator: Migrator, database: Database, policy: str
) -> None:
    role = f"sqlmig_reader_{database.connection.info.dbname}"
    database.execute(
        f"CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    )
    try:
        reader = Migrator(
            replace(migrator.config, database=database.url.replace("//postgres@", f"//{role}@"))
        )
        assert len(reader.status()) == 2
        database.execute(f"ALTER TABLE _yoyo_migration ENABLE ROW LEVEL SECURITY; {policy}")
        for call in ("status", "expect_current", "apply"):
            error = refusal(reader, call)
            assert "row level security" in error.message
            assert "_yoyo_migration" in error.message
            assert "BYPASSRLS" in error.remedy
        assert len(migrator.status()) == 2  # a superuser sees every row
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_the_owner_of_a_history_with_forced_row_level_security_is_refused(
    project: Project, database: Database
) -> None:
    role = f"sqlmig_owner_{database.connection.info.dbname}"
    database.execute(f"CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}")
    try:
        project.migration("001_a", "create table a ()", "drop table a")
        url = database.url.replace("//postgres@", f"//{role}@")
        owner = Migrator(project.config(database=url))
        owner.apply()
        database.execute("ALTER TABLE _sqlmig_migration ENABLE ROW LEVEL SECURITY")
        assert owner.apply().results == ()  # the owner is not subject to it
        database.execute("ALTER TABLE _sqlmig_migration FORCE ROW LEVEL SECURITY")
        assert "NO FORCE" in refusal(owner, "apply").remedy
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
