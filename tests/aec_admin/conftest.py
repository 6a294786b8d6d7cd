"""The project in examples/aec_admin on a database for each test.

The schemas that many tests start from are migrated once, and copied for each test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from tests.database import Database, Server

# The last migration of the schema of each fixture; None for all migrations.
_SCHEMAS = {"built": None, "before_the_move": "019"}


@pytest.fixture
def aec_admin() -> Path:
    """The project's folder."""
    return Path(__file__).parents[2] / "examples/aec_admin"


@pytest.fixture
def template(request: pytest.FixtureRequest, server_of_run: Server, aec_admin: Path) -> str:
    """An empty database, or the schema that the test's fixtures request."""
    found = [fixture for fixture in _SCHEMAS if fixture in request.fixturenames]
    if not found:
        return server_of_run.empty()
    newest = _SCHEMAS[found[0]]
    return server_of_run.template(
        f"aec_admin_{found[0]}", lambda url: migrator_of(aec_admin, url).apply(newest)
    )


@pytest.fixture
def migrator(aec_admin: Path, database: Database) -> Migrator:
    """The project's migrations on the test's database."""
    return migrator_of(aec_admin, database.url)


@pytest.fixture
def built(database: Database) -> Database:
    """The whole schema, without accounts."""
    return database


@pytest.fixture
def before_the_move(database: Database) -> Database:
    """The schema with account numbers."""
    return database


def migrator_of(project: Path, url: str) -> Migrator:
    return Migrator(Config.load(project, {"database": url, "environment": "development"}))
