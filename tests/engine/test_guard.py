"""In production, no script loses or alters rows of a protected table, whatever SQL it is."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from sqlmig import Migrator
from sqlmig.engine.guard import protected as guard
from sqlmig.engine.history.tables import OWN_TABLES
from sqlmig.errors import ConfigError, ExecutionError, ProtectedTableError
from sqlmig.model import Environment
from sqlmig.plan import Since, Transactions
from tests.database import Database, Server
from tests.faults.processes import waiting
from tests.project import Project

PROTECTED = "ledgers, payments, entries, accounts, books.journal"
TABLES = """
create table ledgers (id int primary key, student text);
create table payments (
  id int primary key, ledger int references ledgers on delete cascade deferrable initially deferred,
  amount int check (amount > 0), note text);
create table entries (id int, day date, amount int) partition by range (day);
create table entries_old partition of entries for values from ('2000-01-01') to ('2020-01-01');
create table entries_new partition of entries for values from ('2020-01-01') to ('2040-01-01');
create table accounts (id int, balance int);
create table accounts_closed (closed date) inherits (accounts);
create schema books; create table books.journal (line int, said text);
create table unprotected (id int);
create view seen as select * from payments;
create sequence attempts;
create function wipe() returns trigger language plpgsql as
  'begin delete from payments; return null; end';
