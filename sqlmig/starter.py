"""The files of a new project: settings, folders, a first migration with its rollback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlmig.config import has_settings
from sqlmig.errors import ConfigError

_SETTINGS = """\
# Settings of sqlmig; see its README. DATABASE_URL, where it is set, is stronger than `database`.

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


def write_starter(project: Path) -> Starter:
    """Writes what a new project needs into that folder, and overwrites nothing.

    A project with settings of its own keeps them, and one with migrations gets no first one.
    Raises ConfigError where a file cannot be written.
    """
    wanted = {} if has_settings(project) else {project / "sqlmig.toml": _SETTINGS}
    if not any((project / "sql/migrations").glob("*.sql")):
        wanted[project / "sql/migrations/001_notes.sql"] = _MIGRATION
        wanted[project / "sql/rollbacks/001_notes.sql"] = _ROLLBACK
    created = [path for path, content in wanted.items() if _write(path, content)]
    return Starter(tuple(created), tuple(path for path in wanted if path not in created))


def _write(path: Path, content: str) -> bool:
    """Whether the file was made; one that is there stays as it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Choose another folder with --project, or make that one writable.",
        ) from error
    return True
