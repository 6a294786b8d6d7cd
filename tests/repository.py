"""A project in its own git repository."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sqlmig.changelog.linter import lint_changelog
from sqlmig.changelog.tree import Staged, State
from tests.project import Project

UNRELEASED = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n"


@dataclass(frozen=True)
class Repository(Project):
    """A project whose folder is the top of a repository, on the branch main."""

    def git(self, *arguments: str) -> str:
        """Runs git; returns its output."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout

    def commit(self, message: str = "Work") -> str:
        """Commits everything on disk, bypassing hooks; returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def entered(self, *migration_ids: str) -> None:
        """Writes these migrations, and a changelog with entries for exactly these."""
        for migration_id in migration_ids:
            self.migration(migration_id, f"create table t{migration_id} ();")
        self.changelog(*migration_ids)

    def changelog(self, *migration_ids: str) -> None:
        """Writes a changelog with entries for these migrations under Unreleased."""
        self.write("docs/CHANGELOG.md", UNRELEASED + "".join(bullet(m) for m in migration_ids))

    def findings(self, state: State | None = None, against: str | None = None) -> list[str]:
        """The linter's findings, each as code, path and line."""
        found = lint_changelog(self.config(), state or Staged(), against).findings
        return [
            f"{each.code} {each.location}".replace(f"{self.root}/", "").rpartition(":")[0]
            for each in found
        ]

    def baseline(self, state: State | None = None, against: str | None = None) -> str | None:
        """The revision that the linter compares the state with."""
        return lint_changelog(self.config(), state or Staged(), against).baseline.revision


def keep_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes git and pre-commit use settings and caches in that folder, and none of this
    machine's."""
    for name in os.environ:
        if name.startswith(("GIT_", "PRE_COMMIT")):
            monkeypatch.delenv(name)
    settings = folder / "gitconfig"
    settings.write_text("[user]\n  name = Test\n  email = test@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(folder / "pre-commit"))


def bullet(migration_id: str) -> str:
    """A bullet that is a migration's entry."""
    return f"- `{migration_id}`: something that this test needs.\n"
