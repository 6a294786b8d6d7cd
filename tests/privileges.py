"""What permissions do, also where the tests run as root, whom they do not bind."""

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
    """The block runs as a user who may do nothing special."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@contextmanager
def public_project() -> Iterator[Project]:
    """A project that everybody may look into, which pytest's own folders are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Project(Path(name))
