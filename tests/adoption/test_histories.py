"""What a tool's history says: exactly that is recorded, and what is doubtful stops it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sqlmig.adoption.registry import tool_named
from sqlmig.errors import PlanError
from tests.adoption.examples import EFFECTS, EXAMPLES
from tests.adoption.move import ROOT, Move
from tests.database import Database
from tests.project import Project

SCHEMAS = ROOT / "docs/schemas"


def move_of(tool: str, project: Project, database: Database, *, rows: str | None = None) -> Move:
    """A project whose files are imported, on a database with that tool's history and no schema."""
    example = EXAMPLES[tool]()
    move = Move(project, database, tool)
    move.write(example)
    move.migrator.import_migrations(move.original, tool)
    database.execute(example.table)
    if query := example.rows if rows is None else rows:
        database.execute(query)
    return move


UNFINISHED = {
    "golang-migrate": "INSERT INTO schema_migrations VALUES (3, true)",
    "sqlx": "INSERT INTO _sqlx_migrations VALUES (1, 'x', now(), false, 'x', 1)",
    "flyway": "INSERT INTO flyway_schema_history VALUES "
    "(1, '1', 'x', 'SQL', 'V1__users.sql', 1, 'me', now(), 1, false)",
    "prisma": "INSERT INTO _prisma_migrations VALUES "
    "('1', 'x', NULL, '20240101000000_users', 'failed', NULL, now(), 0)",
}


@pytest.mark.parametrize("tool", UNFINISHED)
def test_an_unfinished_entry_stops_the_baseline(
    tool: str, project: Project, database: Database
) -> None:
    move = move_of(tool, project, database, rows=UNFINISHED[tool])
    before = database.relations()
    with pytest.raises(PlanError, match="unfinished entries"):
        move.migrator.baseline_from(tool)
    assert database.relations() == before


def test_an_entry_that_matches_no_file_stops_it(project: Project, database: Database) -> None:
    rows = "INSERT INTO schema_migrations VALUES ('20240101000000'), ('20990101000000')"
    move = move_of("dbmate", project, database, rows=rows)
    with pytest.raises(PlanError, match="match no migration of this project: 20990101000000"):
        move.migrator.baseline_from("dbmate")


def test_a_part_of_the_migrations_is_recorded_as_a_part(
    project: Project, database: Database
) -> None:
    move = move_of(
        "golang-migrate", project, database, rows="INSERT INTO schema_migrations VALUES (3, false)"
    )
    for statement in EFFECTS[:4]:
        database.execute(statement)
    adoption = move.migrator.baseline_from("golang-migrate")
    assert adoption.migration_ids == ("000001_users", "000002_v2fa", "000003_index")
    assert [status.state.value for status in move.migrator.status()][3:] == ["pending", "pending"]
    move.migrator.apply()
    assert database.applied()[3:] == ["000004_comment", "000010_email"]


def test_a_version_that_two_migrations_have_stops_it(project: Project, database: Database) -> None:
    rows = "INSERT INTO schema_migrations VALUES (1, false)"
    move = move_of("golang-migrate", project, database, rows=rows)
    project.migration("000005_again", "-- golang-migrate version: 1\nselect 1;")
    with pytest.raises(PlanError, match="000001_users and 000005_again have the same version"):
        move.migrator.baseline_from("golang-migrate")


def test_an_empty_history_records_nothing(project: Project, database: Database) -> None:
    move = move_of("golang-migrate", project, database, rows="")
    assert move.migrator.baseline_from("golang-migrate").migration_ids == ()


def test_the_times_are_the_tools_and_keep_its_order(project: Project, database: Database) -> None:
    move = move_of("goose", project, database)
    move.migrator.baseline_from("goose")
    times = database.rows(
        "SELECT y.migration_id, y.applied_at_utc::date::text, "
        "d.applied_at AT TIME ZONE 'UTC' = y.applied_at_utc "
        "FROM _yoyo_migration y JOIN _sqlmig_migration d USING (migration_id) ORDER BY 2"
    )
    assert times == [
        ("00001_users", "2024-01-02", True),
        ("00002_greet", "2024-01-05", True),
        ("00003_index", "2024-01-06", True),
        ("00004_comment", "2024-01-07", True),
        ("20240131120000_email", "2024-02-01", True),
    ]


def test_flyways_undo_and_baseline_count(project: Project, database: Database) -> None:
    rows = (
        "INSERT INTO flyway_schema_history VALUES "
        "(0, NULL, 'x', 'SCHEMA', '\"public\"', 0, 'me', '2024-01-01', 1, true), "
        "(1, '1.1', 'x', 'BASELINE', 'x', NULL, 'me', '2024-01-01', 1, true), "
        "(2, '1.2', 'x', 'SQL', 'x', 1, 'me', '2024-01-02', 1, true), "
        "(3, '2', 'x', 'SQL', 'x', 1, 'me', '2024-01-03', 1, true), "
        "(4, '2', 'x', 'UNDO_SQL', 'x', 1, 'me', '2024-01-04', 1, true), "
        "(5, NULL, 'x', 'SQL', 'R__views.sql', 1, 'me', '2024-01-04', 1, true)"
    )
    move = move_of("flyway", project, database, rows=rows)
    adoption = move.migrator.baseline_from("flyway")
    assert adoption.migration_ids == ("1_users", "1_1_greet", "1_2_index")
    assert adoption.left_out == ("R__views.sql: SQL",)


