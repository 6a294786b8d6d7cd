"""In production a rollback that would lose rows is undone, and done only by consent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sqlmig import Migrator
from sqlmig.errors import (
    MigrationFailedError,
    PlanError,
    ProtectedTableError,
    RowLossError,
)
from sqlmig.model import Environment, LostRows, Outcome
from sqlmig.plan import RollbackText, RowLoss, Since, Transactions
from tests.database import Database
from tests.project import Project

LOSING = {
    "dropping the table": "drop table kept",
    "dropping what it depends on": "drop domain amount cascade",
    "truncating it": "truncate kept",
    "deleting rows": "delete from kept where id = 1",
    "deleting in a function": "do $$begin execute 'delete' || ' from kept'; end$$",
    "dropping a column": "alter table kept drop column note",
    "emptying it uncounted": "set track_counts = off; truncate kept",
    "deleting rows uncounted": "set track_counts = off; delete from kept where id = 1",
    "deleting rows uncounted and inserting as many": (
        "do $$begin set local track_counts = off; delete from kept where id = 1;"
        " insert into kept (id, note) values (9, 'x'); set local track_counts = on; end$$"
    ),
    "truncating and filling it again": (
        "truncate kept; insert into kept (id, note) values (7, 'x'), (8, 'y')"
    ),
    "replacing a column by one of its name": (
        "alter table kept drop column note; alter table kept add column note text"
    ),
    "dropping one that hides its rows": (
        "alter table kept enable row level security; alter table kept force row level security;"
        "drop table kept"
    ),
}
HARMLESS = {
    "a view": "drop view seen",
    "an empty table": "drop table empty",
    "adding rows": "insert into kept (id, note) values (3, 'c')",
    "altering rows": "update kept set note = 'z'",
    "altering rows uncounted and others counted": (
        "update kept set note = 'z' where id = 1; set track_counts = off;"
        "update kept set note = 'y' where id = 2"
    ),
    "deleting no row": "delete from kept where false",
    "a new column": "alter table kept add column more int default 1",
    "another name": "alter table kept rename to held",
    "a wider type": "drop view seen; alter table kept alter column id type bigint",
    "an empty table that is filled": "insert into empty default values",
    "deleting from an empty table": "delete from empty",
    "truncating an empty table": "truncate empty",
    "a lock that writes nothing": "lock table kept in access exclusive mode",
    "a delete that was undone": (
        "do $$begin begin delete from kept; raise 'x'; exception when others then end; end$$"
    ),
    "nothing": "select 1",
}
TABLES = (
    "create domain amount as int; create table kept (id int, note text, due amount);"
    "insert into kept (id, note) values (1, 'a'), (2, 'b');"
    "create table empty (); create view seen as select id from kept"
)


def migrator(project: Project, database: Database, environment: str | None) -> Migrator:
    project.migration(
        "001_tables", TABLES, "drop view seen; drop table kept, empty; drop domain amount"
    )
    return Migrator(project.config(database=database.url, environment=environment))


def agreeing(asked: list[RowLossError]) -> Callable[[RowLossError], bool]:
    """Agrees to every loss, and keeps it."""

    def agree(loss: RowLossError) -> bool:
        asked.append(loss)
        return True

    return agree


@pytest.mark.parametrize("environment", [None, "production"])
@pytest.mark.parametrize("script", LOSING.values(), ids=LOSING.keys())
def test_a_rollback_that_loses_rows_is_undone_and_says_which(
    project: Project, database: Database, script: str, environment: str | None
) -> None:
    production = migrator(project, database, environment)
    project.migration("002_next", "select 1", f"drop view seen; {script}")
    production.apply()
    with pytest.raises(RowLossError) as caught:
        production.rollback(Since("002"))
    columns = {"drop column note": "note", "drop domain": "due"}
    if dropped := [column for words, column in columns.items() if words in script]:
        assert caught.value.losses == (LostRows("kept", 2, (*dropped,)),)
        assert f"would lose columns: kept.{dropped[0]} (2 rows)" in str(caught.value)
    else:
        assert caught.value.losses == (LostRows("kept", 2),)
        assert "would lose rows of: kept (2 rows)" in str(caught.value)
    assert "--yes" in str(caught.value)
    assert caught.value.exit_code == 3
    assert database.rows("SELECT id, note FROM kept ORDER BY id") == [(1, "a"), (2, "b")]
    assert database.applied() == ["001_tables", "002_next"]


@pytest.mark.parametrize("script", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_rollback_that_loses_no_rows_asks_nothing(
    project: Project, database: Database, script: str
) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "select 1", script)
    production.apply()
    production.rollback(Since("002"))
    assert database.applied() == ["001_tables"]


@pytest.mark.parametrize(
    "loss",
    ["delete from kept where id = 1", "truncate kept", "drop view seen; drop table kept"],
)
def test_a_rollback_that_loses_rows_only_when_it_runs_again_is_undone(
    project: Project, database: Database, loss: str
) -> None:
    migrator(project, database, "production").apply()
    database.execute("create sequence runs")
    project.migration(
        "002_change",
        "select 1",
        "delete from kept where false; do $$begin if nextval('runs') > 1 then"
        f" {loss}; end if; end$$",
    )
    changes = Migrator(project.config(database=database.url, environment="production"))
    changes.apply()
    with pytest.raises(RowLossError) as lost:
        changes.rollback(Since("002_change"))
    assert lost.value.losses == (LostRows("kept", 2),)
    assert database.value("select count(*) from kept") == 2


def test_a_rollback_that_runs_again_is_judged_by_what_that_run_alone_inserts(
    project: Project, database: Database
) -> None:
    migrator(project, database, "production").apply()
    project.migration(
        "002_change",
        "select 1",
        "drop view seen; alter table kept alter column id type bigint;"
        "insert into kept (id, note) values (3, 'c'), (4, 'd')",
    )
    changes = Migrator(project.config(database=database.url, environment="production"))
    changes.apply()
    changes.rollback(Since("002_change"))
    assert database.value("select count(*) from kept") == 4


def test_nothing_is_committed_before_the_answer(project: Project, database: Database) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "create table other ()", "drop table other")
    production.apply()
    with pytest.raises(RowLossError) as caught:
        production.rollback(Since("001"))
    assert caught.value.report.ids(Outcome.NOT_ATTEMPTED) == ("002_next", "001_tables")
    assert database.applied() == ["001_tables", "002_next"]
    assert database.tables() == {"kept", "empty", "seen", "other"}
    production.rollback(Since("001"), row_loss=RowLoss.ACCEPT)
    assert database.tables() == set()


def test_a_rollback_that_fails_in_the_rehearsal_leaves_all_as_it_was(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "select 1", "select 1/0")
    project.migration("003_more", "create table more as select 1 as x", "drop table more")
    production.apply()
    with pytest.raises(MigrationFailedError, match="division by zero") as caught:
        production.rollback(Since("001"), agree=lambda _: True)
    assert caught.value.report.tally() == "1 failed, 1 not rolled back, 1 not attempted"
    assert len(database.applied()) == 3


@pytest.mark.parametrize("environment", ["development", "testing"])
def test_outside_production_nothing_is_asked(
    project: Project, database: Database, environment: str
) -> None:
    playground = migrator(project, database, environment)
    playground.apply()
    playground.rollback(Since("001"))
    assert database.tables() == set()


def test_tables_that_a_rollback_does_not_touch_are_not_looked_at(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "create table other ()", "drop table other")
    production.apply()
    with database.another_connection() as other, other.transaction():
        other.execute("LOCK TABLE kept IN ACCESS EXCLUSIVE MODE")
        production.rollback(Since("002"))
    assert database.applied() == ["001_tables"]


def test_a_rollback_outside_a_transaction_asks_before_it_runs(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "select 1", "-- transactional: false\ndrop table empty")
    production.apply()
    with pytest.raises(
        RowLossError, match="may lose rows: its statements, or statements before them, run outside"
    ):
        production.rollback(Since("002"))
    assert "empty" in database.tables()
    production.rollback(Since("002"), row_loss=RowLoss.ACCEPT)
    assert "empty" not in database.tables()


def test_one_that_only_drops_an_index_concurrently_asks_nothing(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration(
        "002_i",
        "-- transactional: false\ncreate index concurrently i on kept (id)",
        "-- transactional: false\ndrop index concurrently i",
    )
    production.apply()
    production.rollback(Since("002"))
    assert database.applied() == ["001_tables"]


def test_what_runs_outside_a_transaction_is_asked_about_with_the_rest(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "select 1", "-- transactional: false\ndrop view seen")
    project.migration("003_more", "create table more as select 1 as x", "drop table more")
    production.apply()
    project.write("sql/rollbacks/001_tables.sql", "drop table kept, empty; drop domain amount")
    with pytest.raises(RowLossError) as caught:
        production.rollback(Since("001"), text=RollbackText.FILE)
    # 001 fails in the rehearsal, for the view is still there: what it loses is not known.
    assert caught.value.by_migration == {
        "003_more": (LostRows("more", 1),),
        "002_next": (),
        "001_tables": (),
    }
    assert len(database.applied()) == 3
    asked: list[RowLossError] = []
    report = production.rollback(Since("001"), text=RollbackText.FILE, agree=agreeing(asked))
    assert (len(asked), len(report.ids(Outcome.DONE))) == (1, 3)
    assert database.tables() == set()


def test_what_could_remove_protected_rows_is_refused_before_anything_is_tried(
    project: Project, database: Database
) -> None:
    project.migration("001_kept", TABLES, "-- transactional: false\ndrop table empty")
    project.migration("002_more", "create table more as select 1 as x", "drop table more")
    settings = {"environment": "production", "protected_tables": ["kept"]}
    production = Migrator(project.config(database=database.url, **settings))
    production.apply()
    with pytest.raises(ProtectedTableError) as caught:
        production.rollback("001", row_loss=RowLoss.ASK)
    assert caught.value.report
    assert caught.value.report.tally() == "1 failed, 1 not attempted"
    assert len(database.applied()) == 2


def test_an_index_that_is_dropped_concurrently_does_not_stop_the_rehearsal(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration(
        "002_i",
        "-- transactional: false\ncreate index concurrently i on kept (id)",
        "-- transactional: false\ndrop index concurrently i",
    )
    production.apply()
    with pytest.raises(RowLossError) as caught:
        production.rollback(Since("001"))
    assert list(caught.value.by_migration) == ["001_tables"]
    assert database.applied() == ["001_tables", "002_i"]


def test_all_losses_are_asked_about_at_once_and_the_report_is_of_all(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_more", "create table more as select 1 as x", "drop table more")
    project.migration("003_none", "create table none ()", "drop table none")
    production.apply()
    asked: list[RowLossError] = []

    def agree(loss: RowLossError) -> bool:
        database.execute("begin; lock table kept nowait; rollback")  # it waits and holds none
        asked.append(loss)
        return True

    report = production.rollback("001", agree=agree)
    (loss,) = asked
    assert loss.by_migration == {
        "002_more": (LostRows("more", 1),),
        "001_tables": (LostRows("kept", 2),),
    }
    assert loss.message == (
        "rolling back 002_more would lose rows of: more (1 row); "
        "rolling back 001_tables would lose rows of: kept (2 rows)"
    )
    assert "sqlmig rollback 001_tables --yes" in str(loss)
    assert report.ids(Outcome.DONE) == ("003_none", "002_more", "001_tables")
    assert database.applied() == []


def test_rows_that_came_after_the_answer_are_asked_about(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_more", "create table more as select 1 as x", "drop table more")
    production.apply()
    database.execute("delete from kept")
    asked: list[RowLossError] = []

    def agree(loss: RowLossError) -> bool:
        database.execute("insert into kept (id) values (1)")
        asked.append(loss)
        return len(asked) < 2

    with pytest.raises(RowLossError):
        production.rollback("001", agree=agree)
    assert [list(loss.by_migration) for loss in asked] == [["002_more"], ["001_tables"]]
    assert database.rows("SELECT id FROM kept") == [(1,), (1,)]


def test_after_a_no_nothing_is_rolled_back(project: Project, database: Database) -> None:
    production = migrator(project, database, None)
    project.migration("002_more", "create table more as select 1 as x", "drop table more")
    production.apply()
    with pytest.raises(RowLossError, match="rolling back 001_tables would lose rows of"):
        production.rollback("001", agree=lambda _: False)
    assert database.applied() == ["001_tables", "002_more"]


@pytest.mark.parametrize("environment", ["production", "testing"])
def test_an_atomic_rollback_is_all_or_nothing(
    project: Project, database: Database, environment: str
) -> None:
    together = Transactions.TOGETHER
    changes = migrator(project, database, environment)
    project.migration("002_more", "create table more as select 1 as x", "drop table more")
    changes.set_environment(Environment(environment))
    changes.apply()
    asked: list[RowLossError] = []
    project.write("sql/rollbacks/001_tables.sql", "drop view seen; select 1/0")
    with pytest.raises(MigrationFailedError, match="division by zero") as caught:
        changes.rollback("001", text=RollbackText.FILE, transactions=together)
    assert "sqlmig rollback 001_tables --atomic --use file" in str(caught.value)
    assert database.applied() == ["001_tables", "002_more"]
    report = changes.rollback(
        "001",
        text=RollbackText.RECORDED,
        transactions=together,
        agree=agreeing(asked),
    )
    assert len(asked) == (environment == "production")
    assert report.ids(Outcome.DONE) == ("002_more", "001_tables")
    assert database.tables() == set()


def test_what_cannot_run_with_others_is_refused_in_an_atomic_rollback(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "select 1", "-- transactional: false\ndrop table empty")
    production.apply()
    with pytest.raises(PlanError, match="002_next is declared `transactional: false`"):
        production.rollback("001", transactions=Transactions.TOGETHER)
    assert len(database.applied()) == 2


@pytest.mark.parametrize("table", ["yoyo_lockers", "_yoyo_logbook", "_sqlmigs", "other._yoyo_log"])
def test_a_table_with_a_name_like_one_of_sqlmigs_own_has_rows_to_lose(
    project: Project, database: Database, table: str
) -> None:
    database.execute(f"create schema other; create table {table} (id int)")
    database.execute(f"insert into {table} values (1)")
    project.migration("001_change", "select 1", f"drop table {table}")
    changes = Migrator(project.config(database=database.url, environment="production"))
    changes.apply()
    with pytest.raises(RowLossError):
        changes.rollback(Since("001"))
    assert database.value(f"select count(*) from {table}") == 1
