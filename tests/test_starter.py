"""`sqlmig init` makes a project that works at once, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig import Config, Migrator, Outcome
from sqlmig.errors import ConfigError
from sqlmig.plan import Newest
from sqlmig.starter import write_starter
from tests.database import Database
from tests.project import Project


def test_a_new_project_applies_and_rolls_back(tmp_path: Path, database: Database) -> None:
    written = write_starter(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in written.created] == [
        "sqlmig.toml",
        "sql/migrations/001_notes.sql",
        "sql/rollbacks/001_notes.sql",
    ]
    assert Config.load(tmp_path, environ={}).is_embedded
    migrator = Migrator(Config.load(tmp_path, {"database": database.url}))
    assert migrator.apply().ids(Outcome.DONE) == ("001_notes",)
    assert migrator.rollback(Newest(1)).ids(Outcome.DONE) == ("001_notes",)


def test_a_second_run_makes_nothing(tmp_path: Path) -> None:
    write_starter(tmp_path)
    assert write_starter(tmp_path).created == ()


def test_what_is_there_stays_as_it_is(project: Project) -> None:
    settings = project.write("pyproject.toml", "[tool.sqlmig]\nlock_wait = 1\n")
    project.write("sql/rollbacks/001_notes.sql", "mine")
    written = write_starter(project.root)
    assert settings.read_text() == "[tool.sqlmig]\nlock_wait = 1\n"
    assert (project.root / "sql/rollbacks/001_notes.sql").read_text() == "mine"
    assert not (project.root / "sqlmig.toml").exists()
    assert [path.name for path in written.kept] == ["001_notes.sql"]


def test_a_project_with_migrations_gets_no_first_one(project: Project) -> None:
    project.migration("007_bond", "select 7")
    assert [path.name for path in write_starter(project.root).created] == ["sqlmig.toml"]


def test_a_folder_that_cannot_be_written_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "sql").write_text("a file in the way")
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        write_starter(tmp_path)
    assert caught.value.exit_code == 2
