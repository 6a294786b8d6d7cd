"""`seed`, `check` and `environment`, run as a user runs them."""

from __future__ import annotations

import pytest

from tests.command import Run
from tests.database import Database
from tests.project import Project


@pytest.fixture(autouse=True)
def one_migration(project: Project) -> None:
    project.migration("001_cities", "create table cities (id int primary key, name text)")


def test_seed_tells_what_each_file_wrote(run: Run, project: Project) -> None:
    project.write(
        "sql/seeds/reference/001_cities.sql",
        "insert into cities values (1, 'a'), (2, 'b') on conflict do nothing",
    )
    project.write("sql/checks/001.sql", "select * from cities where name = ''")
    run("apply")
    first, second = run("seed"), run("seed")
    assert first.returncode == second.returncode == 0
    line, *rest = first.stdout.splitlines()
    assert line.startswith("seeded  reference/001_cities  (")
    assert line.endswith("cities: 2 inserted")
    assert rest == ["Seeded for production: 1 seed changed rows.", "1 sanity check: 1 passed."]
    assert second.stdout.splitlines()[1:] == ["Seeded for production: nothing changed."]


def test_a_seed_that_is_not_idempotent_exits_1(run: Run, project: Project) -> None:
    project.write("sql/seeds/reference/001.sql", "insert into cities values (1, 'a')")
    run("apply")
    done = run("seed", "--prove")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "reference/001 is not idempotent: its second run fails: duplicate"
    )


def test_a_dry_run_and_a_proof_are_two_things(run: Run) -> None:
    done = run("seed", "--prove", "--dry-run")
    assert done.returncode == 2
    assert "Give one of them." in done.stderr


def test_seeding_what_is_pending_exits_2(run: Run) -> None:
    done = run("seed")
    assert done.returncode == 2
    assert "001_cities is pending" in done.stderr


def test_a_forbidden_table_exits_3(run: Run, project: Project) -> None:
    project.write("sqlmig.toml", 'forbidden_tables = ["cities"]\n')
    project.write("sql/seeds/reference/001.sql", "insert into cities values (1, 'a')")
    run("apply")
    done = run("seed")
    assert done.returncode == 3
    assert (
        "reference/001 writes to tables that seeds of its tier may not change: cities: 1 inserted"
        in done.stderr
    )


def test_a_failed_check_exits_1_and_shows_the_rows(
    run: Run, project: Project, database: Database
) -> None:
    project.write("sql/checks/001_named.sql", "-- Cities have names\nselect * from cities")
    assert run("apply").returncode == 0
    database.execute("insert into cities values (1, null)")
    done = run("check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "CHECK      RESULT  DESCRIPTION",
        "001_named  FAILED  Cities have names",
        "001_named: expected no rows, but found 1",
        "id  name",
        "1   NULL",
        "1 sanity check: 1 failed.",
    ]


def test_apply_with_a_failed_check_exits_1_and_shows_the_rows(run: Run, project: Project) -> None:
    project.write("sql/checks/001.sql", "select 7 as bad")
    done = run("apply")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        "001: expected no rows, but found 1",
        "bad",
        "7",
        "Error: 1 sanity check failed: 001",
        "1 applied; this was kept. See `sqlmig check`.",
    ]


def test_without_checks_and_seeds_it_is_said(run: Run) -> None:
    run("apply")
    assert run("check").stdout == (
        "There are no sanity checks. Write the first as sql/checks/010_name.sql (sqlmig's "
        "docs/seeds.md).\n"
    )
    nothing = (
        "Nothing to seed: there are no seeds for production. They are read from "
        "sql/seeds/reference. For example: sql/seeds/reference/010_name.sql\n"
    )
    assert run("seed").stdout == nothing
    assert run("seed", "--dry-run").stdout == nothing
    run("environment", "set", "development")
    assert "They are read from sql/seeds/reference, sql/seeds/demo." in run("seed").stdout


def test_the_environment_is_told_and_set(run: Run) -> None:
    assert run("environment").stdout.splitlines() == [
        "production, from the default",
        "protected tables: none",
    ]
    assert run("environment", "set", "test").stdout == "testing, from the database's stamp\n"
    refused = run("apply", "--env", "production")
    assert refused.returncode == 2
    assert "stamped as testing, but --env says production" in refused.stderr
    assert run("environment", "set", "staging").returncode == 2
    assert run("environment", "set").returncode == 2


def test_a_protected_table_exits_3_and_the_way_out_works(
    run: Run, project: Project, database: Database
) -> None:
    project.write("sqlmig.toml", 'protected_tables = ["cities"]\n')
    run("apply")
    database.execute("insert into cities values (1, 'a')")
    project.migration("002_drop", "-- touches: cities: they moved\ndrop table cities")
    done = run("apply")
    assert done.returncode == 3
    assert "002_drop would drop cities, which has 1 row" in done.stderr
    assert "run it with --allow-protected cities" in done.stderr
    assert run("apply", "--allow-protected", "cities").returncode == 0
