"""Writes the files of a project; a new file never replaces an existing one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlmig.errors import ConfigError


def write_new(path: Path, text: str) -> None:
    """Creates a file that must not exist yet, and the folders above it. Raises ConfigError."""
    with _writing(path), path.open("x", encoding="utf-8", newline="") as file:
        file.write(text)


def rewrite(path: Path, text: str) -> None:
    """Writes a file with that text, whether or not it exists. Raises ConfigError."""
    with _writing(path):
        path.write_bytes(text.encode())


def move(path: Path, to: Path) -> None:
    """Renames a file; the new name must be free. Raises ConfigError."""
    with _writing(to):
        if os.path.lexists(to):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        path.rename(to)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Make that folder writable, or choose another project with --project; "
            "then run the same again.",
        ) from error
