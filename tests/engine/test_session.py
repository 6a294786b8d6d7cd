"""What a script leaves in the session disturbs neither its record nor the next script."""

from __future__ import annotations

import pytest

from sqlmig import Migrator, Outcome
from sqlmig.errors import MigrationFailedError
from tests.database import Database
from tests.project import Project

LEFTOVERS = {
    "an empty search_path": "SELECT pg_catalog.set_config('search_path', '', false)",
    "a role": "CREATE ROLE role_of_{database}; SET ROLE role_of_{database}",
    "a session authorization": (
        "CREATE ROLE role_of_{database}; SET SESSION AUTHORIZATION role_of_{database}"
    ),
    "timeouts": "SET statement_timeout = 1; SET LOCAL lock_timeout = '77s'",
    "read-only by default": "SET default_transaction_read_only = on",
    "a prepared statement": "PREPARE leftover AS SELECT 1",
    "a cursor": "DECLARE leftover CURSOR WITH HOLD FOR SELECT 1",
    "a temporary table": "CREATE TEMP TABLE _yoyo_migration (x int)",
    "a channel": "LISTEN leftover",
    "locks of its own": (
        "SELECT pg_advisory_lock(4711), pg_advisory_lock(4711), pg_advisory_lock(1, 2)"
    ),
    "a shared lock": "SELECT pg_advisory_lock_shared(4712)",
    "the runner's lock given up": "SELECT pg_advisory_unlock_all()",
    "constraints deferred": "SET CONSTRAINTS ALL DEFERRED",
    "isolation": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "another encoding": "SELECT set_config('client_encoding', 'LATIN1', false)",
    "a comment at its end": "SELECT 1 -- no line end",
    "no semicolon and a block comment": "SELECT 1 /* ; */",
}

# Fails the migration if anything of the script before is left.
INSPECTION = """
DO $$ BEGIN
  ASSERT current_setting('search_path') = '"$user", public', 'search_path';
  ASSERT current_user = 'postgres' AND session_user = 'postgres', 'role';
  ASSERT current_setting('statement_timeout') = '0', 'statement_timeout';
  ASSERT current_setting('lock_timeout') = '5s', 'lock_timeout';
  ASSERT current_setting('default_transaction_read_only') = 'off', 'read only';
  ASSERT current_setting('client_encoding') = 'UTF8', 'encoding';
  ASSERT (SELECT count(*) FROM pg_prepared_statements) = 0, 'prepared statements';
  ASSERT (SELECT count(*) FROM pg_cursors WHERE is_holdable) = 0, 'cursors';
  ASSERT (SELECT count(*) FROM pg_listening_channels()) = 0, 'channels';
  ASSERT (SELECT count(*) FROM pg_class WHERE relpersistence = 't') = 0, 'temporary tables';
  ASSERT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
             AND pid = pg_backend_pid()) = 1, 'advisory locks';
END $$;
CREATE TABLE seen ();
"""


@pytest.mark.parametrize("sql", LEFTOVERS.values(), ids=LEFTOVERS.keys())
def test_a_script_leaves_the_session_as_it_found_it(
    project: Project, database: Database, sql: str
) -> None:
    role = f"role_of_{database.connection.info.dbname}"
    project.migration("001_leftover", sql.replace("role_of_{database}", role))
    project.migration("002_inspection", INSPECTION)
    report = Migrator(project.config(database=database.url)).apply()
    assert report.ids(Outcome.DONE) == ("001_leftover", "002_inspection")
    assert database.tables() == {"seen"}
    assert database.applied() == ["001_leftover", "002_inspection"]
    database.execute(f"DROP ROLE IF EXISTS {role}")


@pytest.mark.parametrize("sql", LEFTOVERS.values(), ids=LEFTOVERS.keys())
def test_a_script_outside_a_transaction_leaves_the_session_as_it_found_it(
    project: Project, database: Database, sql: str
) -> None:
    role = f"role_of_{database.connection.info.dbname}"
    sql = sql.replace("role_of_{database}", role)
    project.migration("001_leftover", f"-- transactional: false\n{sql}")
    project.migration("002_inspection", INSPECTION)
    Migrator(project.config(database=database.url)).apply()
    assert database.tables() == {"seen"}
    database.execute(f"DROP ROLE IF EXISTS {role}")


def test_the_last_values_of_sequences_are_forgotten(project: Project, database: Database) -> None:
    project.migration("001_next", "create sequence s; select nextval('s')")
    project.migration("002_last", "select currval('s')")
    with pytest.raises(MigrationFailedError, match='"s" is not yet defined in this session'):
        Migrator(project.config(database=database.url)).apply()
    assert database.applied() == ["001_next"]


def test_deferred_constraints_are_checked_before_the_record(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_deferred",
        "create table a (id int primary key);"
        "create table b (id int references a initially deferred); insert into b values (1)",
    )
    with pytest.raises(
        MigrationFailedError, match="at its end: insert or update on table"
    ) as caught:
        Migrator(project.config(database=database.url)).apply()
    assert caught.value.server is not None
    assert caught.value.server.sqlstate == "23503"
    assert database.tables() == set()


def test_a_script_that_drops_the_history_is_undone(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_suicide", "drop table _sqlmig_migration")
    with pytest.raises(MigrationFailedError, match=r"could not be recorded: relation .* not exist"):
        Migrator(project.config(database=database.url)).apply()
    assert database.applied() == ["001_a"]
    assert database.value("SELECT count(*) FROM _sqlmig_migration") == 1


def test_a_select_of_a_million_rows_is_dropped_as_it_comes(
    project: Project, database: Database
) -> None:
    project.migration("001_rows", "select * from generate_series(1, 1000000)")
    Migrator(project.config(database=database.url)).apply()
    assert database.applied() == ["001_rows"]


def test_copy_data_is_fed_and_copy_output_is_dropped(project: Project, database: Database) -> None:
    rows = "".join(f"{n}\tsemicolon ; and 'quote'\n" for n in range(20_000))
    project.migration(
        "001_copy",
        "create table t (n int, x text);\n"
        f"COPY t FROM stdin;\n{rows}\\.\n"
        "COPY t TO STDOUT;\ncreate table after_copy ();\nCOPY t (n) FROM STDIN;\n7\n\\.\n",
    )
    Migrator(project.config(database=database.url)).apply()
    assert database.value("SELECT count(*) FROM t") == 20_001
    assert database.value("SELECT x FROM t WHERE n = 19999") == "semicolon ; and 'quote'"
    assert "after_copy" in database.tables()


@pytest.mark.parametrize("character", ["é", "€"])
def test_an_encoding_set_before_rows_are_copied_does_not_change_the_recorded_text(
    project: Project, database: Database, character: str
) -> None:
    text = (
        f"-- {character}\ncreate table t (n int);\n"
        f"{LEFTOVERS['another encoding']};\ncopy t from stdin;\n1\n\\.\n"
    )
    project.migration("001_copy", text)
    Migrator(project.config(database=database.url)).apply()
    assert database.value("SELECT apply_sql FROM _sqlmig_migration") == text
