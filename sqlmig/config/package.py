"""Folders that a Python package carries, so that an installed service has its migrations along."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Self

from sqlmig.errors import ConfigError

PREFIX = "package:"
_SHAPE = re.compile(r"(\w+(?:\.\w+)*)((?:/[^/]+)*)/?")


@dataclass(frozen=True, slots=True)
class PackageFolder:
    """A folder of a package that can be imported, as `package:billing/sql/migrations` names it."""

    package: str
    path: str

    @classmethod
    def named(cls, value: str) -> Self:
        """The folder of that name. Raises ValueError, which says what it is not."""
        match = _SHAPE.fullmatch(value.removeprefix(PREFIX))
        if match is None or ".." in match[2].split("/"):
            raise ValueError(
                "is not a folder of a package: expected such as package:billing/sql/migrations"
            )
        return cls(match[1], match[2].strip("/"))

    def __str__(self) -> str:
        return f"{PREFIX}{self.package}/{self.path}"

    def find(self) -> Traversable:
        """The folder, which need not exist, in whatever the package was installed from: a path,
        relative if it is below the current folder, or a place in a zip file.

        Imports the package. Raises ConfigError where it cannot be imported.
        """
        try:
            found = files(self.package).joinpath(self.path)
        except ImportError as error:
            raise ConfigError(
                f"{self}: {error}",
                remedy="Install that package where sqlmig runs, or fix its name.",
            ) from error
        here = Path.cwd()
        if isinstance(found, Path) and found.is_relative_to(here):
            return found.relative_to(here)
        return found

    def below(self, project: Path) -> Path | None:
        """The folder in a checkout of the package, which is not imported: its sources are in the
        project's folder, or in `src` there."""
        package = Path(*self.package.split("."))
        for folder in (project, project / "src"):
            if (folder / package).is_dir():
                return folder / package / self.path
        return None


Folder = Path | PackageFolder


def folder_in(project: Path, folder: Folder) -> Traversable:
    """What a setting means: a path from the project's folder, or a folder of a package; of one that
    is not installed, that of the project's checkout."""
    if not isinstance(folder, PackageFolder):
        return project / folder
    try:
        return folder.find()
    except ConfigError:
        if (found := folder.below(project)) is None:
            raise
        return found


def path_in(project: Path, folder: Folder) -> Path:
    """The same for what works on files. Raises ConfigError for a package in an archive."""
    found = folder_in(project, folder)
    if not isinstance(found, Path):
        raise ConfigError(
            f"{folder} is inside an archive",
            remedy="Run this where the package is unpacked, such as in a checkout.",
        )
    return found
