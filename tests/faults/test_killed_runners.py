"""A runner killed at any moment leaves nothing to clean up."""

from __future__ import annotations

import itertools
import random

import pytest

from sqlmig import Migrator
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.gate import gate_in_the_record, somebody_waits
from tests.faults.ledger import (
    Facts,
    assert_agreed,
    assert_complete,
    assert_consistent,
    write_entry,
    write_index,
    write_ledger,
)
from tests.faults.processes import KILLED, sleeping, start, start_doomed, wait_until
from tests.project import Project
from tests.thorough import is_torture

# A migration is one message. Where the guard looks at it, it is four: the transaction's beginning,
# the work, the record, the commit. Which one, when, and what stays applied.
PLACES = {
    "before the message": (1, "before", 0),
    "after it": (1, "after", 1),
}
GUARDED_PLACES = {
    "before BEGIN": (1, "before", 0),
    "before the file": (2, "before", 0),
    "before the record": (3, "before", 0),
    "before COMMIT": (4, "before", 0),
    "after COMMIT": (4, "after", 1),
}
ENTRIES = range(2, 14)
SLEEP = "select pg_sleep(30);"
_LONGEST_RUN_SECONDS = 0.25


@pytest.mark.parametrize("place", PLACES)
def test_a_runner_killed_around_its_message_leaves_nothing_to_clean_up(
    place: str, entry: int, project: Project, database: Database, figure: Figure
) -> None:
    message, moment, stays = PLACES[place]
    write_ledger(project, *ENTRIES)
    number = entry - 1 + message
    assert start_doomed(moment, number, project, database.url).ending().code == KILLED
    figure(f"runners killed {place}")
    assert len(Facts.of(database).applied) == entry - 1 + stays
    assert_consistent(database, project)


@pytest.mark.parametrize("place", GUARDED_PLACES)
def test_a_guarded_runner_killed_between_its_messages_leaves_nothing_to_clean_up(
    place: str, entry: int, project: Project, database: Database, figure: Figure
) -> None:
    message, moment, stays = GUARDED_PLACES[place]
    project.write("sqlmig.toml", 'protected_tables = ["payments"]\n')
    write_ledger(project, *ENTRIES)
    number = 4 * (entry - 1) + message
    command = ("apply", "--env=production", "--quiet")
    assert start_doomed(moment, number, project, database.url, command).ending().code == KILLED
    figure(f"guarded runners killed {place}")
    assert len(Facts.of(database).applied) == entry - 1 + stays
    assert_consistent(database, project)


def test_a_runner_killed_in_the_file_leaves_nothing_to_clean_up(
    entry: int, project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, *ENTRIES)
    write_entry(project, entry, SLEEP)
    runner = start(project, database.url)
    wait_until(lambda: sleeping(database), runner)
    runner.kill()
    figure("runners killed in the file")
    assert_agreed(database, project)
    assert len(Facts.of(database).applied) == entry - 1
    write_entry(project, entry)
    assert_consistent(database, project)


@pytest.mark.parametrize("table", ["_yoyo_log", "_yoyo_migration", "_sqlmig_migration"])
def test_a_runner_killed_in_the_record_before_commit_leaves_nothing_to_clean_up(
    table: str, entry: int, project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, *range(2, entry))
    Migrator(project.config(database=database.url)).apply()
    write_entry(project, entry)
    with gate_in_the_record(database, table):
        runner = start(project, database.url)
        wait_until(lambda: somebody_waits(database), runner)
        runner.kill()
        figure("runners killed before COMMIT")
        assert_agreed(database, project)
        assert len(Facts.of(database).applied) == entry - 1
    assert_agreed(database, project)
    write_entry(project, entry + 1)
    assert_consistent(database, project)


def test_a_runner_killed_at_a_random_time_leaves_nothing_to_clean_up(
    seed: int, project: Project, database: Database, figure: Figure
) -> None:
    chance = random.Random(seed)
    write_ledger(project, *range(2, 14), inside="select pg_sleep(0.005);")
    write_index(project, 14)
    write_entry(project, 15)
    for _ in range(4):
        moment = chance.uniform(0, _LONGEST_RUN_SECONDS)
        if start_doomed("within", moment, project, database.url).ending().code != KILLED:
            break
        figure("runners killed at a random time")
        assert_agreed(database, project)
    assert_consistent(database, project)


def test_a_batch_in_one_transaction_killed_at_a_random_time_is_applied_whole_or_not_at_all(
    seed: int, project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, *range(2, 14), inside="select pg_sleep(0.005);")
    moment = random.Random(seed).uniform(0, _LONGEST_RUN_SECONDS)
    batch = ("apply", "--atomic")
    if start_doomed("within", moment, project, database.url, batch).ending().code == KILLED:
        figure("runners killed at a random time of a batch in one transaction")
    assert_agreed(database, project)
    assert len(Facts.of(database).applied) in (0, len(project.files()))
    assert_consistent(database, project)


def test_a_rollback_killed_around_any_message_leaves_nothing_to_clean_up(
    project: Project, database: Database, figure: Figure, pytestconfig: pytest.Config
) -> None:
    write_ledger(project, 2, 3)
    moments = ("before", "after") if is_torture(pytestconfig) else ("after",)
    rollback = ("rollback", "002", "--yes")
    config = project.config(database=database.url, environment="testing")  # stamps the database
    for moment in moments:
        for number in itertools.count(1):
            Migrator(config).apply()
            ending = start_doomed(moment, number, project, database.url, rollback).ending()
            if ending.code != KILLED:
                assert ending.code == 0, ending
                break
            figure("rollbacks killed around a message")
            assert_agreed(database, project)
        assert number > 2, "two migrations, a message each"
        assert Facts.of(database).applied == {"001_ledger"}
    assert_consistent(database, project)
    assert_complete(database, project)
