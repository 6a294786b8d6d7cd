"""`validate --staged` and `--rev` read what git has, and name files as they lie on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig.changelog.tree import Revision, Staged, WorkingTree
from sqlmig.cli import main
from sqlmig.errors import ChangelogError, SourceError, UnusableFilesError
from sqlmig.operations.states import read_project_at
from tests.repository import Repository

GOOD, BAD = "create table a ();", "select 'not closed"


@pytest.fixture
def committed(repository: Repository) -> Repository:
    """A repository with a migration, a seed and a check, all committed."""
    repository.migration("001_a", GOOD)
    repository.write("sql/seeds/reference/10_a.sql", "select 1;")
    repository.write("sql/checks/a.sql", "select 1 where false;")
    repository.write("sql/checks/deep/note.txt", "not read")
    repository.commit()
    return repository


def test_what_is_not_staged_does_not_matter(committed: Repository) -> None:
    committed.migration("002_b", "-- nothing yet\n")
    committed.write("sql/migrations/001_a.sql", BAD)
    with pytest.raises(UnusableFilesError):
        read_project_at(committed.config(), WorkingTree())
    for state in (Staged(), Revision("HEAD")):
        found = read_project_at(committed.config(), state)
        (migration,) = found.migrations
        assert migration.file.script.path == f"{committed.root}/sql/migrations/001_a.sql"
        assert migration.file.script.text == GOOD
        assert (len(found.seeds), len(found.checks)) == (1, 1)


def test_what_is_staged_is_told_by_its_own_path(committed: Repository) -> None:
    committed.write("sql/migrations/001_a.sql", BAD)
    committed.git("add", "--all")
    committed.write("sql/migrations/001_a.sql", GOOD)
    with pytest.raises(SourceError) as caught:
        read_project_at(committed.config(), Staged())
    assert str(caught.value).startswith(f"{committed.root}/sql/migrations/001_a.sql:1:8: ")
    assert "sqlmig-" not in str(caught.value)
    read_project_at(committed.config(), Revision("HEAD"))


def test_a_missing_rollback_is_named_where_it_belongs(committed: Repository) -> None:
    committed.git("rm", "--quiet", "--cached", "sql/rollbacks/001_a.sql")
    with pytest.raises(SourceError) as caught:
        read_project_at(committed.config(), Staged())
    assert "sqlmig-" not in str(caught.value)
    assert f"{committed.root}/sql/rollbacks" in str(caught.value)


def test_a_project_whose_settings_and_folders_are_not_in_git_yet(repository: Repository) -> None:
    repository.write("sqlmig.toml", 'migrations = "db"\nrollbacks = "db"\n')
    repository.write("db/001_a.sql", "-- nothing yet\n")
    assert read_project_at(repository.config(), Staged()).migrations == ()


def test_a_fixture_for_mongo_is_read_from_git_too(committed: Repository) -> None:
    committed.write("mongo_seeds/reference/10_a.json", "[nonsense")
    assert read_project_at(committed.config(), Staged()).fixtures == 0
    committed.git("add", "--all")
    with pytest.raises(SourceError, match=r"mongo_seeds/reference/10_a\.json:1:"):
        read_project_at(committed.config(), Staged())


def test_without_git_nothing_is_staged(tmp_path: Path, committed: Repository) -> None:
    (committed.root / ".git").rename(tmp_path / "elsewhere")
    with pytest.raises(ChangelogError):
        read_project_at(committed.config(), Staged())


def test_a_hook_before_a_push_reads_the_commit_that_is_pushed(
    committed: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pushed = committed.git("rev-parse", "HEAD").strip()
    committed.write("sql/migrations/001_a.sql", BAD)
    committed.commit()
    monkeypatch.chdir(committed.root)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", pushed)
    assert run("validate", "--staged") == 0
    assert f"in {pushed}: all can be read." in capsys.readouterr().out
    monkeypatch.delenv("PRE_COMMIT_TO_REF")
    assert run("validate", "--staged") == 2
    assert "\nsql/migrations/001_a.sql:1:8: " in "\n" + capsys.readouterr().err.replace(
        "Error: ", ""
    )
    assert run("validate", "--staged", "--rev", "HEAD") == 2
    assert "cannot be combined" in capsys.readouterr().err
    assert run("validate", "--rev", "nowhere") == 2


def run(*arguments: str) -> int:
    """The exit code of the command."""
    return main.main(list(arguments), standalone_mode=False) or 0
