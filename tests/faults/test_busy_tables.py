"""Other sessions' locks are in the way: said, waited for, tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.gate import PASS, gate, somebody_waits
from tests.faults.ledger import assert_complete, write_entry, write_ledger
from tests.faults.processes import start, wait_until, waiting
from tests.project import Project

pytestmark = pytest.mark.long_form

BATCHES = pytest.mark.parametrize("options", [(), ("--atomic",)], ids=["each", "atomic"])


@BATCHES
def test_a_lock_timeout_is_said_and_tried_again_until_the_table_is_free(
    options: Sequence[str], project: Project, database: Database, figure: Figure
) -> None:
    database.execute("create table payments ()")
    write_ledger(project)
    write_entry(project, 2, "set local lock_timeout = '200ms'; alter table payments add x int;")
    with database.another_connection() as other:
        with other.transaction():
            other.execute("select * from payments")
            runner = start(project, database.url, *options)
            wait_until(lambda: waiting(database), runner)
            time.sleep(0.5)
        ending = runner.ending()
    figure("lock timeouts met")
    assert ending.code == 0, ending
    assert "lock timeout" in ending.stderr
    assert_complete(database, project)


def test_while_it_waits_it_says_for_which_table_and_who_holds_it(
    project: Project, database: Database, figure: Figure
) -> None:
    database.execute("create table payments ()")
    write_ledger(project)
    write_entry(project, 2, "alter table payments add x int;")
    with database.another_connection() as other:
        with other.transaction():
            other.execute("select * from payments")
            runner = start(project, database.url)
            wait_until(lambda: waiting(database), runner)
            time.sleep(3)
        ending = runner.ending()
        pid = other.info.backend_pid
    figure("waits for a table")
    assert ending.code == 0, ending
    assert f"payments held by pid {pid}" in ending.stderr
    assert "select * from payments" in ending.stderr
    assert_complete(database, project)


@BATCHES
def test_a_deadlock_is_said_and_the_migration_tried_again(
    options: Sequence[str], project: Project, database: Database, figure: Figure
) -> None:
    name = database.connection.info.dbname
    database.execute("create table one (); create table two ();")
    database.execute(f"alter database \"{name}\" set deadlock_timeout = '200ms'")
    write_ledger(project)
    write_entry(project, 2, f"lock table one; select {PASS}; lock table two;")
    with gate(database) as closed, database.another_connection() as other:
        # The other session looks for deadlocks so late that the runner is the one to be ended.
        other.execute("set deadlock_timeout = '100s'")
        with other.transaction():
            other.execute("lock table two")
            runner = start(project, database.url, *options)
            wait_until(lambda: somebody_waits(database), runner)
            rival = threading.Thread(target=other.execute, args=("lock table one",))
            rival.start()
            wait_until(lambda: waiting(database) == 2, runner)
            closed.open()
            rival.join()
        ending = runner.ending()
    figure("deadlocks met")
    assert ending.code == 0, ending
    assert "deadlock detected" in ending.stderr
    assert_complete(database, project)
