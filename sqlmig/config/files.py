"""Finds and reads the file with a project's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sqlmig.errors import ConfigError

SETTINGS_FILES = ("sqlmig.toml", "pyproject.toml")


def find_project() -> Path:
    """This folder or the nearest parent with settings, in its shortest form; otherwise this
    folder."""
    here = Path.cwd()
    for steps, folder in enumerate((here, *here.parents)):
        if _settings_file(folder) is not None:
            return Path(*[".."] * steps)
    return Path()


def existing_folder(project: Path) -> Path:
    """That folder. Raises ConfigError if it is not a folder."""
    if not _holds(project.is_dir):
        raise ConfigError(
            f"{project}: no such folder",
            remedy="Give --project the folder that holds your sqlmig.toml or pyproject.toml.",
        )
    return project


def has_settings(project: Path) -> bool:
    """Whether that folder has a file with sqlmig settings."""
    return _settings_file(project) is not None


def read_settings(folder: Path) -> tuple[Mapping[str, object], str]:
    """The settings of a project and their file; none and "" if there is no such file."""
    path = _settings_file(folder)
    if path is None:
        return {}, ""
    table = _tool_table(path) or {}
    return table, str(path)


def _settings_file(folder: Path) -> Path | None:
    for name in SETTINGS_FILES:
        path = folder / name
        if _holds(path.is_file) and _tool_table(path) is not None:
            return path
    return None


def _tool_table(path: Path) -> Mapping[str, object] | None:
    """The settings in that file; None for a pyproject.toml without `[tool.sqlmig]`."""
    import tomllib  # noqa: PLC0415  # a service may have no such file

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", remedy="Fix the TOML of that file.") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", remedy="Make that file readable.") from error
    if path.name == "sqlmig.toml":
        return document
    tools = document.get("tool", {})
    table = tools.get("sqlmig") if isinstance(tools, Mapping) else None
    if table is not None and not isinstance(table, Mapping):
        raise ConfigError(f"{path}: tool.sqlmig is not a table", remedy="Write [tool.sqlmig].")
    return table


def _holds(check: Callable[[], bool]) -> bool:
    """The result of the check; False if permission is denied, for which pathlib raises."""
    try:
        return check()
    except OSError:
        return False
