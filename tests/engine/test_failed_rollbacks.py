"""What is said of a rollback that fails: nobody takes it for one that was done."""

from __future__ import annotations

import pytest

from sqlmig import Migrator, Newest
from sqlmig.errors import ConnectionLostError, MigrationFailedError, RunInterrupted
from sqlmig.model import Direction, MigrationResult, Outcome, Report
from sqlmig.plan import RollbackText, RowLoss, Transactions
from tests.database import Database
from tests.project import Project


def applied(project: Project, database: Database, rollback: str) -> Migrator:
    """Two migrations, both applied; that is the rollback of the second."""
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("002_b", "create table b ()", rollback)
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    return migrator


def told(migrator: Migrator, transactions: Transactions = Transactions.EACH, steps: int = 1) -> str:
    with pytest.raises(MigrationFailedError) as caught:
        migrator.rollback(Newest(steps), transactions=transactions, row_loss=RowLoss.ACCEPT)
    return caught.value.lines()[-1]


def test_a_migration_whose_rollback_fails_is_said_to_be_still_applied(
    project: Project, database: Database
) -> None:
    migrator = applied(project, database, "drop table b; select 1/0")
    assert told(migrator) == (
        "1 failed. 002_b is still applied; its rollback changed nothing. "
        f"Fix {project.root}/sql/rollbacks/002_b.sql, then run "
        "`sqlmig rollback 002_b --use file`."
    )
    assert database.applied() == ["001_a", "002_b"]


def test_of_a_rollback_in_one_transaction_the_others_are_said_to_be_not_rolled_back(
    project: Project, database: Database
) -> None:
    migrator = applied(project, database, "drop table b")
    project.migration("001_a", "create table a ()", "select 1/0")
    migrator.repair()
    line = told(migrator, Transactions.TOGETHER, 2)
    assert line.startswith(
        "1 failed, 1 not rolled back. 001_a is still applied; its rollback changed nothing. Fix "
    )
    assert database.applied() == ["001_a", "002_b"]


def test_a_rollback_outside_a_transaction_is_said_to_have_stopped(
    project: Project, database: Database
) -> None:
    outside = "-- transactional: false\n"
    migrator = applied(project, database, f"{outside}drop table b; select 1/0")
    assert "The rollback of 002_b stopped partway: its first statement was kept." in told(migrator)


def test_after_a_lost_connection_the_rollback_that_was_chosen_is_suggested(
    project: Project, database: Database
) -> None:
    migrator = applied(project, database, "drop table b")
    ending = "drop table b; select pg_terminate_backend(pg_backend_pid())"
    project.migration("002_b", "create table b ()", ending)
    with pytest.raises(ConnectionLostError) as caught:
        migrator.rollback(Newest(1), text=RollbackText.FILE)
    assert "then run `sqlmig rollback 002_b --use file` again." in str(caught.value)
    assert database.applied() == ["001_a", "002_b"]


def test_after_ctrl_c_the_migration_is_said_to_be_still_applied() -> None:
    result = MigrationResult("002_b", Direction.ROLLBACK, Outcome.UNDONE)
    interrupt = RunInterrupted(Report(Direction.ROLLBACK, (result,)))
    assert str(interrupt) == "Interrupted: 1 not rolled back; 002_b is still applied."
