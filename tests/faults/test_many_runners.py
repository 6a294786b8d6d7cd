"""Many runners at once: each migration exactly once, and all of them succeed."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.ledger import assert_complete, write_entry, write_index, write_ledger
from tests.faults.processes import advisory_locks, start_together
from tests.project import Project
from tests.thorough import is_torture

pytestmark = pytest.mark.long_form

RUNNERS = 20


def run_many(count: int, project: Project, database: Database, figure: Figure) -> None:
    ending = start_together(count, project, database.url).ending()
    assert ending.code == 0, ending
    figure("runners at once", count)
    assert_complete(database, project)
    assert advisory_locks(database) == 0


def test_twenty_runners_at_once_apply_everything_to_an_empty_database_once(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, *range(2, 14))
    write_index(project, 14)
    write_entry(project, 15)
    run_many(RUNNERS, project, database, figure)


def test_twenty_runners_at_once_complete_a_half_migrated_database_once(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, *range(2, 14), inside="select pg_sleep(0.01);")
    write_index(project, 14)
    Migrator(project.config(database=database.url)).apply("004")
    run_many(RUNNERS, project, database, figure)


def test_runners_that_come_again_and_again_apply_each_migration_once(
    project: Project, database: Database, figure: Figure, pytestconfig: pytest.Config
) -> None:
    write_ledger(project)
    rounds, runners = (5, 20) if is_torture(pytestconfig) else (2, 4)
    for number in range(2, 2 + 2 * rounds, 2):
        write_entry(project, number)
        write_index(project, number + 1)
        run_many(runners, project, database, figure)
