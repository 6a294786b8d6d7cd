"""An index built CONCURRENTLY, with other runners about and with its own runner killed."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest
from psycopg import IsolationLevel

from sqlmig import Migrator
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.ledger import (
    LEDGER,
    Facts,
    assert_agreed,
    assert_complete,
    assert_consistent,
    write_entry,
    write_index,
    write_ledger,
)
from tests.faults.processes import (
    KILLED,
    runners_at_work,
    start,
    start_doomed,
    wait_until,
    waits_for_its_turn,
)
from tests.faults.proxy import proxied
from tests.project import Project
from tests.thorough import is_torture

pytestmark = pytest.mark.long_form

IS_BEING_BUILT = (
    "SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()"
)
OID = "SELECT oid::bigint FROM pg_class WHERE relname = '002_index'"
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = '\"002_index\"'::regclass"


@contextmanager
def open_writer(database: Database) -> Iterator[None]:
    """A transaction that writes the ledger: the build of an index waits for its end."""
    with database.another_connection() as other, other.transaction():
        other.execute("LOCK TABLE ledger IN ROW EXCLUSIVE MODE")
        yield


@contextmanager
def open_reader(database: Database) -> Iterator[None]:
    """A transaction with a snapshot: the build waits for its end when the index is all but done."""
    with database.another_connection() as other:
        other.isolation_level = IsolationLevel.REPEATABLE_READ
        with other.transaction():
            other.execute("SELECT 1")
            yield


def is_built(database: Database) -> bool:
    """Whether the build has begun, with its index in the catalog, not valid yet."""
    return bool(database.value(IS_BEING_BUILT)) and bool(database.rows(OID))


@pytest.fixture
def ledger(project: Project, database: Database) -> None:
    """The ledger is there, the index is pending."""
    write_ledger(project)
    Migrator(project.config(database=database.url)).apply()
    write_index(project, 2)


@pytest.mark.usefixtures("ledger")
def test_a_second_runner_neither_blocks_the_build_nor_stays_behind(
    project: Project, database: Database, figure: Figure
) -> None:
    write_entry(project, 3)
    with open_writer(database):
        first = start(project, database.url)
        wait_until(lambda: is_built(database), first)
        second = start(project, database.url)
        wait_until(lambda: waits_for_its_turn(database), second)
    assert first.ending().code == 0
    ending = second.ending()
    assert ending.code == 0, ending
    assert "sqlmig" in ending.stderr, "it said whom it waited for"
    figure("builds with a second runner waiting")
    assert_complete(database, project)


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("hindrance", [open_writer, open_reader])
def test_a_runner_killed_in_the_build_leaves_an_index_that_the_next_one_builds_anew(
    hindrance: Callable[[Database], AbstractContextManager[None]],
    project: Project,
    database: Database,
    figure: Figure,
) -> None:
    with hindrance(database):
        runner = start(project, database.url)
        wait_until(lambda: is_built(database), runner)
        runner.kill()
        figure("runners killed inside CREATE INDEX CONCURRENTLY")
        assert_agreed(database, project)
        wait_until(lambda: runners_at_work(database) == 0)
    (before,) = database.rows(OID)
    assert not database.value(IS_VALID)
    assert_consistent(database, project)
    assert database.rows(OID) != [before]


@pytest.mark.usefixtures("ledger")
def test_while_an_orphan_builds_on_the_next_runner_neither_drops_nor_trusts_the_index(
    project: Project, database: Database, figure: Figure
) -> None:
    with proxied(database) as proxy:
        proxy.keeps_orphans = True
        with open_writer(database):
            runner = start(project, proxy.url(database))
            wait_until(lambda: is_built(database), runner)
            runner.kill()
            figure("runners killed inside CREATE INDEX CONCURRENTLY")
            before = database.rows(OID)
            second = start(project, database.url)
            wait_until(lambda: runners_at_work(database) == 2, second)
            time.sleep(1.5)
            assert second.process.poll() is None, second.ending()
            assert database.rows(OID) == before
            assert Facts.of(database).applied == {LEDGER}
        wait_until(lambda: database.value(IS_VALID), second)
        proxy.cut()
        ending = second.ending()
    assert ending.code == 0, ending
    assert database.rows(OID) == before, "the orphan's index was valid, and is kept"
    assert_complete(database, project)


@pytest.mark.usefixtures("ledger")
def test_an_invalid_index_that_somebody_else_builds_is_left_alone(
    project: Project, database: Database
) -> None:
    """Its builder holds no lock of sqlmig's: a person with psql."""
    with closing(database.another_connection()) as other, open_writer(database):
        other.pgconn.send_query(b'create index concurrently "002_index" on ledger (entry)')
        wait_until(lambda: is_built(database))
        before = database.rows(OID)
        runner = start(project, database.url)
        wait_until(lambda: runners_at_work(database) == 1, runner)
        time.sleep(1)
        assert database.rows(OID) == before
        other.cancel_safe()
        runner.ending()
    assert_consistent(database, project)


