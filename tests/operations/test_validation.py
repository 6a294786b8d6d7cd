"""Checking everything that needs no database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqlmig.errors import SourceError, UnusableFilesError
from sqlmig.operations.validation import read_project, validate
from tests.project import Project


def refused(project: Project) -> SourceError:
    with pytest.raises(SourceError) as caught:
        validate(project.config())
    assert caught.value.exit_code == 2
    return caught.value


def test_files_that_can_be_used_are_returned_in_the_order_of_apply(project: Project) -> None:
    project.migration("001_a", "-- depends: 002_b\nselect 1;")
    project.migration("002_b", "begin; select 1; commit;", rollback="begin; select 2; commit;")
    assert [each.migration_id for each in validate(project.config())] == ["002_b", "001_a"]


def test_this_repository_s_files_can_be_used(smart_kids: Path) -> None:
    assert len(validate(Project(smart_kids).config())) == 8


def test_a_statement_far_below_the_head_is_read(project: Project) -> None:
    project.migration("001_a", "select 1;\n" * 999 + "select 'é'; CoMMit;")
    error = refused(project)
    assert str(error).startswith(
        f"{project.root}/sql/migrations/001_a.sql:1000:13: COMMIT would end the transaction"
    )


def test_a_rollback_is_read_as_well(project: Project) -> None:
    project.migration("001_a", "select 1;", rollback="\\connect other\n")
    error = refused(project)
    assert str(error).startswith(
        f"{project.root}/sql/rollbacks/001_a.sql:1:1: \\connect is a command of psql"
    )


@pytest.mark.parametrize("command", ["\\i", "\\ir", "\\include"])
def test_a_file_that_psql_would_include_belongs_into_the_migration(
    project: Project, command: str
) -> None:
    project.migration("001_a", f"{command} other.sql\n")
    assert refused(project).remedy == "Remove it, and put the contents of that file here."


def test_what_is_wrong_in_the_folders_comes_first(project: Project) -> None:
    project.irreversible("001_a", "commit;")
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    assert [each.message.partition(":")[0] for each in error.errors] == [
        "no rollback",
        "COMMIT would end the transaction that sqlmig keeps for this file",
    ]


def test_several_problems_are_told_together(project: Project) -> None:
    project.migration("001_a", "commit;", rollback="select 'open")
    project.migration("002_b", "\\i other.sql\n")
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    assert [Path(each.location.path).parts[-2:] for each in error.errors] == [
        ("migrations", "001_a.sql"),
        ("migrations", "002_b.sql"),
        ("rollbacks", "001_a.sql"),
    ]
    assert all(each.remedy in str(error) for each in error.errors)


def test_fixtures_for_mongodb_are_read_where_there_are_any(project: Project) -> None:
    project.migration("001_a", "select 1;")
    assert len(validate(project.config())) == 1
    project.write("mongo_seeds/reference/10_classes.json", '[{"_id": "a"}]')
    assert len(validate(project.config())) == 1
    project.write("mongo_seeds/demo/20_people.demo.json", '[{"_id": "a"}, {"is_demo": true}]')
    project.migration("002_b", "commit;")
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    assert len(error.errors) == 3
    assert "20_people.demo.json:1:16: [1]: no _id" in str(error)
    assert "002_b.sql:1:1: COMMIT would end the transaction" in str(error)


def test_a_folder_of_fixtures_that_was_named_must_be_there(project: Project) -> None:
    project.migration("001_a", "select 1;")
    project.write("sqlmig.toml", 'mongo_seeds = "seeds"')
    assert refused(project).message == "no such folder"


@pytest.mark.parametrize("tier", ["reference", "demo", "testing"])
def test_the_seeds_of_every_tier_are_read(project: Project, tier: str) -> None:
    project.migration("001_first", "select 1")
    path = project.write(f"sql/seeds/{tier}/001.sql", "select 1;\ncommit;")
    with pytest.raises(SourceError) as error:
        validate(project.config())
    assert str(error.value).startswith(f"{path}:2:1: COMMIT would end the transaction")


def test_the_checks_are_read(project: Project) -> None:
    project.migration("001_first", "select 1")
    project.write("sql/checks/001.sql", "insert into first values (1)")
    with pytest.raises(SourceError, match="returns no result"):
        validate(project.config())


def test_every_check_that_expects_an_unknown_error_is_refused(project: Project) -> None:
    project.migration("001_first", "select 1")
    for name in ("001", "002"):
        project.write(f"sql/checks/{name}.sql", "-- expect: error chek_violation\nselect 1")
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    assert [each.remedy for each in error.errors] == ["Did you mean check_violation?"] * 2


def _short(error: SourceError) -> str:
    """The beginning of its message, without the path of this run's folder."""
    return re.sub(r"/\S+ does not", "the file does not", error.message)[:33]


