"""How the differences of two snapshots read."""

from __future__ import annotations

from sqlmig.proof.catalog import snapshot
from sqlmig.proof.difference import Difference, Presence, differences
from tests.database import Database


def change(database: Database, before: str, after: str) -> tuple[Difference, ...]:
    """What the second script changes."""
    database.execute(before)
    first = snapshot(database.connection)
    database.execute(after)
    return differences(first, snapshot(database.connection))


def test_a_table_stands_for_its_parts(database: Database) -> None:
    (difference,) = change(
        database,
        "select 1",
        'create table "a b" (id serial primary key, "x.y" int check ("x.y" > 0));'
        'create index on "a b" ("x.y")',
    )
    assert str(difference.object) == 'table public."a b"'
    assert difference.presence is Presence.EXTRA
    assert dict(difference.parts) == {
        "index": 2,
        "sequence": 1,
        "table column": 2,
        "table constraint": 2 + (database.connection.info.server_version >= 180000),
    }


def test_a_part_of_what_stays_stands_for_itself(database: Database) -> None:
    found = change(
        database,
        "create table a (x int); create table ab (x int)",
        "drop table ab; alter table a drop x",
    )
    assert [str(each.object) for each in found] == ["table public.ab", "table column public.a.x"]
    assert [each.presence for each in found] == [Presence.MISSING, Presence.MISSING]


def test_properties_and_their_letters_are_told_in_words(database: Database) -> None:
    (difference,) = change(
        database,
        "create function f() returns int language sql as 'select 1'",
        "alter function f() immutable strict parallel safe; "
        "revoke execute on function f() from public; alter function f() owner to pg_monitor",
    )
    words = {line.partition(": ")[0] for line in difference.lines()}
    assert words == {
        *("- owner", "+ owner", "+ privileges", "+ strict"),
        *("- volatility", "+ volatility", "- parallel", "+ parallel"),
    }
    assert {"+ volatility: immutable", "- parallel: unsafe"} <= set(difference.lines())


def test_of_a_body_only_the_lines_around_a_change_are_shown(database: Database) -> None:
    body = "\n".join(f"  select {number};" for number in range(1, 10))
    function = "create or replace function f() returns int language sql as $$\n{}\n$$"
    (difference,) = change(
        database, function.format(body), function.format(body.replace("select 5", "select 55"))
    )
    assert [line.strip() for line in difference.lines()] == [
        "select 3;",
        "select 4;",
        "-     select 5;",
        "+     select 55;",
        "select 6;",
        "select 7;",
    ]


def test_what_is_equal_has_no_differences(database: Database) -> None:
    assert change(database, "create table a ()", "drop table a; create table a ()") == ()


def test_what_extensions_brought_and_what_sqlmig_keeps_is_not_seen(database: Database) -> None:
    assert (
        change(
            database,
            "select 1",
            "create table _sqlmig_migration (id serial primary key, x text unique);"
            "create table _yoyo_migration (x int);"
            "create table _yoyo_log (x int); create table yoyo_lock (x int);"
            "create temp table t (x int primary key); create type pg_temp.y as (x int);"
            "create function pg_temp.f() returns int language sql as 'select 1'",
        )
        == ()
    )
