"""What may be said of migrations without running them, and what is written of it."""

from __future__ import annotations

import pytest

from sqlmig.errors import ExecutionError, PlanError, UnknownTargetError
from sqlmig.migrator import Migrator
from sqlmig.model import MigrationState
from sqlmig.plan import Newest
from tests.database import Database
from tests.project import Project


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    for number, name in enumerate(("a", "b", "c"), 1):
        project.migration(f"00{number}_{name}", f"create table {name} ()", f"drop table {name}")
    return Migrator(project.config(database=database.url))


def states(migrator: Migrator) -> list[str]:
    return [status.state.value for status in migrator.status()]


def reasons(database: Database) -> list[tuple[str, str, str]]:
    return database.rows(
        "SELECT l.operation, l.migration_id, e.reason FROM _yoyo_log l LEFT JOIN _sqlmig_event e "
        "ON (e.event, e.subject) = (l.operation, l.migration_id) ORDER BY l.created_at_utc"
    )


def test_a_baseline_takes_over_a_database_that_exists(
    migrator: Migrator, database: Database
) -> None:
    database.execute("create table a (); create table b ()")
    assert migrator.baseline("2") == ("001_a", "002_b")
    assert states(migrator) == ["applied", "applied", "pending"]
    assert migrator.drift().differences == ()
    migrator.apply()
    assert database.tables() == {"a", "b", "c"}
    assert database.applied() == ["001_a", "002_b", "003_c"]


def test_a_baseline_shows_as_drift_where_the_database_is_not_what_it_says(
    migrator: Migrator, database: Database
) -> None:
    database.execute("create table a (x int)")
    migrator.baseline("1")
    assert [str(each.object) for each in migrator.drift().differences] == [
        "table column public.a.x"
    ]


def test_the_same_baseline_again_changes_nothing(migrator: Migrator, database: Database) -> None:
    migrator.baseline("2")
    before = database.rows("SELECT * FROM _yoyo_log")
    assert migrator.baseline("2") == ()
    assert database.rows("SELECT * FROM _yoyo_log") == before


def test_a_database_with_a_history_gets_no_baseline(migrator: Migrator, database: Database) -> None:
    migrator.apply("1")
    with pytest.raises(PlanError, match="already has a history, ending with 001_a"):
        migrator.baseline("2")
    assert database.applied() == ["001_a"]


def test_a_baseline_of_what_is_not_there_is_refused_and_writes_nothing(
    migrator: Migrator, database: Database
) -> None:
    before = database.relations()
    with pytest.raises(UnknownTargetError):
        migrator.baseline("9")
    assert database.relations() == before


def test_mark_and_unmark_write_the_history_and_the_reason_and_run_nothing(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("1")
    assert migrator.mark("2", "made by hand in March") == ("002_b",)
    assert states(migrator) == ["applied", "applied", "pending"]
    assert migrator.unmark("1", "restored from an old dump") == ("001_a",)
    assert database.tables() == {"a"}
    assert reasons(database) == [
        ("apply", "001_a", None),
        ("mark", "002_b", "made by hand in March"),
        ("unmark", "001_a", "restored from an old dump"),
    ]


def test_what_is_marked_can_be_rolled_back(migrator: Migrator, database: Database) -> None:
    database.execute("create table a ()")
    migrator.mark("1", "made by hand")
    migrator.rollback(Newest(1))
    assert database.tables() == set()


def test_what_is_so_already_is_left_alone(migrator: Migrator, database: Database) -> None:
    migrator.apply("1")
    assert migrator.mark("1", "again") == ()
    assert migrator.unmark("2", "again") == ()
    assert len(reasons(database)) == 1


def test_without_a_history_nothing_is_unmarked_and_nothing_written(
    migrator: Migrator, database: Database
) -> None:
    before = database.relations()
    assert migrator.unmark("1", "never was") == ()
    assert database.relations() == before


def test_a_reason_has_to_be_given(migrator: Migrator) -> None:
    with pytest.raises(PlanError, match="no reason"):
        migrator.mark("1", "  ")


def test_what_depends_on_another_goes_after_it_and_comes_before_it(
    migrator: Migrator, project: Project
) -> None:
    project.migration("003_c", "-- depends: 001_a\ncreate table c ()", "drop table c")
    with pytest.raises(PlanError, match="003_c depends on migrations that are not applied: 001_a"):
        migrator.mark("3", "a test")
    migrator.mark("1", "a test")
    migrator.mark("3", "a test")
    with pytest.raises(PlanError, match="depend on 001_a: 003_c"):
        migrator.unmark("1", "a test")


def test_what_has_no_file_is_not_unmarked(migrator: Migrator, project: Project) -> None:
    migrator.apply()
    project.remove("sql/migrations/003_c.sql")
    project.remove("sql/rollbacks/003_c.sql")
    with pytest.raises(PlanError, match="003_c has no file") as refused:
        migrator.unmark("3", "a test")
    assert "rollback --only 003_c" in refused.value.remedy


def test_what_is_half_done_is_neither(migrator: Migrator, project: Project) -> None:
    project.migration("004_d", "-- transactional: false\ncreate table d (); select 1/0")
    with pytest.raises(ExecutionError):
        migrator.apply()
    with pytest.raises(PlanError, match="004_d is partly applied: 1 of 2 statements"):
        migrator.mark("4", "a test")
    assert migrator.status()[3].state is MigrationState.PARTIAL


def test_yoyo_agrees_with_what_is_marked(migrator: Migrator, database: Database) -> None:
    migrator.baseline("2")
    marks = database.rows("SELECT migration_id, migration_hash FROM _yoyo_migration ORDER BY 1")
    migrator.unmark("2", "a test")
    migrator.apply("2")
    assert (
        database.rows("SELECT migration_id, migration_hash FROM _yoyo_migration ORDER BY 1")
        == marks
    )
