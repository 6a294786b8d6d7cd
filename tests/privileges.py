"""Tests permissions even if the tests run as root, whom permissions do not restrict."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.project import Project

_NOBODY = 65534


@contextmanager
def without_root() -> Iterator[None]:
    """Runs the block as a user without special privileges."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@contextmanager
def public_project() -> Iterator[Project]:
    """A project that everybody can read, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Project(Path(name))
