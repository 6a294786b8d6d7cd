"""Files that two accounts use: read where another account can write, or copied for it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path

from sqlmig.embedded.account import ROOT

_MOST_BYTES = 64 * 1024
# What no program needs at run time.
_NEEDLESS = shutil.ignore_patterns("include", "doc", "pgxs", "*.a", "*.py", "__pycache__")


def read_regular(file: Path, offset: int = 0) -> bytes:
    """Up to 64 KiB of a regular file. Raises OSError for anything else.

    Does not follow a link in the file's place, and does not block on a pipe.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(file))
        return os.pread(descriptor, _MOST_BYTES, offset)
    finally:
        os.close(descriptor)


def copy_for_all(source: Path, destination: Path) -> None:
    """Copies a folder so that every account can read and run its content, whatever the umask."""
    shutil.copytree(source, destination, symlinks=True, ignore=_NEEDLESS)
    for folder, _, files in os.walk(destination):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            if not path.is_symlink():
                path.chmod(0o755)


def only_root_can_write(tree: Path) -> bool:
    """Whether no other account can change the folder, its content, or the folders above it."""
    inside = (Path(folder, name) for folder, _, names in os.walk(tree) for name in (".", *names))
    return all(map(_is_roots, inside)) and all(map(keeps_names, tree.resolve().parents))


def keeps_names(folder: Path) -> bool:
    """Whether no other account can rename or remove what root creates in the folder."""
    found = folder.lstat()
    return found.st_uid == ROOT and (bool(found.st_mode & stat.S_ISVTX) or _is_roots(folder))


def _is_roots(path: Path) -> bool:
    found = path.lstat()
    for_others = 0o022 if found.st_gid else 0o002
    return found.st_uid == ROOT and (stat.S_ISLNK(found.st_mode) or not found.st_mode & for_others)
