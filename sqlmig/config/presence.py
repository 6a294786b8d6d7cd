"""Checks that there is a project, and finds others nearby."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from sqlmig.config.files import has_settings
from sqlmig.config.settings import Config
from sqlmig.errors import ConfigError

# How many levels to search for projects, and how many to name.
_DEPTH = 4
_SHOWN = 10
_NEVER_A_PROJECT = ("node_modules", "site-packages", "venv", "__pycache__")


def expect_project(config: Config) -> None:
    """Raises ConfigError if there is no project, or if the folder of migrations in its settings
    does not exist: a check would never find anything there."""
    origin = config.origins.get("migrations")
    if origin and not _is_there(config.migrations_folder):
        raise ConfigError(
            f"{config.migrations_folder}: no such folder, but {origin} names it",
            remedy="Create it, or name the folder that holds the migrations.",
        )
    expect_any_project(config)


def expect_any_project(config: Config) -> None:
    """Raises ConfigError, which names the projects in subfolders, if the project's folder has
    neither settings nor a folder with migrations, seeds or fixtures."""
    folders = (config.migrations_folder, config.seeds_folder, config.mongo_seeds_folder)
    if has_settings(config.project) or any(_is_there(folder) for folder in folders):
        return
    below = [str(folder) for folder in _projects_below(config.project)]
    more = ", …" if len(below) > _SHOWN else ""
    raise ConfigError(
        f"{config.project.resolve()} has neither sqlmig settings nor the folder "
        f"{config.migrations}",
        remedy=f"Projects in subfolders: {', '.join(below[:_SHOWN])}{more}. "
        f"Change to one of them, or name it: --project {below[0]}"
        if below
        else "Name the folder of your project with --project, or create one with `sqlmig init`.",
    )


def _is_there(folder: Traversable) -> bool:
    """Whether that is a folder, or may be one that cannot be read; reading it will raise."""
    try:
        return folder.is_dir()
    except OSError:
        return True


def _is_project(folder: Path) -> bool:
    """Whether that folder has settings, or folders with the default names."""
    names = (str(default) for default in (Config.migrations, Config.seeds, Config.mongo_seeds))
    try:
        return has_settings(folder) or any((folder / name).is_dir() for name in names)
    except (ConfigError, OSError):
        return False


def _projects_below(folder: Path) -> Iterator[Path]:
    for parent, names, _ in os.walk(folder):
        here = Path(parent)
        if here != folder and _is_project(here):
            yield here
            names.clear()
        is_deep = len(here.relative_to(folder).parts) >= _DEPTH
        names[:] = [] if is_deep else sorted(name for name in names if not _is_passed_over(name))


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name in _NEVER_A_PROJECT
