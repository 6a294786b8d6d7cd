"""Failures point at path:line:column, in characters."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import MigrationFailedError
from sqlmig.model import Position
from sqlmig.plan import Newest
from tests.database import Database
from tests.project import Project

BIG = f"select length('{'y' * 700_000}');\n"

CASES = {
    "a syntax error": ("create table t (\n  id int,\n  total numerc not null\n);", 3, 9),
    "a syntax error after an accent": ("select 'é — ü';  selekt 1;", 1, 18),
    "CRLF": ("create table t ();\r\n\r\nselect é from t;\r\n", 3, 8),
    "lone CR": ("create table t ();\rselect nope from t;", 2, 8),
    "a byte order mark": ("\ufeffselekt 1;", 1, 1),
    "a byte order mark and a directive": ("\ufeff-- lock_timeout: 1s\nselekt 1;", 2, 1),
    "a runtime error": ("select 1;\nselect 2;\n\n  select 1/0;\nselect 3;", 4, 3),
    "a runtime error in a DO block": ("select 1;\ndo $$begin raise 'x'; end$$;", 2, 1),
    "a syntax error in the body of a DO block": (
        "select 1;\ndo $$\nbegin\n  selekt;\nend$$;",
        4,
        3,
    ),
    "a syntax error in the body of a function": (
        "select 'é';\ncreate function f() returns int language sql as $$select nope$$;",
        2,
        58,
    ),
    "a runtime error after COPY": (
        "create table t (n int);\ncopy t from stdin;\n1\n2\n\\.\nselect 1;\nselect 1/0;",
        7,
        1,
    ),
    "a runtime error after many rows": (
        "select generate_series(1, 1000);\nselect 1 where false;\n"
        "select generate_series(1, 2001);\nselect 1/0;",
        4,
        1,
    ),
    "a runtime error after rules": (
        "create table t (id int);\n"
        "create rule r as on insert to t do also (select 1; select 2; select 3);\n"
        "insert into t values (1);\nselect 1/0;\nselect 5;",
        4,
        1,
    ),
    "bad COPY data": ("create table t (n int);\ncopy t from stdin;\n1\nx\n\\.\n", 2, 1),
    "a syntax error in the second message": (BIG + BIG + BIG + "\nselekt 1;", 5, 1),
    "a runtime error in the second message": (BIG + BIG + BIG + "select 1;\nselect 1/0;", 5, 1),
    "an error after blanked lines": ("\\restrict abc\nbegin;\nselect nope;\ncommit;", 3, 8),
    "an unfinished script": ("select 1;\ncreate table", 2, 13),
    "an unfinished script with a comment": ("create table t (\n-- nothing\n\n", 2, 11),
    "an error at a tab": ("select\t\tnope;", 1, 9),
}


@pytest.mark.parametrize(("sql", "line", "column"), CASES.values(), ids=CASES.keys())
def test_a_failure_has_its_place(
    project: Project, database: Database, sql: str, line: int, column: int
) -> None:
    project.migration("001_wrong", sql)
    with pytest.raises(MigrationFailedError) as caught:
        Migrator(project.config(database=database.url)).apply()
    assert caught.value.location is not None
    assert caught.value.location.position == Position(line, column)
    assert caught.value.location.path.endswith("sql/migrations/001_wrong.sql")
    assert database.tables() == set()


def test_the_message_has_place_line_caret_and_all_that_the_server_said(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_a",
        "create table t (id int primary key);\n"
        "insert into t values (1);\n"
        "do $$begin raise 'no' using hint = 'try', detail = 'because', errcode = '22012'; end$$;",
    )
    with pytest.raises(MigrationFailedError) as caught:
        Migrator(project.config(database=database.url)).apply()
    told = str(caught.value).splitlines()
    assert told[0].endswith("001_a.sql:3:1: no (22012)")
    assert told[1].startswith("    3 | do $$begin")
    assert told[2] == "      | ^"
    assert told[3:5] == ["DETAIL: because", "HINT: try"]
    assert told[5].startswith("CONTEXT: PL/pgSQL function inline_code_block line 1")


def test_a_failure_in_a_rollback_names_the_rollback_file(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()", "drop table a;\ndrop table b;")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    with pytest.raises(MigrationFailedError) as caught:
        migrator.rollback(Newest(1))
    assert caught.value.location is not None
    assert str(caught.value.location).endswith("sql/rollbacks/001_a.sql:2:1")
    assert database.tables() == {"a"}
