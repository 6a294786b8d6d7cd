"""What the README shows is what a newcomer sees."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from sqlmig.source.directives import DIRECTIVES
from tests.command import Run
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
    """A project with this repository's migrations, fixtures and settings."""
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    shutil.copytree(ROOT / "mongo_seeds", tmp_path / "mongo_seeds")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(clone: Path, database: Database, command: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "sqlmig"]
    return Run(clone, database.url)(*words[3:])


def test_the_commands_run_in_the_order_in_which_they_stand(
    clone: Path, database: Database, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLMIG_MONGO_URL", mongo_url)
    assert len(commands()) >= 8
    for command in commands():
        done = run(clone, database, command)
        assert done.returncode == 0, (command, done.stderr)
        assert "Nothing to apply" not in done.stdout, command
        assert "Nothing to roll back" not in done.stdout, command


def test_the_table_of_states_is_what_status_prints(clone: Path, database: Database) -> None:
    run(clone, database, "python -m sqlmig apply 003")
    shown = run(clone, database, "python -m sqlmig status").stdout
    assert without_age(shown) in [without_age(block) for block in blocks("text")]


def without_age(table: str) -> str:
    """The table at any time, its columns as wide as they may be."""
    return re.sub(r" +", " ", re.sub(r"\d+ s ago|just now", "just now", table))


def test_the_failure_is_what_apply_prints(clone: Path, database: Database) -> None:
    run(clone, database, "python -m sqlmig apply -q")
    (clone / "sql/migrations/009_refunds.sql").write_text(
        "CREATE TABLE refunds (\n  payment_id UUID NOT NULL,\n  amount numerc NOT NULL\n);\n"
    )
    (clone / "sql/rollbacks/009_refunds.sql").write_text("DROP TABLE refunds;\n")
    done = run(clone, database, "python -m sqlmig apply")
    assert done.returncode == 3
    assert done.stderr.startswith("Database: ")
    assert done.stderr.partition("\n")[2] in blocks("text")


def test_the_settings_shown_are_settings_in_either_file(tmp_path: Path) -> None:
    for settings, name in zip(blocks("toml"), ("pyproject.toml", "sqlmig.toml"), strict=True):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(settings)
        config = Config.load(folder, environ={})
        assert config == Config(project=folder)
        assert set(config.origins) == {"migrations", "lock_timeout"}


def test_the_python_shown_runs(
    clone: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone)
    monkeypatch.setenv("SQLMIG_DATABASE_URL", database.url)
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    assert not any(s.needs_attention for s in Migrator(Config.load()).status())


def test_what_the_readme_says_is_made_in_the_database_is_made(
    clone: Path, database: Database
) -> None:
    run(clone, database, "python -m sqlmig apply 001")
    ours = {name for _, name, kind in database.relations() if kind == "r"}
    section = README.partition("## In your database")[2].partition("created by")[0]
    assert set(re.findall(r"`(\w+)`", section)) == ours


def test_the_directives_shown_are_directives(clone: Path) -> None:
    rows = re.findall(r"^\| `-- (\w+): ", README, re.MULTILINE)
    assert set(rows) <= {spec.name for spec in DIRECTIVES}
    assert len(rows) >= 6
