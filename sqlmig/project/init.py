"""The files of a new project: settings, folders, a first migration with its rollback."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlmig.config import Config, has_settings, path_in
from sqlmig.errors import ConfigError
from sqlmig.project.files import write_new

_SETTINGS = """\
# Settings of sqlmig; see its README. Where SQLMIG_DATABASE_URL, DATABASE_URL, PGHOST, PGHOSTADDR,
# PGSERVICE or PGDATABASE is set, it is stronger than `database`.

database = "embedded"    # a server of the project's own, for development; or a libpq URL
# migrations = "sql/migrations"
# rollbacks = "sql/rollbacks"
# lock_timeout = "5s"
"""

_MIGRATION = """\
-- Notes, a table to begin with

CREATE TABLE notes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
"""

_ROLLBACK = """\
DROP TABLE notes;
"""


@dataclass(frozen=True, slots=True)
class Starter:
    """The files that were made, and those that were there already and are as they were."""

    created: tuple[Path, ...]
    kept: tuple[Path, ...]


def write_starter(project: Path | None = None) -> Starter:
    """Writes what a new project needs into that folder, or the current one; overwrites nothing.

    A project with settings of its own keeps them, and one with migrations, in the folder that its
    settings name, gets no first one. Raises ConfigError where a file cannot be written, and where
    no folder is named and the current one lies in a project.
    """
    config = _config(project)
    wanted = {} if has_settings(config.project) else {config.project / "sqlmig.toml": _SETTINGS}
    migrations = path_in(config.project, config.migrations)
    if not any(migrations.glob("*.sql")):
        wanted[migrations / "001_notes.sql"] = _MIGRATION
        wanted[path_in(config.project, config.rollbacks) / "001_notes.sql"] = _ROLLBACK
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
