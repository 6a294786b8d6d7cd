"""Behind pgbouncer in transaction mode, where no session is one's own."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psycopg
import pytest

from sqlmig import Migrator
from sqlmig.errors import ExecutionError
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.gate import PASS, gate, somebody_waits
from tests.faults.ledger import (
    Facts,
    assert_agreed,
    assert_complete,
    write_entry,
    write_index,
    write_ledger,
)
from tests.faults.pooler import pooled
from tests.faults.processes import (
    KILLED,
    advisory_locks,
    sleeping,
    start,
    start_doomed,
    start_together,
    wait_until,
)
from tests.project import Project

RUNNERS = 10
SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)

WAITING_FOR_THE_HISTORY = (
    "SELECT count(*) FROM pg_locks WHERE relation = to_regclass('_sqlmig_migration') "
    "AND NOT granted"
)


@pytest.fixture
def pooler(database: Database) -> Iterator[str]:
    """The database's URL through the pooler."""
    with pooled(database) as url:
        yield url


def test_ten_runners_at_once_apply_each_migration_once_and_leave_no_lock(
    project: Project, database: Database, pooler: str, figure: Figure
) -> None:
    write_ledger(project, *range(2, 9))
    ending = start_together(RUNNERS, project, pooler).ending()
    assert ending.code == 0, ending
    figure("runners at once behind a pooler", RUNNERS)
    assert database.value(SESSIONS) > 0, "the pooler keeps its sessions, and their locks"
    assert advisory_locks(database) == 0
    assert_complete(database, project)


def test_a_runner_killed_behind_the_pooler_leaves_nothing_to_clean_up(
    project: Project, database: Database, pooler: str, figure: Figure
) -> None:
    write_ledger(project, 2)
    write_entry(project, 3, "select pg_sleep(30);")
    runner = start(project, pooler)
    wait_until(lambda: sleeping(database), runner)
    runner.kill()
    figure("runners killed behind a pooler")
    assert_agreed(database, project)
    write_entry(project, 3)
    Migrator(project.config(database=pooler)).apply()
    assert not sleeping(database), "the orphan was ended, not waited for"
    assert advisory_locks(database) == 0
    assert_complete(database, project)


def test_a_runner_killed_at_a_random_time_behind_the_pooler_leaves_nothing_to_clean_up(
    seed: int, project: Project, database: Database, pooler: str, figure: Figure
) -> None:
    write_ledger(project, *range(2, 14), inside="select pg_sleep(0.005);")
    moment = random.Random(seed).uniform(0, 0.25)
    if start_doomed("within", moment, project, pooler).ending().code == KILLED:
        figure("runners killed at a random time behind a pooler")
    assert_agreed(database, project)
    Migrator(project.config(database=pooler)).apply()
    assert advisory_locks(database) == 0
    assert_complete(database, project)


def test_a_non_transactional_file_is_refused_with_the_way_out(
    project: Project, database: Database, pooler: str
) -> None:
    write_ledger(project)
    write_index(project, 2)
    ending = start(project, pooler).ending()
    assert ending.code in (2, 3), ending
    assert "002_index" in ending.stderr
    assert "URL of the server itself" in ending.stderr
    assert "Traceback" not in ending.stderr
    assert_agreed(database, project)
    facts = Facts.of(database)
    assert not facts.partial
    assert not facts.valid_indexes | facts.invalid_indexes
    assert advisory_locks(database) == 0
    Migrator(project.config(database=database.url)).apply()
    assert_complete(database, project)


@pytest.mark.parametrize("command", ["verify", "drift"])
def test_a_proof_is_refused_with_the_way_out_and_takes_it(
    command: str, project: Project, database: Database, pooler: str
) -> None:
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    for url, options in ((pooler, ()), (database.url, ("--scratch-url", pooler))):
        ending = start(project, url, *options, command=(command,)).ending()
        assert ending.code == 2, ending
        assert "goes through a pooler" in ending.stderr
        assert "URL of the server itself" in ending.stderr
    behind = Migrator(project.config(database=pooler))
    if command == "verify":
        assert behind.verify(scratch_url=database.url).is_sound
        assert behind.verify_pending(scratch_url=database.url).is_sound
    else:
        assert behind.drift(scratch_url=database.url).differences == ()


def test_a_script_that_fails_behind_the_pooler_leaves_its_session_clean(
    project: Project, database: Database, pooler: str
) -> None:
    write_ledger(project)
    write_entry(project, 2, "set search_path = nowhere; set role pg_monitor; select 1/0;")
    ending = start(project, pooler).ending()
    assert ending.code == 3, ending
    assert "division by zero" in ending.stderr
    assert_agreed(database, project)
    write_entry(project, 2)
    Migrator(project.config(database=pooler)).apply()
    assert_complete(database, project)


@pytest.mark.parametrize("first", ["behind", "beside"])
def test_runners_behind_the_pooler_and_beside_it_wait_for_each_other_and_repeat_nothing(
    first: str, project: Project, database: Database, pooler: str, figure: Figure
) -> None:
    write_ledger(project, 2)
    Migrator(project.config(database=database.url)).apply()
    write_entry(project, 3, f"select {PASS};")
    write_entry(project, 4)
    urls = (pooler, database.url) if first == "behind" else (database.url, pooler)
    with gate(database) as closed:
        runners = [start(project, urls[0])]
        wait_until(lambda: somebody_waits(database), runners[0])
        runners.append(start(project, urls[1]))
        wait_until(lambda: database.value(WAITING_FOR_THE_HISTORY), runners[1])
        closed.open()
        endings = [runner.ending() for runner in runners]
    figure("runners behind a pooler and beside it", 2)
    assert [ending.code for ending in endings] == [0, 0], endings
    assert_complete(database, project)
    assert advisory_locks(database) == 0


def test_the_sessions_of_a_pooler_stay_as_they_are_for_its_other_clients(
    project: Project, database: Database
) -> None:
    name = database.connection.info.dbname
    database.execute(f"ALTER DATABASE {name} SET statement_timeout = '77s'")
    write_ledger(project, 2, 3)
    with pooled(database) as url:
        Migrator(project.config(database=url)).apply()
        for _ in range(3):
            with psycopg.connect(url, prepare_threshold=None) as client:
                assert client.execute("SHOW statement_timeout").fetchall() == [("77s",)]


def test_a_pooler_whose_sessions_write_dates_otherwise_is_refused_with_the_remedy(
    project: Project, database: Database
) -> None:
    name = database.connection.info.dbname
    database.execute(f"ALTER DATABASE {name} SET DateStyle = 'German'")
    write_ledger(project, 2)
    with (
        pooled(database) as url,
        pytest.raises(ExecutionError, match="DateStyle = German, DMY") as caught,
    ):
        Migrator(project.config(database=url)).apply()
    assert "ALTER ROLE … SET DateStyle" in caught.value.remedy
