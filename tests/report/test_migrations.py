"""Where migrations stand, what a run would do, and what it did: for people and for programs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from sqlmig.model import (
    AppliedMigration,
    Direction,
    MigrationFile,
    MigrationResult,
    Outcome,
    Report,
)
from sqlmig.plan import Newest, Plan, Transactions, plan_apply, plan_rollback, statuses
from sqlmig.report import migrations
from sqlmig.report.table import Medium
from tests.plan.situation import NOON, applied, by_yoyo, file
from tests.report.reading import parsed, told

OUTSIDE = "-- transactional: false\n"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def every_state() -> tuple[list[MigrationFile], list[AppliedMigration]]:
    """Files and history in which each state occurs."""
    old = [
        file("001_users", "-- Users\ncreate table users ();"),
        file("002_fees", "create table fees ();"),
        file("003_index", f"{OUTSIDE}select 1; select 2; select 3;"),
        file("004_gone"),
        file("006_payments", "create table payments ();"),
    ]
    now = [
        file("001_users", "-- All users\ncreate table users ();"),
        file("002_fees", "create table fees (x int);"),
        old[2],
        file("005_late"),
        old[4],
        file("007_next", "-- Next year's fees\nselect 1;"),
    ]
    ages = [timedelta(days=12), timedelta(days=1), timedelta(hours=5), timedelta(minutes=3)]
    rows = [
        replace(applied(each), applied_at=NOON - age) for each, age in zip(old, ages, strict=False)
    ]
    rows[2] = replace(rows[2], statements_done=2, statements_total=3)
    return now, [*rows, by_yoyo("006_payments")]


def report(direction: Direction, *outcomes: Outcome) -> Report:
    results = tuple(
        MigrationResult(f"00{number}_x", direction, outcome)
        for number, outcome in enumerate(outcomes, 1)
    )
    return Report(direction, results)


def shown(result: str) -> list[str]:
    """The lines of a terminal's table without colours and frame."""
    return [line.rstrip() for line in ESCAPES.sub("", result).splitlines()]


def test_status_tells_each_state_what_to_do_and_the_counts() -> None:
    now, rows = every_state()
    assert told(migrations.status(statuses(now, rows), NOON)) == (
        "MIGRATION     STATE                        APPLIED      DESCRIPTION\n"
        "001_users     reformatted                  12 days ago  All users\n"
        "002_fees      changed                      1 day ago\n"
        "003_index     partial (2 of 3 statements)  5 h ago\n"
        "004_gone      missing                      3 min ago\n"
        "005_late      pending, out of order\n"
        "006_payments  applied                      just now\n"
        "007_next      pending                                   Next year's fees\n"
        "002_fees: sqlmig diff 002_fees\n"
        "003_index: sqlmig apply\n"
        "004_gone: restore its file: sqlmig show 004_gone --recorded > "
        "sql/migrations/004_gone.sql; or deploy the code that has it, or roll it back: "
        "sqlmig rollback --only 004_gone\n"
        "005_late: renumber it, or sqlmig apply --allow-out-of-order\n"
        "7 migrations: 2 pending, 1 applied, 1 changed, 1 reformatted, 1 missing, 1 partial.\n"
        "Next: sqlmig diff 002_fees"
    )


@pytest.mark.parametrize(
    ("on_disk", "history", "following"),
    [
        ("1", "", "sqlmig apply"),
        ("1 2", "1", "sqlmig apply"),
        ("1 2", "1 2:partial", "sqlmig apply"),
        ("1 2", "2", "sqlmig apply --allow-out-of-order"),
        ("1 2 3", "2 3:partial", "sqlmig apply --allow-out-of-order"),
        ("1 2 4", "1 2:changed 3", "sqlmig diff 2_x"),
        ("1 3", "1 2", "sqlmig show 2_x --recorded > sql/migrations/2_x.sql"),
        ("2 3", "1 3", "sqlmig show 1_x --recorded > sql/migrations/1_x.sql"),
        ("1 2", "1 3", "sqlmig apply --allow-out-of-order"),
        ("1", "1 2:partial", "sqlmig show 2_x --recorded > sql/migrations/2_x.sql"),
    ],
)
def test_what_is_next_is_what_will_work(on_disk: str, history: str, following: str) -> None:
    rows = []
    for entry in history.split():
        number, _, state = entry.partition(":")
        row = applied(file(f"{number}_x"))
        if state == "partial":
            row = replace(row, statements_done=1, statements_total=2)
        if state == "changed":
            row = replace(row, checksum="sha256:other", apply_sql="select 2;")
        rows.append(row)
    found = statuses([file(f"{number}_x") for number in on_disk.split()], rows)
    assert told(migrations.status(found, NOON)).splitlines()[-1] == f"Next: {following}"


