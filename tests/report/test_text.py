"""Results as a person reads them."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from sqlmig.model import (
    AppliedMigration,
    CheckFile,
    Direction,
    LockHolder,
    MigrationFile,
    MigrationResult,
    Outcome,
    Report,
    SeedFile,
)
from sqlmig.operations.validation import ProjectFiles
from sqlmig.plan import Newest, Plan, Transactions, plan_apply, plan_rollback, statuses
from sqlmig.plan.comparison import Comparison
from sqlmig.report.text import files, servers
from sqlmig.report.text import migrations as text
from sqlmig.report.text.figures import age, duration
from sqlmig.report.text.table import Medium
from tests.plan.situation import NOON, applied, by_yoyo, file

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


def told(lines: list[str]) -> str:
    return "\n".join(lines)


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
    assert told(text.status(statuses(now, rows), NOON, Medium.PIPE)) == (
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
        "004_gone: restore its file\n"
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
        ("1 3", "1 2", "2_x: restore its file"),
        ("2 3", "1 3", "1_x: restore its file"),
        ("1 2", "1 3", "sqlmig apply --allow-out-of-order"),
        ("1", "1 2:partial", "2_x: restore its file, or give it up: sqlmig rollback --only 2_x"),
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
    assert told(text.status(found, NOON, Medium.PIPE)).splitlines()[-1] == f"Next: {following}"


def test_nothing_is_next_where_the_database_is_only_ahead() -> None:
    found = statuses([file("1_x")], [applied(file("1_x")), applied(file("2_x"))])
    assert told(text.status(found, NOON, Medium.PIPE)).splitlines()[-1] == (
        "2 migrations: 1 applied, 1 missing."
    )


def test_status_of_what_is_all_applied_proposes_nothing() -> None:
    found = statuses([file("001_a")], [AppliedMigration("001_a")])
    assert told(text.status(found, NOON, Medium.PIPE)) == (
        "MIGRATION  STATE    APPLIED  DESCRIPTION\n001_a      applied\n1 migration: 1 applied."
    )


def test_a_terminal_gets_the_same_facts_drawn_in_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    now, rows = every_state()
    found = statuses(now, rows)
    drawn = told(text.status(found, NOON, Medium.TERMINAL))
    assert "\x1b[31mchanged" in drawn
    assert "\x1b[33mpending" in drawn
    lines = shown(drawn)
    for line in told(text.status(found, NOON, Medium.PIPE)).splitlines()[1:]:
        assert line.split() in [each.split() for each in lines]


def test_a_long_id_leaves_the_other_columns_room_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    name = "002_" + "a_very_long_name_" * 5 + "x"
    found = statuses([file(name, "-- The index of all fees by session and student\nselect 1;")], [])
    lines = shown(told(text.status(found, NOON, Medium.TERMINAL)))
    rows = lines[2 : lines.index("1 migration: 1 pending.")]
    assert lines[0].split() == ["Migration", "State", "Applied", "Description"]
    assert "".join(row.split()[0] for row in rows) == name
    assert rows[0].split()[1:3] == ["pending", "The"]
    assert all(len(row) <= 80 for row in rows)


def test_square_brackets_are_no_markup_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    found = statuses([file("001_a", "-- Table [red] of\nselect 1;")], [])
    assert "Table [red] of" in told(text.status(found, NOON, Medium.TERMINAL))


def test_a_pipe_never_pays_for_rich() -> None:
    program = (
        "import sys; from datetime import datetime\n"
        "from sqlmig.report.text.migrations import status\n"
        "from sqlmig.report.text.table import Medium\n"
        "status([], datetime.now(), Medium.PIPE)\n"
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
    assert told(text.plan(plan, Medium.PIPE)) == (
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
        "Would apply 2 migrations, each by itself; 002_index outside a transaction. "
        "Nothing was changed."
    )


def test_a_rollback_plan_says_so() -> None:
    migration = file("001_users", rollback="drop table users;")
    plan = plan_rollback([migration], [applied(migration)], Newest(1))
    assert told(text.plan(plan, Medium.PIPE)) == (
        "-- sql/rollbacks/001_users.sql\n"
        "    drop table users;\n"
        "\n"
        "MIGRATION  STATEMENTS  DESCRIPTION\n"
        "001_users  1\n"
        "Would roll back 1 migration, each in its own transaction. Nothing was changed."
    )


def test_a_plan_in_one_transaction_says_so() -> None:
    plan = plan_apply([file("001_a")], [], transactions=Transactions.TOGETHER)
    assert told(text.plan(plan, Medium.PIPE)).endswith(
        "Would apply 1 migration, all in one transaction. Nothing was changed."
    )


def test_an_empty_plan_says_why_there_is_nothing_to_do() -> None:
    empty = Plan(Direction.APPLY)
    assert told(text.plan(empty, Medium.PIPE)) == "Nothing to apply: the database is up to date."
    assert (
        told(text.plan(empty, Medium.PIPE, "002_products"))
        == "Nothing to apply up to 002_products."
    )
    assert told(text.plan(Plan(Direction.ROLLBACK), Medium.PIPE)) == (
        "Nothing to roll back: what was named is not applied."
    )


@pytest.mark.parametrize(
    ("direction", "line"),
    [
        (Direction.APPLY, "applied  004_x  (412 ms)"),
        (Direction.ROLLBACK, "rolled back  004_x  (412 ms)"),
    ],
)
def test_a_finished_migration_is_one_line(direction: Direction, line: str) -> None:
    assert text.finished(MigrationResult("004_x", direction, Outcome.DONE, 0.4123)) == line


def test_a_waiting_runner_says_for_whom_and_how_long() -> None:
    holder = LockHolder(7, "sqlmig on build7", "10.0.0.7", None)
    assert text.waiting(holder, 59.6) == (
        "waiting for another runner: sqlmig on build7 from 10.0.0.7 (server pid 7); "
        "giving up in 60 s"
    )
    assert text.waiting(None, 3) == (
        "waiting for another runner: a session that this role may not see; giving up in 3 s"
    )


def test_a_repeated_migration_says_why_and_when() -> None:
    assert text.retrying(["001_a", "002_b"], "deadlock detected", 0.25) == (
        "001_a, 002_b  undone: deadlock detected; trying again in 0.2 s"
    )


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (report(Direction.APPLY, Outcome.DONE), "1 migration applied."),
        (report(Direction.APPLY, Outcome.DONE, Outcome.DONE), "2 migrations applied."),
        (report(Direction.ROLLBACK, Outcome.DONE), "1 migration rolled back."),
        (report(Direction.APPLY), "Nothing to apply: the database is up to date."),
        (report(Direction.ROLLBACK), "Nothing to roll back: what was named is not applied."),
    ],
)
def test_a_run_ends_in_one_line(result: Report, line: str) -> None:
    assert told(text.summary(result)) == line


def test_a_run_with_a_target_says_nothing_of_what_lies_beyond() -> None:
    assert told(text.summary(report(Direction.APPLY), "002")) == "Nothing to apply up to 002."
    assert (
        told(text.summary(report(Direction.APPLY, Outcome.DONE), "002")) == "1 migration applied."
    )


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"dbname": "shop", "host": "localhost", "port": "5544"}, "shop on localhost:5544"),
        ({"user": "ann", "host": "db"}, "ann on db:5432"),
        ({"dbname": "shop", "host": "/run/pg", "port": "1"}, "shop on /run/pg:1"),
        ({"dbname": "shop", "hostaddr": "::1"}, "shop on ::1:5432"),
        ({"dbname": "shop", "user": "ann@example"}, "shop on the local socket"),
        ({"dbname": "shop", "host": "a,b", "port": "1,"}, "shop on a:1,b:5432"),
        ({"dbname": "shop", "host": "a,b", "port": "7"}, "shop on a:7,b:7"),
        ({"service": "shop", "user": "ann"}, "that of the service shop"),
    ],
)
def test_the_database_is_named_with_what_named_it(parameters: dict[str, str], where: str) -> None:
    assert servers.database(parameters | {"password": "x@y"}, "PGHOST") == (
        f"Database: {where}, from PGHOST"
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"host": "localhost"},
        {"user": "ann@example", "host": "db"},
        {"dbname": "34@host/db", "host": "ann", "port": "12"},
        {"dbname": "shop", "host": "ss@host"},
        {"dbname": "shop", "host": "ann", "port": "hunter2"},
        {"dbname": "shop", "host": "ann", "port": "1", "options": "x@host/db"},
    ],
)
def test_a_database_is_not_named_where_a_password_may_be_part_of_it(
    parameters: dict[str, str],
) -> None:
    assert servers.database(parameters, "DATABASE_URL") == ""


def test_valid_files_are_counted() -> None:
    irreversible = file("002_b", "-- irreversible: x\n", None)
    assert files.validated(ProjectFiles((file("001_a"),), (), ())) == (
        "1 migration, each with its rollback: all can be read."
    )
    seed = SeedFile("reference/01_a", "reference", irreversible.file)
    checks = (CheckFile("01_a", irreversible.file), CheckFile("02_b", irreversible.file))
    assert files.validated(ProjectFiles((file("001_a"), irreversible), (seed,), checks, 3)) == (
        "2 migrations, 1 of them irreversible, 1 seed, 2 checks, 3 fixture files: all can be read."
    )
    assert files.validated(ProjectFiles((), (), (), 1)) == (
        "0 migrations, 1 fixture file: all can be read."
    )


def test_a_comparison_is_its_notes_and_its_difference() -> None:
    assert (
        told(files.comparison(Comparison("001_a", "", ()))) == "001_a: the files are as recorded."
    )
    assert told(files.comparison(Comparison("001_a", "", ("its file is gone",)))) == (
        "001_a: its file is gone"
    )
    assert told(files.comparison(Comparison("001_a", "-a\n+b\n", ("one", "two")))) == (
        "001_a: one\n001_a: two\n-a\n+b"
    )


def test_repaired_records_are_named() -> None:
    assert told(files.repaired(["001_a", "002_b"])) == (
        "001_a  recorded as its files are now\n002_b  recorded as its files are now"
    )
    assert told(files.repaired([])) == "Nothing to repair: every file is as recorded."
    assert told(files.repaired([], ["002"])) == "Nothing to repair: 002 is as recorded."
    assert told(files.repaired([], ["1", "2"])) == "Nothing to repair: 1, 2 are as recorded."


@pytest.mark.parametrize(
    ("seconds", "shown_as"),
    [(0, "0 ms"), (0.0123, "12 ms"), (1, "1.0 s"), (65.25, "65.2 s"), (150, "2 min")],
)
def test_a_time_is_shown_at_a_readable_precision(seconds: float, shown_as: str) -> None:
    assert duration(seconds) == shown_as


@pytest.mark.parametrize(
    ("since", "shown_as"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=0.9), "just now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_an_age_is_shown_in_its_largest_unit(since: timedelta, shown_as: str) -> None:
    assert age(since) == shown_as
