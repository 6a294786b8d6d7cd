"""The commands of a project with a database."""

from __future__ import annotations

import pytest

from tests.command import Run
from tests.database import Database
from tests.project import Project


@pytest.fixture
def run(project: Project, database: Database) -> Run:
    """Runs commands in the project's folder, on the test's database."""
    return Run(project.root, database.url)
