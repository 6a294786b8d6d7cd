"""What a service does when it starts: migrate, with its replicas, or look whether it may begin."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from sqlmig import Migrator
from sqlmig.errors import SchemaNotCurrentError
from sqlmig.model import MigrationState
from tests.database import Database
from tests.project import Project

REPLICA = """
import sys
from pathlib import Path
from sqlmig import Config, Migrator

config = Config.load(Path(sys.argv[1]), {"database": sys.argv[2]}, environ={})
print(len(Migrator(config).apply().results))
"""


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    """Three migrations, none applied."""
    for name in ("001_a", "002_b", "003_c"):
        project.migration(name, f"create table {name[4:]} ();", f"drop table {name[4:]};")
    return Migrator(project.config(database=database.url))


def states_of(migrator: Migrator) -> dict[str, MigrationState]:
    """What the expectation complains of."""
    with pytest.raises(SchemaNotCurrentError) as raised:
        migrator.expect_current()
    for status in raised.value.statuses:
        assert f"{status.migration_id} is {status.state.value}" in str(raised.value)
    return {status.migration_id: status.state for status in raised.value.statuses}


def test_a_schema_that_is_current_is_as_expected(migrator: Migrator) -> None:
    migrator.apply()
    migrator.expect_current()


def test_what_is_pending_is_listed_and_nothing_is_written(
    migrator: Migrator, database: Database
) -> None:
    assert list(states_of(migrator)) == ["001_a", "002_b", "003_c"]
    assert database.relations() == []
    migrator.apply("002")
    assert states_of(migrator) == {"003_c": MigrationState.PENDING}


def test_what_was_changed_is_listed(migrator: Migrator, project: Project) -> None:
    migrator.apply()
    project.migration("002_b", "create table b (id int);")
    assert states_of(migrator) == {"002_b": MigrationState.CHANGED}


def test_what_is_half_done_is_listed(migrator: Migrator, project: Project) -> None:
    project.migration("004_d", "-- transactional: false\nvacuum a; vacuum nowhere;")
    with pytest.raises(Exception, match="nowhere"):
        migrator.apply()
    assert states_of(migrator) == {"004_d": MigrationState.PARTIAL}


def test_old_code_goes_on_with_a_database_that_is_ahead(
    migrator: Migrator, project: Project
) -> None:
    migrator.apply()
    project.remove("sql/migrations/003_c.sql")
    project.remove("sql/rollbacks/003_c.sql")
    migrator.expect_current()


def test_a_file_that_cannot_be_used_is_an_error_here_too(
    migrator: Migrator, project: Project
) -> None:
    project.migration("004_d", "-- depends: 009_nothing\nselect 1;")
    with pytest.raises(Exception, match="009_nothing"):
        migrator.expect_current()


def test_replicas_that_start_at_once_migrate_once(
    migrator: Migrator, project: Project, database: Database
) -> None:
    command = [sys.executable, "-c", REPLICA, str(project.root), database.url]
    replicas = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ends = [(*replica.communicate(), replica.returncode) for replica in replicas]
    assert [(error, code) for _, error, code in ends] == [("", 0)] * 4
    assert sum(int(applied) for applied, _, _ in ends) == 3
    migrator.expect_current()


async def test_the_event_loop_goes_on_while_a_thread_migrates(
    project: Project, database: Database
) -> None:
    project.migration("001_slow", "select pg_sleep(0.5);")
    migrator = Migrator(project.config(database=database.url))
    work = asyncio.create_task(asyncio.to_thread(migrator.apply))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert [result.migration_id for result in (await work).results] == ["001_slow"]
    assert turns > 2  # a loop that is held up has one
    await asyncio.to_thread(migrator.expect_current)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.long_form)])
def test_many_applied_migrations_are_current(
    project: Project, database: Database, count: int
) -> None:
    for number in range(count):
        sql = f"create table t_{number} (\n  id bigint primary key,\n  name text not null\n);\n"
        project.migration(f"{number:04}_t", sql, f"drop table t_{number};")
    config = project.config(database=database.url)
    Migrator(config).apply()
    Migrator(config).expect_current()


def test_the_remedy_is_what_would_work(migrator: Migrator, project: Project) -> None:
    with pytest.raises(SchemaNotCurrentError, match=r"Run `sqlmig apply` first"):
        migrator.expect_current()
    migrator.apply("002")
    project.migration("002_b", "create table b (id int);")
    with pytest.raises(SchemaNotCurrentError, match=r"See `sqlmig diff 002_b` first"):
        migrator.expect_current()
