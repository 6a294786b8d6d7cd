"""Lists the folders: which files are migrations and which are rollbacks, by migration id."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlmig.errors import SourceError, UnusableFilesError
from sqlmig.model import Location

SUFFIX = ".sql"
ROLLBACK_SUFFIX = ".rollback.sql"
# Hidden files, Python's own (a folder may be a package), and what `yoyo new` has in an editor.
_PASSED_OVER = (".", "__", "_tmp_yoyonew")

Scripts = dict[str, Path]


def list_migrations(folder: Path, rollbacks: Path) -> tuple[Scripts, Scripts]:
    """The migration files and the rollbacks beside them, both by migration id.

    Files that do not end in .sql or .py are passed over. Raises SourceError for a folder that is
    not there or has no migration, for a file of a kind not supported, and for a subfolder with
    .sql files that is not `rollbacks`; UnusableFilesError for several of these.
    """
    if (entries := _entries(folder)) is None:
        raise SourceError(
            "no such folder",
            location=Location(str(folder)),
            remedy="Make it with `sqlmig init`, or name yours with the setting `migrations` "
            "(or go there: --project).",
        )
    raise_all([_subfolder(entry.path) for entry in entries if _hides_scripts(entry, rollbacks)])
    paths = _scripts(entries)
    beside = {
        name.removesuffix(".rollback"): path
        for name, path in paths.items()
        if path.name.endswith(ROLLBACK_SUFFIX)
    }
    scripts = {name: path for name, path in paths.items() if path not in beside.values()}
    if not scripts:
        raise SourceError(
            "no migrations in this folder",
            location=Location(str(folder)),
            remedy="Write the first one, such as 001_create_users.sql.",
        )
    return scripts, beside


def list_scripts(folder: Path) -> Scripts:
    """The .sql files of a folder by stem; none where there is no such folder. Raises as above."""
    return _scripts(_entries(folder) or [])


def list_subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted; none where there is no such folder. Raises as above."""
    return [Path(entry.path) for entry in _entries(folder) or [] if entry.is_dir()]


def is_passed_over(name: str) -> bool:
    """Whether a file of that name is nothing to sqlmig, wherever it lies."""
    return name.startswith(_PASSED_OVER)


def raise_all(errors: Sequence[SourceError]) -> None:
    """Raises the errors, if there are any: one as it is, several as one, in order of the paths."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise UnusableFilesError(sorted(errors, key=lambda error: error.location.path))


def _entries(folder: Path) -> list[os.DirEntry[str]] | None:
    """What is in the folder, sorted, but for what nobody means; None where it is no folder."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not is_passed_over(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SourceError(
            f"cannot be listed: {error.strerror}",
            location=Location(str(folder)),
            remedy="Check that you may read this folder.",
        ) from error
    return sorted(entries, key=lambda entry: entry.name)


def _scripts(entries: Iterable[os.DirEntry[str]]) -> Scripts:
    """The .sql files by stem."""
    errors = []
    found = {}
    for entry in entries:
        path = Path(entry.path)
        if path.suffix.lower() not in (SUFFIX, ".py") or entry.is_dir():
            continue
        if error := _problem(entry, path):
            errors.append(error)
        found[path.name.removesuffix(SUFFIX)] = path
    raise_all(errors)
    return found


def _problem(entry: os.DirEntry[str], path: Path) -> SourceError | None:
    """Why that can be no script, as far as can be known without opening it."""
    place = Location(str(path))
    if not path.name.isprintable():  # as what is no UTF-8 is not either
        return SourceError(
            f"the name {path.name!r} cannot be shown",
            location=Location(str(path.parent)),
            remedy="Rename that file with printable characters, in UTF-8.",
        )
    if path.suffix.lower() == ".py":
        return SourceError(
            "a Python migration, which sqlmig does not run",
            location=place,
            remedy="Write it as SQL, or move it out of this folder.",
        )
    if path.suffix != SUFFIX:
        return SourceError(
            f"ends in {path.suffix}, not in .sql",
            location=place,
            remedy=f"Rename it to {path.with_suffix(SUFFIX).name}.",
        )
    if not entry.is_file() and path.exists():
        return SourceError(
            "is a pipe, a socket or a device, not a file",
            location=place,
            remedy="Put a file there, or remove it.",
        )
    return None


def _hides_scripts(entry: os.DirEntry[str], rollbacks: Path) -> bool:
    """Whether that is a folder with .sql files which nobody would run."""
    path = Path(entry.path)
    return (
        entry.is_dir()
        and not rollbacks.resolve().is_relative_to(path.resolve())
        and any(path.rglob(f"*{SUFFIX}"))
    )


def _subfolder(path: str) -> SourceError:
    return SourceError(
        "a subfolder with .sql files, which nobody would run",
        location=Location(path),
        remedy="sqlmig reads one folder; move them up.",
    )