def test_nothing_is_next_where_the_database_is_only_ahead() -> None:
    found = statuses([file("1_x")], [applied(file("1_x")), applied(file("2_x"))])
    assert told(migrations.status(found, NOON)).splitlines()[-1] == (
        "2 migrations: 1 applied, 1 missing."
    )


def test_status_of_what_is_all_applied_proposes_nothing() -> None:
    found = statuses([file("001_a")], [AppliedMigration("001_a")])
    assert told(migrations.status(found, NOON)) == (
        "MIGRATION  STATE    APPLIED  DESCRIPTION\n001_a      applied\n1 migration: 1 applied."
    )


def test_a_terminal_gets_the_same_facts_drawn_in_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    now, rows = every_state()
    found = statuses(now, rows)
    drawn = told(migrations.status(found, NOON), Medium.TERMINAL)
    assert "\x1b[31mchanged" in drawn
    assert "\x1b[33mpending" in drawn
    lines = shown(drawn)
    for line in told(migrations.status(found, NOON)).splitlines()[1:]:
        assert line.split() in [each.split() for each in lines]


def test_a_long_id_leaves_the_other_columns_room_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    name = "002_" + "a_very_long_name_" * 5 + "x"
    found = statuses([file(name, "-- The index of all fees by session and student\nselect 1;")], [])
    lines = shown(told(migrations.status(found, NOON), Medium.TERMINAL))
    rows = lines[2 : lines.index("1 migration: 1 pending.")]
    assert lines[0].split() == ["Migration", "State", "Applied", "Description"]
    assert "".join(row.split()[0] for row in rows) == name
    assert rows[0].split()[1:3] == ["pending", "The"]
    assert all(len(row) <= 80 for row in rows)


def test_square_brackets_are_no_markup_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    found = statuses([file("001_a", "-- Table [red] of\nselect 1;")], [])
    assert "Table [red] of" in told(migrations.status(found, NOON), Medium.TERMINAL)


def test_a_pipe_never_pays_for_rich() -> None:
    program = (
        "import sys; from datetime import datetime\n"
        "from sqlmig.report.migrations import status\n"
        "from sqlmig.report.table import Medium\n"
        "status([], datetime.now()).lines(Medium.PIPE)\n"
        "print([name for name in sys.modules if name in ('rich', 'yoyo', 'psycopg')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_plan_shows_the_very_sql_then_the_table_then_how() -> None:
    plan = plan_apply(
        [
            file("001_users", "-- Users\nbegin;\ncreate table users ();\ncommit;"),
            file("002_index", f"{OUTSIDE}select 1; select 2;\n"),
        ],
        [],
    )
    assert told(migrations.plan(plan)) == (
        "-- sql/migrations/001_users.sql\n"
        "    -- Users\n"
        "\n"
        "    create table users ();\n"
        "\n"
        "-- sql/migrations/002_index.sql (outside a transaction)\n"
        "    -- transactional: false\n"
        "    select 1; select 2;\n"
        "\n"
        "MIGRATION  STATEMENTS  DESCRIPTION\n"
        "001_users  1           Users\n"
        "002_index  2\n"
        "Would apply 2 migrations, each separately; 002_index outside a transaction. "
        "Nothing was changed.\n"
        "To see what would block a live database: sqlmig impact"
    )


def test_a_rollback_plan_says_so() -> None:
    migration = file("001_users", rollback="drop table users;")
    plan = plan_rollback([migration], [applied(migration)], Newest(1))
    assert told(migrations.plan(plan)) == (
        "-- sql/rollbacks/001_users.sql\n"
        "    drop table users;\n"
        "\n"
        "MIGRATION  STATEMENTS  DESCRIPTION\n"
        "001_users  1\n"
        "Would roll back 1 migration, each in its own transaction. Nothing was changed."
    )


def test_a_plan_in_one_transaction_says_so() -> None:
    plan = plan_apply([file("001_a")], [], transactions=Transactions.TOGETHER)
    assert told(migrations.plan(plan)).endswith(
        "Would apply 1 migration, all in one transaction. Nothing was changed.\n"
        "To see what would block a live database: sqlmig impact"
    )


def test_an_empty_plan_says_why_there_is_nothing_to_do() -> None:
    empty = Plan(Direction.APPLY)
    assert told(migrations.plan(empty)) == "Nothing to apply: the database is up to date."
    assert told(migrations.plan(empty, "002_products")) == "Nothing to apply up to 002_products."
    assert told(migrations.plan(Plan(Direction.ROLLBACK))) == (
        "Nothing to roll back: no migration is applied."
    )
    assert told(migrations.plan(Plan(Direction.ROLLBACK), "2")) == (
        "Nothing to roll back: 2 is not applied."
    )


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (report(Direction.APPLY, Outcome.DONE), "1 migration applied."),
        (report(Direction.APPLY, Outcome.DONE, Outcome.DONE), "2 migrations applied."),
        (report(Direction.ROLLBACK, Outcome.DONE), "1 migration rolled back."),
        (report(Direction.APPLY), "Nothing to apply: the database is up to date."),
        (report(Direction.ROLLBACK), "Nothing to roll back: no migration is applied."),
    ],
)
def test_a_run_ends_in_one_line(result: Report, line: str) -> None:
    assert told(migrations.summary(result)) == line


