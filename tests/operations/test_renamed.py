"""Files that were renamed after they were applied: known by text or number, and recorded anew."""

from __future__ import annotations

import pytest

from sqlmig import Migrator, Outcome
from sqlmig.errors import (
    ExecutionError,
    PlanError,
    RenamedMigrationError,
    SchemaNotCurrentError,
)
from sqlmig.model import MigrationState
from sqlmig.plan import Alone, Newest
from tests.database import Database
from tests.project import Project


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    project.migration("001_AddIndexes2", "create table a ()", "drop table a")
    project.migration("002_b", "-- depends: 001_AddIndexes2\ncreate table b ()", "drop table b")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    return migrator


def rename(project: Project, old: str, new: str, sql: str) -> None:
    for folder in ("migrations", "rollbacks"):
        project.remove(f"sql/{folder}/{old}.sql")
    project.migration(new, sql, "drop table a")


def states(migrator: Migrator) -> dict[str, str]:
    return {status.migration_id: status.state.value for status in migrator.status()}


NAMES = [
    ("001_add_indexes", "create table a ()"),
    ("001_add_indexes", "-- as it should be\ncreate  table a ()"),
    ("0001_add_indexes", "create table a ()"),
    ("000_first", "create table a ()"),
]


@pytest.mark.parametrize(("name", "sql"), NAMES)
def test_a_renamed_file_is_recognised_and_one_command_records_its_name(
    migrator: Migrator, project: Project, database: Database, name: str, sql: str
) -> None:
    project.migration("002_b", f"-- depends: {name}\ncreate table b ()", "drop table b")
    rename(project, "001_AddIndexes2", name, sql)
    assert states(migrator) == {name: "renamed", "002_b": "reformatted"}
    (renamed,) = [s for s in migrator.status() if s.state is MigrationState.RENAMED]
    assert "001_AddIndexes2" in renamed.remedy
    assert f"sqlmig repair {name}" in renamed.remedy
    assert renamed.needs_attention
    with pytest.raises(RenamedMigrationError, match=f"001_AddIndexes2 is now {name}"):
        migrator.apply()
    migrator.expect_current()  # the schema is what the code expects
    assert migrator.repair([name]) == [name]
    assert states(migrator) == {name: "applied", "002_b": "reformatted"}
    assert database.applied() == [name, "002_b"]
    assert migrator.apply().results == ()
    assert migrator.rollback(Newest(2)).ids(Outcome.DONE) == ("002_b", name)
    assert database.tables() == set()


def test_repair_of_all_records_new_names_too(
    migrator: Migrator, project: Project, database: Database
) -> None:
    project.migration("002_b", "create table b ()", "drop table b")
    rename(project, "001_AddIndexes2", "001_a", "create table a ()")
    assert migrator.repair() == ["001_a", "002_b"]
    assert set(states(migrator).values()) == {"applied"}
    events = database.rows("SELECT event, subject, reason FROM _sqlmig_event")
    assert ("renamed", "001_a", "it was 001_AddIndexes2") in events


@pytest.mark.parametrize("reference", ["001_a", "1", "001_AddIndexes2", "sql/migrations/001_a.sql"])
def test_a_renamed_migration_is_rolled_back_and_compared_by_either_name(
    migrator: Migrator, project: Project, database: Database, reference: str
) -> None:
    project.migration("002_b", "-- depends: 001_a\ncreate table b ()", "drop table b")
    rename(project, "001_AddIndexes2", "001_a", "create table a ()")
    assert migrator.compare(reference).migration_id == "001_AddIndexes2"
    assert migrator.compare(reference).difference == ""
    with pytest.raises(PlanError, match="applied migrations depend on it: 002_b"):
        migrator.rollback(Alone(reference))
    done = migrator.rollback(reference).ids(Outcome.DONE)
    assert done == ("002_b", "001_AddIndexes2")
    assert database.tables() == set()
    assert states(migrator) == {"001_a": "pending", "002_b": "pending"}


def test_a_renamed_migration_gets_no_second_mark_and_loses_none(
    migrator: Migrator, project: Project, database: Database
) -> None:
    project.migration("002_b", "create table b ()", "drop table b")
    rename(project, "001_AddIndexes2", "001_a", "create table a ()")
    for write, name in (
        (migrator.mark, "001_a"),
        (migrator.unmark, "001_a"),
        (migrator.unmark, "001_AddIndexes2"),
    ):
        with pytest.raises(RenamedMigrationError, match="001_AddIndexes2 is now 001_a"):
            write(name, "a reason")
    assert database.applied() == ["001_AddIndexes2", "002_b"]