@pytest.fixture
def ordinary_role(database: Database) -> Iterator[str]:
    """A role that is no superuser and owns the ledger: it may not see what others are doing."""
    name = f"{database.connection.info.dbname}_app"
    database.execute(f"create role {name} login; grant all on schema public to {name}")
    yield name
    database.execute(f"reassign owned by {name} to current_user; drop owned by {name}")
    database.execute(f"drop role {name}")


def test_an_index_that_another_role_builds_is_left_alone_by_one_that_may_not_see_it(
    project: Project, database: Database, ordinary_role: str, figure: Figure
) -> None:
    url = database.url.replace("postgres@", f"{ordinary_role}@")
    write_ledger(project)
    Migrator(project.config(database=url)).apply()
    write_index(project, 2)
    assert start_doomed("before", "create index", project, url).ending().code == KILLED
    figure("runners killed around a message outside a transaction")
    with closing(database.another_connection()) as other:
        with open_reader(database):
            other.pgconn.send_query(b'create index concurrently "002_index" on ledger (entry)')
            wait_until(lambda: is_built(database))
            before = database.rows(OID)
            runner = start(project, url)
            wait_until(lambda: runners_at_work(database) == 1, runner)
            time.sleep(1)
        ending = runner.ending()
    assert ending.code == 0, ending
    assert database.rows(OID) == before
    assert_complete(database, project)


@pytest.mark.usefixtures("ledger")
def test_a_runner_killed_at_a_random_time_of_a_long_build_is_resumed_unaided(
    seed: int, project: Project, database: Database, figure: Figure
) -> None:
    database.execute("create table rows as select i::text as entry from generate_series(1, 2e5) i")
    project.migration(
        "002_index",
        '-- transactional: false\ncreate index concurrently "002_index" on rows (entry);',
    )
    moment = random.Random(seed).uniform(0, 0.4)
    if start_doomed("within", moment, project, database.url).ending().code == KILLED:
        figure("runners killed at a random time of CREATE INDEX CONCURRENTLY")
    assert_agreed(database, project)
    assert_consistent(database, project)


def test_a_runner_killed_around_any_message_outside_a_transaction_is_resumed_unaided(
    project: Project, database: Database, figure: Figure, pytestconfig: pytest.Config
) -> None:
    project.migration(
        "001_ledger",
        "create table ledger (entry text);insert into ledger values ('001_ledger');"
        "create type mood as enum ('sad');",
        "drop table ledger; drop type mood;",
    )
    project.migration(
        "002_index",
        "-- transactional: false\n"
        'create index concurrently "002_index" on ledger (entry);\n'
        "alter type mood add value 'happy';",
    )
    moments = ("before", "after") if is_torture(pytestconfig) else ("after",)
    for moment in moments:
        for number in itertools.count(1):
            _start_over(database)
            Migrator(project.config(database=database.url)).apply("001")
            ending = start_doomed(moment, number, project, database.url).ending()
            if ending.code != KILLED:
                assert ending.code == 0, ending
                break
            figure("runners killed around a message outside a transaction")
            assert_consistent(database, project)
            assert database.value("SELECT enum_range(NULL::mood)::text") == "{sad,happy}"
        assert number > 4, "the statements and their records"


def _start_over(database: Database) -> None:
    database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def test_a_rollback_killed_around_any_message_outside_a_transaction_is_resumed_unaided(
    project: Project, database: Database, figure: Figure, pytestconfig: pytest.Config
) -> None:
    write_ledger(project)
    write_index(project, 2)
    moments = ("before", "after") if is_torture(pytestconfig) else ("after",)
    rollback = ("rollback", "002")
    for moment in moments:
        for number in itertools.count(1):
            Migrator(project.config(database=database.url)).apply()
            ending = start_doomed(moment, number, project, database.url, rollback).ending()
            was_killed = ending.code == KILLED
            if was_killed:
                figure("rollbacks killed around a message outside a transaction")
                ending = start(project, database.url, command=rollback).ending()
            assert ending.code == 0, ending
            assert not database.rows(OID)
            assert_agreed(database, project)
            if not was_killed:
                break
        assert number > 4, "the statement and its records"
