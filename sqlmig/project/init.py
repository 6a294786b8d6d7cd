"""The files of a new project: settings, folders, a first migration with its rollback."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmig.config import Config, has_settings, path_in
from sqlmig.errors import ConfigError
from sqlmig.project.files import write_new

_SETTINGS = """\
# Settings of sqlmig; see its README. The variables SQLMIG_DATABASE_URL, DATABASE_URL, PGHOST,
# PGHOSTADDR, PGSERVICE and PGDATABASE take precedence over `database`.

database = "embedded"    # the project's own server, for development; or a libpq URL
env_file = ".env"        # variables for development, if the file exists; keep it out of git
# migrations = "sql/migrations"
# rollbacks = "sql/rollbacks"
# lock_timeout = "5s"
"""

_MIGRATION = """\
-- Notes, a table to start with

CREATE TABLE notes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
"""

_ROLLBACK = """\
DROP TABLE notes;
"""

_KEPT_BY_GIT = ".gitkeep"


@dataclass(frozen=True, slots=True)
class Starter:
    """The files that were created, and those that existed and were left unchanged."""

    created: tuple[Path, ...]
    kept: tuple[Path, ...]


def write_starter(project: Path | None = None) -> Starter:
    """Writes what a new project needs to that folder, or to the current one; overwrites nothing.

    A project that has settings keeps them, and one with migrations in the folder that its settings
    name gets no first migration. Raises ConfigError if a file cannot be written, or if no folder is
    named and the current one is inside a project.
    """
    config = _config(project)
    migrations, rollbacks = _folders(config)
    if any(migrations.glob("*.sql")):
        return _write(_settings(config))
    name = "001_notes.sql"
    return _write(_settings(config) | {migrations / name: _MIGRATION, rollbacks / name: _ROLLBACK})


def write_empty_starter(project: Path | None = None) -> Starter:
    """Writes the settings and the two folders, each with a file that makes git keep it.

    Otherwise like `write_starter`.
    """
    config = _config(project)
    empty = [folder for folder in _folders(config) if not folder.exists()]
    return _write(_settings(config) | {folder / _KEPT_BY_GIT: "" for folder in empty})


def _settings(config: Config) -> dict[Path, str]:
    return {} if has_settings(config.project) else {config.project / "sqlmig.toml": _SETTINGS}


def _folders(config: Config) -> list[Path]:
    return [path_in(config.project, folder) for folder in (config.migrations, config.rollbacks)]


def _write(wanted: Mapping[Path, str]) -> Starter:
    kept = tuple(path for path in wanted if os.path.lexists(path))
    created = tuple(path for path in wanted if path not in kept)
    for path in created:
        write_new(path, wanted[path])
    return Starter(created, kept)


def _config(project: Path | None) -> Config:
    if project is not None and not project.exists():
        return Config(project=project)
    config = Config.load(project)
    if project is None and config.project != Path():
        raise ConfigError(
            f"this folder is inside the project {config.project.resolve()}",
            remedy="Go there, or create a separate project here with --project .",
        )
    return config
