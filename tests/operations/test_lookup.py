"""Which text `show` prints."""

from __future__ import annotations

import pytest

from sqlmig.errors import PlanError
from sqlmig.migrator import Migrator
from sqlmig.operations.lookup import ScriptPart, ScriptSource
from tests.database import Database
from tests.project import Project


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    project.migration("001_a", "create table a ()\n", "drop table a\n")
    return Migrator(project.config(database=database.url))


def test_it_is_the_file_which_needs_no_database(project: Project) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    migrator = Migrator(project.config())
    assert migrator.show("1").text == "create table a ()"
    assert migrator.show("1", ScriptPart.ROLLBACK).text == "drop table a"


def test_it_is_the_record_where_that_is_meant_or_the_file_is_gone(
    migrator: Migrator, project: Project
) -> None:
    migrator.apply()
    project.migration("001_a", "-- now\ncreate table a ()\n", "-- now\ndrop table a\n")
    assert migrator.show("1").text == "-- now\ncreate table a ()\n"
    assert migrator.show("1", source=ScriptSource.RECORD).text == "create table a ()\n"
    assert migrator.show("1", ScriptPart.ROLLBACK, ScriptSource.RECORD).text == "drop table a\n"
    project.remove("sql/migrations/001_a.sql")
    project.remove("sql/rollbacks/001_a.sql")
    project.migration("000_z", "select 1")
    assert migrator.show("001", ScriptPart.ROLLBACK).text == "drop table a\n"


def test_where_there_is_no_text_it_says_so(migrator: Migrator, project: Project) -> None:
    project.irreversible("002_b", "-- irreversible: a test\n-- record: checksum\nselect 1")
    with pytest.raises(PlanError, match="no rollback script of 002_b"):
        migrator.show("2", ScriptPart.ROLLBACK)
    with pytest.raises(PlanError, match="no migration script of 001_a"):
        migrator.show("1", source=ScriptSource.RECORD)
    migrator.apply()
    with pytest.raises(PlanError, match="no migration script of 002_b"):
        migrator.show("2", source=ScriptSource.RECORD)
    with pytest.raises(PlanError, match="no migration '9'"):
        migrator.show("9")
