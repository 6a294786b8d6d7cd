"""The hooks, run by pre-commit itself in commits that git makes.

What the linter finds in a state is tested without it; here it is that the hooks see the right one.
The short form has one of each kind: commits, merges, pushes, runs by hand.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.database import Database
from tests.repository import UNRELEASED, Repository, bullet, keep_apart

ROOT = Path(__file__).parents[2]
A, B = "001_a", "002_b"


@dataclass(frozen=True)
class Hooked(Repository):
    """A repository whose commits run the hooks."""

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs git, which may fail."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def refused(self, *arguments: str) -> str:
        """Runs git, which the hook must stop; what was said."""
        done = self.attempt(*arguments)
        assert done.returncode != 0, done.stdout
        return done.stdout

    def accepted(self, *arguments: str) -> None:
        """Runs git, in which both hooks must pass."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stdout
        assert done.stdout.count("Passed") == 2, done.stdout

    def pre_commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs pre-commit by hand."""
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", *arguments],
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def with_hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a repository that has the hooks as others have them, from a repository with
    our manifest, and with what pre-commit keeps of that.

    Only the language differs: nothing is installed, the programs of this test run are taken.
    """
    folder = tmp_path_factory.mktemp("hooks")
    origin, hooked = Repository(folder / "sqlmig"), Hooked(folder / "project")
    with pytest.MonkeyPatch.context() as monkeypatch:
        keep_apart(folder, monkeypatch)
        for each in (origin, hooked):
            each.root.mkdir()
            each.git("init", "--quiet", "--initial-branch", "main")
        shutil.copy(ROOT / ".pre-commit-hooks.yaml", origin.root)
        hooked.write(
            ".pre-commit-config.yaml",
            f"repos:\n  - repo: file://{origin.root}\n    rev: {origin.commit()}\n    hooks:\n"
            "      - {id: sqlmig-changelog, language: system}\n"
            "      - {id: sqlmig-validate, language: system}\n",
        )
        types = ("pre-commit", "pre-merge-commit", "pre-push")
        words = (word for each in types for word in ("--hook-type", each))
        done = hooked.pre_commit("install", "--install-hooks", *words)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def hooked(repository: Repository, with_hooks: Path, monkeypatch: pytest.MonkeyPatch) -> Hooked:
    """A repository that has the hooks."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(with_hooks / "pre-commit"))
    shutil.copytree(with_hooks / "project", repository.root, dirs_exist_ok=True)
    return Hooked(repository.root)


@pytest.fixture
def begun(hooked: Hooked) -> Hooked:
    """The repository with two migrations, entered, in a release, and committed."""
    hooked.entered(A, B)
    text = (UNRELEASED + bullet(A) + bullet(B)).replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n## [1.0.0] - 2026-03-01\n"
    )
    hooked.write("docs/CHANGELOG.md", text)
    hooked.commit()
    return hooked


def enter_third(project: Repository) -> None:
    """Writes a third migration, and enters it under Unreleased."""
    project.migration("003_c", "create table c ();")
    text = (project.root / "docs/CHANGELOG.md").read_text()
    entry = f"## [Unreleased]\n\n### Added\n\n{bullet('003_c')}"
    project.write("docs/CHANGELOG.md", text.replace("## [Unreleased]\n", entry))


def test_the_first_commit(hooked: Hooked) -> None:
    hooked.migration(A, "select 1;")
    hooked.git("add", "--all")
    assert "CL010" in hooked.refused("commit", "--message", "First")
    hooked.changelog(A)
    hooked.git("add", "--all")
    hooked.accepted("commit", "--message", "First")


def test_a_bullet_that_is_not_staged_does_not_pass(begun: Hooked) -> None:
    enter_third(begun)
    begun.git("add", "sql")
    assert "CL001" in begun.refused("commit", "--message", "A migration without its entry")
    begun.accepted("commit", "--all", "--message", "All of it")


def test_a_migration_that_is_just_begun_keeps_no_other_commit(begun: Hooked) -> None:
    begun.write("sql/migrations/003_c.sql", "-- Just begun\n")
    begun.write("README.md", "Words\n")
    begun.git("add", "README.md")
    begun.accepted("commit", "--message", "Words")
    begun.git("add", "--all")
    assert "has no statement" in begun.refused("commit", "--message", "Begin")


@pytest.mark.long_form
def test_a_commit_that_only_deletes(begun: Hooked) -> None:
    begun.git("rm", "--quiet", "docs/CHANGELOG.md")
    assert "CL010" in begun.refused("commit", "--message", "Delete the changelog")
    begun.git("reset", "--quiet", "--hard")
    begun.git("rm", "--quiet", f"sql/migrations/{B}.sql", f"sql/rollbacks/{B}.sql")
    assert "CL202" in begun.refused("commit", "--message", "Delete a migration")


@pytest.mark.long_form
def test_a_rename(begun: Hooked) -> None:
    for folder in ("migrations", "rollbacks"):
        begun.git("mv", f"sql/{folder}/{B}.sql", f"sql/{folder}/002_bb.sql")
    said = begun.refused("commit", "--message", "Rename")
    assert "CL001" in said
    assert "002_b is merged, but was renamed 002_bb" in said


@pytest.mark.long_form
def test_a_commit_of_some_paths(begun: Hooked) -> None:
    enter_third(begun)
    begun.git("add", "--all")
    said = begun.refused("commit", "--message", "Some", "sql")
    assert "CL001" in said
    begun.accepted("commit", "--message", "Both", "sql", "docs")


@pytest.mark.long_form
def test_an_amended_commit(begun: Hooked) -> None:
    begun.git("switch", "--quiet", "--create", "feature")
    enter_third(begun)
    begun.commit()
    begun.migration("003_c", "create table cc ();")
    begun.accepted("commit", "--all", "--amend", "--no-edit")
    begun.changelog(A, B)
    assert "CL001" in begun.refused("commit", "--all", "--amend", "--no-edit")


def test_a_merge_that_puts_an_entry_into_a_release(hooked: Hooked) -> None:
    hooked.entered(A)
    hooked.commit()
    hooked.git("switch", "--quiet", "--create", "feature")
    hooked.entered(A, B)
    hooked.commit()
    hooked.git("switch", "--quiet", "main")
    released = "## [Unreleased]\n\n## [1.0.0] - 2026-03-01\n"
    text = (UNRELEASED + bullet(A)).replace("## [Unreleased]\n", released)
    hooked.write("docs/CHANGELOG.md", text)
    hooked.commit()
    hooked.git("switch", "--quiet", "feature")
    assert "CL201" in hooked.refused("merge", "--no-edit", "main")


@pytest.mark.long_form
def test_a_merge_that_is_in_order(begun: Hooked) -> None:
    begun.git("switch", "--quiet", "--create", "feature")
    enter_third(begun)
    begun.commit()
    begun.git("switch", "--quiet", "main")
    begun.write("README.md", "x")
    begun.commit()
    begun.accepted("merge", "--no-edit", "feature")


@pytest.mark.long_form
def test_a_linked_worktree(begun: Hooked, tmp_path: Path) -> None:
    begun.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "linked")
    linked = Hooked(tmp_path / "linked")
    enter_third(linked)
    linked.git("add", "sql")
    inner = Hooked(linked.root / "sql")
    assert "CL001" in inner.refused("commit", "--message", "From a folder within")
    inner.accepted("commit", "--all", "--message", "All of it")


def test_all_files_are_those_of_the_index(begun: Hooked) -> None:
    assert begun.pre_commit("run", "--all-files").returncode == 0
    begun.migration("003_c", "select 1;")
    begun.git("add", "--all")
    done = begun.pre_commit("run", "--all-files")
    assert (done.returncode, "CL001" in done.stdout) == (1, True)


def test_between_two_revisions_the_second_counts(begun: Hooked) -> None:
    begun.git("switch", "--quiet", "--create", "feature")
    begun.migration("003_c", "select 1;")
    begun.commit()
    begun.git("switch", "--quiet", "main")
    done = begun.pre_commit("run", "--from-ref", "main", "--to-ref", "feature")
    assert (done.returncode, "CL001" in done.stdout) == (1, True)
    assert begun.pre_commit("run", "--from-ref", "feature", "--to-ref", "main").returncode == 0


def test_a_push_of_commits_that_no_hook_saw(begun: Hooked, tmp_path: Path) -> None:
    begun.git("init", "--quiet", "--bare", str(tmp_path / "bare"))
    begun.git("remote", "add", "origin", str(tmp_path / "bare"))
    begun.git("push", "--quiet", "--no-verify", "origin", "main")
    begun.migration("003_c", "select 1;")
    begun.commit()
    assert "CL001" in begun.refused("push", "origin", "main")
    enter_third(begun)
    begun.commit()
    begun.accepted("push", "origin", "main")


@pytest.mark.long_form
def test_an_edit_of_what_the_remote_has_is_not_pushed(begun: Hooked, tmp_path: Path) -> None:
    begun.git("branch", "--move", "develop")
    begun.git("init", "--quiet", "--bare", str(tmp_path / "bare"))
    begun.git("remote", "add", "origin", str(tmp_path / "bare"))
    begun.accepted("push", "origin", "develop")
    begun.migration(B, "drop table notes;")
    begun.commit()
    assert f"CL202 {B} is merged" in begun.refused("push", "origin", "develop")
    assert "CL202" in begun.refused("push", "origin", "develop:feature")
    begun.git("reset", "--quiet", "--hard", "HEAD~1")
    enter_third(begun)
    begun.commit()
    begun.accepted("push", "origin", "develop")


@pytest.mark.long_form
def test_a_push_of_a_new_branch_that_adds_nothing(begun: Hooked, tmp_path: Path) -> None:
    begun.git("init", "--quiet", "--bare", str(tmp_path / "bare"))
    begun.git("remote", "add", "origin", str(tmp_path / "bare"))
    begun.git("push", "--quiet", "--no-verify", "origin", "main")
    assert begun.attempt("push", "origin", "main:release").returncode == 0
    assert begun.attempt("push", "origin", "main~0:refs/tags/v1").returncode == 0


def test_a_project_in_a_folder_has_to_be_named(hooked: Hooked) -> None:
    backend = Repository(hooked.root / "backend")
    backend.migration(A, "select 1;")
    hooked.git("add", "--all")
    said = hooked.refused("commit", "--message", "First")
    assert said.count("Projects in subfolders: backend.") == 2
    config = (hooked.root / ".pre-commit-config.yaml").read_text()
    hooked.write(
        ".pre-commit-config.yaml",
        config.replace("language: system", "language: system, args: [--project, backend]"),
    )
    hooked.git("add", "--all")
    assert "CL010" in hooked.refused("commit", "--message", "First")
    backend.changelog(A)
    hooked.git("add", "--all")
    hooked.accepted("commit", "--message", "First")
    backend.migration(A, "select 2;")
    assert "CL202" in hooked.refused("commit", "--all", "--message", "Edit")


def test_the_document_of_the_schema_has_to_be_current(
    begun: Hooked, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLMIG_DATABASE_URL", database.url)
    config = (begun.root / ".pre-commit-config.yaml").read_text()
    begun.write(
        ".pre-commit-config.yaml", f"{config}      - {{id: sqlmig-schema, language: system}}\n"
    )
    begun.git("add", "--all")
    assert "docs/schema.md does not exist" in begun.refused("commit", "--message", "Document")
    subprocess.run(["sqlmig", "schema"], cwd=begun.root, check=True)
    begun.git("add", "--all")
    assert begun.attempt("commit", "--message", "Document").stdout.count("Passed") == 3


def test_the_manifest_and_our_own_configuration_are_valid_and_agree(smart_kids: Path) -> None:
    names = (".pre-commit-hooks.yaml", ".pre-commit-config.yaml")
    at_root = Hooked(smart_kids)
    assert at_root.pre_commit("validate-manifest", names[0]).returncode == 0
    assert at_root.pre_commit("validate-config", names[1]).returncode == 0
    manifest, ours = ((smart_kids / name).read_text() for name in names)
    for key in ("id", "name", "entry"):
        assert values(manifest, key) == [
            value.replace(".venv/bin/", "") for value in values(ours, key)
        ]


def values(text: str, key: str) -> list[str]:
    return re.findall(rf"\b{key}: (.*)", text)
