"""In production, the values of protected rows say the same after a script as before it, and a
script that only widens a type is not refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from sqlmig import Migrator
from sqlmig.engine.guard import protected as guard
from sqlmig.errors import ProtectedTableError
from tests.database import Database
from tests.project import Project


@dataclass(frozen=True)
class Case:
    """A column of a table with values, and what is done to it."""

    type: str
    values: str
    sql: str


def to(old: str, values: str, new: str, using: str = "") -> Case:
    """The column x gets another type."""
    return Case(
        old, values, f"alter table paid alter x type {new}" + (f" using {using}" if using else "")
    )


SAME = {
    "numeric of a larger scale": to("numeric(10,1)", "(1.5), (null), (-2.0)", "numeric(12,2)"),
    "numeric without limits": to("numeric(10,1)", "(1.5), (null)", "numeric"),
    "numeric of a larger precision": to("numeric(10,2)", "(1.55)", "numeric(20,2)"),
    "a smaller scale that cuts zeros": to("numeric(10,2)", "(1.50)", "numeric(10,1)"),
    "float4 to float8": to("float4", "(0.1), (1e10), ('nan'), ('infinity')", "float8"),
    "float4 to numeric": to("float4", "(0.1), (2.5)", "numeric"),
    "int to bigint": to("int", "(1), (-1)", "bigint"),
    "smallint to int": to("smallint", "(1), (-1)", "int"),
    "int to numeric": to("int", "(1), (-1)", "numeric(12,2)"),
    "int to float8": to("int", "(1), (-1)", "float8"),
    "int to oid without negatives": to("int", "(1), (7)", "oid"),
    "int to text": to("int", "(1), (-1)", "text"),
    "varchar to char": to("varchar(20)", "('a'), ('bc')", "char(30)"),
    "varchar of varchar": to("varchar(20)", "('a'), ('bc ')", "varchar(30)"),
    "varchar to text": to("varchar(20)", "('a'), ('bc ')", "text"),
    "text to varchar": to("text", "('a'), ('bc ')", "varchar"),
    "char to text": to("char(5)", "('a'), ('bc')", "text"),
    "text to citext": to("text", "('a'), ('Bc')", "citext"),
    "text in another collation": to("text", "('a'), ('Bc')", 'text collate "C"'),
    "date to timestamp": to("date", "('2020-01-31')", "timestamp"),
    "timestamp to timestamptz": to("timestamp", "('2020-07-31 12:00')", "timestamptz"),
    "time of a larger precision": to("time(0)", "('12:00:01')", "time(3)"),
    "interval to interval": to("interval(0)", "('1 day 02:00:01')", "interval"),
    "array of a wider type": to("int[]", "('{1,-2}'), (null)", "bigint[]"),
    "array of a larger scale": to("numeric(10,1)[]", "('{1.5}')", "numeric(12,2)[]"),
    "array of text": to("varchar(5)[]", "('{a,b}')", "text[]"),
    "array of char": to("varchar(5)[]", "('{a,b}')", "char(9)[]"),
    "enum to text": to("mode", "('cash'), ('card')", "text"),
    "text to enum": to("text", "('cash'), ('card')", "mode", "x::mode"),
    "text to uuid": to("text", "('2d1f6b52-0c57-4a6e-9d8e-111111111111')", "uuid", "x::uuid"),
    "a domain": to("numeric(12,2)", "(1.50)", "price"),
    "a domain of a larger scale": to("numeric(10,1)", "(1.5)", "price"),
    "a domain's base": to("price", "(1.50)", "numeric(14,4)"),
    "json to text": to("json", """('{"a":  1}')""", "text"),
    "cidr to inet": to("cidr", "('10.0.0.0/8')", "inet"),
    "bit to varbit": to("bit(3)", "('101')", "varbit(5)"),
    "an enum that is made again": Case(
        "mode",
        "('cash'), ('card')",
        "alter type mode rename to mode_old; create type mode as enum ('card', 'cash', 'upi');"
        "alter table paid alter x type mode using x::text::mode; drop type mode_old",
    ),
    "a domain that is made": Case(
        "numeric(10,1)",
        "(1.5)",
        "create domain fee as numeric(12,2) check (value > 0); alter table paid alter x type fee",
    ),
    "a domain that is dropped": Case(
        "price", "(1.50)", "alter table paid alter x type numeric(12,2); drop domain price"
    ),
    "rows that only the wider type can hold": Case(
        "int",
        "(1), (2)",
        "alter table paid alter x type bigint; insert into paid values (9, 5000000000)",
    ),
    "rows with more digits": Case(
        "numeric(10,1)",
        "(1.5)",
        "alter table paid alter x type numeric(12,2); insert into paid values (9, 1.25)",
    ),
    "the same type again": to("numeric(10,1)", "(1.5)", "numeric(10,1)"),
    "two columns": Case(
        "float4", "(0.1)", "alter table paid alter x type float8, alter id type bigint"
    ),
    "another name as well": Case(
        "numeric(10,1)",
        "(1.5)",
        "alter table paid alter x type numeric(12,2); alter table paid rename x to y",
    ),
}
ALTERED = {
    "more digits that say more": to("numeric(10,1)", "(1.5), (2.5)", "numeric(12,2)", "x + 0.04"),
    "fewer digits": to("numeric(10,2)", "(1.55), (2.50)", "numeric(10,1)"),
    "float8 to float4": to("float8", "(0.1)", "float4"),
    "float4 to float8, doubled": to("float4", "(0.1)", "float8", "x * 2"),
    "int to bigint, one more": to("int", "(1)", "bigint", "x + 1"),
    "numeric to int": to("numeric(10,1)", "(1.5)", "int"),
    "int to oid": to("int", "(-1), (1)", "oid"),
    "int to oid with a rewrite": Case(
        "int",
        "(-1)",
        "alter table paid alter x type oid, alter id type bigint",
    ),
    "smallint to oid": to("smallint", "(-1)", "oid", "x::oid"),
    "int to bigint through oid": to("int", "(-1)", "bigint", "x::oid::bigint"),
    "int[] to oid[]": to("int[]", "('{-1}')", "oid[]", "x::oid[]"),
    "int to a domain of oid": to("int", "(-1)", "number"),
    "oid to int": to("oid", "(4294967295)", "int"),
    "int to regclass": to("int", "(-1)", "regclass"),
    "char without its blanks": to("varchar(9)", "('a ')", "char(9)"),
    "lower case": to("text", "('Ab')", "citext", "lower(x)::citext"),
    "an enum mapped to another": Case(
        "mode",
        "('cash'), ('card')",
        "create type kind as enum ('cash', 'card'); alter table paid alter x type kind"
        " using case x when 'cash' then 'card' else 'cash' end::kind",
    ),
    "timestamp to date": to("timestamp", "('2020-07-31 12:00')", "date"),
    "time shifted": to(
        "timestamp", "('2020-07-31 12:00')", "timestamptz", "x at time zone 'asia/tokyo'"
    ),
    "bigint to int, cut": to("bigint", "(5000000000)", "int", "(x % 1000)::int"),
    "text to int": to("text", "('007')", "int", "x::int"),
    "a domain, negated": to("numeric(12,2)", "(1.50)", "price", "-x"),
    "bytes": to("bytea", "('\\x01')", "text", "encode(x, 'base64')"),
    "float8, in its last digits": to("float8", "(0.1)", "float8", "x + 1e-16"),
    "interval, in another way to write it": to(
        "interval", "('1 day')", "interval", "x + '1 microsecond'::interval"
    ),
}


def migrator(project: Project, database: Database, case: Case) -> Migrator:
    database.execute(
        "create extension if not exists citext; create type mode as enum ('cash', 'card');"
        "create domain price as numeric(12,2); create domain number as oid;"
        f"create table paid (id int generated always as identity, x {case.type});"
        "alter table paid alter id drop identity;"
    )
    database.execute(
        f"insert into paid (id, x) select row_number() over (), v.x::{case.type}"
        f" from (values {case.values}) as v (x)"
    )
    project.migration("001_change", case.sql)
    return Migrator(
        project.config(database=database.url, environment="production", protected_tables="paid")
    )


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_a_type_that_says_the_same_is_no_loss(
    project: Project, database: Database, case: Case
) -> None:
    migrator(project, database, case).apply()
    assert database.applied() == ["001_change"]


@pytest.mark.parametrize("case", ALTERED.values(), ids=ALTERED)
def test_a_type_that_says_something_else_is_refused(
    project: Project, database: Database, case: Case
) -> None:
    changes = migrator(project, database, case)
    before = database.rows("select x::text from paid order by id")
    with pytest.raises(ProtectedTableError) as refused:
        changes.apply()
    assert re.search("would lose or alter|cannot tell", str(refused.value))
    assert database.rows("select x::text from paid order by id") == before


@pytest.mark.parametrize(
    "setting",
    [
        "extra_float_digits = -15",
        "datestyle = 'German'",
        "intervalstyle = 'iso_8601'",
        "bytea_output = 'escape'",
        "timezone = 'Europe/Berlin'",
    ],
)
@pytest.mark.parametrize(
    "name", ["float8, in its last digits", "float4 to float8", "date to timestamp"]
)
def test_how_the_server_writes_values_does_not_matter(
    project: Project, database: Database, setting: str, name: str
) -> None:
    case = (ALTERED | SAME)[name]
    database.execute(f"alter database {database.value('select current_database()')} set {setting}")
    changes = migrator(project, database, case)
    if name in ALTERED:
        with pytest.raises(ProtectedTableError, match="would lose or alter 1 of the 1 row of paid"):
            changes.apply()
    else:
        changes.apply()


@pytest.mark.parametrize(
    "name",
    [
        "varchar of varchar",
        "varchar to text",
        "text to varchar",
        "text to citext",
        "text in another collation",
        "numeric of a larger precision",
        "a domain",
    ],
)
def test_a_large_table_whose_bytes_stay_as_they_are_is_not_compared(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(guard, "MOST_COMPARED_ROWS", 0)
    migrator(project, database, SAME[name]).apply()
    assert database.applied() == ["001_change"]


def test_a_value_that_cannot_be_cast_is_refused_with_what_the_server_says(
    project: Project, database: Database
) -> None:
    changes = migrator(project, database, ALTERED["bigint to int, cut"])
    with pytest.raises(ProtectedTableError) as refused:
        changes.apply()
    assert str(refused.value).splitlines()[0] == (
        "001_change changes the type of a column of paid, which has 1 row, and sqlmig cannot"
        " tell whether its values stay the same: integer out of range (22003)"
    )


def test_a_virtual_column_with_another_expression_is_compared(
    project: Project, database: Database
) -> None:
    if database.connection.info.server_version < 180000:
        with pytest.raises(Exception, match="syntax error"):
            database.execute("create table v (a int, b int generated always as (a) virtual)")
        return
    database.execute(
        "create table paid (a int, b int generated always as (a * 2) virtual);"
        "insert into paid values (1)"
    )
    project.migration("001_change", "alter table paid alter b set expression as (a * 3)")
    config = project.config(
        database=database.url, environment="production", protected_tables="paid"
    )
    with pytest.raises(ProtectedTableError, match="would lose or alter 1 of the 1 row of paid"):
        Migrator(config).apply()