def test_everything_that_is_wrong_in_any_file_is_told_in_one_pass(project: Project) -> None:
    project.write("sqlmig.toml", 'scratch_script = "sql/scratch.sql"')
    project.write("sql/scratch.sql", "commit")
    project.migration("001_a", "-- transactionl: false\nselect 1;\ncommit;\n\\i x.sql\nselect 'x")
    project.write("sql/migrations/002_b.sql", b"select '\xff'")
    project.write("sql/rollbacks/002_b.sql", "rollback")
    project.migration("003_c", "-- depends: 009_x\nvacuum", "-- depends: 001_a\nselect 1")
    project.migration("004_d", "select 1;\nbegin;\ncommit;\n\\connect x", "select 1")
    project.irreversible("005_e", "\\! rm x")
    project.write("sql/migrations/not_a_number.sql", "\\q")
    project.write("sql/rollbacks/099_orphan.sql", "abort")
    project.write("sql/seeds/reference/01_a.sql", "-- lock_timeout: soon\ncommit")
    project.write("sql/seeds/demo/01_b.sql", b"\xfe\x00\x01")
    project.write("sql/seeds/elsewhere/01_c.sql", "select 1")
    project.write("sql/checks/01_a.sql", "-- expect: nothing\nend")
    project.write("sql/checks/02_b.sql", "insert into t values (1)")
    project.write("sql/checks/03_c.sql", "-- requires: 008_z\nselect 1")
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    told = [
        f"{str(each.location).removeprefix(f'{project.root}/')}: {_short(each)}"
        for each in error.errors
    ]
    assert told == [
        "sql/checks/01_a.sql:1:1: the directive 'expect' has the va",
        "sql/checks/01_a.sql:2:1: END would end the transaction tha",
        "sql/checks/02_b.sql:1:1: returns no result to check",
        "sql/checks/03_c.sql: requires 008_z, but no such migra",
        "sql/migrations/001_a.sql:1:1: unknown directive 'transactionl'",
        "sql/migrations/001_a.sql:5:8: unterminated string",
        "sql/migrations/002_b.sql:1:9: not UTF-8: byte 0xff",
        "sql/migrations/003_c.sql:1:13: depends on '009_x', but no such m",
        "sql/migrations/003_c.sql:2:1: this statement cannot run inside ",
        "sql/migrations/004_d.sql:2:1: BEGIN opens a transaction, and sq",
        "sql/migrations/004_d.sql:3:1: COMMIT would end the transaction ",
        "sql/migrations/004_d.sql:4:1: \\connect is a command of psql, no",
        "sql/migrations/005_e.sql: no rollback: the file does not ex",
        "sql/migrations/005_e.sql:1:1: \\! is a command of psql, not SQL",
        "sql/migrations/not_a_number.sql: a migration's name must begin wit",
        "sql/migrations/not_a_number.sql:1:1: \\q is a command of psql, not SQL",
        "sql/rollbacks/002_b.sql:1:1: ROLLBACK would end the transactio",
        "sql/rollbacks/003_c.sql:1:1: a rollback cannot have the direct",
        "sql/rollbacks/099_orphan.sql: a rollback without a migration of",
        "sql/rollbacks/099_orphan.sql:1:1: ABORT would end the transaction t",
        "sql/scratch.sql:1:1: COMMIT would end the transaction ",
        "sql/seeds/demo/01_b.sql:1:1: not UTF-8: byte 0xfe",
        "sql/seeds/elsewhere: no environment has a tier of this",
        "sql/seeds/reference/01_a.sql:1:1: the directive 'lock_timeout' has ",
        "sql/seeds/reference/01_a.sql:2:1: COMMIT would end the transaction ",
    ]


def test_a_file_that_is_no_script_hides_no_other(project: Project) -> None:
    project.migration("001_a", "commit")
    project.migration("002_b", "-- adr: none\nselect 1", "abort")
    project.write("sql/migrations/003_c.py", "import os")
    project.write("sql/rollbacks/deeper/001_a.sql", "select 1")
    project.write("sql/checks/01_a.PY", "import os")
    project.write("sql/checks/02_b.sql", "abort")
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    assert [Path(each.location.path).name for each in error.errors] == [
        *("01_a.PY", "02_b.sql"),
        *("001_a.sql", "002_b.sql", "003_c.py", "002_b.sql"),
    ]


def test_a_file_with_a_bad_head_is_blamed_for_statements_only_where_no_head_allows_them(
    project: Project,
) -> None:
    project.migration("001_a", "-- transactional: flase\nvacuum;\n\\i x.sql\n")
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    assert [each.message.split()[0] for each in error.errors] == ["the", "\\i"]


def test_a_file_with_very_many_problems_is_told_with_the_first_fifty(project: Project) -> None:
    project.migration("001_a", "commit;\n" * 1000)
    error = refused(project)
    assert isinstance(error, UnusableFilesError)
    assert len(error.errors) == 50


def test_what_was_read_is_counted(project: Project) -> None:
    project.migration("001_a", "select 1")
    project.write("sql/seeds/demo/01_b.sql", "select 1")
    project.write("sql/checks/01_a.sql", "select 1")
    project.write("mongo_seeds/reference/10_classes.json", '[{"_id": "a"}]')
    found = read_project(project.config())
    counts = (len(found.migrations), len(found.seeds), len(found.checks), found.fixtures)
    assert counts == (1, 1, 1, 1)


def test_a_project_that_has_only_fixtures_is_valid(project: Project) -> None:
    project.write("mongo_seeds/reference/10_orderItems.json", '{"_id": "a"}\n{"_id": "b"}\n')
    assert read_project(project.config()).fixtures == 1
