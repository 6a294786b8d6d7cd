"""Checking everything that needs no database."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig.errors import SourceError, UnusableFilesError
from sqlmig.operations.validation import validate
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
    assert refused(project).message.startswith("no rollback:")


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