insert into ledgers values (1, 'a'), (2, 'b');
insert into payments values (1, 1, 10, 'x'), (2, 1, 20, 'y'), (3, 2, 30, 'z');
insert into entries values (1, '2010-01-01', 5), (2, '2030-01-01', 6), (3, '2031-01-01', 7);
insert into accounts values (1, 100); insert into accounts_closed values (2, 0, '2020-01-01');
insert into books.journal values (1, 'one');
insert into unprotected values (1);
"""
CONTENTS = """
select 1, count(*), md5(string_agg(t::text, '|' order by t::text)) from ledgers t
union all select 2, count(*), md5(string_agg(t::text, '|' order by t::text)) from payments t
union all select 3, count(*), md5(string_agg(t::text, '|' order by t::text)) from entries t
union all select 4, count(*), md5(string_agg(t::text, '|' order by t::text)) from accounts t
union all select 5, count(*), md5(string_agg(t::text, '|' order by t::text)) from books.journal t
order by 1
"""


@dataclass(frozen=True)
class Loss:
    """A script, and the protected table and its rows that the refusal names."""

    sql: str
    table: str = "payments"
    rows: int = 3


LOSING = {
    "delete": Loss("delete from payments where id = 1"),
    "delete all": Loss("delete from payments"),
    "update": Loss("update payments set amount = amount + 1 where id = 2"),
    "update of one column to null": Loss("update payments set note = null"),
    "truncate": Loss("truncate payments"),
    "truncate by cascade": Loss("truncate ledgers cascade", "ledgers", 2),
    "truncate and refill with less": Loss(
        "truncate payments; insert into payments values (1, 1, 10, 'x')"
    ),
    "truncate and refill with other rows": Loss(
        "truncate payments; insert into payments values (1, 1, 11, 'x'), (2, 1, 20, 'y'),"
        "(3, 2, 30, 'z')"
    ),
    "drop": Loss("drop table payments cascade"),
    "drop by cascade of its schema": Loss("drop schema books cascade", "books.journal", 1),
    "drop and create again": Loss(
        "drop table payments cascade; create table payments (id int, amount int)"
    ),
    "drop column": Loss("alter table payments drop column note cascade"),
    "drop column and add it again": Loss(
        "drop view seen; alter table payments drop column note;"
        "alter table payments add column note text"
    ),
    "rename": Loss("alter table payments rename to paid"),
    "rename and drop": Loss("alter table payments rename to paid; drop table paid cascade"),
    "rename and put a copy there": Loss(
        "create table copied as select * from payments where id < 3;"
        "alter table payments rename to gone; alter table copied rename to payments"
    ),
    "a copy swapped in": Loss(
        "create table copied (like payments including all);"
        "insert into copied select * from payments; drop table payments cascade;"
        "alter table copied rename to payments"
    ),
    "move to another schema": Loss("alter table payments set schema books"),
    "move another schema's table": Loss(
        "alter table books.journal set schema public", "books.journal", 1
    ),
    "rename its schema": Loss("alter schema books rename to shelf", "books.journal", 1),
    "rewrite with other values": Loss(
        "drop view seen; alter table payments alter column amount type bigint using amount * 2"
    ),
    "rewrite that cuts": Loss(
        "drop view seen; alter table payments alter column note type varchar(1) using left(note, 0)"
    ),
    "dynamic sql": Loss("do $$begin execute 'delete ' || 'from pay' || 'ments'; end$$"),
    "function": Loss(
        "create function f() returns void language sql as 'delete from payments'; select f()"
    ),
    "security definer function": Loss(
        "create function g() returns void language sql security definer"
        " as 'update payments set amount = 1'; select g()"
    ),
    "procedure": Loss(
        "create procedure p() language plpgsql as 'begin delete from payments; end'; call p()"
    ),
    "trigger": Loss(
        "create trigger t after insert on unprotected for each row execute function wipe();"
        "insert into unprotected values (2)"
    ),
    "deferred trigger": Loss(
        "create constraint trigger t after insert on unprotected deferrable initially deferred"
        " for each row execute function wipe(); insert into unprotected values (2)"
    ),
    "trigger on the history": Loss(
        "create trigger t after insert on _sqlmig_migration for each row execute function wipe()"
    ),
    "deferred trigger on the history": Loss(
        "create constraint trigger t after insert on _yoyo_migration deferrable initially deferred"
        " for each row execute function wipe()"
    ),
    "rule": Loss(
        "create rule r as on insert to unprotected do also delete from payments;"
        "insert into unprotected values (2)"
    ),
    "view": Loss("delete from seen where id = 1"),
    "updatable view": Loss("update seen set amount = 1"),
    "common table expression": Loss(
        "with gone as (delete from payments returning 1) insert into unprotected select * from gone"
    ),
    "merge": Loss(
        "merge into payments p using (values (1)) v (id) on p.id = v.id when matched then delete"
    ),
    "on conflict do update": Loss(
        "insert into payments values (1, 1, 99, 'w') on conflict (id) do update set amount = 99"
    ),
    "foreign key cascade": Loss("delete from ledgers where id = 1", "ledgers", 2),
    "delete from a partition": Loss("delete from entries_old", "entries"),
    "truncate a partition": Loss("truncate entries_old", "entries"),
    "drop a partition": Loss("drop table entries_old", "entries"),
    "detach a partition": Loss("alter table entries detach partition entries_old", "entries"),
    "delete from a child": Loss("delete from accounts_closed", "accounts", 2),
    "drop a child": Loss("drop table accounts_closed", "accounts", 1),
    "take a child away": Loss("alter table accounts_closed no inherit accounts", "accounts", 2),
    "drop a child's own column": Loss(
        "alter table accounts_closed drop column closed", "accounts", 1
    ),
    "update a child's own column": Loss(
        "update accounts_closed set closed = '1999-01-01'", "accounts", 1
    ),
    "rewrite a child's own column": Loss(
        "alter table accounts_closed alter column closed type text using 'x'", "accounts", 1
    ),
    "replica role": Loss("set session_replication_role = replica; delete from payments"),
    "another role": Loss("set role pg_write_all_data; update payments set amount = 1"),
    "row level security": Loss(
        "alter table payments enable row level security; delete from payments where id = 3"
    ),
    "delete and insert less": Loss(
        "delete from payments; insert into payments values (1, 1, 10, 'x'), (2, 1, 20, 'y')"
    ),
    "delete in a savepoint that stays": Loss(
        "savepoint s; delete from payments; release savepoint s"
    ),
    "counting switched off": Loss("set track_counts = off; delete from payments"),
    "counting switched off and on": Loss(
        "set track_counts = off; delete from payments where id = 1; set track_counts = on"
    ),
    "counting switched off by a setting that the script makes up": Loss(
        "select set_config('my.name', 'track' || '_counts', true);"
        "select set_config(current_setting('my.name'), 'off', true); delete from payments;"
        "select set_config(current_setting('my.name'), 'on', true)"
    ),
    "counting switched off by dynamic sql": Loss(
        "do $$begin execute 'set local ' || 'track_' || 'counts = off'; update payments set"
        " amount = 1; execute 'reset ' || 'track_' || 'counts'; end$$"
    ),
    "counting switched off for a function": Loss(
        "create function f() returns void language sql set track_counts = off as"
        " 'delete from payments'; select f()"
    ),
    "counting switched off by a function that is altered": Loss(
        "create function f() returns void language sql as 'delete from payments';"
        "alter function f() set track_counts = off; select f()"
    ),
    "counting switched off in a subtransaction": Loss(
        "savepoint s; set local track_counts = off; delete from payments; release s; reset all"
    ),
    "counting switched off by a unicode name": Loss(
        'set u&"track\\005fcounts" = off; delete from payments; reset all'
    ),
    "uncounted delete beside counted inserts": Loss(
        "insert into payments values (7, 1, 1, 'x'), (8, 1, 1, 'y'); set track_counts = off;"
        "delete from payments where id = 1; set track_counts = on;"
        "insert into payments values (9, 1, 1, 'z')"
    ),
    "uncounted delete and the same number of other rows": Loss(
        "set track_counts = off; delete from payments;"
        "insert into payments values (4, 1, 1, 'a'), (5, 1, 1, 'b'), (6, 2, 1, 'c')"
    ),
    "uncounted cascade": Loss(
        "set track_counts = off; delete from ledgers where id = 1", "ledgers", 2
    ),
    "uncounted delete from a partition": Loss(
        "set track_counts = off; delete from entries_old", "entries"
    ),
    "uncounted update of a child": Loss(
        "set track_counts = off; update accounts_closed set balance = 7", "accounts", 2
    ),
    "uncounted trigger on the history": Loss(
        "alter function wipe() set track_counts = off; create trigger t after insert on"
        " _sqlmig_migration for each row execute function wipe()"
    ),
    "uncounted trigger on the history after an insert": Loss(
        "insert into payments values (4, 1, 1, 'a'); alter function wipe() set track_counts = off;"
        "create trigger t after insert on _sqlmig_migration for each row execute function wipe()"
    ),
    "columns that swap their names": Loss(
        "alter table payments rename id to z; alter table payments rename ledger to id;"
        "alter table payments rename z to ledger"
    ),
    "a new column under the old name": Loss(
        "alter table payments rename amount to amount_old;"
        "alter table payments add amount int not null default 0"
    ),
    "a new column under the old name, filled": Loss(
        "alter table payments rename note to note_old; alter table payments add note text;"
        "update payments set note = note_old"
    ),
    "three columns that go round": Loss(
        "do $$begin alter table payments rename note to n; alter table payments rename id to note;"
        "alter table payments rename amount to id; alter table payments rename n to amount; end$$"
    ),
    "columns of a partitioned table that swap their names": Loss(
        "alter table entries rename id to z; alter table entries rename amount to id;"
        "alter table entries rename z to amount",
        "entries",
    ),
    "columns of a parent that swap their names": Loss(
        "alter table accounts rename id to z; alter table accounts rename balance to id;"
        "alter table accounts rename z to balance",
        "accounts",
        2,
    ),
    "columns of a partition that swap while it is away": Loss(
        "alter table entries detach partition entries_old;"
        "alter table entries_old rename id to z; alter table entries_old rename amount to id;"
        "alter table entries_old rename z to amount; alter table entries attach partition"
        " entries_old for values from ('2000-01-01') to ('2020-01-01')",
        "entries",
        1,
    ),
    "a column of a child that is dropped while it is away": Loss(
        "alter table accounts_closed no inherit accounts; alter table accounts_closed drop balance;"
        "alter table accounts_closed add balance int; alter table accounts_closed inherit accounts",
        "accounts",
        1,
    ),
    "a quoted name that goes to another column": Loss(
        'alter table books.journal rename line to "Line"; alter table books.journal rename said'
        " to line",
        "books.journal",
        1,
    ),
    "unlogged": Loss("alter table payments set unlogged"),
    "unlogged by dynamic sql": Loss(
        "do $$begin execute 'alter table payments set un' || 'logged'; end$$"
    ),
    "a partition unlogged": Loss("alter table entries_new set unlogged", "entries", 2),
    "a child unlogged": Loss("alter table accounts_closed set unlogged", "accounts", 1),
    "a parent unlogged": Loss("alter table accounts set unlogged", "accounts", 1),
    "rows that move to an unlogged partition": Loss(
        "alter table entries detach partition entries_old; create unlogged table entries_older"
        " partition of entries for values from ('2000-01-01') to ('2020-01-01');"
        "insert into entries select * from entries_old",
        "entries",
    ),
    "an update of the second run alone": Loss(
        "insert into payments values (4, 2, 40, 'w'); do $$begin"
        " if nextval('attempts') > 1 then update payments set amount = 1; end if; end$$"
    ),
    "a delete of the second run alone": Loss(
        "insert into payments values (4, 2, 40, 'w'); do $$begin"
        " if nextval('attempts') > 1 then delete from payments where id = 1; end if; end$$"
    ),
    "a delete of the third run alone": Loss(
        "insert into accounts values (4, 40); do $$declare n int := nextval('attempts'); begin"
        " if n = 2 then update accounts set balance = balance; end if;"
        " if n = 3 then alter table accounts drop column balance; end if; end$$",
        "accounts",
        2,
    ),
    "an insert, and an uncounted update of the second run": Loss(
        "update payments set amount = amount; do $$begin if nextval('attempts') > 1 then"
        " set local track_counts = off; delete from entries where id = 1; end if; end$$",
        "entries",
    ),
    "hidden by another table": Loss(
        'create schema "postgres"; create table "postgres".payments (id int)'
    ),
    "hidden by a view": Loss(
        'create schema "postgres"; create view "postgres".payments as select 1 as id'
    ),
}
HARMLESS = {
    "a column": "alter table payments add column more text",
    "a column with a default": "alter table payments add column more int not null default 7",
    "a column with a volatile default": (
        "alter table payments add column more uuid default gen_random_uuid()"
    ),
    "a column that is filled": (
        "alter table payments add column more int; update payments set more = amount * 2;"
        "alter table payments alter column more set not null"
    ),
    "its own rows, altered and deleted again": (
        "insert into payments values (9, 1, 9, 'x'); update payments set amount = 8 where id = 9;"
        "delete from payments where id = 9"
    ),
    "its order on disk": "cluster payments using payments_pkey",
    "a child's name": "alter table accounts_closed rename to accounts_shut",
    "an index": "create index on payments (amount)",
    "a constraint": "alter table payments add constraint c check (amount < 1000)",
    "more rows": "insert into payments values (4, 2, 40, 'w'), (5, 2, 50, 'v')",
    "reading": "select sum(amount) from payments",
    "locks on rows": "select * from payments for update",
    "a lock that writes nothing": "lock table payments in access exclusive mode",
    "a delete that was undone": (
        "do $$begin begin delete from payments; raise 'x'; exception when others then end; end$$"
    ),
    "a delete that a savepoint undid, and an insert": (
        "savepoint s; delete from payments; rollback to savepoint s;"
        "insert into payments values (4, 2, 40, 'w')"
    ),
    "a wider type": "drop view seen; alter table payments alter column amount type bigint",
    "text instead of varchar": "drop view seen; alter table payments alter column note type text",
    "a column's name": "alter table payments rename column note to remark",
    "a default": "alter table payments alter column note set default ''",
    "a delete that meets no row": "delete from payments where false",
    "an update that changes nothing": "update payments set amount = amount",
    "an upsert of the same values": (
        "insert into payments values (1, 1, 10, 'x') on conflict (id) do update set amount = 10"
    ),
    "a trigger": "create trigger t after delete on payments for each row execute function wipe()",
    "a new partition": (
        "create table entries_next partition of entries for values from ('2040-01-01') to"
        " ('2050-01-01'); insert into entries values (4, '2045-01-01', 8)"
    ),
    "a table that refers to it": "create table refers (id int references payments)",
    "another table's rows": "delete from unprotected",
    "a rewrite of it": "alter table payments set unlogged; alter table payments set logged",
    "truncating and filling it with the same": (
        "create temp table saved on commit drop as select * from payments; truncate payments;"
        "insert into payments select * from saved"
    ),
    "its owner": "alter table payments owner to pg_database_owner",
    "statistics": "create statistics s on amount, ledger from payments",
    "publication": "create publication p for table payments",
    "a comment on counting": "-- track_counts stays on\nselect 'set track_counts = off'",
    "looking at the setting": "show track_counts",
    "counting switched off beside another table's rows": (
        "set track_counts = off; delete from unprotected"
    ),
    "rows that are not counted": (
        "set track_counts = off; insert into payments values (4, 2, 40, 'w')"
    ),
    "an uncounted delete that meets no row": (
        "set track_counts = off; delete from payments where false"
    ),
    "its own rows, deleted uncounted": (
        "insert into payments values (9, 1, 9, 'x'); set track_counts = off;"
        "delete from payments where id = 9"
    ),
    "a function that could delete": (
        "create function f() returns void language sql as 'delete from payments'"
    ),
    "a rule that could delete": (
        "create rule r as on insert to unprotected do also delete from payments"
    ),
    "explaining a delete": "explain delete from payments",
    "columns that are renamed and renamed back": (
        "alter table payments rename note to n; alter table payments rename n to note"
    ),
    "all columns renamed": (
        "alter table payments rename note to remark; alter table payments rename amount to total"
    ),
    "a renamed column and a new one": (
        "alter table payments rename note to remark; alter table payments add comment text"
    ),
    "a new column that takes another name": (
        "alter table payments add fresh int; alter table payments rename fresh to newer;"
        "alter table payments add fresh int"
    ),
    "a column of a partitioned table renamed": "alter table entries rename amount to total",
    "a column of a parent renamed": "alter table accounts rename balance to total",
    "a partition that goes and comes back": (
        "alter table entries detach partition entries_old; alter table entries attach partition"
        " entries_old for values from ('2000-01-01') to ('2020-01-01')"
    ),
    "a new unlogged partition": (
        "create unlogged table entries_next partition of entries for values from ('2040-01-01') to"
        " ('2050-01-01'); insert into entries values (4, '2045-01-01', 8)"
    ),
    "a partition without rows unlogged": (
        "create table entries_next partition of entries for values from ('2040-01-01') to"
        " ('2050-01-01'); alter table entries_next set unlogged"
    ),
    "rows that move to another partition": (
        "alter table entries detach partition entries_old; create table entries_older"
        " partition of entries for values from ('2000-01-01') to ('2020-01-01');"
        "insert into entries select * from entries_old"
    ),
    "an unprotected table unlogged": "alter table unprotected set unlogged",
    "a trigger on the history that inserts": (
        "create function more() returns trigger language plpgsql as"
        " $$begin insert into payments values (9, 1, 1, 'x');"
        " insert into entries values (9, '2011-01-01', 1); return null; end$$;"
        "create trigger t after insert on _yoyo_log for each row execute function more()"
    ),
    "a trigger on the history that inserts after an insert": (
        "insert into payments values (8, 1, 1, 'x');"
        "create function more() returns trigger language plpgsql as"
        " $$begin insert into payments values (9, 1, 1, 'x'); return null; end$$;"
        "create constraint trigger t after insert on _sqlmig_migration initially deferred"
        " for each row execute function more()"
    ),
    "a trigger on the history whose delete meets no row": (
        "create function no_row() returns trigger language plpgsql as"
        " 'begin delete from payments where false; return null; end';"
        "create trigger t after insert on _yoyo_migration for each row execute function no_row()"
    ),
    "the same update in each of three runs": (
        "do $$begin if nextval('attempts') > 1 then update payments set amount = amount;"
        " else insert into payments values (4, 2, 40, 'w'); end if; end$$"
    ),
    "a table of its name where nobody looks": (
        "create schema other; create table other.payments (id int)"
    ),
}


# That the guard refuses is tried with all of them, that it lets them pass with some.
SOME_LOSING = [
    pytest.param(loss, id=name, marks=[pytest.mark.long_form] if number % 4 else [])
    for number, (name, loss) in enumerate(LOSING.items())
]


@pytest.fixture
def template(server_of_run: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the tables, stamped as production."""
    project = Project(tmp_path_factory.mktemp("tables"))
    return server_of_run.template("guard", lambda url: with_tables(project, url).apply())


