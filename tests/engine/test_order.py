"""The order in which migrations were applied does not depend on the server's clock."""

from __future__ import annotations

import pytest

from sqlmig import Migrator, Outcome
from sqlmig.plan import Newest, OutOfOrder, Transactions
from tests.database import Database
from tests.project import Project


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    for number, name in enumerate("abcd", 1):
        project.migration(f"00{number}_{name}", f"create table {name} ()", f"drop table {name}")
    return Migrator(project.config(database=database.url))


def set_clock(database: Database, migration_id: str, interval: str) -> None:
    """Has that migration applied so much later than it was, by the clock."""
    database.execute(
        f"UPDATE _yoyo_migration SET applied_at_utc = applied_at_utc + interval '{interval}' "
        f"WHERE migration_id = '{migration_id}';"
        f"UPDATE _sqlmig_migration SET applied_at = applied_at + interval '{interval}' "
        f"WHERE migration_id = '{migration_id}'"
    )


def rolled_back(migrator: Migrator) -> tuple[str, ...]:
    """All that was applied, in the order in which it is rolled back."""
    return migrator.rollback(Newest(len(migrator.applied_ids()))).ids(Outcome.DONE)


def test_what_is_applied_after_a_clock_was_set_back_is_the_newest(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("3")
    for name in ("001_a", "002_b", "003_c"):
        set_clock(database, name, "1 hour")
    migrator.apply()
    assert database.applied() == ["001_a", "002_b", "003_c", "004_d"]
    assert migrator.rollback(Newest(1)).ids(Outcome.DONE) == ("004_d",)


@pytest.mark.parametrize(
    ("migration_id", "interval"),
    [("001_a", "1 hour"), ("002_b", "10 years"), ("003_c", "-1 hour"), ("001_a", "1 minute")],
)
def test_an_older_history_with_a_wrong_time_is_in_the_order_of_application(
    migrator: Migrator, database: Database, migration_id: str, interval: str
) -> None:
    migrator.apply("3")
    set_clock(database, migration_id, interval)
    assert migrator.rollback(Newest(1)).ids(Outcome.DONE) == ("003_c",)
    migrator.apply()
    assert rolled_back(migrator) == ("004_d", "003_c", "002_b", "001_a")


def test_what_was_applied_out_of_order_is_rolled_back_in_the_order_of_application(
    migrator: Migrator, database: Database, project: Project
) -> None:
    migrator.apply("4")
    project.migration("001_5_late", "create table late ()", "drop table late")
    late = migrator.apply(out_of_order=OutOfOrder.ALLOW)
    assert late.ids(Outcome.DONE) == ("001_5_late",)
    database.execute("DELETE FROM _yoyo_log WHERE migration_id = '003_c'")
    assert rolled_back(migrator) == ("001_5_late", "004_d", "003_c", "002_b", "001_a")


def test_the_place_of_a_row_that_was_undone_may_be_filled_later(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("3")
    database.execute(
        "CREATE TABLE was AS SELECT * FROM _yoyo_log; DELETE FROM _yoyo_log;"
        "INSERT INTO _yoyo_log SELECT * FROM was ORDER BY migration_id DESC; DROP TABLE was"
    )
    assert rolled_back(migrator) == ("003_c", "002_b", "001_a")


def test_a_batch_in_one_transaction_keeps_its_order(migrator: Migrator, database: Database) -> None:
    migrator.apply(transactions=Transactions.TOGETHER)
    assert database.applied() == ["001_a", "002_b", "003_c", "004_d"]
