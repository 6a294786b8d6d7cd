"""Whatever a script does, "undone" is said only of what is undone."""

from __future__ import annotations

import threading

import psycopg
import pytest

from sqlmig import Migrator, Outcome
from sqlmig.embedded.postgres import temporary_postgres
from sqlmig.errors import ExecutionError, MigrationFailedError, SanityCheckError, SeedFailedError
from sqlmig.plan import Newest, Transactions
from tests.database import Database
from tests.engine.test_survival import interrupt_once_asleep
from tests.project import Project

# After the rows, the server would read the rest with backslashes as escapes: there, the literal
# ends after the second quote, and what follows it runs.
SMUGGLED = """
create table inbox (i int);
select set_config('standard_conforming_strings', 'off', false);
copy inbox from stdin;
1
\\.
select 'x\\'' ; commit and chain; --';
"""
ENVIRONMENTS = ["development", "production"]


def migrator(project: Project, database: Database, environment: str = "development") -> Migrator:
    config = project.config(
        database=database.url, environment=environment, protected_tables=["kept"]
    )
    return Migrator(config)


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text is refused, as if there were one that the lexer reads wrongly."""
    monkeypatch.setattr("sqlmig.source.script._refuse_transaction_control", lambda *_: None)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("end", ["select 1/0;", ""])
def test_a_script_that_changes_how_text_is_read_is_refused_before_its_next_message(
    project: Project, database: Database, environment: str, end: str
) -> None:
    project.migration("001_a", SMUGGLED + end)
    with pytest.raises(MigrationFailedError) as caught:
        migrator(project, database, environment).apply()
    assert "001_a was undone completely" in str(caught.value)
    assert "standard_conforming_strings" in caught.value.message
    assert str(caught.value.location).endswith("001_a.sql:3:1")
    assert "E'…'" in caught.value.remedy
    assert database.tables() == set()


@pytest.mark.parametrize("transactions", Transactions)
def test_a_rollback_and_a_batch_that_change_how_text_is_read_are_refused(
    project: Project, database: Database, transactions: Transactions
) -> None:
    project.migration("001_a", "create table a ()", SMUGGLED)
    changed = migrator(project, database)
    changed.apply(transactions=transactions)
    with pytest.raises(MigrationFailedError, match="standard_conforming_strings"):
        changed.rollback(Newest(1))
    project.migration("002_b", "create table b ()")
    project.migration("003_c", SMUGGLED)
    with pytest.raises(MigrationFailedError, match="standard_conforming_strings"):
        changed.apply(transactions=Transactions.TOGETHER)
    assert database.tables() == {"a"}
    assert database.applied() == ["001_a"]


def test_a_seed_that_changes_how_text_is_read_is_refused(
    project: Project, database: Database
) -> None:
    project.migration("001_t", "create table t ()")
    migrator(project, database).apply()
    project.write("sql/seeds/reference/001_a.sql", SMUGGLED + "select 1/0;")
    with pytest.raises(SeedFailedError, match="standard_conforming_strings") as caught:
        migrator(project, database).seed()
    assert caught.value.location is not None
    assert "E'…'" in caught.value.remedy
    with pytest.raises(SeedFailedError, match="standard_conforming_strings"):
        migrator(project, database).prove_seeds()
    assert database.tables() == {"t"}


def test_a_check_that_changes_how_text_is_read_fails_and_leaves_nothing(
    project: Project, database: Database
) -> None:
    database.execute("create table kept as select 1 as i")
    project.write("sql/checks/001_a.sql", f"{SMUGGLED} delete from kept; select 1")
    project.migration("001_t", "create table t ()")
    (found,) = migrator(project, database).check()
    assert "standard_conforming_strings" in found.reason
    assert str(found.location).endswith("001_a.sql:3:1")
    with pytest.raises(SanityCheckError, match="All of it was undone"):
        migrator(project, database).apply(transactions=Transactions.TOGETHER)
    assert database.tables() == {"kept"}


def test_a_script_outside_a_transaction_that_changes_how_text_is_read_stops_there(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_a",
        "-- transactional: false\nselect 1;"
        "select set_config('standard_conforming_strings', 'off', false);"
        "select 'x\\'' ; create table b (); --';",
    )
    with pytest.raises(MigrationFailedError, match="standard_conforming_strings") as caught:
        migrator(project, database).apply()
    assert "its first 2 statements were kept" in str(caught.value)
    assert database.tables() == set()
    assert migrator(project, database).status()[0].state.value == "partial"


ENDINGS = {
    "commit": "commit",
    "commit and begin": "commit; begin",
    "end": "end; start transaction deferrable",
    "chained": "commit and chain",
    "rolled back and chained": "commit and chain; create table b (); rollback and chain",
    "alike": "commit; begin isolation level read committed deferrable",
    "with many statements": f"commit; {'select 1; ' * 30} select 1",
    "savepoints": "commit; begin; savepoint _sqlmig_script; savepoint sqlmig",
}


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("end", ["", "select 1/0;", "create table c (id nonsense)"])
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_script_that_ends_its_transaction_is_not_said_to_be_undone(
    project: Project, database: Database, ending: str, end: str, environment: str
) -> None:
    project.migration("001_a", f"create table a (); {ending}; {end}")
    with pytest.raises(MigrationFailedError, match="ended the transaction") as caught:
        migrator(project, database, environment).apply()
    assert "undone" not in str(caught.value)
    assert "what it committed was kept" in caught.value.remedy
    assert "sqlmig drift" in caught.value.remedy
    assert database.tables() == {"a"}
    assert migrator(project, database).status()[0].state.value == "pending"


@pytest.mark.usefixtures("unseen")
def test_ctrl_c_after_a_commit_of_the_scripts_own_does_not_say_that_it_was_undone(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (); commit and chain; select pg_sleep(60)")
    threading.Thread(target=interrupt_once_asleep, args=(database,)).start()
    with pytest.raises(MigrationFailedError, match="001_a ended the transaction"):
        migrator(project, database).apply()
    assert database.tables() == {"a"}


@pytest.mark.usefixtures("unseen")
def test_of_a_batch_that_a_script_commits_the_report_says_what_is_recorded(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b (); commit and chain; select 1/0")
    project.migration("003_c", "create table c ()")
    with pytest.raises(MigrationFailedError, match="ended the transaction") as caught:
        migrator(project, database).apply(transactions=Transactions.TOGETHER)
    outcomes = [result.outcome.value for result in caught.value.report.results]
    assert outcomes == ["done", "failed", "not attempted"]
    assert database.applied() == ["001_a"]


@pytest.mark.usefixtures("unseen")
def test_a_batch_that_a_script_rolls_back_is_reported_as_undone(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "rollback and chain; select 1")
    with pytest.raises(MigrationFailedError, match="ended the transaction") as caught:
        migrator(project, database).apply(transactions=Transactions.TOGETHER)
    outcomes = [result.outcome.value for result in caught.value.report.results]
    assert outcomes == ["undone", "failed"]
    assert database.tables() == set()


@pytest.mark.usefixtures("unseen")
def test_a_seed_that_ends_its_transaction_is_not_said_to_be_undone(
    project: Project, database: Database
) -> None:
    project.migration("001_t", "create table t ()")
    migrator(project, database).apply()
    project.write("sql/seeds/reference/001_a.sql", "create table a (); commit and chain; select 1")
    with pytest.raises(SeedFailedError, match="ended the transaction") as caught:
        migrator(project, database).seed()
    assert "undone" not in str(caught.value)
    assert "nothing was changed" not in str(caught.value)


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("end", ["select 1 as x where false", "select 1/0"])
def test_a_check_that_ends_its_transaction_is_told_without_a_traceback(
    project: Project, database: Database, ending: str, end: str
) -> None:
    project.migration("001_t", "create table t ()")
    project.write("sql/checks/001_c.sql", f"create table a (); {ending}; {end}")
    with pytest.raises(ExecutionError, match="001_c ended the transaction") as caught:
        migrator(project, database).check()
    assert "what it committed was kept" in caught.value.remedy
    database.execute("drop table a")
    with pytest.raises(MigrationFailedError, match="001_c ended the transaction") as failed:
        migrator(project, database).apply(transactions=Transactions.TOGETHER)
    assert failed.value.report.ids(Outcome.DONE) == ("001_t",)
    assert database.applied() == ["001_t"]


def test_savepoints_of_every_spelling_do_not_hide_what_was_deleted(
    project: Project, database: Database
) -> None:
    database.execute("create table kept as select generate_series(1, 2) as i")
    for number, name in enumerate((r'U&"\005fsqlmig_script"', "_sqlmig_script", "s"), 1):
        project.migration(f"00{number}_a", f"delete from kept; savepoint {name};")
        with pytest.raises(ExecutionError, match="would lose or alter 2 of the 2 rows of kept"):
            migrator(project, database, "production").apply()
        project.remove(f"sql/migrations/00{number}_a.sql")
        project.remove(f"sql/rollbacks/00{number}_a.sql")
    assert database.value("select count(*) from kept") == 2


KEPT = """
create table kept as select generate_series(1, 2) as i;
create function lose() returns int language plpgsql as
  $$ begin delete from kept; return 1; end $$;
