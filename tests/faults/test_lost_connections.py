"""The connection is cut: before, in the middle of, and after a migration and its COMMIT."""

from __future__ import annotations

import os
import random
import re
import signal
import threading

import pytest

from sqlmig import Migrator, Outcome
from sqlmig.errors import DatabaseUnavailableError, ExecutionError, MigrationFailedError
from sqlmig.model import Direction, SilentObserver
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.gate import gate_in_the_record
from tests.faults.ledger import (
    Facts,
    assert_agreed,
    assert_complete,
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
)
from tests.faults.proxy import proxied
from tests.project import Project

COMMIT_OF_002 = re.compile(rb"002_entry.*COMMIT\0", re.DOTALL)
HOLDER = re.compile(rb"pg_locks.*pg_stat_activity|pg_stat_activity.*pg_locks", re.DOTALL)


class HoldingObserver(SilentObserver):
    """Stops the server's process of the runner, which reads nothing more until it is let go."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.pid = 0

    def started(self, migration_id: str, direction: Direction) -> None:
        """The message is about to be sent."""
        self.pid = self.database.value(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name LIKE 'sqlmig %'"
        )
        os.kill(self.pid, signal.SIGSTOP)

    def let_go(self) -> None:
        """It reads what has come in the meantime."""
        os.kill(self.pid, signal.SIGCONT)


def test_a_migration_in_which_the_connection_is_cut_is_undone_and_the_failure_says_so(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, 2)
    write_entry(project, 3, "select pg_sleep(30);")
    with proxied(database) as proxy:
        runner = start(project, proxy.url(database))
        wait_until(lambda: sleeping(database), runner)
        proxy.cut()
        ending = runner.ending()
    figure("connections cut in the middle")
    assert ending.code == 3, ending
    assert "2 applied" in ending.stderr
    assert "Traceback" not in ending.stderr
    assert Facts.of(database).applied == {"001_ledger", "002_entry"}
    write_entry(project, 3)
    assert_consistent(database, project)


def test_a_commit_whose_answer_was_lost_is_reported_as_done(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, 2, 3)
    with proxied(database) as proxy:
        proxy.lose_answer_to = COMMIT_OF_002
        migrator = Migrator(project.config(database=proxy.url(database)))
        with pytest.raises(MigrationFailedError) as caught:
            migrator.apply()
    figure("answers to a COMMIT lost")
    assert caught.value.report.ids(Outcome.DONE) == ("001_ledger", "002_entry")
    assert caught.value.report.ids(Outcome.NOT_ATTEMPTED) == ("003_entry",)
    assert Facts.of(database).applied == {"001_ledger", "002_entry"}
    assert_consistent(database, project)


def test_a_commit_still_under_way_when_the_connection_was_cut_is_waited_for(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    write_entry(project, 2)
    write_entry(project, 3)
    with gate_in_the_record(database, "_sqlmig_migration") as closed, proxied(database) as proxy:
        proxy.keeps_orphans = True
        proxy.lose_answer_to = COMMIT_OF_002
        threading.Timer(0.7, closed.open).start()
        with pytest.raises(MigrationFailedError) as caught:
            Migrator(project.config(database=proxy.url(database))).apply()
    figure("answers to a COMMIT lost")
    wait_until(lambda: runners_at_work(database) == 0)
    assert caught.value.report.ids(Outcome.DONE) == ("002_entry",)
    assert Facts.of(database).applied == {"001_ledger", "002_entry"}
    assert_consistent(database, project)


def test_a_message_that_the_server_reads_after_the_connection_was_cut_is_not_told_as_undone(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    write_entry(project, 2)
    with proxied(database) as proxy:
        proxy.lose_answer_to = COMMIT_OF_002
        held = HoldingObserver(database)
        migrator = Migrator(project.config(database=proxy.url(database)), held)
        with pytest.raises(MigrationFailedError) as caught:
            migrator.apply()
        held.let_go()
    figure("messages read too late")
    wait_until(lambda: runners_at_work(database) == 0)
    told = caught.value.report.ids(Outcome.UNDONE)
    assert not set(told) & Facts.of(database).applied, "the report tells the truth"
    assert_consistent(database, project)


def test_a_long_message_whose_connection_was_cut_does_not_keep_the_runner(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    write_entry(project, 2, "select pg_sleep(60);")
    with proxied(database) as proxy:
        proxy.keeps_orphans = True
        proxy.lose_answer_to = COMMIT_OF_002
        with pytest.raises(MigrationFailedError):
            Migrator(project.config(database=proxy.url(database))).apply()
        assert sleeping(database), "the runner did not wait for its orphan"
    figure("connections cut in the middle")


def test_a_connection_cut_before_the_last_message_of_a_long_script_is_known_to_be_undone(
    project: Project, database: Database, figure: Figure
) -> None:
    copied = "copy ledger from stdin;\n\\.\n"
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    write_entry(project, 2, f"select pg_sleep(30);\n{copied}")
    with proxied(database) as proxy:
        runner = start(project, proxy.url(database))
        wait_until(lambda: sleeping(database), runner)
        proxy.close()
        proxy.cut()
        ending = runner.ending()
    figure("connections cut in the middle")
    assert "002_entry was undone" in ending.stderr


def test_where_the_server_cannot_be_asked_again_the_report_does_not_claim_to_know(
    project: Project, database: Database, figure: Figure
) -> None:
    write_ledger(project, 2, 3)
    with proxied(database) as proxy:
        proxy.lose_answer_to = COMMIT_OF_002
        runner = start(project, proxy.url(database))
        wait_until(lambda: proxy.lose_answer_to is None, runner)
        proxy.listener.close()
        ending = runner.ending()
    figure("answers to a COMMIT lost")
    assert ending.code == 3, ending
    assert re.search("See `sqlmig .*status`", ending.stderr)
    assert "Traceback" not in ending.stderr
    assert_consistent(database, project)


def test_a_connection_that_is_lost_is_not_a_verdict_about_the_migration(
    project: Project, database: Database, figure: Figure
) -> None:
    project.migration("001_ledger", "create table ledger (entry text)", "drop table ledger")
    write_index(project, 2)
    with proxied(database) as proxy:
        proxy.lose_answer_to = HOLDER
        with pytest.raises(DatabaseUnavailableError, match="in the scratch database was lost"):
            Migrator(project.config(database=proxy.url(database))).verify()
    figure("answers about the lock lost")


def test_a_connection_cut_at_a_random_time_leaves_nothing_to_clean_up(
    seed: int, project: Project, database: Database, figure: Figure
) -> None:
    chance = random.Random(seed)
    write_ledger(project, *range(2, 14), inside="select pg_sleep(0.005);")
    write_index(project, 14)
    with proxied(database) as proxy:
        proxy.delay = chance.choice([0.0, 0.002, 0.01])
        threading.Timer(chance.uniform(0, 0.5), proxy.cut).start()
        migrator = Migrator(project.config(database=proxy.url(database)))
        done: tuple[str, ...] | None = None
        try:
            done = migrator.apply().ids(Outcome.DONE)
        except MigrationFailedError as error:
            done = error.report.ids(Outcome.DONE)
        except ExecutionError:
            pass  # it was lost before there was any work
    figure("connections cut at a random time")
    if done is not None:
        wait_until(lambda: runners_at_work(database) == 0)
        assert set(done) == Facts.of(database).applied, "the report tells the truth"
    assert_agreed(database, project)
    assert_consistent(database, project)


def test_a_slow_connection_changes_nothing(project: Project, database: Database) -> None:
    write_ledger(project, 2, 3)
    with proxied(database) as proxy:
        proxy.delay = 0.02
        Migrator(project.config(database=proxy.url(database))).apply()
    assert_complete(database, project)
    wait_until(lambda: advisory_locks(database) == 0)