EMPTY = pytest.mark.parametrize("template", ["template1"], ids=["empty"])


def with_tables(project: Project, url: str, environment: str = "production") -> Migrator:
    project.migration(
        "001_tables", TABLES, "drop schema books cascade; drop table payments cascade"
    )
    return Migrator(
        project.config(database=url, environment=environment, protected_tables=PROTECTED)
    )


def migrator(project: Project, database: Database, sql: str, environment: str) -> Migrator:
    changes = with_tables(project, database.url, environment)
    changes.set_environment(Environment(environment))
    project.migration("002_change", sql)
    return changes


def state(database: Database) -> list[tuple[object, ...]]:
    return [*database.rows(CONTENTS), *database.relations()]


@pytest.mark.parametrize("loss", LOSING.values(), ids=LOSING)
def test_a_script_that_loses_protected_rows_is_undone_in_production(
    project: Project, database: Database, loss: Loss
) -> None:
    changes = migrator(project, database, loss.sql, "production")
    before = state(database)
    with pytest.raises(ProtectedTableError) as refused:
        changes.apply()
    assert loss.table in refused.value.tables
    words = str(refused.value)
    if "trigger on sqlmig" not in words:
        assert re.search(rf"(which has|of the) {loss.rows} rows?", words)
    assert f"-- touches: {loss.table}: <reason>" in words
    assert refused.value.exit_code == 3
    assert state(database) == before
    assert database.applied() == ["001_tables"]


