"""Schemas to write documents of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.database import Database

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.sql"))


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest, database: Database) -> Database:
    """A database with one of the sample schemas."""
    database.execute(request.param.read_text(encoding="utf-8"))
    return database
