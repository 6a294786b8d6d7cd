"""The folder of one embedded server: finds, creates and removes it.

An ordinary user's folder is in the project: `.sqlmig/postgres`. Root's cannot be there: its server
may run as an account that cannot reach the project, and another account may have write access. So
for root, `.sqlmig/postgres` is a link, owned by root, to a folder owned by root under /var/tmp; or
under /dev/shm, if the project itself is there. In a folder that root owns directly below one of
these, no other account can replace anything, so paths below it are stable. `.sqlmig` itself gives
no such guarantee, and is only used through a descriptor.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmig.embedded.account import ROOT
from sqlmig.embedded.errors import FolderError
from sqlmig.embedded.files import keeps_names, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every account can create folders here (ours come from mkdtemp); the first survives a reboot.
OPEN_TO_ALL = Path("/var/tmp")  # noqa: S108
MEMORY = Path("/dev/shm")  # noqa: S108
PREFIX = "sqlmig-"
_PROJECT = "project"  # a file with the project root whose link leads here
_REMEDY = "sqlmig must be able to write there: check its owner, its permissions and the free space."
# On Linux, only O_PATH opens a folder that cannot be listed; macOS does not have it.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Turns an OSError from the work on a folder into a FolderError."""
    try:
        yield
    except OSError as error:
        raise FolderError(folder, str(error), remedy=_REMEDY) from error


def resolved(root: Path) -> Path:
    """A single path for the project's folder, however it is reached.

    If the folder itself is a link, it is followed only if we own it; another account's link raises
    an error once it is used.
    """
    root = root.absolute()
    try:
        is_anothers = root.is_symlink() and root.lstat().st_uid != os.geteuid()
    except OSError:
        is_anothers = False
    return root.parent.resolve() / root.name if is_anothers else root.resolve()


@contextmanager
def locked(root: Path, server: str = "postgres") -> Iterator[None]:
    """Keeps other processes from starting or stopping that server of this root; waits for the lock.

    Creates `root`, with a `.gitignore` for everything in it. Raises FolderError if it cannot.
    """
    with using(root):
        _make_root(root)
        with _opened(root) as project:
            lock = os.open(f"{server}.lock", _LOCK, 0o600, dir_fd=project)
    with os.fdopen(lock, "rb") as file:
        if not stat.S_ISREG(os.fstat(lock).st_mode):
            raise FolderError(root / f"{server}.lock", "it is not a file", remedy="Remove it.")
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def find_folder(root: Path, server: str = "postgres") -> Path | None:
    """The existing folder; reads only. Raises FolderError if it is not ours."""
    place = root / server
    with using(root):
        try:
            with _opened(root) as project:
                entry = os.lstat(server, dir_fd=project)
                is_link = stat.S_ISLNK(entry.st_mode)
                folder = Path(os.readlink(server, dir_fd=project)) if is_link else place
            if is_link:
                _refuse_a_link_elsewhere(place, folder)
            found = folder.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        _refuse_anothers(folder, found)
        if is_link:
            _refuse_anothers_link(place, entry, folder)
        elif os.geteuid() == ROOT:
            reason = f"root's servers are stored under {OPEN_TO_ALL}, not in a project"
            raise FolderError(place, reason, remedy=f"Remove {place} to start over.")
    return folder


def make_folder(root: Path, server: str = "postgres") -> Path:
    """A new, empty folder, mode 0700; call it under the lock. Raises FolderError."""
    with using(root), _opened(root) as project:
        if os.geteuid() != ROOT:
            os.mkdir(server, mode=0o700, dir_fd=project)
            return root / server
        with suppress(FileNotFoundError):
            os.unlink(server, dir_fd=project)  # it may lead to a folder that no longer exists
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_place_for_root(root)))
        (folder / _PROJECT).write_bytes(os.fsencode(root))
        os.symlink(folder, server, dir_fd=project)
        return folder


def remove_folder(root: Path, folder: Path, server: str = "postgres") -> None:
    """Removes the folder with everything in it, and the link to it. Raises FolderError."""
    with using(folder):
        shutil.rmtree(folder)
        if folder != root / server:
            with _opened(root) as project, suppress(FileNotFoundError):
                os.unlink(server, dir_fd=project)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of the folder; raises FolderError for a link anywhere in its path."""
    descriptor = os.open("/", _FOLDER)
    try:
        for name in folder.parts[1:]:
            if stat.S_ISLNK(os.lstat(name, dir_fd=descriptor).st_mode):
                reason = f"another account put a link in place of `{name}`"
                raise FolderError(folder, reason, remedy="Remove the link.")
            outer, descriptor = descriptor, os.open(name, _FOLDER, dir_fd=descriptor)
            os.close(outer)
        yield descriptor
    finally:
        os.close(descriptor)


def _make_root(root: Path) -> None:
    with suppress(FileExistsError):
        root.parent.mkdir(parents=True)
    with _opened(root.parent) as parent, suppress(FileExistsError):
        os.mkdir(root.name, dir_fd=parent)
    with _opened(root) as project, suppress(FileExistsError):
        ignored = os.open(".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=project)
        with os.fdopen(ignored, "w") as file:
            file.write("*\n")


def _place_for_root(root: Path) -> Path:
    place = MEMORY if root.is_relative_to(MEMORY) else OPEN_TO_ALL
    _refuse_a_loose_place(place)
    return place


def _refuse_a_link_elsewhere(link: Path, folder: Path) -> None:
    """Refuses a link to another place: sqlmig would write to, and remove, its target."""
    if folder.parent not in (OPEN_TO_ALL, MEMORY) or not folder.name.startswith(PREFIX):
        raise FolderError(link, f"it is a link to {folder}", remedy="Remove the link.")
    _refuse_a_loose_place(folder.parent)


def _refuse_a_loose_place(place: Path) -> None:
    if not keeps_names(place):
        raise FolderError(
            place,
            "it lets other accounts rename files that root creates in it",
            remedy=f"Run `chown root {place}` and `chmod 1777 {place}`.",
        )


def _refuse_anothers(folder: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise FolderError(folder, "it is a file", remedy="Remove it.")
    if found.st_uid != os.geteuid():
        raise FolderError(
            folder,
            f"it belongs to the user id {found.st_uid}, and sqlmig runs as {os.geteuid()}",
            remedy=f"Run sqlmig as that account, or remove {folder} to start over.",
        )


def _refuse_anothers_link(link: Path, made: os.stat_result, folder: Path) -> None:
    """Refuses a folder of root's unless this is the project that it was created for: neither a copy
    of the project nor a link that another account made."""
    original = Path(os.fsdecode(read_regular(folder / _PROJECT)), link.name)
    is_alive = original.is_symlink() and original.readlink() == folder
    is_copy = is_alive and not os.path.samestat(original.lstat(), made)
    if is_copy or made.st_uid != os.geteuid():
        raise FolderError(
            link,
            f"it leads to the server of {original.parent}",
            remedy=f"Remove {link}: this project then gets a server of its own.",
        )
