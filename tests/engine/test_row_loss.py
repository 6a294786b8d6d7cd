"""In production a rollback that would lose rows is undone, and done only by consent."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import RowLossError
from sqlmig.model import LostRows, Outcome
from sqlmig.plan import RowLoss, Since
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


def test_what_was_rolled_back_before_the_question_stays_so(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_next", "create table other ()", "drop table other")
    production.apply()
    with pytest.raises(RowLossError):
        production.rollback(Since("001"))
    assert database.applied() == ["001_tables"]
    assert database.tables() == {"kept", "empty", "seen"}
    production.rollback(Since("001"), row_loss=RowLoss.ACCEPT)
    assert database.tables() == set()


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
    with pytest.raises(RowLossError, match="may lose rows: its statements run one by one"):
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


def test_consent_to_one_loss_is_none_to_another(project: Project, database: Database) -> None:
    production = migrator(project, database, None)
    project.migration(
        "002_more",
        "create table more as select 1 as x",
        "drop table more",
    )
    production.apply()
    with pytest.raises(RowLossError) as caught:
        production.rollback(Since("001"), agree=lambda loss: loss.migration_id == "002_more")
    assert caught.value.migration_id == "001_tables"
    assert "sqlmig rollback 001_tables --yes" in str(caught.value)


def test_each_loss_is_asked_about_and_the_report_is_of_all(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_more", "create table more as select 1 as x", "drop table more")
    production.apply()
    asked: list[tuple[str, str]] = []

    def agree(loss: RowLossError) -> bool:
        database.execute("begin; lock table kept nowait; rollback")  # it waits and holds none
        asked.extend((loss.migration_id, str(lost)) for lost in loss.losses)
        return True

    report = production.rollback("001", agree=agree)
    assert asked[0] == ("002_more", "more (1 row)")
    assert [migration_id for migration_id, _ in asked[1:]] == ["001_tables"] * (len(asked) - 1)
    assert len(asked) > 1
    assert report.ids(Outcome.DONE) == ("002_more", "001_tables")
    assert database.applied() == []


def test_after_a_no_what_was_agreed_to_before_stays_rolled_back(
    project: Project, database: Database
) -> None:
    production = migrator(project, database, None)
    project.migration("002_more", "create table more as select 1 as x", "drop table more")
    production.apply()
    answers = iter([True, False])
    with pytest.raises(RowLossError, match="rolling back 001_tables would lose rows of"):
        production.rollback("001", agree=lambda _: next(answers))
    assert database.applied() == ["001_tables"]


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
