"""Whatever ends a fleet, each target has each migration once, and the next run continues."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from sqlmig.fleet.results import TargetState
from tests.database import Database
from tests.faults.processes import KILLED, sleeping, start, start_doomed, wait_until
from tests.fleet.fleets import databases, fleet, messages, of, states, targets_file, tenants
from tests.project import Project
from tests.thorough import is_torture


def write_entries(project: Project, count: int) -> list[str]:
    """Migrations that each book one row in the ledger of their tenant; their ids."""
    project.migration("001_ledger", "create table ledger (entry text)")
    names = [f"{number:03d}_entry" for number in range(2, count + 1)]
    for name in names:
        project.migration(name, f"insert into ledger values ('{name}')")
    return names


def booked(database: Database, tenant: str) -> Counter[str]:
    """How often each entry is in the ledger of a tenant."""
    found = database.rows(f"select to_regclass('{tenant}.ledger')::text")
    rows = database.rows(f"select entry from {tenant}.ledger") if found[0][0] else []
    return Counter(entry for (entry,) in rows)


def recorded(database: Database, tenant: str) -> set[str]:
    """What the history of a tenant has as applied."""
    found = database.rows(f"select to_regclass('{tenant}._yoyo_migration')::text")
    query = f"select migration_id from {tenant}._yoyo_migration"
    return {name for (name,) in database.rows(query)} if found[0][0] else set()


def assert_agreed(database: Database, names: Sequence[str]) -> None:
    """What is recorded in each tenant is there, once, and nothing else."""
    for name in names:
        entries = booked(database, name)
        assert set(entries.values()) <= {1}, name
        assert set(entries) == recorded(database, name) - {"001_ledger"}, name


def test_runs_that_are_killed_at_random_leave_each_migration_applied_once(
    project: Project, database: Database, pytestconfig: pytest.Config
) -> None:
    is_long = is_torture(pytestconfig)
    count, kills = (300, 20) if is_long else (12, 2)
    entries = write_entries(project, 20 if is_long else 6)
    names = tenants(database, count)
    chance = random.Random(count)
    command = ("fleet", "apply", "--schemas", "tenant%", "--quiet")
    killed = 0
    for _ in range(kills):
        moment = chance.uniform(0.05, 4.0 if is_long else 0.3)
        ending = start_doomed("within", moment, project, database.url, command).ending()
        assert ending.code in (KILLED, 0), ending
        killed += ending.code == KILLED
        database.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
            "where application_name like 'sqlmig %' and datname = current_database()"
        )
        assert_agreed(database, names)
    assert killed
    done = fleet(project, database).apply()
    assert set(states(done).values()) <= {"applied", "current"}, messages(done)
    for name in names:
        assert booked(database, name) == Counter(entries)
    assert set(states(fleet(project, database).status()).values()) == {"current"}


SLOW = ("fleet", "apply", "--schemas", "tenant%", "--parallel", "2")


def test_a_ctrl_c_lets_those_at_work_finish_and_reports_the_rest(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (); select pg_sleep(2)")
    names = tenants(database, 4)
    runner = start(project, database.url, command=SLOW)
    wait_until(lambda: sleeping(database), runner)
    ending = runner.signal(signal.SIGINT)
    assert ending.code == 130
    assert "Stopping: no more targets are started. Waiting for tenant" in ending.stderr
    begun = [name for name in names if recorded(database, name)]
    assert 1 <= len(begun) <= 2
    assert f"applied    {len(begun)}" in ending.stdout
    assert f"Not begun: {', '.join(names[len(begun) :])}" in ending.stdout


def test_a_second_ctrl_c_leaves_those_at_work_to_be_undone(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (); select pg_sleep(60)")
    tenants(database, 2)
    runner = start(project, database.url, command=SLOW)
    wait_until(lambda: sleeping(database), runner)
    runner.process.send_signal(signal.SIGINT)
    time.sleep(0.5)  # two that come at once are one
    assert runner.signal(signal.SIGINT).code == 130
    wait_until(lambda: not sleeping(database))
    assert database.tables("tenant1") == set()


@pytest.mark.long_form
def test_three_broken_databases_of_fifty_are_named_and_the_next_run_continues(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()")
    secret = "s3cret"
    with databases(database, 49) as (*urls, last):
        missing = f"postgresql://somebody:{secret}@127.0.0.1:1/none"
        wrong = f"{last.replace('postgres@', 'fleet_nobody@')}&password={secret}"
        path = Path(targets_file(project, [*urls, missing, wrong]))
        broken = urls[7]
        with psycopg.connect(broken, autocommit=True) as connection:
            connection.execute("create table a ()")
        config = project.config()
        done = of(config, targets=path).apply()
        assert len(done.of(TargetState.FAILED)) >= 1
        more = of(config, targets=path, max_failures=3).apply()
        assert set(messages(more)) == {"db8", "db49", "db50"}
        assert 'relation "a" already exists' in messages(more)["db8"]
        assert "127.0.0.1" in messages(more)["db49"]
        assert "fleet_nobody" in messages(more)["db50"]
        assert secret not in str(messages(more))
        with psycopg.connect(broken, autocommit=True) as connection:
            connection.execute("drop table a")
        assert states(of(config, targets=path, max_failures=2).apply())["db8"] == "applied"
