"""Disks that are full soon."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlmig.embedded.account import account_for_new_cluster

_DISK_BYTES = 8 << 20
# Larger than the 16 MiB of a segment of the WAL, and no multiple of the 8 KiB of a page.
_LARGEST_FILE_BYTES = (20 << 20) + 4096


def can_mount() -> bool:
    """Whether this process may mount a file system."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if _mount(Path(folder)).returncode != 0:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


@contextmanager
def small_disk() -> Iterator[Path]:
    """A folder for a tablespace on a file system of 8 MiB of its own; needs `can_mount`."""
    with tempfile.TemporaryDirectory(prefix="sqlmig-disk-", dir="/var/tmp") as name:
        mounted = Path(name)
        mounted.chmod(0o755)
        _mount(mounted).check_returncode()
        try:
            folder = mounted / "tablespace"
            folder.mkdir(mode=0o700)
            account_for_new_cluster().take(folder)
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


@contextmanager
def small_files() -> Iterator[None]:
    """What is started in the block cannot write files over 20 MiB: a full disk, to the server."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _mount(folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True)
