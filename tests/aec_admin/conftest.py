"""The project of examples/aec_admin on a database of the test's own.

The schemas that many tests begin with are migrated once, and copied for each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from tests.database import Database, Server

# The newest migration of the schema that a fixture gives; None is the newest of all.
_SCHEMAS = {"built": None, "before_the_move": "019"}


@pytest.fixture
def aec_admin() -> Path:
    """The project's folder."""
    return Path(__file__).parents[2] / "examples/aec_admin"


@pytest.fixture
def template(request: pytest.FixtureRequest, server_of_run: Server, aec_admin: Path) -> str:
    """An empty database, or the schema that the test's fixtures ask for."""
    found = [fixture for fixture in _SCHEMAS if fixture in request.fixturenames]
    if not found:
        return server_of_run.empty()
    newest = _SCHEMAS[found[0]]
    return server_of_run.template(
        f"aec_admin_{found[0]}", lambda url: migrator_of(aec_admin, url).apply(newest)
    )


@pytest.fixture
def migrator(aec_admin: Path, database: Database) -> Migrator:
    """Its migrations on the test's database."""
    return migrator_of(aec_admin, database.url)


@pytest.fixture
def built(database: Database) -> Database:
    """The whole schema, without any account."""
    return database


@pytest.fixture
def before_the_move(database: Database) -> Database:
    """The schema of account numbers."""
    return database


def migrator_of(project: Path, url: str) -> Migrator:
    return Migrator(Config.load(project, {"database": url, "environment": "development"}))
