"""The project of examples/aec_admin on a database of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from tests.database import Database


@pytest.fixture
def aec_admin() -> Path:
    """The project's folder."""
    return Path(__file__).parents[2] / "examples/aec_admin"


@pytest.fixture
def migrator(aec_admin: Path, database: Database) -> Migrator:
    """Its migrations, none of them applied yet."""
    settings = {"database": database.url, "environment": "development"}
    return Migrator(Config.load(aec_admin, settings))


@pytest.fixture
def built(migrator: Migrator, database: Database) -> Database:
    """The whole schema, without any account."""
    migrator.apply()
    return database
