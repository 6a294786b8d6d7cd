"""`sqlmig init` makes a project that works at once, and overwrites nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from sqlmig import Config, Migrator, Outcome
from sqlmig.config import LIBPQ_VARIABLES
from sqlmig.errors import ConfigError
from sqlmig.plan import Newest
from sqlmig.project.init import write_empty_starter, write_starter
from sqlmig.project.new import Draft, new_migration
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


def test_the_settings_own_folders_are_used(project: Project) -> None:
    project.write("sqlmig.toml", 'migrations = "up"\nrollbacks = "down"\n')
    assert write_starter(project.root).created == (
        project.root / "up/001_notes.sql",
        project.root / "down/001_notes.sql",
    )
    project.write("sqlmig.toml", 'migrations = "other"\n')
    project.write("other/007_bond.sql", "select 7;")
    assert write_starter(project.root).created == ()


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    write_starter(tmp_path / "a/b")
    assert (tmp_path / "a/b/sqlmig.toml").is_file()


def test_a_subfolder_of_a_project_gets_none_of_its_own_unless_it_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("sqlmig.toml", "lock_wait = 1\n")
    folder = project.write("a/b/file", "").parent
    monkeypatch.chdir(folder)
    with pytest.raises(ConfigError) as caught:
        write_starter()
    assert str(caught.value) == (
        f"this folder is inside the project {project.root}\n"
        "Go there, or create a separate project here with --project ."
    )
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert Path("sqlmig.toml") in write_starter(Path()).created


def test_the_settings_name_every_variable_that_is_stronger(tmp_path: Path) -> None:
    write_starter(tmp_path)
    settings = (tmp_path / "sqlmig.toml").read_text()
    for variable in ("SQLMIG_DATABASE_URL", "DATABASE_URL", *LIBPQ_VARIABLES):
        assert variable in settings


def test_an_empty_project_has_no_migration_and_its_first_one_gets_number_1(
    tmp_path: Path,
) -> None:
    written = write_empty_starter(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in written.created] == [
        "sqlmig.toml",
        "sql/migrations/.gitkeep",
        "sql/rollbacks/.gitkeep",
    ]
    config = Config.load(tmp_path, environ={})
    draft = Draft(description="create the customers")
    assert new_migration(config, draft, datetime(2026, 1, 2)).migration_id.startswith("001_")
    assert write_empty_starter(tmp_path).created == ()


def test_the_env_file_of_a_new_project_is_read(tmp_path: Path) -> None:
    write_starter(tmp_path)
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql:///mine\n")
    assert Config.load(tmp_path, environ={}).database == "postgresql:///mine"
