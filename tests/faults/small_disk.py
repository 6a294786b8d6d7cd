"""Disks that fill up quickly."""

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
# Larger than a WAL segment of 16 MiB, and not a multiple of a page of 8 KiB.
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
    """Whether this process is allowed to mount a file system."""
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
    """Processes started in the block cannot write files over 20 MiB, which the server sees as a
    full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _mount(folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True)
