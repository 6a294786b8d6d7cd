"""The project's folder is the current one, as it is for those who follow the guide."""

from __future__ import annotations

import pytest

from tests.project import Project


@pytest.fixture
def project(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project folder with settings, which commands find."""
    project.write("sqlmig.toml", "")
    monkeypatch.chdir(project.root)
    return project