def test_flyways_baseline_script_counts_as_all_up_to_its_version(
    project: Project, database: Database
) -> None:
    rows = (
        "INSERT INTO flyway_schema_history VALUES "
        "(1, '1.2', 'x', 'SQL_BASELINE', 'B1_2__all.sql', 1, 'me', '2024-01-01', 1, true)"
    )
    move = move_of("flyway", project, database, rows=rows)
    assert move.migrator.baseline_from("flyway").migration_ids == (
        "1_users",
        "1_1_greet",
        "1_2_index",
    )


@pytest.mark.parametrize("tool", ["flyway", "sqlx", "prisma"])
def test_files_that_are_not_what_was_applied_are_named(
    tool: str, project: Project, database: Database
) -> None:
    move = move_of(tool, project, database)
    path = Path(move.migrator.import_migrations(move.original, tool).migrations[0].originals[0])
    text = path.read_bytes()
    path.write_bytes(text + b"-- edited\n")
    with pytest.raises(PlanError, match=f"not what was applied: {path}\n") as caught:
        move.migrator.baseline_from(tool, move.original)
    assert "Nothing was recorded" in caught.value.remedy
    path.write_bytes(text)
    assert len(move.migrator.baseline_from(tool, move.original).migration_ids) == 5


def test_a_file_that_cannot_be_read_is_not_what_was_applied(
    project: Project, database: Database
) -> None:
    move = move_of("flyway", project, database)
    first, second = move.migrator.import_migrations(move.original, "flyway").migrations[:2]
    gone, pipe = Path(first.originals[0]), Path(second.originals[0])
    gone.unlink()
    gone.symlink_to("nowhere")
    pipe.unlink()
    os.mkfifo(pipe)
    with pytest.raises(PlanError, match=f"not what was applied: {gone}, {pipe}\n"):
        move.migrator.baseline_from("flyway", move.original)


def test_a_tool_without_checksums_has_nothing_to_compare(
    project: Project, database: Database
) -> None:
    move = move_of("dbmate", project, database)
    with pytest.raises(PlanError, match="keeps no checksums"):
        move.migrator.baseline_from("dbmate", move.original)


def test_a_history_of_sqlmigs_own_stops_it_unless_it_says_the_same(
    project: Project, database: Database
) -> None:
    move = move_of("dbmate", project, database)
    assert len(move.migrator.baseline_from("dbmate").migration_ids) == 5
    assert move.migrator.baseline_from("dbmate").migration_ids == ()
    database.execute("DELETE FROM schema_migrations WHERE version = '20240105000000'")
    with pytest.raises(PlanError, match="already has a history"):
        move.migrator.baseline_from("dbmate")


def test_a_database_with_another_tools_history_says_whose(
    project: Project, database: Database
) -> None:
    move = move_of("dbmate", project, database)
    with pytest.raises(PlanError) as caught:
        move.migrator.baseline_from("golang-migrate")
    assert "public.schema_migrations of dbmate" in caught.value.remedy


def test_migrations_that_were_not_imported_match_nothing(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "select 1")
    database.execute(EXAMPLES["dbmate"]().table)
    with pytest.raises(PlanError, match="was imported from dbmate"):
        Move(project, database, "dbmate").migrator.baseline_from("dbmate")


def test_the_histories_of_other_tools_are_not_compared_but_named(
    project: Project, database: Database
) -> None:
    project.migration("001_a", EXAMPLES["goose"]().table, "drop table goose_db_version")
    migrator = Move(project, database, "goose").migrator
    assert migrator.verify().left_out == ("public.goose_db_version of goose",)
    migrator.apply()
    changes = ", ".join(f"{column} text" for column in history_columns("sqitch"))
    database.execute(f"CREATE SCHEMA sq; CREATE TABLE sq.changes ({changes})")
    database.execute("CREATE TABLE sq.tags (); CREATE TABLE gorp_migrations (id text)")
    drift = migrator.drift()
    assert [str(each.object) for each in drift.differences] == ["table public.gorp_migrations"]
    assert drift.left_out == ("public.goose_db_version of goose", "sq.changes of sqitch")


def history_columns(tool: str) -> list[str]:
    """The columns of that tool's table."""
    return sorted(tool_named(tool).table.columns)


def test_the_commands_print_what_their_schemas_say(project: Project, database: Database) -> None:
    example = EXAMPLES["dbmate"]()
    move = Move(project, database, "dbmate")
    move.write(example)
    move.project.write("db/migrations/9_broken.sql", "-- migrate:down\nselect 1;\n")
    database.execute(example.table)
    database.execute(example.rows)
    for command, name, code in (
        (("import", "db/migrations"), "import", 1),
        (("baseline", "--from", "dbmate"), "adoption", None),
    ):
        result = move.run(*command, "--format", "json")
        schema = json.loads((SCHEMAS / f"{name}.json").read_text())
        Draft202012Validator(schema).validate(json.loads(result.stdout))
        assert result.return_value == code


@pytest.mark.parametrize(
    "arguments", [(), ("1", "--from", "dbmate"), ("1", "--folder", "db/migrations")]
)
def test_a_baseline_is_of_a_target_or_from_a_tool(
    arguments: tuple[str, ...], project: Project, database: Database
) -> None:
    assert Move(project, database, "dbmate").run("baseline", *arguments).return_value == 2
