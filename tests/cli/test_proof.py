"""The commands that prove, and those that say what is applied, as a user sees them."""

from __future__ import annotations

import json

import pytest

from tests.command import Run
from tests.database import Database
from tests.project import Project

SCRATCH = "On scratch databases; your database is not touched.\n"


@pytest.fixture(autouse=True)
def migrations(project: Project) -> None:
    project.migration("001_a", "create table a (x int)", "drop table a")
    project.migration("002_b", "create table b (); create index i on a (x)", "drop table b")
    project.irreversible("003_c", "-- irreversible: too old\nalter table a add y varchar(5)")
    project.migration(
        "004_d", "alter table a alter y type text", "alter table a alter y type varchar(6)"
    )


def test_verify_names_each_migration_and_what_its_rollback_leaves(run: Run) -> None:
    done = run("verify")
    assert done.returncode == 1
    assert done.stdout == (
        f"{SCRATCH}"
        "reversible  001_a\n"
        "not restored  002_b\n"
        "    extra  index public.i\n"
        "irreversible  003_c: too old\n"
        "not restored  004_d\n"
        "    different  table column public.a.y\n"
        "        - type: character varying(5)\n"
        "        + type: character varying(6)\n"
        "4 migrations: 1 reversible, 2 not restored, 1 irreversible.\n"
        "Fix the problems above, then run `sqlmig verify` again.\n"
    )


def test_verify_of_sound_migrations_exits_0(run: Run) -> None:
    done = run("verify", "1")
    assert (done.returncode, done.stdout) == (
        0,
        f"{SCRATCH}reversible  001_a\n1 migration: 1 reversible.\n"
        "Schema only. For rows: sqlmig verify --rows\n",
    )
    assert run("verify", "1", "-q").stdout == ""
    assert "scratch" not in run("verify", "1", "--format", "json").stdout


def test_verify_of_nothing_pending_says_so(run: Run) -> None:
    run("apply")
    done = run("verify", "--only-pending")
    assert (done.returncode, done.stdout) == (0, f"{SCRATCH}Nothing to verify.\n")


def test_verify_shows_where_a_script_fails(run: Run, project: Project) -> None:
    project.migration("001_a", "create table a (x int)", "drop table wrong")
    assert run("verify", "1").stdout == (
        f"{SCRATCH}"
        "rollback failed  001_a\n"
        '    sql/rollbacks/001_a.sql:1:1: table "wrong" does not exist (42P01)\n'
        "        1 | drop table wrong\n"
        "          | ^\n"
        "1 migration: 1 rollback failed.\n"
        "Fix the problems above, then run `sqlmig verify` again.\n"
    )


def test_a_check_that_fails_is_a_problem_beside_the_migrations(run: Run, project: Project) -> None:
    for name in ("002_b", "003_c", "004_d"):
        project.remove(f"sql/migrations/{name}.sql")
        if name != "003_c":
            project.remove(f"sql/rollbacks/{name}.sql")
    project.write("sql/checks/01.sql", "select x, y from a")
    done = run("verify")
    assert done.returncode == 1
    assert done.stdout.endswith(
        "1 migration: 1 reversible; 1 problem with seeds or checks.\n"
        "Fix the problems above, then run `sqlmig verify` again.\n"
    )


def test_drift_names_each_object_that_is_not_as_the_migrations_make_it(
    run: Run, database: Database
) -> None:
    run("apply")
    assert run("drift").stdout == "No drift: the live schema matches 4 applied migrations.\n"
    database.execute("alter table a alter x set default 5; drop index i; create table hand (z int)")
    done = run("drift")
    assert done.returncode == 1
    assert done.stdout == (
        "missing  index public.i\n"
        "extra  table public.hand with 1 table column\n"
        "different  table column public.a.x\n"
        "    + default: 5\n"
        "3 differences between the live schema (+) and the schema of 4 applied migrations (-).\n"
        "Undo the change, or write a migration that makes it and mark it as applied: "
        "sqlmig mark ID --reason TEXT.\n"
    )


