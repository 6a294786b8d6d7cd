"""A role without privileges."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.database import Database


@pytest.fixture
def ordinary(database: Database) -> Iterator[str]:
    """A URL of the database as a role that owns it but has no special privileges."""
    role = f"plain_{uuid.uuid4().hex[:8]}"
    name = database.value("SELECT current_database()")
    database.execute(f'CREATE ROLE {role} LOGIN; ALTER DATABASE "{name}" OWNER TO {role}')
    yield database.url.replace("://postgres@", f"://{role}@")
    database.execute(f"DROP OWNED BY {role} CASCADE")
    database.execute(f'ALTER DATABASE "{name}" OWNER TO postgres; DROP ROLE {role}')
