"""Lists the folders: which files are migrations and which are rollbacks, by migration id."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence, Set
from importlib.resources.abc import Traversable
from pathlib import Path

from sqlmig.errors import SourceError, UnusableFilesError
from sqlmig.model import Location

SUFFIX = ".sql"
ROLLBACK_SUFFIX = ".rollback.sql"
_ROLLBACK = ROLLBACK_SUFFIX.removesuffix(SUFFIX)
# Hidden files, Python's own (a folder may be a package), and what `yoyo new` creates for an editor.
_IGNORED_PREFIXES = (".", "__", "_tmp_yoyonew")

Scripts = dict[str, Traversable]


def list_migrations(folder: Traversable, rollbacks: Traversable) -> tuple[Scripts, Scripts]:
    """The migration files and the rollbacks beside them, both by migration id.

    Files that do not end in .sql or .py are skipped. Raises SourceError for a folder that does not
    exist or has no migration, for an unsupported kind of file, and for a subfolder with .sql files
    that is not `rollbacks`; UnusableFilesError for several of these.
    """
    if (listing := _listing(folder)) is None:
        raise SourceError(
            "no such folder",
            location=Location(shown(folder)),
            remedy="Create it with `sqlmig init`, or name yours with the setting `migrations` "
            "(or go there: --project).",
        )
    entries, certain = listing
    others = [entry for name, entry in entries.items() if name not in certain]
    raise_all([_subfolder(entry) for entry in others if _hides_scripts(entry, rollbacks)])
    paths = _scripts(entries, certain)
    beside = {
        name.removesuffix(_ROLLBACK): path
        for name, path in paths.items()
        if name.endswith(_ROLLBACK)
    }
    scripts = {name: path for name, path in paths.items() if not name.endswith(_ROLLBACK)}
    if not scripts:
        raise SourceError(
            "no migrations in this folder",
            location=Location(shown(folder)),
            remedy="Write the first one, such as 001_create_users.sql.",
        )
    return scripts, beside


def list_scripts(folder: Traversable) -> Scripts:
    """The .sql files of a folder by stem; none if there is no such folder. Raises SourceError for a
    folder that cannot be listed and for an unsupported kind of file."""
    listing = _listing(folder)
    return _scripts(*listing) if listing else {}


def usable_scripts(folder: Traversable) -> Scripts:
    """The .sql files of a folder by stem, without those that cannot be scripts: ignores their
    errors."""
    listing = _listing(folder)
    return _sorted_out(*listing)[0] if listing else {}


def list_subfolders(folder: Traversable) -> list[Traversable]:
    """The folders in a folder, sorted; none if it does not exist. Raises SourceError if it cannot
    be listed."""
    entries, certain = _listing(folder) or ({}, set())
    return [entry for name, entry in entries.items() if name not in certain and entry.is_dir()]


def is_passed_over(name: str) -> bool:
    """Whether sqlmig ignores files of that name, in any folder."""
    return name.startswith(_IGNORED_PREFIXES)


def shown(file: Traversable) -> str:
    """The path for display; within an archive, that of the archive and the path within it."""
    return str(file).rstrip("/")


def raise_all(errors: Sequence[SourceError]) -> None:
    """Raises the errors, if there are any: a single one as it is, several as one, sorted by path;
    the errors of one file stay in their order."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        each = [one for error in errors for one in single(error)]
        raise UnusableFilesError(sorted(each, key=lambda error: error.location.path))


def single(error: SourceError) -> tuple[SourceError, ...]:
    """The error or, if it combines several, each of them."""
    return getattr(error, "errors", (error,))


def _listing(folder: Traversable) -> tuple[Mapping[str, Traversable], Set[str]] | None:
    """The entries of the folder by name, sorted, without ignored files, and the names that are
    certainly files; None if it is not a folder."""
    try:
        if not folder.is_dir():
            return None
        certain = _certain_files(folder) if isinstance(folder, Path) else set()
        entries = {entry.name: entry for entry in folder.iterdir()}
    except OSError as error:
        raise SourceError(
            f"cannot be listed: {error.strerror}",
            location=Location(shown(folder)),
            remedy="Check that you may read this folder.",
        ) from error
    return {name: entries[name] for name in sorted(entries) if not is_passed_over(name)}, certain


def _certain_files(folder: Path) -> set[str]:
    """The names that the folder's own listing shows as files, which saves a system call for each of
    many. Links to files are not among them."""
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}


def _scripts(entries: Mapping[str, Traversable], certain: Set[str]) -> Scripts:
    """The .sql files by stem."""
    found, errors = _sorted_out(entries, certain)
    raise_all(errors)
    return found


def _sorted_out(
    entries: Mapping[str, Traversable], certain: Set[str]
) -> tuple[Scripts, list[SourceError]]:
    """The .sql files by stem, and the errors of those that cannot be scripts."""
    errors = []
    found = {}
    for name, entry in entries.items():
        suffix = _suffix(name)
        if suffix.lower() not in (SUFFIX, ".py"):
            continue
        is_file = name in certain or entry.is_file()
        if not is_file and entry.is_dir():
            continue
        is_plain = is_file and suffix == SUFFIX and name.isprintable()
        if not is_plain and (error := _problem(entry)):
            errors.append(error)
        else:
            found[name.removesuffix(SUFFIX)] = entry
    return found, errors


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1]  # noqa: PTH122  # creating a path for each file is slow


def _problem(file: Traversable) -> SourceError | None:
    """Why that file cannot be a script, as far as can be told without opening it."""
    place, suffix = Location(shown(file)), _suffix(file.name)
    if not file.name.isprintable():  # a name that is not UTF-8 is not printable either
        return SourceError(
            f"the name {file.name!r} cannot be shown",
            location=Location(shown(file).removesuffix(file.name).rstrip("/")),
            remedy="Rename that file with printable characters, in UTF-8.",
        )
    if suffix.lower() == ".py":
        return SourceError(
            "a Python migration, which sqlmig does not run",
            location=place,
            remedy="Write it as SQL, or move it out of this folder.",
        )
    if suffix != SUFFIX:
        return SourceError(
            f"ends in {suffix}, not in .sql",
            location=place,
            remedy=f"Rename it to {file.name.removesuffix(suffix)}{SUFFIX}.",
        )
    if isinstance(file, Path) and file.exists() and not file.is_file():
        return SourceError(
            "is a pipe, a socket or a device, not a file",
            location=place,
            remedy="Put a file there, or remove it.",
        )
    return None


def _hides_scripts(entry: Traversable, rollbacks: Traversable) -> bool:
    """Whether the entry is a folder with .sql files that would not be run."""
    return entry.is_dir() and not _leads_to(entry, rollbacks) and _holds_scripts(entry)


def _leads_to(folder: Traversable, rollbacks: Traversable) -> bool:
    if isinstance(folder, Path) and isinstance(rollbacks, Path):
        return rollbacks.resolve().is_relative_to(folder.resolve())
    return f"{shown(rollbacks)}/".startswith(f"{shown(folder)}/")


def _holds_scripts(folder: Traversable) -> bool:
    return any(
        _holds_scripts(entry) if entry.is_dir() else entry.name.endswith(SUFFIX)
        for entry in folder.iterdir()
    )


def _subfolder(folder: Traversable) -> SourceError:
    return SourceError(
        "a subfolder with .sql files; subfolders are not read",
        location=Location(shown(folder)),
        remedy="Move the files into the folder above.",
    )
