"""The server goes away in the middle of a migration, and comes back."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sqlmig import Migrator
from sqlmig.errors import MigrationFailedError
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.ledger import (
    Facts,
    assert_agreed,
    assert_complete,
    assert_consistent,
    write_entry,
    write_index,
    write_ledger,
)
from tests.faults.own_server import OwnServer, own_server
from tests.faults.processes import sleeping, start, wait_until
from tests.project import Project

pytestmark = pytest.mark.long_form

COMMITTING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture(scope="module")
def shared_server() -> Iterator[OwnServer]:
    with own_server() as server:
        yield server


@pytest.fixture
def server(shared_server: OwnServer) -> OwnServer:
    """The server, its database empty."""
    shared_server.start()
    with shared_server.database() as database:
        database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return shared_server


STOPS = pytest.mark.parametrize(
    "stop", [OwnServer.stop_at_once, OwnServer.stop_in_order], ids=lambda stop: stop.__name__
)


@STOPS
def test_a_migration_in_which_the_server_stops_is_undone_and_the_failure_says_so(
    stop: Callable[[OwnServer], None], project: Project, server: OwnServer, figure: Figure
) -> None:
    write_ledger(project, 2)
    write_entry(project, 3, "select pg_sleep(30);")
    runner = start(project, server.url)
    with server.database() as database:
        wait_until(lambda: sleeping(database), runner)
    stop(server)
    ending = runner.ending()
    figure("servers stopped in the middle")
    assert ending.code == 3, ending
    assert "2 applied" in ending.stderr
    assert "Traceback" not in ending.stderr
    server.start()
    write_entry(project, 3)
    with server.database() as database:
        assert_consistent(database, project)


def test_a_server_stopped_at_a_random_time_leaves_nothing_to_clean_up(
    seed: int, project: Project, server: OwnServer, figure: Figure
) -> None:
    write_ledger(project, *range(2, 14), inside="select pg_sleep(0.01);")
    write_index(project, 14)
    runner = start(project, server.url)
    chance = random.Random(seed)
    time.sleep(chance.uniform(0.4, 0.8))
    chance.choice([server.stop_at_once, server.stop_in_order])()
    server.start()
    ending = runner.ending()
    figure("servers stopped at a random time")
    assert ending.code in (0, 3), ending
    assert "Traceback" not in ending.stderr
    with server.database() as database:
        assert_agreed(database, project)
        assert_consistent(database, project)


def test_a_commit_that_waits_for_a_standby_when_its_session_is_ended_is_reported_as_done(
    project: Project, server: OwnServer, figure: Figure
) -> None:
    """It is committed on the primary by then; the server says so in a warning alone."""
    write_ledger(project)
    with server.database() as database:
        Migrator(project.config(database=server.url)).apply()
        write_entry(project, 2)
        with waiting_for_a_standby(database):
            runner = start(project, server.url)
            wait_until(lambda: database.rows(COMMITTING), runner)
            database.execute(f"SELECT pg_terminate_backend(pid) FROM ({COMMITTING}) s")
            ending = runner.ending()
        figure("sessions ended by the server in COMMIT")
        assert Facts.of(database).applied == {"001_ledger", "002_entry"}
        assert "1 applied" in ending.stdout + ending.stderr, ending
        assert_consistent(database, project)


@contextmanager
def waiting_for_a_standby(database: Database) -> Iterator[None]:
    """Every COMMIT waits for a standby that does not exist."""
    database.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    database.execute("SELECT pg_reload_conf()")
    wait_until(lambda: database.value("SHOW synchronous_standby_names") == "nobody")
    try:
        yield
    finally:
        database.execute("ALTER SYSTEM RESET synchronous_standby_names")
        database.execute("SELECT pg_reload_conf()")


def test_a_runner_that_waits_for_the_database_finds_it_once_it_is_there(
    project: Project, server: OwnServer, figure: Figure
) -> None:
    write_ledger(project, 2)
    server.stop_at_once()
    runner = start(project, server.url, "--wait-for-database", "20")
    time.sleep(1)
    assert runner.process.poll() is None, runner.ending()
    server.start()
    ending = runner.ending()
    assert ending.code == 0, ending
    with server.database() as database:
        assert_complete(database, project)


def test_a_runner_waits_for_the_database_no_longer_than_it_is_told(
    project: Project, server: OwnServer
) -> None:
    write_ledger(project, 2)
    server.stop_at_once()
    ending = start(project, server.url, "--wait-for-database", "1").ending()
    assert ending.code == 3, ending


def test_a_standby_is_named_as_such_and_no_file_is_blamed(project: Project) -> None:
    write_ledger(project, 2)
    with own_server() as server:
        Migrator(project.config(database=server.url)).apply()
        write_entry(project, 3)
        server.stop_in_order()
        signal_file, owner = server.data / "standby.signal", server.data.stat()
        signal_file.touch()
        os.chown(signal_file, owner.st_uid, owner.st_gid)
        server.start()
        with pytest.raises(MigrationFailedError, match="before its first statement") as caught:
            Migrator(project.config(database=server.url)).apply()
    assert "The server is a read-only standby: give the URL of the primary" in str(caught.value)
    assert "Fix" not in caught.value.remedy
