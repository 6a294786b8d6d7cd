"""A primary dies in the middle, and its standby takes over. In the long form only."""

from __future__ import annotations

import random
import time

import pytest

from tests.faults.figures import Figure
from tests.faults.ledger import (
    assert_agreed,
    assert_complete,
    write_entry,
    write_index,
    write_ledger,
)
from tests.faults.processes import sleeping, start, wait_until
from tests.faults.standby import primary_and_standby
from tests.project import Project


def test_a_migration_in_which_the_primary_dies_is_completed_on_the_standby(
    project: Project, figure: Figure
) -> None:
    write_ledger(project, 2)
    write_entry(project, 3, "select pg_sleep(30);")
    with primary_and_standby() as pair:
        runner = start(project, pair.url)
        with pair.primary.database() as database:
            wait_until(lambda: sleeping(database), runner)
        pair.primary.stop_at_once()
        ending = runner.ending()
        assert ending.code == 3, ending
        assert "Traceback" not in ending.stderr
        write_entry(project, 3)
        second = start(project, pair.url, "--wait-for-database", "20")
        time.sleep(1)
        assert second.process.poll() is None, "no host takes writes yet"
        pair.fail_over()
        figure("failovers in the middle")
        ending = second.ending()
        assert ending.code == 0, ending
        with pair.standby() as database:
            assert_complete(database, project)


@pytest.mark.parametrize("number", range(6))
def test_a_failover_at_a_random_time_leaves_nothing_to_clean_up(
    number: int, project: Project, figure: Figure
) -> None:
    write_ledger(project, *range(2, 12), inside="select pg_sleep(0.02);")
    write_index(project, 12)
    with primary_and_standby() as pair:
        runner = start(project, pair.url)
        time.sleep(random.Random(number).uniform(0.4, 1.2))
        pair.fail_over()
        figure("failovers at a random time")
        ending = runner.ending()
        assert ending.code in (0, 3), ending
        with pair.standby() as database:
            assert_agreed(database, project)
            ending = start(project, pair.url, "--wait-for-database", "20").ending()
            assert ending.code == 0, ending
            assert_complete(database, project)
