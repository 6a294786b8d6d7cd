"""Sessions that write the same row of a system catalog at one time: the later one tries again."""

from __future__ import annotations

import threading

import pytest

from sqlmig import MigrationFailedError, Migrator, Report
from sqlmig.model import Outcome
from tests.database import Database
from tests.faults.processes import wait_until, waiting
from tests.observer import RecordingObserver
from tests.project import Project

STATEMENTS = {
    "an extension": 'create extension if not exists "uuid-ossp"',
    "a schema": "create schema if not exists shared",
    "a function": "create or replace function f() returns int language sql as 'select 2'",
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_script_that_collides_is_tried_again(
    what: str, project: Project, database: Database
) -> None:
    database.execute("create function f() returns int language sql as 'select 1'")
    project.migration("001_a", STATEMENTS[what])
    reports: list[Report] = []
    migrator = Migrator(project.config(database=database.url))
    runner = threading.Thread(target=lambda: reports.append(migrator.apply()))
    with database.another_connection() as other, other.transaction():
        other.execute(STATEMENTS[what].encode())
        runner.start()
        wait_until(lambda: waiting(database))
    runner.join()
    assert [report.ids(Outcome.DONE) for report in reports] == [("001_a",)]


def test_a_duplicate_in_a_table_of_the_users_is_an_error(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (id int primary key); insert into a values (1), (1)")
    with pytest.raises(MigrationFailedError, match="duplicate key"):
        Migrator(project.config(database=database.url, lock_tries=2)).apply()


def test_what_exists_is_an_error_after_one_more_try(project: Project, database: Database) -> None:
    sql = "create text search configuration simple_too (copy = simple)"
    database.execute(sql)
    project.migration("001_a", sql)
    observer = RecordingObserver()
    with pytest.raises(MigrationFailedError, match="duplicate key"):
        Migrator(project.config(database=database.url), observer).apply()
    assert len(observer.retries) == 1