def test_another_migration_under_the_same_number_is_not_taken_for_a_rename(
    migrator: Migrator, project: Project
) -> None:
    project.migration("002_b", "create table b ()", "drop table b")
    rename(project, "001_AddIndexes2", "001_a", "create table other ()")
    assert states(migrator)["001_AddIndexes2"] == "missing"
    assert states(migrator)["001_a"] == "pending"


def test_where_two_files_have_the_text_none_is_taken_for_the_other(
    migrator: Migrator, project: Project
) -> None:
    project.migration("002_b", "create table b ()", "drop table b")
    rename(project, "001_AddIndexes2", "003_a", "create table a ()")
    project.migration("004_a", "create table a ()", "drop table a")
    assert states(migrator) == {
        "001_AddIndexes2": "missing",
        "002_b": "reformatted",
        "003_a": "pending",
        "004_a": "pending",
    }


def test_what_yoyo_applied_is_known_by_its_number(
    migrator: Migrator, project: Project, database: Database
) -> None:
    project.migration("002_b", "create table b ()", "drop table b")
    database.execute("DROP TABLE _sqlmig_migration, _sqlmig_state, _sqlmig_seed, _sqlmig_event")
    rename(project, "001_AddIndexes2", "001_a", "create table a ()")
    assert states(migrator) == {"001_a": "renamed", "002_b": "applied"}
    assert migrator.repair() == ["001_a", "002_b"]
    assert states(migrator) == {"001_a": "applied", "002_b": "applied"}


def test_a_renamed_migration_that_is_half_done_keeps_its_progress(
    migrator: Migrator, project: Project, database: Database
) -> None:
    text = "-- transactional: false\ncreate table c (); select * from missing"
    project.migration("003_c", text, "select 1")
    with pytest.raises(ExecutionError):
        migrator.apply()
    rename(project, "003_c", "003_see", text)
    assert states(migrator)["003_see"] == "renamed"
    with pytest.raises(SchemaNotCurrentError, match="003_see is partial"):
        migrator.expect_current()
    assert migrator.repair(["003_see"]) == ["003_see"]
    assert states(migrator)["003_see"] == "partial"
    database.execute("create table missing ()")
    assert migrator.apply().ids(Outcome.DONE) == ("003_see",)


def test_a_renamed_backfill_keeps_the_rows_it_has_written(
    migrator: Migrator, project: Project, database: Database
) -> None:
    database.execute("create table t (id int, x int check (id < 2 or x is null))")
    database.execute("insert into t values (1), (2)")
    text = "update t set x = 1 where id in (select id from t where x is null order by id limit 1)"
    project.migration("003_c", f"-- repeat: until no rows\n{text}", "select 1")
    with pytest.raises(ExecutionError):
        migrator.apply()
    rename(project, "003_c", "003_see", f"-- repeat: until no rows\n{text}")
    assert migrator.repair(["003_see"]) == ["003_see"]
    (partial,) = [s.applied for s in migrator.status() if s.state is MigrationState.PARTIAL]
    assert partial is not None
    assert (partial.migration_id, partial.rows_done) == ("003_see", 1)
    database.execute("alter table t drop constraint t_check")
    assert migrator.apply().ids(Outcome.DONE) == ("003_see",)
    assert database.value("SELECT count(*) FROM _sqlmig_state WHERE key LIKE 'rows of %'") == 0


def test_what_has_the_number_goes_before_what_has_the_text(
    project: Project, database: Database
) -> None:
    for name in ("001_a", "002_b", "003_c"):
        project.migration(name, "select 1")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    rename(project, "001_a", "001_one", "select 1")
    for folder in ("migrations", "rollbacks"):
        project.remove(f"sql/{folder}/002_b.sql")
    assert states(migrator) == {"001_one": "renamed", "002_b": "missing", "003_c": "applied"}


def test_a_file_that_cannot_be_used_is_not_taken_for_renamed(
    project: Project, database: Database
) -> None:
    project.migration("001_b", "select 1")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    database.execute("DROP TABLE _sqlmig_migration, _sqlmig_state, _sqlmig_seed, _sqlmig_event")
    project.migration("001_a", "select 2")
    assert states(migrator) == {"001_a": "pending", "001_b": "unusable"}
