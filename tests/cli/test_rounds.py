"""A backfill as a user sees it: the plan, the progress, a partial one, the way on."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.test_terminal import on_a_terminal
from tests.command import Run
from tests.database import Database
from tests.project import Project


@pytest.fixture(autouse=True)
def backfill(project: Project, database: Database) -> None:
    """A table of five rows, two of which a round fills."""
    database.execute("create table t (id int, x int); insert into t select generate_series(1, 5)")
    project.migration(
        "001_fill",
        "-- Fill\n-- repeat: until no rows\nupdate t set x = 1 where id in\n"
        "  (select id from t where x is null order by id limit 2)",
    )


def test_the_plan_says_that_it_repeats(run: Run) -> None:
    shown = run("apply", "--dry-run").stdout
    assert "sql/migrations/001_fill.sql (repeats until no rows)\n" in shown
    assert (
        "Would apply 1 migration, each in its own transaction, or in one for each round." in shown
    )
    (planned,) = json.loads(run("apply", "--dry-run", "--format", "json").stdout)["migrations"]
    assert (planned["until_no_rows"], planned["rows_done"]) == (True, 0)


def test_a_log_has_a_line_of_the_first_round_and_not_of_each(run: Run) -> None:
    lines = run("apply").stdout.splitlines()
    assert lines[0] == "applying  001_fill  (2 rows so far; 1 round in this run)"
    assert lines[1].startswith("applied  001_fill  (")
    assert lines[2:] == ["1 migration applied."]


def test_a_terminal_shows_the_rows_so_far(project: Project, database: Database) -> None:
    shown = on_a_terminal("apply", "--project", str(project.root), "--database-url", database.url)
    rounds = re.findall(r"applying  001_fill  \((\d) rows so far; (\d) rounds? in", shown)
    assert rounds == [("2", "1"), ("4", "2"), ("5", "3")]


def test_a_partial_one_is_shown_with_its_rows_and_the_way_on(run: Run, database: Database) -> None:
    database.execute("alter table t add check (id < 5 or x is null)")
    failed = run("apply")
    assert failed.returncode == 3
    assert "001_fill stopped partway: 4 rows of earlier rounds were kept." in failed.stderr
    shown = run("status").stdout
    assert "partial (4 rows so far)" in shown
    assert shown.endswith("Next: sqlmig apply\n")
    (item,) = json.loads(run("status", "--format", "json").stdout)["migrations"]
    assert (item["state"], item["rows_done"]) == ("partial", 4)
    refused = run("apply", "--atomic")
    assert refused.returncode == 2
    assert "declared `repeat: until no rows`" in refused.stderr
