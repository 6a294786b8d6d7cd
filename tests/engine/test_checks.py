"""Sanity checks: what they expect, when they run, and that nothing of them stays."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import DirectiveError, SanityCheckError, SourceError
from sqlmig.model import CheckOutcome, CheckResult, Position
from sqlmig.plan import RowLoss, Since, Transactions
from sqlmig.report.checks import violations
from sqlmig.report.table import Medium, drawn
from tests.database import Database
from tests.project import Project

TABLES = "create table cities (id int primary key, name text check (name <> ''))"
PASSED, FAILED, NOT_APPLICABLE = CheckOutcome


def check(project: Project, sql: str, name: str = "001_check") -> None:
    project.write(f"sql/checks/{name}.sql", sql)


def migrator(project: Project, database: Database) -> Migrator:
    project.migration("001_tables", TABLES, "drop table cities")
    return Migrator(project.config(database=database.url))


def result(project: Project, database: Database, sql: str) -> CheckResult:
    """What one check comes to, on a table with one row."""
    checked = migrator(project, database)
    checked.apply()
    database.execute("insert into cities values (1, 'a')")
    check(project, sql)
    (found,) = checked.check()
    assert database.rows("select * from cities") == [(1, "a")]
    return found


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        ("select 1;\nselect name,\n  nme from cities;", 3, 3),
        ("select 1;\n\nselect 1 / 0;", 3, 1),
        ("-- expect: error 23514\ninsert into citis values (1, 'b')", 2, 13),
    ],
)
def test_a_statement_that_the_server_refuses_is_told_with_its_place(
    project: Project, database: Database, sql: str, line: int, column: int
) -> None:
    found = result(project, database, sql)
    assert found.location is not None
    assert found.location.path == str(project.root / "sql/checks/001_check.sql")
    assert found.location.position == Position(line, column)
    told = drawn(violations([found]), Medium.PIPE)
    assert told[0] == f"{found.location}: {found.reason}"
    assert told[1].endswith(sql.splitlines()[line - 1])


@pytest.mark.parametrize(
    ("sql", "outcome", "reason"),
    {
        "no rows": ("select * from cities where id = 2", PASSED, ""),
        "a row": ("select * from cities", FAILED, "expected no rows, but found 1"),
        "rows": ("-- expect: rows\nselect * from cities", PASSED, ""),
        "none of them": (
            "-- expect: rows\nselect * from cities where id = 2",
            FAILED,
            "expected rows, but found none",
        ),
        "the last statement's": ("select 1; select 1 where false", PASSED, ""),
        "those that writing returns": (
            "delete from cities where id = 2 returning id",
            PASSED,
            "",
        ),
        "those after writing": ("delete from cities; select * from cities", PASSED, ""),
        "an error by its name": (
            "-- expect: error unique_violation\ninsert into cities values (1, 'b')",
            PASSED,
            "",
        ),
        "an error by its code": (
            "-- expect: error 23514\ninsert into cities values (2, '')",
            PASSED,
            "",
        ),
        "one of two errors": (
            "-- expect: error restrict_violation or 23505\ninsert into cities values (1, 'b')",
            PASSED,
            "",
        ),
        "another error": (
            "-- expect: error 23514\ninsert into cities values (1, 'b')",
            FAILED,
            "expected error 23514, but the server reported unique_violation: duplicate key",
        ),
        "no error": (
            "-- expect: error check_violation\ninsert into cities values (2, 'b')",
            FAILED,
            "expected error check_violation, but no error was raised",
        ),
        "an error that nobody expects": (
            "select 1 / 0",
            FAILED,
            "expected no rows, but the server reported division_by_zero: division by zero",
        ),
        "a deferred error": (
            "-- expect: error foreign_key_violation\n"
            "create temp table t (id int primary key, other int references t initially deferred);"
            "set constraints all deferred; insert into t values (1, 2);"
            "set constraints all immediate",
            PASSED,
            "",
        ),
        "no result after all": (
            "prepare p as insert into cities values (2, 'b'); execute p",
            FAILED,
            "returns no result",
        ),
        "a strong lock": (
            "lock table cities in access exclusive mode; select 1 where false",
            FAILED,
            "takes a lock that would block other sessions: AccessExclusiveLock on cities",
        ),
        "a table of its own": (
            "create table own (id int); select * from own",
            PASSED,
            "",
        ),
        "an index that is in the way": (
            "create index on cities (name); select 1 where false",
            FAILED,
            "ShareLock on cities",
        ),
    }.values(),
)
def test_a_check_comes_to_what_it_says(
    project: Project, database: Database, sql: str, outcome: CheckOutcome, reason: str
) -> None:
    found = result(project, database, sql)
    assert found.outcome is outcome, found
    assert reason in found.reason


def test_the_rows_that_should_not_be_are_shown(project: Project, database: Database) -> None:
    found = result(
        project,
        database,
        "-- No city\nselect n as number, null as nothing from generate_series(1, 50) n",
    )
    assert found.title == "No city"
    assert found.violations.columns == ("number", "nothing")
    assert found.violations.count == 50
    assert found.violations.rows[:2] == (("1", None), ("2", None))
    assert len(found.violations.rows) == 20


@pytest.mark.parametrize(
    ("sql", "words"),
    {
        "no query": ("insert into cities values (1, 'a')", "returns no result"),
        "a commit": ("select 1; commit; select 2", "COMMIT would end the transaction"),
        "a sequence": ("select 1; select setval('s', 1)", "setval has an effect that remains"),
        "a lock of the session": ("select pg_advisory_lock(1)", "pg_advisory_lock has an effect"),
        "a statement outside": ("create index concurrently on cities (id)", "cannot run inside"),
        "an unknown error": ("-- expect: error chek_violation\nselect 1", "chek_violation"),
        "an unknown migration": ("-- requires: 002_tables\nselect 1", "requires 002_tables"),
        "a bad expectation": ("-- expect: nothing\nselect 1", "expected `no rows`, `rows`"),
        "a misspelt directive": ("-- expects: rows\nselect 1", "Did you mean expect?"),
        "nothing": ("-- only words", "has no statement"),
    }.values(),
)
def test_a_check_that_cannot_be_used_stops_everything_before_it_begins(
    project: Project, database: Database, sql: str, words: str
) -> None:
    check(project, sql)
    checked = migrator(project, database)
    for refused in (checked.apply, checked.check, checked.seed, checked.validate):
        with pytest.raises(SourceError) as error:
            refused()
        assert words in str(error.value)
        assert "sql/checks/001_check.sql" in str(error.value)
    assert database.relations() == []


def test_the_right_name_of_an_error_is_suggested(project: Project, database: Database) -> None:
    check(project, "-- expect: error chek_violation\nselect 1")
    with pytest.raises(SourceError, match="Did you mean check_violation"):
        migrator(project, database).check()


def test_in_a_migration_the_words_of_checks_are_just_comments(project: Project) -> None:
    project.migration("001_first", "-- after: the import\n-- expect: little\nselect 1")
    assert project.files()[0].file.description == "after: the import"


def test_a_directive_of_migrations_is_none_of_a_check(project: Project, database: Database) -> None:
    check(project, "-- expect: rows\n-- expect: rows\nselect 1")
    with pytest.raises(DirectiveError, match="given twice"):
        migrator(project, database).check()


def test_a_check_waits_for_the_migration_that_it_requires(
    project: Project, database: Database
) -> None:
    check(project, "-- requires: 001_tables\nselect * from cities")
    checked = migrator(project, database)
    (found,) = checked.check()
    assert (found.outcome, found.reason) == (NOT_APPLICABLE, "001_tables is not applied")
    checked.apply()
    assert checked.check()[0].outcome is PASSED


def test_a_check_of_what_a_rollback_removed_gets_a_hint(
    project: Project, database: Database
) -> None:
    changes = migrator(project, database)
    check(project, "select * from cities")
    changes.apply()
    with pytest.raises(SanityCheckError) as caught:
        changes.rollback("1", row_loss=RowLoss.ACCEPT)
    (found,) = caught.value.checks
    assert "add `-- requires: <its id>` to the check" in found.reason
    check(project, "-- requires: 001_tables\nselect * from cities")
    assert [each.outcome for each in changes.check()] == [NOT_APPLICABLE]


def test_a_check_of_what_a_migration_dropped_gets_a_hint_too(
    project: Project, database: Database
) -> None:
    changes = migrator(project, database)
    check(project, "select * from cities where name is null")
    changes.apply()
    project.migration("002_dropped", "alter table cities drop column name", "select 1")
    with pytest.raises(SanityCheckError) as caught:
        changes.apply()
    (found,) = caught.value.checks
    assert "undefined_column" in found.reason
    assert "if a migration has dropped it, update or remove the check" in found.reason


def test_a_check_waits_for_seeds(project: Project, database: Database) -> None:
    check(project, "-- after: seeds\n-- expect: rows\nselect * from cities")
    project.write("sql/seeds/reference/001.sql", "insert into cities values (1, 'a')")
    checked = migrator(project, database)
    report = checked.apply()
    assert [found.reason for found in report.checks] == [
        "no seeds have run yet, or none since the last rollback"
    ]
    assert [found.outcome for found in checked.seed().checks] == [PASSED]


@pytest.mark.parametrize("transactions", Transactions)
def test_after_a_rollback_a_check_waits_for_seeds_again(
    project: Project, database: Database, transactions: Transactions
) -> None:
    check(
        project, "-- requires: 001_tables\n-- after: seeds\n-- expect: rows\nselect * from cities"
    )
    project.write("sql/seeds/reference/001.sql", "insert into cities values (1, 'a')")
    checked = migrator(project, database)
    checked.apply()
    checked.seed()
    checked.rollback(Since("001"), row_loss=RowLoss.ACCEPT)
    report = checked.apply(transactions=transactions)
    assert [found.outcome for found in report.checks] == [NOT_APPLICABLE]
    assert [found.outcome for found in checked.seed().checks] == [PASSED]


def test_checks_run_after_every_batch_that_did_something(
    project: Project, database: Database
) -> None:
    check(project, "select 1 where to_regclass('cities') is null", "001_table")
    checked = migrator(project, database)
    assert [found.outcome for found in checked.apply().checks] == [PASSED]
    assert checked.apply().checks == ()
    with pytest.raises(SanityCheckError) as failed:
        checked.rollback(Since("001"))
    assert failed.value.report is not None
    assert database.applied() == []


def test_after_migrations_a_failed_check_undoes_nothing(
    project: Project, database: Database
) -> None:
    check(project, "select 'x' as bad")
    with pytest.raises(SanityCheckError, match="1 sanity check failed: 001_check") as failed:
        migrator(project, database).apply()
    assert "1 applied; this was kept" in str(failed.value)
    assert failed.value.report is not None
    assert database.applied() == ["001_tables"]


def test_in_one_transaction_a_failed_check_undoes_the_batch(
    project: Project, database: Database
) -> None:
    check(project, "select 'x' as bad")
    with pytest.raises(SanityCheckError, match="All of it was undone") as failed:
        migrator(project, database).apply(transactions=Transactions.TOGETHER)
    assert failed.value.report is None
    assert database.tables() == set()
    assert database.applied() == []


def test_in_one_transaction_the_checks_see_what_is_about_to_be_committed(
    project: Project, database: Database
) -> None:
    check(project, "-- requires: 001_tables\nselect * from cities")
    report = migrator(project, database).apply(transactions=Transactions.TOGETHER)
    assert [found.outcome for found in report.checks] == [PASSED]


def test_a_check_does_not_wait_long_for_a_lock(project: Project, database: Database) -> None:
    checked = migrator(project, database)
    checked.apply()
    check(project, "-- lock_timeout: 10ms\nselect * from cities")
    with database.another_connection() as other, other.transaction():
        other.execute("lock table cities")
        (found,) = checked.check()
    assert "lock_not_available" in found.reason


def test_checks_leave_no_trace(project: Project, database: Database) -> None:
    check(project, "create table own (); set search_path to nowhere; select 1 where false", "001")
    check(project, "select 1 from pg_class where relname = 'own'", "002")
    check(project, "select 1 where current_setting('search_path') = 'nowhere'", "003")
    check(project, "prepare mine as select 1 where false; execute mine", "004")
    check(project, "prepare mine as select 1 where false; execute mine", "005")
    checked = migrator(project, database)
    checked.apply()
    assert {found.outcome for found in checked.check()} == {PASSED}
    assert database.tables() == {"cities"}


def test_a_result_in_another_encoding_than_utf_8_is_shown_as_far_as_it_can_be_read(
    project: Project, database: Database
) -> None:
    sql = "select set_config('client_encoding', 'SJIS', true);\nselect '表' as \"表\", 'a' as b"
    found = result(project, database, sql)
    assert found.outcome is FAILED
    assert found.violations.rows[0][1] == "a"
