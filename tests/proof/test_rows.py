"""What `verify --rows` finds that rollbacks do not give back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlmig import Migrator
from sqlmig.engine.databases.scratch import PREFIX
from sqlmig.engine.guard import row_snapshot
from sqlmig.proof.rows import RowTrip, RowVerification
from sqlmig.report.rows import trip, verified
from sqlmig.report.table import Medium
from tests.database import Database
from tests.project import Project

Verify = Callable[..., RowVerification]
STUDENTS = "create table students (id int primary key, name text, phone text)"
SEED = "insert into students (id, name) select n, 'n' || n from generate_series(1, 6) n"
PHONE = "alter table students add phone text"


@pytest.fixture
def verify(project: Project, database: Database) -> Verify:
    return Migrator(project.config(database=database.url)).verify_rows


def told(result: RowVerification) -> dict[str, str]:
    """By migration, its verdict and what changed."""
    return {trip.migration_id: _told(trip) for trip in result.trips}


def _told(trip: RowTrip) -> str:
    lines = (line for change in trip.changes for line in change.lines())
    return "; ".join([trip.verdict.value, *lines])


def write_seed(project: Project, text: str = SEED) -> None:
    project.write("sql/seeds/reference/01_rows.sql", f"{text} on conflict do nothing")


def test_values_of_a_dropped_column_do_not_come_back(project: Project, verify: Verify) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    project.migration("002_no_phone", "alter table students drop phone", PHONE)
    write_seed(project)
    result = verify()
    assert not result.is_sound
    assert result.rows == 6
    assert told(result) == {
        "002_no_phone": "loss; 6 values of students.phone do not come back",
        "001_students": "kept",
    }


def test_the_rows_of_each_of_many_tables_are_counted(project: Project, verify: Verify) -> None:
    each = "do $$begin for n in 1..130 loop execute format('{}', n); end loop; end$$"
    made = each.format("create table t%1$s (id int primary key, x text)")
    project.migration("001_tables", made, each.format("drop table t%1$s"))
    project.migration(
        "002_columns",
        "alter table t7 drop x; alter table t120 drop x",
        "alter table t7 add x text; alter table t120 add x text",
    )
    seed = "insert into t%1$s (id) select generate_series(1, %1$s) on conflict do nothing"
    project.write("sql/seeds/reference/01_rows.sql", each.format(seed))
    result = verify()
    assert result.rows == 130 * 131 // 2
    assert told(result)["002_columns"] == (
        "loss; 7 values of t7.x do not come back; 120 values of t120.x do not come back"
    )


@pytest.mark.parametrize("where", ["migration", "rollback"])
def test_a_loss_that_the_files_declare_is_shown_with_its_reason(
    project: Project, verify: Verify, where: str
) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    heads = {where: "-- touches: students: phones are in contacts\n"}
    project.migration(
        "002_no_phone",
        heads.get("migration", "") + "alter table students drop phone",
        heads.get("rollback", "") + PHONE,
    )
    write_seed(project)
    result = verify()
    assert result.is_sound
    trip = result.trips[0]
    assert trip.verdict.value == "declared loss"
    assert trip.changes[0].reason == "phones are in contacts"


@pytest.mark.parametrize("seeded", [True, False])
def test_a_rollback_that_requires_a_column_without_a_value_fails_on_rows(
    project: Project, verify: Verify, seeded: bool
) -> None:
    books = "create table books (id int primary key, author text not null)"
    project.migration("001_books", books, "drop table books")
    back = "alter table books add column author text not null"
    project.migration("002_no_author", "alter table books drop column author", back)
    if seeded:
        write_seed(project, "insert into books values (1)")
    result = verify()
    assert not result.is_sound
    assert told(result) == {"002_no_author": "rollback failed", "001_books": "not attempted"}
    lines = "\n".join([*trip(result.trips[0]), *verified(result).lines(Medium.PIPE)])
    assert 'column "author" of relation "books" contains null values (23502)' in lines
    assert "add it nullable, fill it, then SET NOT NULL." in lines
    assert "Fix the scripts that fail, then run `sqlmig verify --rows` again." in lines
    filled = back.replace(" not null", "; update books set author = 'x'; ")
    filled += "alter table books alter author set not null"
    project.migration("002_no_author", "alter table books drop column author", filled)
    assert verify().is_sound


def test_rows_and_values_that_differ_are_told_apart(project: Project, verify: Verify) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    project.migration(
        "002_upper",
        "update students set name = upper(name); delete from students where id = 6",
        "update students set name = 'someone' where id < 3",
    )
    write_seed(project)
    # The names of 1 and 2 are what the rollback made of them on the way down.
    assert told(verify())["002_upper"] == (
        "loss; 1 row of students does not come back; 3 values of students.name changed"
    )


def test_a_table_without_a_key_is_compared_by_whole_rows(project: Project, verify: Verify) -> None:
    project.migration("001_log", "create table log (line text)", "drop table log")
    project.migration(
        "002_short",
        "update log set line = left(line, 1)",
        "update log set line = line || now()::text || clock_timestamp()::text",
    )
    project.write("sql/seeds/reference/01_rows.sql", "insert into log select 'abc'")
    assert told(verify())["002_short"] == (
        "loss; 1 row of log does not come back; 1 row of log added"
    )


def test_what_a_migration_creates_is_no_loss(project: Project, verify: Verify) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    project.migration(
        "002_more",
        "alter table students add email text; create table more (id int primary key)",
        "alter table students drop email; drop table more",
    )
    write_seed(
        project,
        "insert into more values (1), (2); insert into students values (1, 'a', 'b', 'c')",
    )
    result = verify()
    assert set(told(result).values()) == {"kept"}
    assert all(trip.empty == () for trip in result.trips)


def test_a_table_that_comes_back_empty_loses_its_sample(project: Project, verify: Verify) -> None:
    create = "create table gone (id uuid primary key default gen_random_uuid(), n int not null)"
    project.migration("001_gone", create, "drop table gone")
    project.migration("002_drop", "drop table gone", create)
    assert told(verify())["002_drop"] == "loss; 1 row of gone does not come back"


def test_what_no_sample_fits_is_named(project: Project, verify: Verify) -> None:
    project.migration(
        "001_students",
        f"{STUDENTS}; alter table students add check (phone ~ '^[+]')",
        "drop table students",
    )
    project.migration(
        "002_no_phone",
        "alter table students drop phone",
        f"{PHONE}; alter table students add check (phone ~ '^[+]')",
    )
    write_seed(project)
    result = verify()
    assert result.trips[0].verdict.value == "kept"
    assert result.trips[0].empty == ("students.phone",)


def test_the_walk_ends_where_there_is_no_way_down(project: Project, verify: Verify) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    project.irreversible("002_a", "-- irreversible: too old\nselect 1")
    project.migration("003_b", "select 1", "select 1")
    result = verify()
    assert result.is_sound
    assert told(result) == {
        "003_b": "kept",
        "002_a": "irreversible",
        "001_students": "not attempted",
    }
    project.migration("003_b", "select 1", "select 1/0")
    result = verify()
    assert not result.is_sound
    assert list(told(result).values()) == ["rollback failed", "not attempted", "not attempted"]
    assert result.trips[0].error is not None


def test_a_table_with_too_many_rows_is_named(
    project: Project, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    project.migration("002_a", "update students set name = 'x'", "select 1")
    write_seed(project)
    monkeypatch.setattr(row_snapshot, "MOST_COMPARED_ROWS", 5)
    trip = verify().trips[0]
    assert (trip.verdict.value, trip.too_large) == ("kept", ("students",))


def test_a_backfill_runs_its_rounds_on_these_rows(project: Project, verify: Verify) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    project.migration(
        "002_phones",
        "-- repeat: until no rows\nupdate students set phone = '-' where id in"
        " (select id from students where phone is null limit 4)",
        "update students set phone = null where phone = '-'",
    )
    write_seed(project)
    assert set(told(verify()).values()) == {"kept"}


def test_it_leaves_no_scratch_behind_and_does_not_touch_the_database(
    project: Project, database: Database, verify: Verify
) -> None:
    project.migration("001_students", STUDENTS, "drop table students")
    write_seed(project)
    before = database.relations()
    verify()
    assert database.relations() == before
    query = f"SELECT count(*) FROM pg_database WHERE datname LIKE '{PREFIX}{os.getpid()}%'"
    assert database.value(query) == 0


def test_the_rollbacks_of_this_repository_keep_the_rows(
    smart_kids: Path, database: Database
) -> None:
    result = Migrator(Project(smart_kids).config(database=database.url)).verify_rows()
    assert set(told(result).values()) == {"kept"}
    assert result.rows > 0