create function on_record() returns trigger language plpgsql as $$ begin {body} return null; end $$;
create trigger on_record after insert on {table} for each statement
  execute function on_record();
"""
AT_COMMIT = {
    "a cursor that is held": "execute 'declare c cursor with hold for select lose()';",
    "a trigger that is deferred once more": (
        "set constraints all deferred; insert into pending values (1);"
    ),
}
AGAIN = """
create table pending (n int);
create table fired (n serial);
create function again() returns trigger language plpgsql as $$
begin
  if (select count(*) from fired) < 3 then
    insert into fired default values;
    set constraints all deferred;
    insert into pending values (1);
  else
    delete from kept;
  end if;
  return null;
end $$;
create constraint trigger again after insert on pending deferrable initially deferred
  for each row execute function again();
"""


def test_a_cursor_that_a_trigger_on_the_history_holds_is_closed_before_the_commit(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, "production")
    project.migration("001_first", "create table first ()")
    production.apply()
    body = AT_COMMIT["a cursor that is held"]
    database.execute(KEPT.format(table="_yoyo_migration", body=body))
    project.migration("002_b", "create table b ()")
    production.apply()
    assert database.value("select count(*) from kept") == 2
    assert database.applied() == ["001_first", "002_b"]


def test_a_trigger_that_has_itself_deferred_until_the_commit_cannot_delete_protected_rows(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, "production")
    project.migration("001_first", "create table first ()")
    production.apply()
    body = AT_COMMIT["a trigger that is deferred once more"]
    database.execute(AGAIN + KEPT.format(table="_yoyo_migration", body=body))
    project.migration("002_b", "create table b ()")
    with pytest.raises(MigrationFailedError, match="in a read-only transaction") as caught:
        production.apply()
    assert "002_b was undone completely" in str(caught.value)
    assert database.value("select count(*) from kept") == 2
    assert database.applied() == ["001_first"]


def test_a_trigger_on_the_seeds_that_has_itself_deferred_cannot_delete_protected_rows(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, "production")
    project.migration("001_first", "create table first (i int)")
    production.apply()
    body = AT_COMMIT["a trigger that is deferred once more"]
    database.execute(AGAIN + KEPT.format(table="_sqlmig_seed", body=body))
    project.write("sql/seeds/reference/001_a.sql", "insert into first values (1)")
    with pytest.raises(ExecutionError, match="read-only transaction"):
        production.seed()
    assert database.value("select count(*) from kept") == 2
    assert database.value("select count(*) from first") == 0


def test_nothing_that_a_trigger_on_the_seeds_left_for_the_commit_deletes_protected_rows(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, "production")
    project.migration("001_first", "create table first (i int)")
    production.apply()
    database.execute(KEPT.format(table="_sqlmig_seed", body=AT_COMMIT["a cursor that is held"]))
    project.write("sql/seeds/reference/001_a.sql", "insert into first values (1)")
    production.seed()
    assert database.value("select count(*) from kept") == 2
    assert database.value("select count(*) from first") == 1


EXPORTED = {
    "rows that are frozen": (
        "create table a (i int);\ncopy a from stdin (freeze);\n1\n\\.\nselect 1;"
    ),
    "an exported snapshot": "create table a (); select pg_export_snapshot();",
}
BEFORE_ANY_QUERY = {
    "a deferrable transaction": "set transaction deferrable; create table a ();",
    "a transaction that is not deferrable": (
        "set transaction not deferrable; create table a (); insert into a default values"
    ),
    "another isolation": "set transaction isolation level serializable; create table a ();",
    "another isolation, after rows": (
        "set transaction isolation level repeatable read; create table a (i int);\n"
        "copy a from stdin;\n1\n\\.\nselect 1;"
    ),
}


@pytest.mark.parametrize(
    ("sql", "environment"),
    [
        *((sql, "production") for sql in EXPORTED.values()),
        *((sql, "development") for sql in (EXPORTED | BEFORE_ANY_QUERY).values()),
    ],
)
def test_what_cannot_run_in_a_savepoint_runs_all_the_same(
    project: Project, database: Database, sql: str, environment: str
) -> None:
    database.execute("create table kept as select 1 as i")
    project.migration("001_a", sql)
    migrator(project, database, environment).apply()
    assert database.tables() == {"a", "kept"}
    assert database.applied() == ["001_a"]
    assert database.value("select count(*) from _yoyo_log") == 1


@pytest.mark.parametrize("sql", BEFORE_ANY_QUERY.values(), ids=BEFORE_ANY_QUERY)
def test_what_must_come_before_any_query_is_refused_where_the_guard_asks_first(
    project: Project, database: Database, sql: str
) -> None:
    database.execute("create table kept as select 1 as i")
    project.migration("001_a", sql)
    with pytest.raises(MigrationFailedError, match="before any query") as caught:
        migrator(project, database, "production").apply()
    assert "after sqlmig's own queries" in caught.value.remedy
    assert database.tables() == {"kept"}


ENUM = """
create type mood as enum ('sad');
alter type mood add value 'happy';
create table a (m mood default 'happy');
"""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_value_added_to_a_new_enum_is_used_where_the_server_allows_it(
    project: Project, database: Database, environment: str
) -> None:
    project.migration("001_a", ENUM)
    if database.connection.info.server_version >= 170000:
        migrator(project, database, environment).apply()
        assert database.tables() == {"a"}
    else:
        with pytest.raises(MigrationFailedError, match="unsafe use of new value"):
            migrator(project, database, environment).apply()
        assert database.tables() == set()


def test_a_script_that_cannot_run_in_a_savepoint_fails_at_its_place(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_a", "select pg_export_snapshot();\ncreate table a ();\nselect 1/0;\nselect 2;"
    )
    with pytest.raises(MigrationFailedError, match="division by zero") as caught:
        migrator(project, database).apply()
    assert str(caught.value.location).endswith("001_a.sql:3:1")
    assert "was undone completely" in caught.value.remedy
    assert database.tables() == set()


@pytest.mark.usefixtures("unseen")
def test_a_script_that_cannot_run_in_a_savepoint_cannot_hide_a_commit(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqlmig.engine.run.script.reads_as_before", lambda _: True)
    project.migration("001_a", "select pg_export_snapshot();" + SMUGGLED)
    with pytest.raises(MigrationFailedError, match="cannot insert multiple commands") as caught:
        migrator(project, database).apply()
    assert "was undone completely" in caught.value.remedy
    assert database.tables() == set()


def test_rows_that_cannot_be_compared_without_a_savepoint_are_not_lost(
    project: Project, database: Database
) -> None:
    database.execute("create table kept as select 1 as i")
    project.migration("001_a", "select pg_export_snapshot(); delete from kept;")
    with pytest.raises(MigrationFailedError, match="cannot run in a savepoint") as caught:
        migrator(project, database, "production").apply()
    assert "was undone completely" in caught.value.remedy
    assert database.value("select count(*) from kept") == 1


def test_a_batch_with_a_script_that_cannot_run_in_a_savepoint_is_refused_with_the_reason(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table b ()")
    project.migration("002_b", "select pg_export_snapshot()")
    with pytest.raises(MigrationFailedError, match="snapshot") as caught:
        migrator(project, database).apply(transactions=Transactions.TOGETHER)
    assert "With --atomic" in caught.value.remedy
    assert database.tables() == set()


def test_a_reload_of_the_configuration_does_not_change_how_a_script_is_read(
    project: Project,
) -> None:
    with temporary_postgres({"fsync": "off"}) as server:
        url = server.status().url or ""
        with psycopg.connect(url, autocommit=True) as connection:
            found = Database(connection)
            project.migration("001_a", "create table inbox (i int)")
            project.migration(
                "002_b",
                "select pg_reload_conf(), pg_sleep(0.5);\ncopy inbox from stdin;\n1\n\\.\n"
                "select 'x\\'' ; create table smuggled (); --';",
            )
            changed = Migrator(project.config(database=url))
            changed.apply("001")
            found.execute("alter system set standard_conforming_strings = off")
            changed.apply()
            assert found.tables() == {"inbox"}
            assert found.applied() == ["001_a", "002_b"]


@pytest.mark.parametrize("whose", ["database {name}", "role {name} in database {name}"])
def test_a_server_that_reads_backslashes_as_escapes_is_refused_by_every_command(
    project: Project, database: Database, whose: str
) -> None:
    name = database.connection.info.dbname
    project.migration("001_a", "create table a ()")
    whose = whose.replace("role {name}", "role postgres").format(name=name)
    database.execute(f"alter {whose} set standard_conforming_strings = off")
    there = migrator(project, database)
    for command in (there.apply, there.seed, there.check, there.status, there.prove_seeds):
        with pytest.raises(ExecutionError, match="standard_conforming_strings is off"):
            command()
    assert database.relations() == []
    database.execute(f"alter {whose} reset standard_conforming_strings")
