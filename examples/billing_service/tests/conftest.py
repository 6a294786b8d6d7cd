"""A fresh database for each test: `database` with the schema, `seeded` with an invoice in it."""

from __future__ import annotations

import pytest
from billing.schema import settings

from sqlmig import Config
from sqlmig.testing import Contents, migrated_database

database = migrated_database()
seeded = migrated_database(contents=Contents.SEEDED)


@pytest.fixture(scope="session")
def sqlmig_config() -> Config:
    """The settings of the service, which the fixtures take."""
    return settings()
