"""The commands, run in the project's folder on a fresh embedded server."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sqlmig.embedded import EmbeddedPostgres
from tests.command import Run
from tests.repository import Repository

Successful = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def copy(aec_admin: Path, repository: Repository) -> Path:
    """A copy of the project in a repository of its own."""
    shutil.copytree(
        aec_admin,
        repository.root,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns(".sqlmig"),
    )
    return repository.root


@pytest.fixture
def run(copy: Path) -> Iterator[Successful]:
    """Runs a command in the copy, which must succeed; its server is gone at the end."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = Run(copy)(*arguments)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done

    yield run
    EmbeddedPostgres(copy / ".sqlmig").reset()


def test_the_whole_life_of_the_project(run: Successful) -> None:
    assert run("validate").stdout.startswith("29 migrations, each with its rollback")
    assert "29 migrations applied." in run("apply").stdout
    assert run("status", "--check").returncode == 0
    assert "Seeded for development: 5 seeds changed rows." in run("seed").stdout
    assert "Seeded for development: nothing changed." in run("seed").stdout
    assert "6 sanity checks: 6 passed." in run("check").stdout
    assert run("seed", "--prove").stdout.startswith("Every seed is idempotent")
    assert "29 migrations: 29 reversible" in run("verify").stdout
    assert "10 migrations rolled back." in run("rollback", "020").stdout
    assert "10 migrations applied." in run("apply").stdout
    assert "29 migrations rolled back." in run("rollback", "001").stdout
    assert "29 migrations applied." in run("apply", "--atomic").stdout


def test_what_the_readme_says_can_be_done(aec_admin: Path, run: Run) -> None:
    readme = (aec_admin / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ python -m sqlmig ([^#\n]+)", readme, re.MULTILINE)
    assert len(commands) >= 7
    for command in commands:
        run(*command.split())


def test_the_changelog_is_in_order(run: Successful) -> None:
    done = run("changelog", "lint", "--worktree", "--strict")
    assert re.search(
        r"^29 migrations in the working tree, .*: .* has an entry for each", done.stdout
    )
