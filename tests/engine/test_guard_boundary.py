"""What docs/protected-tables.md says that the guard does not see: a test for each line of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlmig import Fleet, Migrator
from sqlmig.plan import Transactions
from tests.database import Database
from tests.project import Project

GUIDE = Path(__file__).parent.parent.parent / "docs/protected-tables.md"

Case = Callable[[Project, Database], None]
CASES: dict[str, Case] = {}


def lines() -> list[str]:
    """The bullets of the guide's section on the boundary, each as one line."""
    section = GUIDE.read_text(encoding="utf-8").partition("## The boundary of the guard")[2]
    bullets = re.findall(r"^- (.*(?:\n  .*)*)", section.partition("\n## ")[0], re.MULTILINE)
    return [re.sub(r"\s+", " ", bullet) for bullet in bullets]


def shows(beginning: str) -> Callable[[Case], Case]:
    """Says which line a case shows, by how it begins."""

    def register(case: Case) -> Case:
        CASES[beginning] = case
        return case

    return register


def applied(project: Project, database: Database, *scripts: str) -> None:
    """Applies the scripts in production, with the table `paid` protected."""
    for number, sql in enumerate(scripts, start=1):
        project.migration(f"00{number}_change", sql)
    config = project.config(
        database=database.url, environment="production", protected_tables="paid"
    )
    Migrator(config).apply()
    assert len(database.applied()) == len(scripts)


def paid(database: Database, columns: str = "id int", rows: str = "(1)") -> None:
    """The protected table with its rows."""
    database.execute(f"create table paid ({columns}); insert into paid values {rows}")


def address(database: Database) -> str:
    """What a server needs to connect to itself."""
    info = database.connection.info
    return f"host={info.host} port={info.port} user={info.user} dbname={info.dbname}"


@pytest.mark.parametrize("line", lines())
def test_a_line_of_the_boundary_is_true(project: Project, database: Database, line: str) -> None:
    [case] = [case for beginning, case in CASES.items() if line.startswith(beginning)]
    case(project, database)


def test_each_case_shows_a_line_that_is_there() -> None:
    for beginning in CASES:
        assert any(line.startswith(beginning) for line in lines()), beginning


@shows("A second connection")
def another_connection(project: Project, database: Database) -> None:
    paid(database)
    info = database.connection.info
    server = f"host '{info.host}', port '{info.port}', dbname '{info.dbname}'"
    applied(
        project,
        database,
        "create extension dblink;"
        f"select dblink_exec('{address(database)}', 'delete from paid where id = 1')",
        "create extension postgres_fdw;"
        f"create server me foreign data wrapper postgres_fdw options ({server});"
        f"create user mapping for public server me options (user '{info.user}');"
        "create foreign table far (id int) server me options (table_name 'paid');"
        "insert into far values (5); delete from far",
    )
    assert database.value("select count(*) from paid") == 0


@shows("A program on the server")
def a_program(project: Project, database: Database) -> None:
    paid(database)
    # The rows are passed on to a program that keeps what it reads; it might as well run psql.
    applied(
        project,
        database,
        "do $$declare folder text := current_setting('data_directory'); begin execute"
        " format('copy paid to program %L', 'cat > ' || folder || '/taken'); end$$",
    )
    taken = "pg_read_file(current_setting('data_directory') || '/taken')"
    assert database.value(f"select {taken}") == "1\n"


@shows("What runs later")
def what_runs_later(project: Project, database: Database) -> None:
    paid(database)
    applied(
        project,
        database,
        "create table visits (id int); create function wipe() returns trigger language plpgsql as"
        " 'begin delete from paid; return null; end';"
        "create trigger t after insert on visits for each row execute function wipe()",
    )
    database.execute("insert into visits values (1)")
    assert database.value("select count(*) from paid") == 0


@shows("Writes to the system catalogs")
def system_catalogs(project: Project, database: Database) -> None:
    paid(database, "x int", "(-1)")
    applied(
        project,
        database,
        "update pg_attribute set atttypid = 'oid'::regtype"
        " where attrelid = 'paid'::regclass and attname = 'x'",
    )
    assert database.value("select x::text from paid") == "4294967295"