def test_drift_as_json_has_both_definitions(run: Run, database: Database) -> None:
    run("apply")
    database.execute("alter table a alter x type bigint")
    done = run("drift", "--format", "json")
    assert done.returncode == 1
    (difference,) = json.loads(done.stdout)["differences"]
    assert difference["name"] == "public.a.x"
    assert "type: integer" in difference["expected"]
    assert "type: bigint" in difference["found"]


def test_a_url_that_leads_nowhere_is_no_finding(run: Run) -> None:
    done = run("verify", "--scratch-url", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    assert done.returncode == 3
    assert "no connection" in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_show_prints_what_can_be_written_to_a_file(run: Run, project: Project) -> None:
    run("apply")
    text = (project.root / "sql/rollbacks/004_d.sql").read_text()
    project.remove("sql/migrations/004_d.sql")
    project.remove("sql/rollbacks/004_d.sql")
    assert run("show", "4", "--rollback").stdout.rstrip("\n") == text
    assert run("show", "4", "--rollback", "--recorded").stdout.rstrip("\n") == text


def test_marks_tell_what_they_did(run: Run) -> None:
    assert run("baseline", "2").stdout == "marked as applied  001_a\nmarked as applied  002_b\n"
    assert run("baseline", "2").stdout == "Nothing to mark: it is already applied.\n"
    assert run("mark", "3", "--reason", "by hand").stdout == "marked as applied  003_c\n"
    assert run("unmark", "3", "--reason", "oh no").stdout == "marked as not applied  003_c\n"
    assert run("unmark", "3", "--reason", "x").stdout == "Nothing to unmark: it is not applied.\n"
    refused = run("baseline", "4")
    assert refused.returncode == 2
    assert "already has a history" in refused.stderr
    assert run("mark", "3").returncode == 2


def test_verify_rows_names_what_does_not_come_back_and_what_is_declared(
    run: Run, project: Project
) -> None:
    project.migration("001_a", "create table a (id int primary key, x int, y int)", "drop table a")
    project.migration("002_b", "alter table a drop x", "alter table a add x int")
    declared = "-- touches: a: nobody needs y\n"
    project.migration("003_c", f"{declared}alter table a drop y", "alter table a add y int")
    project.migration("004_d", "create index i on a (id)", "drop index i")
    project.write("sql/seeds/demo/01_a.sql", "insert into a values (1), (2) on conflict do nothing")
    done = run("verify", "--rows")
    assert done.returncode == 1
    assert done.stdout == (
        f"{SCRATCH}"
        "kept  004_d\n"
        "declared loss  003_c\n"
        "    2 values of a.y do not come back (declared: nobody needs y)\n"
        "loss  002_b\n"
        "    2 values of a.x do not come back\n"
        "kept  001_a\n"
        "4 migrations: 2 kept, 1 declared loss, 1 loss; 2 rows with the seeds of development.\n"
        "Make the rollback restore what is lost, or declare it in the migration or its rollback: "
        "-- touches: TABLE: REASON.\n"
    )
    other = run("--env", "testing", "verify", "--rows")
    assert "; 0 rows with the seeds of testing" in other.stdout


@pytest.mark.parametrize("other", ["001", "--only-pending"])
def test_verify_rows_is_for_all_migrations(run: Run, other: str) -> None:
    refused = run("verify", "--rows", other)
    assert refused.returncode == 2
    assert "cannot be combined" in refused.stderr


@pytest.mark.parametrize("command", [("verify",), ("verify", "--rows")])
def test_a_seed_that_fails_on_a_scratch_database_says_that_yours_is_not_touched(
    run: Run, project: Project, command: tuple[str, ...]
) -> None:
    project.write("sql/migrations/002_b.sql", "create table b ()")
    project.write("sql/migrations/004_d.sql", "select 1")
    project.write("sql/rollbacks/004_d.sql", "select 1")
    project.write("sql/seeds/demo/01_a.sql", "insert into nowhere values (1)")
    done = run("--env", "development", *command)
    assert done.returncode == 3
    assert (
        "This was on a scratch database; your database is not touched. Fix "
        f"sql/seeds/demo/01_a.sql, then run `sqlmig --env development {' '.join(command)}` again.\n"
    ) in done.stderr
    assert "All seeds were undone" not in done.stderr
