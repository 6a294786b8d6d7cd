"""A statement of which nobody can know whether it was done: the runner died before its record."""

from __future__ import annotations

import re

import pytest

from sqlmig import Migrator
from tests.database import Database
from tests.faults.ledger import assert_complete, write_ledger
from tests.faults.processes import KILLED, start, start_doomed
from tests.project import Project

NOTES = "SELECT count(*) FROM notes"


@pytest.fixture
def stopped(project: Project, database: Database) -> None:
    """A runner died right after the second of three statements, a call that commits by itself."""
    database.execute(
        "create table notes (id int); create procedure note() language plpgsql as "
        "$$ begin insert into notes values (1); commit; end $$"
    )
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    project.migration(
        "002_index",
        "-- transactional: false\n"
        'create index concurrently "002_index" on ledger (entry);\n'
        "call note();\n"
        "vacuum ledger;",
    )
    assert start_doomed("after", "call note()", project, database.url).ending().code == KILLED
    assert database.value(NOTES) == 1


@pytest.mark.usefixtures("stopped")
def test_apply_stops_and_names_the_statement_and_the_two_ways_on(
    project: Project, database: Database
) -> None:
    ending = start(project, database.url).ending()
    assert ending.code in (2, 3), ending
    assert "002_index" in ending.stderr
    assert "call note()" in ending.stderr
    assert "--redo-statement 2" in ending.stderr
    assert "--skip-statement 2" in ending.stderr
    assert database.value(NOTES) == 1


@pytest.mark.usefixtures("stopped")
def test_status_names_the_statement_and_the_ways_on(project: Project, database: Database) -> None:
    ending = start(project, database.url, command=("status",)).ending()
    told = re.sub(r"sqlmig --project \S+ --database-url \S+ ", "sqlmig ", ending.stdout)
    assert (
        "002_index: statement 2 was started and may have completed; sqlmig apply checks, or "
        "asks for --redo-statement 2 or --skip-statement 2\n"
    ) in told
    assert told.endswith("Next: sqlmig apply\n")


@pytest.mark.usefixtures("stopped")
def test_the_statement_is_run_again_where_the_user_says_so(
    project: Project, database: Database
) -> None:
    ending = start(project, database.url, "--redo-statement", "2").ending()
    assert ending.code == 0, ending
    assert database.value(NOTES) == 2
    assert_complete(database, project)


@pytest.mark.usefixtures("stopped")
def test_the_statement_is_left_out_where_the_user_says_so(
    project: Project, database: Database
) -> None:
    ending = start(project, database.url, "--skip-statement", "2").ending()
    assert ending.code == 0, ending
    assert database.value(NOTES) == 1
    assert_complete(database, project)


@pytest.mark.usefixtures("stopped")
def test_another_statement_than_the_doubtful_one_is_refused(
    project: Project, database: Database
) -> None:
    ending = start(project, database.url, "--skip-statement", "3").ending()
    assert ending.code == 2, ending
    assert database.value(NOTES) == 1
