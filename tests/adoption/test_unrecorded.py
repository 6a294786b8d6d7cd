"""What another tool has applied is not run again, also before its history is taken over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqlmig import Migrator
from sqlmig.adoption.registry import tool_named
from sqlmig.adoption.writing import original_version
from sqlmig.errors import PlanError
from sqlmig.plan import Newest
from tests.adoption.examples import EXAMPLES
from tests.adoption.move import Move
from tests.adoption.test_histories import UNFINISHED, history_columns, move_of
from tests.command import Run
from tests.database import Database
from tests.fleet import fleets
from tests.project import Project

TWO_OF_DBMATE = "INSERT INTO schema_migrations VALUES ('20240101000000'), ('20240102000000')"
REFUSAL = (
    "dbmate has applied 2 of these migrations (public.schema_migrations), and sqlmig has recorded "
    "none"
)
REMEDY = "Nothing was run. Record them: sqlmig baseline --from dbmate."

# sqitch's history has hashes of its plan, and is in a schema of its own.
BY_HAND = sorted(set(EXAMPLES) - {"sqitch"})


def dbmate(project: Project, database: Database, rows: str = TWO_OF_DBMATE) -> Move:
    return move_of("dbmate", project, database, rows=rows)


@pytest.mark.parametrize("tool", BY_HAND)
def test_what_a_tool_has_applied_is_not_applied_again(
    tool: str, project: Project, database: Database
) -> None:
    move = move_of(tool, project, database)
    before = database.relations()
    count = len(EXAMPLES[tool]().ids)
    for call in (move.migrator.apply, move.migrator.plan_apply):
        with pytest.raises(PlanError, match=f"^{tool} has applied {count} of these") as caught:
            call()
        assert caught.value.remedy == (
            f"Nothing was run. Record them: sqlmig baseline --from {tool}."
        )
    assert database.relations() == before


@pytest.mark.parametrize("history_schema", [None, "own"])
def test_the_history_of_sqitch_counts_in_the_schema_that_it_has_for_it(
    project: Project, database: Database, history_schema: str | None
) -> None:
    columns = ", ".join(f"{column} text" for column in history_columns("sqitch"))
    table = f"CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes ({columns})"
    move = move_of("sqitch", project, database, rows=table)
    first, *_ = project.files()
    version = original_version(tool_named("sqitch"), first.file.script.text)
    database.execute(f"INSERT INTO sqitch.changes (change_id) VALUES ('{version}')")
    with pytest.raises(PlanError, match=r"^sqitch has applied 1 of these .*sqitch\.changes"):
        Migrator(replace(move.migrator.config, history_schema=history_schema)).apply()


def test_apply_and_status_name_the_command_that_records_it(
    project: Project, database: Database
) -> None:
    dbmate(project, database)
    run = Run(project.root, database.url)
    for arguments in (("apply",), ("apply", "--dry-run"), ("apply", "20240101000000")):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-2:] == [f"Error: {REFUSAL}", REMEDY]
    done = run("status")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-3:] == [
        f"{REFUSAL}.",
        "5 migrations: 5 pending.",
        "Next: sqlmig baseline --from dbmate",
    ]


def test_once_it_is_recorded_the_rest_is_applied(project: Project, database: Database) -> None:
    move = dbmate(project, database)
    database.execute("CREATE TABLE users (id int, name text)")
    database.execute("CREATE FUNCTION greet(who text) RETURNS text RETURN who")
    move.migrator.baseline_from("dbmate")
    assert [status.remedy for status in move.migrator.status()][:2] == ["", ""]
    move.migrator.apply()
    assert len(database.applied()) == 5


def test_what_was_recorded_and_rolled_back_since_may_be_applied_again(
    project: Project, database: Database
) -> None:
    move = dbmate(project, database, "INSERT INTO schema_migrations VALUES ('20240101000000')")
    database.execute("CREATE TABLE users (id int, name text)")
    move.migrator.baseline_from("dbmate")
    move.migrator.rollback(Newest(1))
    assert database.applied() == []
    move.migrator.apply("20240101000000")
    assert database.applied() == ["20240101000000_users"]


def test_a_history_that_the_role_cannot_read_stops_an_apply_too(
    project: Project, database: Database
) -> None:
    dbmate(project, database)
    role = f"reader_{database.connection.info.dbname}"
    database.execute(f"CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}")
    url = database.url.replace("//postgres@", f"//{role}@")
    try:
        with pytest.raises(PlanError, match=r"cannot read public\.schema_migrations") as refused:
            Migrator(project.config(database=url)).apply()
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert "Grant SELECT on it to this role" in refused.value.remedy


@pytest.mark.parametrize("tool", UNFINISHED)
def test_an_unfinished_entry_stops_an_apply_as_well(
    tool: str, project: Project, database: Database
) -> None:
    move = move_of(tool, project, database, rows=UNFINISHED[tool])
    refusal = rf"^{tool} has (applied 1 of these|not finished all its work: )"
    with pytest.raises(PlanError, match=refusal):
        move.migrator.apply()
    assert "users" not in database.tables()


@pytest.mark.parametrize(
    "rows", ["", "INSERT INTO schema_migrations VALUES ('20990101000000')"], ids=["none", "others"]
)
def test_a_history_that_has_none_of_these_migrations_stops_nothing(
    project: Project, database: Database, rows: str
) -> None:
    move = dbmate(project, database, rows or "SELECT 1")
    move.migrator.apply()
    assert len(database.applied()) == 5


def test_migrations_without_the_version_of_the_original_are_left_alone(
    project: Project, database: Database
) -> None:
    database.execute("CREATE TABLE schema_migrations (version varchar(255) primary key)")
    database.execute("INSERT INTO schema_migrations VALUES ('20240101000000')")
    project.migration("20240101000000_users", "create table users ()")
    Migrator(project.config(database=database.url)).apply()
    assert database.applied() == ["20240101000000_users"]


def test_the_history_of_one_tenant_says_nothing_of_another(
    project: Project, database: Database
) -> None:
    move = dbmate(project, database)
    database.execute("CREATE SCHEMA one; ALTER TABLE schema_migrations SET SCHEMA one")
    database.execute("CREATE SCHEMA two")

    def migrator(schema: str, history_schema: str | None = None) -> Migrator:
        url = f"{database.url}&options=-csearch_path%3D{schema}"
        return Migrator(replace(move.migrator.config, database=url, history_schema=history_schema))

    for schema in ("one", "two"):
        with pytest.raises(PlanError, match=r"one\.schema_migrations"):
            migrator(schema).apply()
    migrator("two", history_schema="two").apply()
    assert database.tables("two") >= {"users"}


def test_of_a_fleet_only_the_target_that_a_tool_has_migrated_is_refused(
    project: Project, database: Database
) -> None:
    dbmate(project, database)
    project.remove("sql/migrations/20240103000000_index.sql")  # outside a transaction: one of many
    project.remove("sql/rollbacks/20240103000000_index.sql")
    fleets.tenants(database, 2)
    database.execute("ALTER TABLE schema_migrations SET SCHEMA tenant1")
    report = fleets.fleet(project, database).apply()
    assert fleets.states(report) == {"tenant1": "failed", "tenant2": "applied"}
    assert "dbmate has applied 2 of these" in fleets.messages(report)["tenant1"]


def test_the_usual_case_asks_the_database_nothing_more(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("the database was asked for the histories of other tools")

    monkeypatch.setattr("sqlmig.operations.unrecorded.foreign_histories", refuse)
    project.migration("001_a", "create table a ()", "drop table a")
    migrator = Migrator(project.config(database=database.url))
    migrator.status()  # no origin
    migrator.apply()
    project.migration("002_b", "-- dbmate version: 2\ncreate table b ()", "drop table b")
    migrator.status()  # a history
    migrator.apply()
    assert database.tables() == {"a", "b"}
