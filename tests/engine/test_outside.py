"""What the server refuses for the transaction around it names the way to run it."""

from __future__ import annotations

import pytest

from sqlmig.errors import MigrationFailedError, SeedFailedError
from sqlmig.migrator import Migrator
from sqlmig.plan import Newest, Transactions
from tests.database import Database
from tests.project import Project

DIRECTIVE = "`-- transactional: false`"
PREPARATION = (
    "create table p (a int) partition by range (a);"
    "create table p1 partition of p for values from (0) to (9); create index pi on p (a);"
    "create table t (a int primary key);"
    "create procedure commits() language plpgsql as 'begin commit; end';"
    "create function also() returns void language plpgsql as 'begin commit; end';"
)
RUNS_OUTSIDE = (
    "do $$begin insert into t values (1); commit; end$$",
    "call commits()",
    "do $$begin call commits(); end$$",
    "reindex table p",
    "reindex (verbose) index pi",
    "cluster p using pi",
)
IN_A_ROUTINE = (
    "do $$begin create index concurrently i on t (a); end$$",
    "do $$begin execute 'vacuum t'; end$$",
)


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    project.migration("001_a", PREPARATION, "select 1")
    return Migrator(project.config(database=database.url))


def failed(migrator: Migrator, transactions: Transactions = Transactions.EACH) -> str:
    with pytest.raises(MigrationFailedError) as error:
        migrator.apply(transactions=transactions)
    assert error.value.location is not None
    return error.value.remedy


@pytest.mark.parametrize("statement", RUNS_OUTSIDE)
def test_the_directive_is_named_and_is_the_remedy(
    project: Project, database: Database, migrator: Migrator, statement: str
) -> None:
    project.irreversible("002_b", f"-- irreversible: a test\n{statement}")
    assert DIRECTIVE in failed(migrator)
    assert DIRECTIVE in failed(migrator, Transactions.TOGETHER)
    project.irreversible("002_b", f"-- irreversible: a test\n-- transactional: false\n{statement}")
    migrator.apply()
    assert database.applied() == ["001_a", "002_b"]


@pytest.mark.parametrize("statement", IN_A_ROUTINE)
@pytest.mark.parametrize("head", ["", "-- transactional: false\n"])
def test_what_no_routine_can_run_has_to_be_a_statement_of_its_own(
    project: Project, migrator: Migrator, statement: str, head: str
) -> None:
    project.migration("002_b", head + statement)
    remedy = failed(migrator)
    assert "a statement of its own" in remedy
    assert DIRECTIVE in remedy


def test_a_function_cannot_commit_in_any_file(project: Project, migrator: Migrator) -> None:
    project.migration("002_b", "-- transactional: false\nselect also()")
    assert "not in a function" in failed(migrator)


def test_a_rollback_is_told_the_same(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("002_b", "select 1", "reindex table p")
    migrator.apply()
    with pytest.raises(MigrationFailedError) as error:
        migrator.rollback(Newest(1))
    assert DIRECTIVE in error.value.remedy


def test_a_seed_is_told_that_only_a_migration_can(project: Project, migrator: Migrator) -> None:
    migrator.apply()
    project.write("sql/seeds/reference/01_a.sql", "call commits()")
    with pytest.raises(SeedFailedError) as error:
        migrator.seed()
    assert "goes into a migration, with `-- transactional: false`" in error.value.remedy


def test_a_setting_that_comes_too_late_has_nothing_to_do_with_it(
    project: Project, migrator: Migrator
) -> None:
    project.migration("002_b", "select 1; set transaction isolation level serializable")
    assert DIRECTIVE not in failed(migrator)


def test_a_partitioned_table_is_reindexed_on_a_scratch_database(
    project: Project, migrator: Migrator
) -> None:
    reindexed = "-- irreversible: a test\n-- transactional: false\nreindex table p"
    project.migration("001_a", PREPARATION, "drop table p, t; drop routine commits, also")
    project.irreversible("002_b", reindexed)
    assert migrator.verify().is_sound
