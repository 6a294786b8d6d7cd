"""What `sqlmig impact` says, as a user sees it."""

from __future__ import annotations

import pytest

from tests.command import Run
from tests.project import Project


@pytest.fixture(autouse=True)
def migrations(project: Project) -> None:
    project.migration("001_a", "create table a (x int)", "drop table a")


def test_with_nothing_pending_it_says_how_to_check_what_is_applied(run: Run) -> None:
    run("apply")
    done = run("impact")
    assert (done.returncode, done.stdout) == (
        0,
        "Nothing is pending: no migration to check. `--all` checks those that are applied, too.\n",
    )
    assert run("impact", "--all").stdout == "1 migration: no finding.\n"
    assert run("impact", "--since", "001").stdout == "No migration to check.\n"
