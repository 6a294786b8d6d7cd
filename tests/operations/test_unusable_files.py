"""Looking and rolling back need only the files that they touch."""

from __future__ import annotations

import pytest

from sqlmig import Migrator, Outcome
from sqlmig.errors import SourceError
from sqlmig.model import MigrationState
from sqlmig.plan import Newest, RollbackText
from tests.database import Database
from tests.project import Project

BROKEN: dict[str, tuple[str, str | bytes]] = {
    "no statement": ("sql/migrations/004_d.sql", "-- nothing yet\n"),
    "no UTF-8": ("sql/migrations/004_d.sql", b"select '\xff'"),
    "a bad directive": ("sql/migrations/004_d.sql", "-- lock_timeout: soon\nselect 1"),
    "an open string": ("sql/migrations/004_d.sql", "select 'open"),
    "no rollback": ("sql/migrations/004_d.sql", "select 1"),
    "an unknown dependency": ("sql/migrations/004_d.sql", "-- depends: 009_x\nselect 1"),
    "the number of another": ("sql/migrations/3_d.sql", "-- irreversible: x\nselect 1"),
    "a Python file": ("sql/migrations/004_d.py", "print()"),
}


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    for number, name in enumerate("abc", 1):
        project.migration(f"00{number}_{name}", f"create table {name} ()", f"drop table {name}")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    return migrator


@pytest.mark.parametrize("broken", BROKEN)
def test_a_file_that_cannot_be_used_is_listed_and_stops_no_looking(
    migrator: Migrator, project: Project, database: Database, broken: str
) -> None:
    project.write(*BROKEN[broken])
    found = migrator.status()
    (unusable,) = [status for status in found if status.state is MigrationState.UNUSABLE]
    assert unusable.migration_id in ("004_d", "3_d")
    assert "sql/" in unusable.remedy
    assert unusable.needs_attention
    assert [s.state for s in found if s is not unusable] == [MigrationState.APPLIED] * 3
    assert migrator.compare("001").difference == ""
    assert migrator.show("001").text.startswith("create table a")
    assert migrator.drift().differences == ()
    assert migrator.check() == []
    assert migrator.plan_rollback(Newest(1)).migrations[0].migration_id == "003_c"
    assert migrator.rollback(Newest(1)).ids(Outcome.DONE) == ("003_c",)
    assert database.tables() == {"a", "b"}
    with pytest.raises(SourceError):
        migrator.apply()
    with pytest.raises(SourceError):
        migrator.plan_apply()


def test_a_dry_run_up_to_a_target_warns_of_what_would_be_refused(
    migrator: Migrator, project: Project
) -> None:
    project.migration("004_d", "create table d ()", "drop table d")
    project.write("sql/migrations/005_e.sql", "-- nothing yet")
    plan = migrator.plan_apply("004")
    assert [planned.migration_id for planned in plan.migrations] == ["004_d"]
    assert "005_e.sql: has no statement" in plan.warnings[-1]


@pytest.mark.parametrize("name", ["002_b", "003_c"])
@pytest.mark.parametrize(
    "broken", ["-- nothing yet", b"select '\xff'", "-- depends: 009_x\nselect 1"]
)
def test_a_dry_run_up_to_a_target_does_not_take_a_later_applied_file_for_gone(
    migrator: Migrator, project: Project, name: str, broken: str | bytes
) -> None:
    project.write(f"sql/migrations/{name}.sql", broken)
    plan = migrator.plan_apply("001")
    (warning,) = plan.warnings
    assert f"{name}.sql" in warning
    assert "ahead" not in warning


def test_a_file_that_is_touched_is_refused_unless_the_record_is_used(
    migrator: Migrator, project: Project, database: Database
) -> None:
    project.write("sql/rollbacks/003_c.sql", "-- nothing")
    (broken,) = [s for s in migrator.status() if s.state is MigrationState.UNUSABLE]
    assert broken.migration_id == "003_c"
    assert broken.applied is not None
    for call in (
        lambda: migrator.rollback(Newest(1)),
        lambda: migrator.show("3"),
        lambda: migrator.compare("3"),
    ):
        with pytest.raises(SourceError, match="has no statement"):
            call()
    assert database.tables() == {"a", "b", "c"}
    assert migrator.drift().differences == ()  # by the recorded texts
    migrator.rollback(Newest(1), text=RollbackText.RECORDED)
    assert database.tables() == {"a", "b"}


def test_files_that_depend_on_each_other_in_a_circle_stop_no_looking(
    migrator: Migrator, project: Project
) -> None:
    project.migration("004_d", "-- depends: 005_e\nselect 1")
    project.migration("005_e", "-- depends: 004_d\nselect 1")
    states = [status.state for status in migrator.status()]
    assert states.count(MigrationState.APPLIED) == 3
    assert MigrationState.UNUSABLE in states
    assert migrator.rollback("002").ids(Outcome.DONE) == ("003_c", "002_b")
