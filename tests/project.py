"""A project folder that a test fills with files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlmig.config import Config
from sqlmig.model import MigrationFile
from sqlmig.source.files import read_migrations


@dataclass(frozen=True)
class Project:
    """A project with the default folders, which are created with their first files."""

    root: Path

    def migration(self, migration_id: str, sql: str, rollback: str = "select 1;") -> None:
        """Writes a migration and its rollback."""
        self.irreversible(migration_id, sql)
        self.write(f"sql/rollbacks/{migration_id}.sql", rollback)

    def irreversible(self, migration_id: str, sql: str) -> None:
        """Writes a migration without a rollback."""
        self.write(f"sql/migrations/{migration_id}.sql", sql)

    def write(self, relative: str, content: str | bytes) -> Path:
        """Writes a file with its line endings unchanged; returns its path."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def remove(self, relative: str) -> None:
        """Removes a file."""
        (self.root / relative).unlink()

    def config(self, **arguments: object) -> Config:
        """The project's settings, without this machine's environment."""
        return Config.load(self.root, arguments, environ={})

    def files(self) -> tuple[MigrationFile, ...]:
        """The migrations that are in the folders now."""
        config = self.config()
        return read_migrations(config.migrations_folder, config.rollbacks_folder)
