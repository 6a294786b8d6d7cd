"""What `import sqlmig` gives a program."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sqlmig


@pytest.mark.parametrize("name", sqlmig.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(sqlmig, name).__module__.startswith("sqlmig.")


def test_the_import_loads_no_driver_and_the_library_prints_nothing() -> None:
    program = (
        "import logging, sys, sqlmig\n"
        "assert not {'psycopg', 'yoyo', 'click', 'rich'} & set(sys.modules)\n"
        "logging.getLogger('sqlmig').warning('heard by nobody')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