def test_a_run_with_a_target_says_nothing_of_what_lies_beyond() -> None:
    assert told(migrations.summary(report(Direction.APPLY), "002")) == "Nothing to apply up to 002."
    assert (
        told(migrations.summary(report(Direction.APPLY, Outcome.DONE), "002"))
        == "1 migration applied."
    )


def test_status_has_all_that_is_known_of_each_migration() -> None:
    partial = file("001_été", "-- Été\n-- transactional: false\nselect 1; select 2;")
    row = replace(applied(partial, done=1, total=2), applied_by="app", duration_ms=12)
    view = migrations.status(statuses([partial, file("002_b")], [row]), NOON)
    assert "001_été" in view.document()
    assert parsed(view) == {
        "migrations": [
            {
                "id": "001_été",
                "state": "partial",
                "out_of_order": False,
                "description": "Été",
                "rollback_changed": False,
                "irreversible": False,
                "remedy": "sqlmig apply",
                "applied_at": "2026-11-21T12:00:00+00:00",
                "applied_by": "app",
                "duration_ms": 12,
                "statements_done": 1,
                "statements_total": 2,
                "rows_done": None,
            },
            {
                "id": "002_b",
                "state": "pending",
                "out_of_order": False,
                "description": "",
                "rollback_changed": False,
                "irreversible": False,
                "remedy": "sqlmig apply",
                "applied_at": None,
                "applied_by": None,
                "duration_ms": None,
                "statements_done": None,
                "statements_total": None,
                "rows_done": None,
            },
        ]
    }


def test_a_plan_has_its_order_and_the_sql_that_it_sends() -> None:
    migration = file("001_a", "-- Rows\nbegin; select 1; commit;")
    planned = plan_apply([migration], [], transactions=Transactions.TOGETHER)
    assert parsed(migrations.plan(planned)) == {
        "direction": "apply",
        "transactions": "together",
        "warnings": [
            "sql/migrations/001_a.sql: its own BEGIN and COMMIT are left out; sqlmig sends them"
        ],
        "migrations": [
            {
                "id": "001_a",
                "path": "sql/migrations/001_a.sql",
                "transactional": True,
                "until_no_rows": False,
                "rows_done": 0,
                "statements": 1,
                "statements_done": 0,
                "description": "Rows",
                "sql": "-- Rows\n       select 1;        ",
            }
        ],
    }


def test_a_report_has_what_became_of_each_migration() -> None:
    results = (
        MigrationResult("002_b", Direction.ROLLBACK, Outcome.DONE, 1.2346),
        MigrationResult("001_a", Direction.ROLLBACK, Outcome.NOT_ATTEMPTED),
    )
    found = parsed(migrations.summary(Report(Direction.ROLLBACK, results, ("a warning",))))
    assert found == {
        "direction": "rollback",
        "warnings": ["a warning"],
        "checks": [],
        "notices": [],
        "migrations": [
            {"id": "002_b", "outcome": "done", "duration_ms": 1235},
            {"id": "001_a", "outcome": "not attempted", "duration_ms": 0},
        ],
    }