@pytest.mark.parametrize("loss", SOME_LOSING)
def test_the_same_script_is_applied_in_development(
    project: Project, database: Database, loss: Loss
) -> None:
    migrator(project, database, loss.sql, "development").apply()
    assert database.applied() == ["001_tables", "002_change"]


@pytest.mark.parametrize("loss", SOME_LOSING)
def test_a_script_that_declares_it_and_is_allowed_is_applied_in_production(
    project: Project, database: Database, loss: Loss
) -> None:
    tables = PROTECTED.split(", ")
    head = "".join(f"-- touches: {table}: the tests want it\n" for table in tables)
    changes = migrator(project, database, f"{head}{loss.sql}", "production")
    changes.apply(allowed=tables)
    assert database.applied() == ["001_tables", "002_change"]
    noted = database.rows("select subject, reason from _sqlmig_event where event = 'allowed'")
    assert (f"002_change: {loss.table}", "the tests want it") in noted


@pytest.mark.parametrize("sql", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_script_is_applied_in_production(
    project: Project, database: Database, sql: str
) -> None:
    report = migrator(project, database, sql, "production").apply()
    assert report.ids(report.results[0].outcome) == ("002_change",)
    assert database.applied() == ["001_tables", "002_change"]
    assert database.value("select count(*) >= 3 from payments")


@pytest.mark.parametrize(
    "sql",
    [
        "delete from payments",
        "drop table payments cascade",
        "alter table payments set unlogged",
        "alter table payments rename note to n; alter table payments add note text",
        "alter table payments drop column amount cascade",
        "drop view seen; alter table payments alter amount type oid",
        "set track_counts = off; delete from payments",
        "insert into payments values (1, 1, 1, 'x'); delete from payments",
    ],
)
def test_a_table_without_rows_has_none_to_lose(
    project: Project, database: Database, sql: str
) -> None:
    changes = migrator(project, database, sql, "production")
    database.execute("delete from payments")
    changes.apply()
    assert database.applied() == ["001_tables", "002_change"]


def test_a_declaration_alone_is_not_enough(project: Project, database: Database) -> None:
    sql = "-- touches: payments: the import of 2024\ndelete from payments"
    changes = migrator(project, database, sql, "production")
    with pytest.raises(ProtectedTableError, match="run it with --allow-protected payments"):
        changes.apply()
    assert database.value("select count(*) from payments") == 3


def test_an_option_alone_is_not_enough(project: Project, database: Database) -> None:
    changes = migrator(project, database, "delete from payments", "production")
    with pytest.raises(ProtectedTableError, match="-- touches: payments: <reason>"):
        changes.apply(allowed=["payments"])
    assert database.value("select count(*) from payments") == 3


def test_allowing_one_table_leaves_the_others_protected(
    project: Project, database: Database
) -> None:
    sql = "-- touches: ledgers: a mistake\ndelete from ledgers where id = 1"
    changes = migrator(project, database, sql, "production")
    with pytest.raises(ProtectedTableError, match="lose or alter 2 of the 3 rows of payments"):
        changes.apply(allowed=["ledgers"])
    assert database.value("select count(*) from ledgers") == 2


def test_allowing_a_table_that_is_not_protected_is_a_mistake(
    project: Project, database: Database
) -> None:
    changes = migrator(project, database, "select 1", "production")
    with pytest.raises(ConfigError, match="unprotected: it is not listed in protected_tables"):
        changes.apply(allowed=["unprotected"])


def test_the_refusal_says_how_many_rows_are_meant(project: Project, database: Database) -> None:
    changes = migrator(project, database, "delete from payments where id < 3", "production")
    with pytest.raises(ProtectedTableError) as refused:
        changes.apply()
    assert str(refused.value).splitlines()[:2] == [
        "002_change would lose or alter 2 of the 3 rows of payments",
        "1 failed.",
    ]


@EMPTY
@pytest.mark.parametrize(
    ("setting", "table"),
    [
        ("public.fees", "public.fees"),
        ("public.fees", "fees"),
        ("fees", "finance.fees"),
        ("Fees", '"Fees"'),
    ],
)
def test_the_refusal_names_the_table_as_the_setting_does(
    project: Project, database: Database, setting: str, table: str
) -> None:
    database.execute(f"create schema finance; create table {table} ()")
    database.execute(f"alter table {table} add id int; insert into {table} values (1)")
    config = project.config(
        database=database.url, environment="production", protected_tables=setting
    )
    project.migration("001_change", f"-- touches: {setting}: meant\ndelete from {table}")
    with pytest.raises(ProtectedTableError, match=f"run it with --allow-protected {setting}\\."):
        Migrator(config).apply()
    Migrator(config).apply(allowed=[setting])
    assert database.value(f"select count(*) from {table}") == 0


def test_where_the_server_does_not_count_nothing_is_run(
    project: Project, database: Database
) -> None:
    changes = migrator(project, database, "delete from payments", "production")
    name = database.value("select current_database()")
    database.execute(f"alter database {name} set track_counts = off")
    with pytest.raises(ExecutionError, match="track_counts is off on this server"):
        changes.apply()
    assert database.value("select count(*) from payments") == 3
    assert database.applied() == ["001_tables"]


def test_a_stricter_isolation_by_default_hides_no_row_of_others(
    project: Project, database: Database
) -> None:
    name = database.value("select current_database()")
    sql = (
        "create temp table saved on commit drop as select * from payments;"
        "select pg_advisory_xact_lock(5);"
        "truncate payments; insert into payments select * from saved"
    )
    changes = migrator(project, database, sql, "production")
    database.execute(f"alter database {name} set default_transaction_isolation = 'repeatable read'")
    with database.another_connection() as other, ThreadPoolExecutor() as pool:
        other.execute("select pg_advisory_lock(5)")
        applying = pool.submit(changes.apply)
        while not waiting(database):
            assert not applying.done()
        other.execute("insert into payments values (7, 1, 1, 'meanwhile')")
        other.execute("select pg_advisory_unlock(5)")
        applying.result()
    assert database.value("select count(*) from payments where id = 7") == 1


def test_between_the_look_at_the_rows_and_the_second_run_no_other_writes(
    project: Project, database: Database
) -> None:
    sql = (
        "create temp table saved on commit drop as select * from payments;"
        "do $$begin if nextval('runs') = 2 then perform pg_advisory_xact_lock(5); end if; end$$;"
        "truncate payments; insert into payments select * from saved"
    )
    changes = migrator(project, database, sql, "production")
    database.execute("create sequence runs")
    with (
        database.another_connection() as holder,
        database.another_connection() as writer,
        ThreadPoolExecutor() as pool,
    ):
        holder.execute("select pg_advisory_lock(5)")
        applying = pool.submit(changes.apply)
        while not waiting(database):
            assert not applying.done()
        writing = pool.submit(writer.execute, "insert into payments values (7, 1, 1, 'meanwhile')")
        while waiting(database) < 2 and not writing.done():
            assert not applying.done()
        holder.execute("select pg_advisory_unlock(5)")
        applying.result()
        writing.result()
    assert database.value("select count(*) from payments where id = 7") == 1


NOT_OURS = ["yoyo_lockers", "_yoyo_logbook", "_sqlmig_migrations", "_sqlmigs", "books._yoyo_log"]


@EMPTY
@pytest.mark.parametrize("table", NOT_OURS)
@pytest.mark.parametrize("sql", ["delete from {}", "drop table {}", "alter table {} set unlogged"])
def test_a_table_with_a_name_like_one_of_sqlmigs_own_is_protected(
    project: Project, database: Database, table: str, sql: str
) -> None:
    database.execute(f"create schema books; create table {table} (id int)")
    database.execute(f"insert into {table} values (1)")
    project.migration("001_change", sql.format(table))
    config = project.config(database=database.url, environment="production", protected_tables=table)
    with pytest.raises(ProtectedTableError, match="1 row"):
        Migrator(config).apply()
    assert database.value(f"select count(*) from {table}") == 1


@EMPTY
@pytest.mark.parametrize("table", ["yoyo_lock", *OWN_TABLES])
def test_the_tables_of_the_history_are_never_protected(
    project: Project, database: Database, table: str
) -> None:
    project.migration("001_first", "create table if not exists yoyo_lock (pid int)")
    project.migration("002_second", "select 1")
    config = project.config(database=database.url, environment="production", protected_tables=table)
    Migrator(config).apply()
    assert database.applied() == ["001_first", "002_second"]


STRANGE = {
    "a name in capitals": ("public", "Payments"),
    "a keyword in a schema in capitals": ("Finance", "Order"),
    "a keyword in a keyword": ("select", "user"),
    "the names of the guard's own query": ("t", "own"),
    "one more of them": ("own", "writer"),
}


@EMPTY
@pytest.mark.parametrize(
    "sql",
    [
        'update {0} set "a\'b" = 2',
        "set track_counts = off; delete from {0}",
        "alter table {0} set unlogged",
        'alter table {0} rename id to z; alter table {0} rename "a\'b" to id',
        'alter table {0} alter "a\'b" type oid',
    ],
)
@pytest.mark.parametrize(("schema", "name"), STRANGE.values(), ids=STRANGE)
def test_any_name_can_be_protected(
    project: Project, database: Database, schema: str, name: str, sql: str
) -> None:
    table = ".".join('"{}"'.format(part.replace('"', '""')) for part in (schema, name))
    database.execute(f'create schema if not exists "{schema}"')
    database.execute(f'create table {table} (id int, "a\'b" int, now int, t int, own int)')
    database.execute(f"insert into {table} values (1, -1)")
    project.migration("001_change", sql.replace("{0}", table))
    config = project.config(
        database=database.url, environment="production", protected_tables=[f"{schema}.{name}"]
    )
    with pytest.raises(ProtectedTableError, match="1 row"):
        Migrator(config).apply()
    assert database.value(f"select count(*) from {table}") == 1


def test_rows_that_others_insert_meanwhile_are_not_held_against_a_script(
    project: Project, database: Database
) -> None:
    sql = "insert into payments values (9, 1, 1, 'x'); select pg_advisory_xact_lock(5)"
    changes = migrator(project, database, sql, "production")
    with database.another_connection() as other, ThreadPoolExecutor() as pool:
        other.execute("select pg_advisory_lock(5)")
        applying = pool.submit(changes.apply)
        while not waiting(database):
            assert not applying.done()
        other.execute("insert into payments values (7, 1, 1, 'meanwhile')")
        other.execute("begin; savepoint s; insert into payments values (8, 1, 1, 'x'); commit")
        other.execute("select pg_advisory_unlock(5)")
        applying.result()
    assert database.value("select count(*) from payments") == 6


def test_of_a_large_table_a_row_that_was_deleted_uncounted_is_seen(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_COMPARED_ROWS", 2)
    sql = "set track_counts = off; delete from payments where id = 1"
    changes = migrator(project, database, sql, "production")
    with pytest.raises(
        ProtectedTableError, match="with row counting off, 1 of the 3 rows of payments"
    ):
        changes.apply()


def test_a_large_table_may_get_more_rows(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_COMPARED_ROWS", 2)
    migrator(project, database, "insert into payments values (4, 2, 1, '')", "production").apply()
    assert database.value("select count(*) from payments") == 4


def test_of_a_large_table_whatever_could_change_a_row_is_refused(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_COMPARED_ROWS", 2)
    changes = migrator(project, database, "update payments set amount = amount", "production")
    with pytest.raises(
        ProtectedTableError, match="may lose or alter rows of payments, which has 3"
    ):
        changes.apply()


def test_in_one_transaction_the_guard_looks_at_each_script(
    project: Project, database: Database
) -> None:
    changes = migrator(project, database, "insert into payments values (4, 2, 1, '')", "production")
    project.migration("003_more", "delete from payments where id = 4")
    before = state(database)
    with pytest.raises(ProtectedTableError, match="003_more would lose or alter 1 of the 4 rows"):
        changes.apply(transactions=Transactions.TOGETHER)
    assert state(database) == before


def test_what_an_earlier_script_deleted_is_not_held_against_the_next(
    project: Project, database: Database
) -> None:
    head = "-- touches: payments: the tests want it\n"
    changes = migrator(project, database, f"{head}delete from payments where id = 1", "production")
    project.migration("003_more", "insert into payments values (4, 2, 1, '')")
    changes.apply(allowed=["payments"])
    assert database.applied() == ["001_tables", "002_change", "003_more"]


def test_a_rollback_is_guarded_too(project: Project, database: Database) -> None:
    changes = migrator(project, database, "select 1", "production")
    before = state(database)
    with pytest.raises(ProtectedTableError, match="001_tables would drop payments, which has 3"):
        changes.rollback(Since("001"))
    assert state(database)[:5] == before[:5]
    assert database.applied() == ["001_tables"]


@pytest.mark.parametrize(
    "sql",
    ["delete from payments", "alter table entries detach partition entries_old concurrently"],
)
def test_outside_a_transaction_only_what_keeps_rows_may_run(
    project: Project, database: Database, sql: str
) -> None:
    changes = migrator(project, database, f"-- transactional: false\n{sql}", "production")
    with pytest.raises(
        ProtectedTableError, match=r"runs statements outside a transaction(?s:.*)It was not run: "
    ):
        changes.apply()
    assert database.value("select count(*) from payments") == 3


def test_what_the_refusal_outside_a_transaction_advises_is_enough(
    project: Project, database: Database
) -> None:
    text = "delete from payments where id = 1"
    changes = migrator(project, database, f"-- transactional: false\n{text}", "production")
    with pytest.raises(ProtectedTableError) as refused:
        changes.apply()
    names = PROTECTED.split(", ")
    assert list(refused.value.tables) == names
    touches = "".join(f"-- touches: {table}: meant\n" for table in refused.value.tables)
    project.migration("002_change", f"-- transactional: false\n{touches}{text}")
    with pytest.raises(ProtectedTableError) as refused:
        changes.apply(allowed=names[1:])
    assert refused.value.tables == (names[0],)
    assert database.value("select count(*) from payments") == 3
    changes.apply(allowed=names)
    assert database.value("select count(*) from payments") == 2
    events = database.rows("select subject, reason from _sqlmig_event where event = 'allowed'")
    assert (f"002_change: {names[0]}", "meant") in events


@pytest.mark.parametrize(
    "sql",
    [
        "create index concurrently on payments (amount)",
        "alter type public.mode add value 'card'",
        "vacuum payments",
    ],
)
def test_what_keeps_rows_may_run_outside_a_transaction(
    project: Project, database: Database, sql: str
) -> None:
    database.execute("create type mode as enum ('cash')")
    migrator(project, database, f"-- transactional: false\n{sql}", "production").apply()
    assert database.applied() == ["001_tables", "002_change"]


def test_unset_means_production(project: Project, database: Database) -> None:
    migrator(project, database, "delete from payments", "production")
    database.execute("delete from _sqlmig_state where key = 'environment'")
    config = project.config(database=database.url, protected_tables=PROTECTED)
    with pytest.raises(ProtectedTableError):
        Migrator(config).apply()
