"""The example of a service: its own tests pass, with the fixtures that it has from sqlmig."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sqlmig import Config
from sqlmig.operations.validation import validate
from tests.database import Database
from tests.pytest_run import run_pytest

EXAMPLE = Path(__file__).parent.parent / "examples/billing_service"
SHOW = """
from billing.schema import settings
from sqlmig import Migrator
print([file.migration_id for file in Migrator(settings()).validate()])
"""


def test_its_tests_pass_on_two_workers(database: Database) -> None:
    variables = {"SQLMIG_TEST_DATABASE_URL": database.url} | python_path(EXAMPLE)
    done = run_pytest(EXAMPLE, "-p", "xdist", "-n", "2", **variables)
    assert done.returncode == 0, done.stdout + done.stderr


def test_installed_as_a_zip_file_it_has_its_migrations_along(tmp_path: Path) -> None:
    archive = tmp_path / "billing.whl"
    with zipfile.ZipFile(archive, "w") as wheel:
        for path in (EXAMPLE / "billing").rglob("*"):
            wheel.write(path, path.relative_to(EXAMPLE))
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=tmp_path,
        env=os.environ | python_path(archive),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['001_invoices', '002_payments', '003_open_invoices']\n"


def test_its_files_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    assert len(validate(Config.load(EXAMPLE, environ={}))) == 3


def python_path(*first: Path) -> dict[str, str]:
    """What makes a process import from there, and sqlmig from where this one has it."""
    return {"PYTHONPATH": os.pathsep.join([*map(str, first), *sys.path])}
