"""The README reproduces from top to bottom, after `make demo`."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Run
from tests.database import Database
from tests.guide import Step, steps

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_MOST_WORDS = 900
# What `make demo` does, in the Makefile's words.
_DEMO = re.findall(r"^\t\$\(BIN\)/python -m sqlmig (.*)$", (ROOT / "Makefile").read_text(), re.M)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project with this repository's migrations, fixtures and settings."""
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    shutil.copytree(ROOT / "mongo_seeds", tmp_path / "mongo_seeds")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture
def demonstrated(
    clone: Path, database: Database, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs commands where `make demo` has run."""
    monkeypatch.setenv("SQLMIG_MONGO_URL", mongo_url)
    monkeypatch.setenv("SQLMIG_ENV", "development")  # as an embedded server is
    run = Run(clone, database.url)
    for command in _DEMO[:5]:
        assert run(*shlex.split(command)).returncode == 0, command
    return run


def story() -> Iterator[Step]:
    """What a reader does after `make demo`, and sees."""
    return (s for s in steps(README) if not s.text.startswith(("make ", "source ")))


def without_chance(line: str) -> str:
    """The line of an output at any time, on any database, with columns of any width."""
    line = re.sub(r"^Database: .*", "Database", line)
    line = re.sub(r"\d+ (s|min) ago|just now", "just now", line)
    return re.sub(r" +", " ", re.sub(r"\(\d+ ms\)|\b\d+ ms\b", "", line)).strip()


def test_it_reproduces_from_top_to_bottom(demonstrated: Run) -> None:
    expected, shown = 0, ""
    for step in story():
        if step.kind == "write":
            (demonstrated.folder / step.path).write_text(step.text)
        elif step.kind == "exit":
            expected = int(step.text)
        elif step.kind == "run":
            program, *arguments = shlex.split(step.text, comments=True)
            assert program == "sqlmig"
            done = demonstrated(*arguments)
            shown = done.stdout + done.stderr
            assert done.returncode == expected, (step.text, shown)
            assert "Nothing to" not in shown, step.text
        elif step.kind == "output":
            lines = [without_chance(line) for line in shown.splitlines()]
            assert sorted(lines) == sorted(map(without_chance, step.text.splitlines()))


def test_it_is_short_and_has_the_main_job() -> None:
    text = README.read_text()
    assert len(text.split()) < _MOST_WORDS
    commands = [step.text for step in story() if step.kind == "run"]
    for command in ("apply", "status", "rollback", "verify"):
        assert any(line.startswith(f"sqlmig {command}") for line in commands)
