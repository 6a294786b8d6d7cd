"""What git has: index, revision or working tree, and what it is compared with."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sqlmig.changelog.linter import lint_changelog
from sqlmig.changelog.tree import Revision, Staged, State, WorkingTree
from sqlmig.config import Config
from sqlmig.errors import ChangelogError
from tests.repository import UNRELEASED, Repository, bullet

A, B = "001_a", "002_b"
PATH_A = f"sql/migrations/{A}.sql"
MISSING_B = [f"CL001 sql/migrations/{B}.sql:1"]


@pytest.fixture(autouse=True)
def one_migration(repository: Repository) -> None:
    repository.entered(A)
    repository.commit()


def refused(
    repository: Repository, against: str | None = None, state: State | None = None
) -> ChangelogError:
    with pytest.raises(ChangelogError) as caught:
        lint_changelog(repository.config(), state or Staged(), against)
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    return caught.value


# The index


def test_a_bullet_that_is_not_staged_does_not_count(repository: Repository) -> None:
    repository.migration(B, "select 1;")
    repository.git("add", "sql")
    repository.changelog(A, B)
    assert repository.findings() == MISSING_B
    assert repository.findings(WorkingTree()) == []


def test_a_staged_bullet_counts_whatever_the_disk_has(repository: Repository) -> None:
    repository.entered(A, B)
    repository.git("add", "--all")
    repository.changelog(A)
    assert repository.findings() == []
    assert repository.findings(WorkingTree()) == MISSING_B


def test_a_migration_that_git_does_not_know_yet_is_left_out(repository: Repository) -> None:
    repository.migration(B, "select 1;")
    assert repository.findings() == []


def test_a_migration_that_is_only_meant_to_be_added_is_left_out(repository: Repository) -> None:
    repository.migration(B, "select 1;")
    repository.git("add", "--intent-to-add", "sql")
    assert repository.findings() == []
    repository.write(f"sql/migrations/{B}.sql", "")
    repository.git("add", f"sql/migrations/{B}.sql")
    assert repository.findings() == MISSING_B


def test_deleting_the_changelog_is_found(repository: Repository) -> None:
    repository.git("rm", "--quiet", "docs/CHANGELOG.md")
    assert repository.findings() == ["CL010 docs/CHANGELOG.md:1"]


def test_deleting_a_migration_alone_is_found(repository: Repository) -> None:
    repository.git("rm", "--quiet", f"sql/migrations/{A}.sql")
    assert repository.findings() == [f"CL202 sql/migrations/{A}.sql:1"]


def test_a_conflict_that_is_not_resolved_cannot_be_checked(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "feature")
    repository.write("docs/CHANGELOG.md", UNRELEASED + bullet(A).replace("this", "one"))
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.write("docs/CHANGELOG.md", UNRELEASED + bullet(A).replace("this", "another"))
    repository.commit()
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "feature")
    assert "conflict" in refused(repository).message


# Revisions


def test_a_revision_is_read_without_the_index_and_the_disk(repository: Repository) -> None:
    repository.migration(B, "select 1;")
    bad = repository.commit()
    repository.changelog(A, B)
    repository.commit()
    assert repository.findings(Revision(bad), f"{bad}^") == MISSING_B
    assert repository.findings(Revision("HEAD"), f"{bad}^") == []
    assert repository.findings(Revision("HEAD~1"), f"{bad}^") == MISSING_B


def test_a_bare_repository_that_is_named_has_revisions(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.migration(B, "select 1;")
    repository.commit()
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    bare = Repository(tmp_path / "bare")
    assert "GIT_DIR" in refused(bare).remedy
    monkeypatch.chdir(bare.root)
    monkeypatch.setenv("GIT_DIR", ".")
    assert bare.findings(Revision("main"), "main~1") == MISSING_B
    assert "no index" in refused(bare).message


@pytest.mark.parametrize("name", ["nowhere", "--all", "HEAD~99", "", "a\0b", "-h", "HEAD\nHEAD"])
def test_a_revision_that_is_not_there_cannot_be_checked(repository: Repository, name: str) -> None:
    with pytest.raises(ChangelogError, match="does not know the revision"):
        lint_changelog(repository.config(), Revision(name))


# The baseline


def test_the_first_commit_has_nothing_to_be_compared_with(
    tmp_path: Path, repository: Repository
) -> None:
    root = tmp_path / "new"
    root.mkdir()
    new = Repository(root)
    new.git("init", "--quiet")
    new.write("sqlmig.toml", "")
    assert new.findings() == []
    new.migration(A, "select 1;")
    new.git("add", "--all")
    assert new.findings() == ["CL010 docs/CHANGELOG.md:1"]
    new.changelog(A)
    new.git("add", "--all")
    assert new.findings() == []


def test_a_migration_of_a_branch_may_be_edited_until_it_is_merged(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "feature")
    repository.entered(A, B)
    repository.commit()
    repository.migration(B, "select 2;")
    repository.git("add", "--all")
    assert repository.findings() == []
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "feature")
    repository.migration(B, "select 3;")
    repository.git("add", "--all")
    assert repository.findings() == [f"CL202 sql/migrations/{B}.sql:1"]


def test_what_the_main_branch_got_meanwhile_is_not_missed(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "feature")
    repository.git("switch", "--quiet", "main")
    repository.entered(A, B)
    repository.commit()
    repository.git("switch", "--quiet", "feature")
    assert repository.findings() == []
    assert repository.findings(against="main") == []


def test_a_detached_head_is_a_head(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--detach", "main")
    repository.migration(A, "select 2;")
    repository.git("add", "--all")
    assert repository.findings() == [f"CL202 sql/migrations/{A}.sql:1"]


def test_a_late_merge_across_a_release_is_found(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "feature")
    repository.entered(A, B)
    repository.commit()
    repository.git("switch", "--quiet", "main")
    released = (UNRELEASED + bullet(A)).replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n## [1.0.0] - 2026-03-01\n"
    )
    repository.write("docs/CHANGELOG.md", released)
    repository.commit()
    repository.git("switch", "--quiet", "feature")
    repository.git("merge", "--quiet", "--no-commit", "--no-ff", "main")
    assert repository.findings() == ["CL201 docs/CHANGELOG.md:10"]
    repository.commit()
    assert repository.findings() == ["CL201 docs/CHANGELOG.md:10"]
    assert repository.findings(Revision("feature")) == ["CL201 docs/CHANGELOG.md:10"]


def test_the_setting_names_the_baseline(repository: Repository) -> None:
    repository.git("branch", "trunk")
    repository.git("switch", "--quiet", "--create", "feature")
    repository.entered(A, B)
    repository.commit()
    repository.git("branch", "--force", "main")
    repository.migration(B, "select 2;")
    repository.git("add", "--all")
    assert repository.findings() == [f"CL202 sql/migrations/{B}.sql:1"]
    repository.write("sqlmig.toml", 'changelog_baseline = "trunk"\n')
    assert repository.findings() == []


def test_a_baseline_that_is_not_there_cannot_be_checked(repository: Repository) -> None:
    assert "git fetch --unshallow" in refused(repository, "origin/main").remedy
    repository.write("sqlmig.toml", 'changelog_baseline = "origin/main"\n')
    refused(repository)


def test_a_branch_that_shares_nothing_is_no_baseline(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--orphan", "other")
    repository.entered(A)
    repository.commit("Other work")  # the same commit within one second would be the same id
    assert "unrelated" in refused(repository, "main").message
    assert "unrelated" in refused(repository, "main", WorkingTree()).message
    assert "unrelated" in refused(repository, "main", Revision("HEAD")).message
    assert "unrelated" in refused(repository, None, Revision("HEAD")).message
    repository.migration(A, "select 2;")
    repository.git("add", "--all")
    assert repository.findings() == [f"CL202 {PATH_A}:1"]
    assert repository.baseline() == "HEAD"


def test_a_shallow_clone_without_the_shared_commit_cannot_be_checked(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("switch", "--quiet", "--create", "feature")
    repository.commit("On the branch")
    repository.git("switch", "--quiet", "main")
    repository.commit("On main")
    url = f"file://{repository.root}"
    options = ("--depth", "1", "--no-single-branch", "--branch", "feature")
    repository.git("clone", "--quiet", *options, url, str(tmp_path / "shallow"))
    shallow = Repository(tmp_path / "shallow")
    for state in (Staged(), WorkingTree(), Revision("HEAD")):
        assert "git fetch --unshallow" in refused(shallow, None, state).remedy
        assert "fetch-depth: 0" in refused(shallow, "origin/main", state).remedy
    shallow.git("fetch", "--quiet", "--unshallow")
    assert shallow.findings() == []


# Where the project is


def test_a_folder_without_git_cannot_be_checked(tmp_path: Path, repository: Repository) -> None:
    assert "not a git repository" in refused(Repository(tmp_path)).message


def test_without_git_nothing_can_be_checked(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert refused(repository).message == "git is not installed"


def test_a_project_may_be_a_folder_of_the_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = Repository(repository.root / "services" / "fees")
    inner.migration(B, "select 1;")
    inner.write("sqlmig.toml", 'changelog = "../../docs/CHANGELOG.md"\n')
    repository.git("add", "--all")
    assert lint_changelog(inner.config(), Staged()).migrations == 1
    assert [each.code for each in lint_changelog(inner.config(), Staged()).findings] == ["CL001"]
    monkeypatch.chdir(repository.root)
    config = Config.load(Path("services/fees"), environ={})
    paths = [each.location.path for each in lint_changelog(config, Staged()).findings]
    assert paths[0] == f"services/fees/sql/migrations/{B}.sql"


@pytest.mark.parametrize("folder", [".", "services/fees"])
def test_a_hook_of_a_linked_worktree_names_the_repository_in_the_environment(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    repository.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "linked")
    linked = Repository(tmp_path / "linked" / folder)
    linked.root.mkdir(parents=True, exist_ok=True)
    linked.migration(B, "select 1;")
    linked.git("add", "--all")
    git_dir = linked.git("rev-parse", "--absolute-git-dir").strip()
    monkeypatch.chdir(tmp_path / "linked")
    monkeypatch.setenv("GIT_DIR", git_dir)
    monkeypatch.setenv("GIT_INDEX_FILE", f"{git_dir}/index")
    codes = [each.code for each in lint_changelog(linked.config(), Staged()).findings]
    assert codes == (["CL001"] if folder == "." else ["CL010"])


def test_the_index_that_the_environment_names_is_the_one_that_counts(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "index"
    shutil.copy(repository.root / ".git/index", other)
    repository.migration(B, "select 1;")
    repository.git("add", "--all")
    assert repository.findings() == MISSING_B
    monkeypatch.setenv("GIT_INDEX_FILE", str(other))
    assert repository.findings() == []


# Hostile settings


@pytest.mark.parametrize(
    "setting",
    [
        "diff.renames=false",
        "color.ui=always",
        "diff.noprefix=true",
        "core.quotePath=true",
        "diff.external=/bin/false",
        "core.autocrlf=true",
        "status.relativePaths=false",
        "diff.relative=true",
        "pager.diff=true",
        "diff.ignoreSubmodules=all",
    ],
)
def test_no_setting_of_git_changes_what_is_found(repository: Repository, setting: str) -> None:
    repository.git("config", *setting.split("=", 1))
    names = ["003_größe", "004_with space", "005_'quote\"", "006_new\nline"]
    for name in names:
        repository.write(f"sql/migrations/{name}.sql", "select 1;\n")
    repository.write(f"sql/migrations/{A}.sql", "select 2;\n")
    repository.git("add", "--all")
    expected = [f"CL001 sql/migrations/{name}.sql:1" for name in names]
    assert repository.findings() == [f"CL202 sql/migrations/{A}.sql:1", *expected]


def test_pathspecs_are_taken_to_the_letter(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("sqlmig.toml", 'migrations = "sql/[migrations]"\n')
    repository.write("sql/[migrations]/001_a.sql", "select 1;")
    repository.git("add", "--all")
    assert repository.findings() == []
    monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")
    repository.write("sql/[migrations]/002_b.sql", "select 1;")
    repository.git("add", "--all")
    assert repository.findings() == ["CL001 sql/[migrations]/002_b.sql:1"]


def test_a_repository_of_sha_256_is_read(tmp_path: Path, repository: Repository) -> None:
    root = tmp_path / "sha256"
    root.mkdir()
    modern = Repository(root)
    modern.git("init", "--quiet", "--object-format", "sha256")
    modern.entered(A)
    modern.commit()
    modern.migration(A, "select 2;")
    modern.git("add", "--all")
    assert modern.findings() == [f"CL202 sql/migrations/{A}.sql:1"]


def test_looking_writes_nothing(repository: Repository) -> None:
    repository.commit()
    repository.migration(B, "select 1;")
    repository.git("add", "--all")
    before = snapshot(repository.root)
    repository.findings()
    repository.findings(WorkingTree())
    repository.findings(Revision("HEAD"), "HEAD~1")
    assert snapshot(repository.root) == before


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            status = Path(parent, name).stat()
            found[str(Path(parent, name))] = status.st_mtime_ns, status.st_size
    return found
