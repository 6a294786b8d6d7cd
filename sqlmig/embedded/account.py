"""The account that runs PostgreSQL's programs, which refuse to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmig.embedded.errors import AccountError

if TYPE_CHECKING:
    import signal
    from pathlib import Path

ROOT = 0
_ACCOUNTS_FOR_ROOT = ("postgres", "nobody")
# If rm fails, restores access that the owner removed from itself, and tries again.
_REMOVE = 'rm -rf "$1" || { chmod -R u+rwx "$1"; rm -rf "$1"; }'


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine that programs can run as.

    If sqlmig runs as root, it works on the account's files and processes only as that account,
    which may have put a link, a pipe or another process's number there.
    """

    name: str
    uid: int
    gid: int

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program until it ends; `stdout` has its output, both streams together.

        It has no terminal, no input, a session of its own (Ctrl-C does not reach it), and none of
        our environment, since PG* variables, HOME and the locale would change what PostgreSQL does.
        Raises OSError if the account cannot execute it.
        """
        is_other = os.geteuid() != self.uid
        return subprocess.run(  # noqa: S603 - the programs come from programs.py
            [str(part) for part in command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
            user=self.uid if is_other else None,
            group=self.gid if is_other else None,
            extra_groups=[] if is_other else None,
        )

    def shell(self, script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a shell script as the account, with its arguments from `$1` on."""
        return self.run("/bin/sh", "-c", script, "sh", *arguments)

    def remove(self, folder: Path) -> None:
        """Removes the account's folder with everything in it; it may be missing. Raises OSError.

        If the parent folder is ours, the account can only empty the folder.
        """
        if os.path.lexists(folder):
            self.shell(_REMOVE, folder)
        with suppress(FileNotFoundError):
            folder.rmdir()

    def signal(self, pid: int, sign: signal.Signals) -> bool:
        """Sends a signal to a process; False if it is gone, or not the account's."""
        with suppress(PermissionError):
            name = sign.name.removeprefix("SIG")
            return self.shell('kill -s "$1" "$2"', name, str(pid)).returncode == 0
        return False

    def take(self, path: Path) -> None:
        """Gives a file or folder to the account; no other account may have write access to its
        place."""
        if os.geteuid() == ROOT:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def left_running(log: Path, *command: str | Path) -> tuple[str | Path, ...]:
    """A command that starts another one and ends at once after it prints the pid.

    The shell leaves the program to the system: it has no parent here, so no process has to wait for
    it. Its output is appended to `log`.
    """
    script = 'umask 077; log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
    return "/bin/sh", "-c", script, "sh", log, *command


def own_account() -> Account:
    """The account of this process; it needs no name."""
    return Account("", os.geteuid(), os.getegid())


def owner_of(path: Path) -> Account:
    """The owner of a file or a folder; it needs no name. Raises OSError."""
    found = path.lstat()
    return Account("", found.st_uid, found.st_gid)


def account_for_new_cluster() -> Account:
    """This process's account; for root, `postgres` or else `nobody`. Raises AccountError without
    one."""
    if os.geteuid() != ROOT:
        return account_of(os.geteuid())
    for name in _ACCOUNTS_FOR_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise AccountError(
        "PostgreSQL refuses to run as root, and this machine has neither of the accounts "
        f"{' and '.join(_ACCOUNTS_FOR_ROOT)}",
        remedy="Add one (`useradd --system postgres`), or run sqlmig as an ordinary user.",
    )


def account_of(uid: int) -> Account:
    """The account of a user id. Raises AccountError if the system has no user with that id."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise AccountError(
            f"the user id {uid} has no name on this machine, and PostgreSQL refuses to run without "
            "one",
            remedy="In a container, start it with a user of its image (`--user postgres`) or add "
            f"one (`useradd --uid {uid} developer`); or give a server with --database-url.",
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
