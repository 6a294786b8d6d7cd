"""A backfill killed at any moment continues, and writes each row exactly once."""

from __future__ import annotations

import random

import pytest

from sqlmig import Migrator
from sqlmig.model import MigrationState
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.pooler import pgbouncer, pooled
from tests.faults.processes import KILLED, start_doomed, wait_until
from tests.project import Project
from tests.thorough import is_torture

ROWS, LIMIT = 60, 4
FILL = f"""-- repeat: until no rows
UPDATE t SET filled = id WHERE id IN (
  SELECT id FROM t WHERE filled IS NULL ORDER BY id LIMIT {LIMIT});"""
BUSY = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name LIKE 'sqlmig %' AND state <> 'idle'"
)


@pytest.fixture
def counted(database: Database, project: Project) -> Database:
    """A table to fill, with a trigger that books every row that is written."""
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, filled int);"
        "CREATE TABLE written (id int);"
        "CREATE FUNCTION book() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO written VALUES (new.id); RETURN new; END$$;"
        "CREATE TRIGGER book AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION book();"
        f"INSERT INTO t SELECT generate_series(1, {ROWS})"
    )
    project.migration("001_fill", FILL, "UPDATE t SET filled = NULL")
    return database


def assert_recorded(database: Database, project: Project) -> None:
    """What is recorded as written is what was written, and by whole rounds."""
    wait_until(lambda: not database.value(BUSY))
    (status,) = Migrator(project.config(database=database.url)).status()
    written = database.value("SELECT count(*) FROM written")
    if status.state is MigrationState.PENDING:
        assert written == 0
    elif status.state is MigrationState.PARTIAL:
        assert status.applied is not None
        assert status.applied.rows_done == written
    else:
        assert written == ROWS


def assert_each_row_once(database: Database, project: Project) -> None:
    Migrator(project.config(database=database.url)).apply()
    assert_recorded(database, project)
    assert database.rows("SELECT count(*), count(DISTINCT id) FROM written") == [(ROWS, ROWS)]
    assert database.value("SELECT count(*) FROM t WHERE filled = id") == ROWS
    assert database.applied() == ["001_fill"]


def test_a_backfill_killed_around_its_messages_writes_each_row_once(
    project: Project, counted: Database, figure: Figure, pytestconfig: pytest.Config
) -> None:
    places = range(1, 16) if is_torture(pytestconfig) else (4, 7)
    for moment in ("before", "after"):
        for place in places:
            if start_doomed(moment, place, project, counted.url).ending().code == KILLED:
                figure("backfills killed around a message")
            assert_recorded(counted, project)
    assert_each_row_once(counted, project)


def test_a_backfill_killed_at_a_random_time_writes_each_row_once(
    seed: int, project: Project, counted: Database, figure: Figure
) -> None:
    chance = random.Random(seed)
    if start_doomed("within", chance.uniform(0, 0.3), project, counted.url).ending().code == KILLED:
        figure("backfills killed at a random time")
    assert_recorded(counted, project)
    assert_each_row_once(counted, project)


@pytest.mark.skipif(pgbouncer() is None, reason="pgbouncer is not installed")
def test_a_backfill_killed_behind_a_pooler_writes_each_row_once(
    seed: int, project: Project, counted: Database, figure: Figure
) -> None:
    chance = random.Random(seed)
    with pooled(counted) as url:
        if start_doomed("within", chance.uniform(0, 0.3), project, url).ending().code == KILLED:
            figure("backfills killed behind a pooler")
        assert_recorded(counted, project)
        assert Migrator(project.config(database=url)).apply().warnings == ()
    assert_each_row_once(counted, project)