@shows("Renaming the label of an enum")
def label_of_an_enum(project: Project, database: Database) -> None:
    database.execute("create type mode as enum ('cash', 'card')")
    paid(database, "mode mode", "('cash')")
    applied(project, database, "alter type mode rename value 'cash' to 'void'")
    assert database.value("select mode from paid") == "void"


@shows("Renaming or dropping an attribute")
def attribute_of_a_composite_type(project: Project, database: Database) -> None:
    database.execute("create type money2 as (due int, paid int, note text)")
    paid(database, "m money2", "(row(1, 2, 'x'))")
    applied(
        project,
        database,
        "alter type money2 rename attribute due to z; alter type money2 rename attribute paid to"
        " due; alter type money2 rename attribute z to paid",
        "alter type money2 drop attribute note",
    )
    assert database.rows("select (m).due, (m).paid from paid") == [(2, 1)]


@shows("Large objects")
def large_objects(project: Project, database: Database) -> None:
    paid(database, "scan oid", "(lo_from_bytea(4711, 'x'))")
    applied(project, database, "select lo_put(4711, 0, 'y')", "select lo_unlink(4711)")
    assert database.value("select count(*) from pg_largeobject_metadata where oid = 4711") == 0


@shows("Foreign tables")
def foreign_tables(project: Project, database: Database) -> None:
    database.execute(
        "create extension file_fdw; create server files foreign data wrapper file_fdw;"
        "create table paid (id int) partition by range (id);"
        "create foreign table paid_old partition of paid for values from (0) to (9) server files"
        " options (program 'echo 1')"
    )
    assert database.value("select count(*) from paid") == 1
    applied(project, database, "alter foreign table paid_old options (set program 'true')")
    assert database.value("select count(*) from paid") == 0


@shows("How a view, a function or row-level security")
def for_those_who_read(project: Project, database: Database) -> None:
    paid(database)
    database.execute("create view seen as select id from paid")
    applied(
        project,
        database,
        "create or replace view seen as select -id as id from paid;"
        "alter table paid enable row level security, force row level security",
    )
    assert database.value("select id from seen") == -1


@shows("A table of the same name in a schema")
def search_path_of_others(project: Project, database: Database) -> None:
    paid(database)
    applied(project, database, "create schema app; create table app.paid (id int)")
    database.execute("set search_path = app, public")
    assert database.value("select count(*) from paid") == 0


@shows("A column renamed in one file")
def name_of_a_column_later(project: Project, database: Database) -> None:
    paid(database, "amount int", "(5)")
    applied(
        project,
        database,
        "alter table paid rename amount to amount_old",
        "alter table paid add amount int not null default 0",
    )
    assert database.value("select amount from paid") == 0


@shows("Rows that an earlier script of the same")
def rows_of_the_same_run(project: Project, database: Database) -> None:
    paid(database)
    project.migration("001_change", "insert into paid values (2)")
    project.migration("002_change", "set track_counts = off; delete from paid where id = 2")
    config = project.config(
        database=database.url, environment="production", protected_tables="paid"
    )
    Migrator(config).apply(transactions=Transactions.TOGETHER)
    assert database.rows("select id from paid") == [(1,)]


@shows("With `sqlmig fleet`")
def another_tenant(project: Project, database: Database) -> None:
    database.execute("create schema tenant1; create schema tenant2")
    database.execute("create table tenant2.paid as select 1 as id")
    project.migration("001_change", "delete from tenant2.paid")
    config = project.config(
        database=database.url,
        environment="production",
        protected_tables="paid",
        fleet={"schemas": "tenant1"},
    )
    assert [result.error for result in Fleet(config).apply().results] == [None]
    assert database.value("select count(*) from tenant2.paid") == 0


@shows("Functions in C")
def not_through_sqlmig(project: Project, database: Database) -> None:
    paid(database)
    applied(project, database, "select 1")
    database.execute("delete from paid")
    applied(project, database, "select 1", "select 2")
    assert database.value("select count(*) from paid") == 0
