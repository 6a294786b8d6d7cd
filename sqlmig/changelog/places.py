"""Where in a project the linter looks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlmig.config import Config, Folder, path_in
from sqlmig.model import Location, Position

_START = Position(1, 1)


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of the changelog and of the folders, relative to the project's folder, with
    slashes; the changelog's is "" if there is none."""

    project: Path
    changelog: str
    migrations: str
    rollbacks: str
    adr: str

    @classmethod
    def of(cls, config: Config) -> Places:
        """The paths in the settings. Raises ConfigError for a package in an archive."""
        folders = (config.migrations, config.rollbacks, config.adr)
        changelog = _from_project(config.project, config.changelog) if config.changelog else ""
        return cls(
            config.project, changelog, *(_from_project(config.project, path) for path in folders)
        )

    def all(self) -> tuple[str, ...]:
        """Every place."""
        places = (self.changelog, self.migrations, self.rollbacks, self.adr)
        return tuple(place for place in places if place)

    def location(self, path: str, position: Position = _START) -> Location:
        """A location in one of the files, named as the user would."""
        return Location(str(self.project / path), position)

    def linked(self, target: str) -> str:
        """The path that a relative link in the changelog leads to."""
        return os.path.normpath(PurePosixPath(self.changelog).parent / target)

    def link_to(self, path: str) -> str:
        """The target of a link in the changelog to that path."""
        return os.path.relpath(path, PurePosixPath(self.changelog).parent)


def _from_project(project: Path, folder: Folder) -> str:
    return Path(os.path.relpath(path_in(project, folder), project)).as_posix()
