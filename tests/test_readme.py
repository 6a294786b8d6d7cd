"""What the README shows is what a newcomer sees."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from sqlmig.model import Directives
from tests.database import Database

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of that language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """The `python -m sqlmig …` lines of the console blocks, without their comments."""
    lines = "".join(blocks("console")).splitlines()
    return [line.removeprefix("$ ").split("#")[0].strip() for line in lines if "-m sqlmig" in line]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project with this repository's migrations and settings."""
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(clone: Path, database: Database, command: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "sqlmig"]
    return subprocess.run(
        [sys.executable, *words[1:3], "--database-url", database.url, *words[3:]],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_run_in_the_order_in_which_they_stand(clone: Path, database: Database) -> None:
    assert len(commands()) >= 8
    for command in commands():
        done = run(clone, database, command)
        assert done.returncode == 0, (command, done.stderr)


def test_the_table_of_states_is_what_status_prints(clone: Path, database: Database) -> None:
    run(clone, database, "python -m sqlmig apply 003")
    shown = run(clone, database, "python -m sqlmig status").stdout
    assert re.sub(r"\d+ s ago ", "just now", shown) in blocks("text")


def test_the_failure_is_what_apply_prints(clone: Path, database: Database) -> None:
    run(clone, database, "python -m sqlmig apply -q")
    (clone / "sql/migrations/008_refunds.sql").write_text(
        "CREATE TABLE refunds (\n  payment_id UUID NOT NULL,\n  amount numerc NOT NULL\n);\n"
    )
    (clone / "sql/rollbacks/008_refunds.sql").write_text("DROP TABLE refunds;\n")
    done = run(clone, database, "python -m sqlmig apply")
    assert done.returncode == 3
    assert done.stderr in blocks("text")


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    (settings,) = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(settings)
    assert Config.load(tmp_path, environ={}) == Config(project=tmp_path)


def test_the_python_shown_runs(
    clone: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone)
    monkeypatch.setenv("SQLMIG_DATABASE_URL", database.url)
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    assert not any(s.needs_attention for s in Migrator(Config.load()).status())


def test_the_directives_shown_are_directives(clone: Path) -> None:
    rows = re.findall(r"^\| `-- (\w+): ", README, re.MULTILINE)
    assert set(rows) <= set(Directives.__dataclass_fields__)
    assert len(rows) >= 6
