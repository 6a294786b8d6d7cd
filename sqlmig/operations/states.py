"""Checks the files of a commit or of the index, instead of those on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmig.changelog.tree import Everything, State, WorkingTree
from sqlmig.config import SETTINGS_FILES, Config, Folder, expect_project
from sqlmig.errors import SourceError, UnusableFilesError
from sqlmig.model import MigrationFile, ScriptFile
from sqlmig.operations.validation import ValidFiles, read_project
from sqlmig.source.folders import single

_FOLDERS = ("migrations", "rollbacks", "seeds", "checks", "mongo_seeds")


def read_project_at(config: Config, state: State) -> ValidFiles:
    """Every file of the project in that state, read and checked as by `read_project`; the settings
    are those on disk.

    The files are named as on disk. They are written to a temporary folder, which is removed. Raises
    what `read_project` raises, and ChangelogError if git cannot provide them.
    """
    if isinstance(state, WorkingTree):
        return read_project(config)
    expect_project(config)
    with _checked_out(config, state) as (there, rename):
        try:
            return _renamed(read_project(there), rename)
        except SourceError as error:
            errors = [_renamed_error(each, rename) for each in single(error)]
            raise (UnusableFilesError(errors) if len(errors) > 1 else errors[0]) from None


@contextmanager
def _checked_out(config: Config, state: State) -> Iterator[tuple[Config, Callable[[str], str]]]:
    """The settings for a copy of the state's files, and a function that restores the original
    paths."""
    folders = {name: getattr(config, name) for name in (*_FOLDERS, "scratch_script")}
    inside = {name: path for name, path in folders.items() if _is_inside(config.project, path)}
    tree = Everything(config.project, [*map(str, inside.values()), *SETTINGS_FILES])
    with TemporaryDirectory(prefix="sqlmig-") as folder:
        project = Path(folder, "project")
        for path in inside.values():
            if (config.project / path).is_dir():  # git keeps no empty folder
                (project / path).mkdir(parents=True, exist_ok=True)
        project.mkdir(exist_ok=True)
        (project / SETTINGS_FILES[0]).touch()  # the settings may not be in git yet
        for name, data in tree.files(state, None)[0].items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        own = os.path.join(config.project, "")  # noqa: PTH118  # "" for the current folder
        own = "" if config.project == Path() else own
        yield (
            replace(config, project=project),
            lambda text: text.replace(f"{project}/", own),
        )


def _is_inside(project: Path, folder: Folder | None) -> bool:
    """Whether that is a path below the project's folder; everything else is read from disk."""
    if not isinstance(folder, Path):
        return False
    return not Path(os.path.relpath(project / folder, project)).is_relative_to("..")


def _renamed(found: ValidFiles, rename: Callable[[str], str]) -> ValidFiles:
    def of(file: ScriptFile) -> ScriptFile:
        return replace(file, script=replace(file.script, path=rename(file.script.path)))

    def migration(each: MigrationFile) -> MigrationFile:
        return replace(each, file=of(each.file), rollback=each.rollback and of(each.rollback))

    return replace(
        found,
        migrations=tuple(migration(each) for each in found.migrations),
        seeds=tuple(replace(each, file=of(each.file)) for each in found.seeds),
        checks=tuple(replace(each, file=of(each.file)) for each in found.checks),
    )


def _renamed_error(error: SourceError, rename: Callable[[str], str]) -> SourceError:
    error.location = replace(error.location, path=rename(error.location.path))
    error.message, error.remedy = rename(error.message), rename(error.remedy)
    return error
