"""Ctrl-C and SIGTERM: the statement ends on the server, the lock is free, and it is said what was
applied."""

from __future__ import annotations

import signal

import pytest

from sqlmig import Migrator
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.model import SilentObserver
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.ledger import (
    Facts,
    assert_agreed,
    assert_consistent,
    write_entry,
    write_index,
    write_ledger,
)
from tests.faults.processes import (
    advisory_locks,
    runners_at_work,
    sleeping,
    start,
    wait_until,
    waits_for_its_turn,
)
from tests.faults.test_concurrent_index import is_built, open_writer
from tests.project import Project

INTERRUPTED = 130

SIGNALS = pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)


@SIGNALS
def test_an_interrupted_migration_is_undone_on_the_server_at_once(
    sign: signal.Signals, project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, 2)
    write_entry(project, 3, "select pg_sleep(60);")
    write_entry(project, 4)
    runner = start(project, database.url)
    wait_until(lambda: sleeping(database), runner)
    ending = runner.signal(sign)
    figure(f"{sign.name} to a runner in the middle")
    assert ending.code == INTERRUPTED, ending
    assert not sleeping(database)
    wait_until(lambda: runners_at_work(database) == 0)
    assert advisory_locks(database) == 0
    assert "2 applied" in ending.stderr
    assert "Traceback" not in ending.stderr
    assert Facts.of(database).applied == {"001_ledger", "002_entry"}
    write_entry(project, 3)
    assert_consistent(database, project)


@SIGNALS
def test_an_interrupted_build_of_an_index_is_built_anew_by_the_next_runner(
    sign: signal.Signals, project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    write_index(project, 2)
    with open_writer(database):
        runner = start(project, database.url)
        wait_until(lambda: is_built(database), runner)
        ending = runner.signal(sign)
        assert not is_built(database)
    figure(f"{sign.name} to a runner in CREATE INDEX CONCURRENTLY")
    assert ending.code == INTERRUPTED, ending
    assert_agreed(database, project)
    assert_consistent(database, project)


@SIGNALS
def test_a_cancelled_statement_that_failed_is_in_no_doubt(
    sign: signal.Signals, project: Project, database: Database
) -> None:
    text = "-- transactional: false\nselect 1;\nselect pg_sleep({});\nselect 3;"
    project.migration("001_slow", text.format(60))
    runner = start(project, database.url)
    wait_until(lambda: sleeping(database), runner)
    assert runner.signal(sign).code == INTERRUPTED
    migrator = Migrator(project.config(database=database.url))
    (status,) = migrator.status()
    assert status.applied is not None
    assert (status.applied.statements_done, status.applied.doubtful_statement) == (1, None)
    project.migration("001_slow", text.format(0))
    migrator.apply()
    assert database.applied() == ["001_slow"]


@SIGNALS
def test_a_runner_that_waits_for_its_turn_can_be_interrupted(
    sign: signal.Signals, project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project)
    with (
        database.another_connection() as other,
        RunnerLock(other, "public").held(0, SilentObserver()),
    ):
        runner = start(project, database.url)
        wait_until(lambda: waits_for_its_turn(database), runner)
        ending = runner.signal(sign)
    figure(f"{sign.name} to a waiting runner")
    assert ending.code == INTERRUPTED, ending
    assert "Traceback" not in ending.stderr
    assert_consistent(database, project)


def test_a_batch_in_one_transaction_is_undone_as_a_whole(
    project: Project, database: Database
) -> None:
    write_ledger(project, 2)
    write_entry(project, 3, "select pg_sleep(60);")
    runner = start(project, database.url, "--atomic")
    wait_until(lambda: sleeping(database), runner)
    ending = runner.signal(signal.SIGINT)
    assert ending.code == INTERRUPTED, ending
    assert Facts.of(database).applied == set()
    write_entry(project, 3)
    assert_consistent(database, project)
