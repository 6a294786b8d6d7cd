"""Folders inside a Python package, so that an installed service includes its migrations."""

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
    """A folder of an importable package, named like `package:billing/sql/migrations`."""

    package: str
    path: str

    @classmethod
    def named(cls, value: str) -> Self:
        """The folder of that name. Raises ValueError, which says why it is not one."""
        match = _SHAPE.fullmatch(value.removeprefix(PREFIX))
        if match is None or ".." in match[2].split("/"):
            raise ValueError(
                "is not a folder of a package: expected one such as package:billing/sql/migrations"
            )
        return cls(match[1], match[2].strip("/"))

    def __str__(self) -> str:
        return f"{PREFIX}{self.package}/{self.path}"

    def find(self) -> Traversable:
        """The folder, which need not exist, wherever the package was installed from: a path,
        relative if it is below the current folder, or a place in a zip file.

        Imports the package. Raises ConfigError if it cannot be imported.
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
        """The folder in a checkout of the package, without an import: the sources are in the
        project's folder, or in its `src`."""
        package = Path(*self.package.split("."))
        for folder in (project, project / "src"):
            if (folder / package).is_dir():
                return folder / package / self.path
        return None


Folder = Path | PackageFolder


def folder_in(project: Path, folder: Folder) -> Traversable:
    """What a setting means: a path from the project's folder, or a folder of a package; if the
    package is not installed, the folder in the project's checkout."""
    if not isinstance(folder, PackageFolder):
        return project / folder
    try:
        return folder.find()
    except ConfigError:
        if (found := folder.below(project)) is None:
            raise
        return found


def path_in(project: Path, folder: Folder) -> Path:
    """Like `folder_in`, for code that works on files. Raises ConfigError for a package in an
    archive."""
    found = folder_in(project, folder)
    if not isinstance(found, Path):
        raise ConfigError(
            f"{folder} is inside an archive",
            remedy="Run this where the package is unpacked, such as in a checkout.",
        )
    return found
