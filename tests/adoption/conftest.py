"""Runs tests in the project's folder, like someone who follows the guide."""

from __future__ import annotations

import pytest

from tests.project import Project


@pytest.fixture
def project(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project folder with a settings file, which commands find."""
    project.write("sqlmig.toml", "")
    monkeypatch.chdir(project.root)
    return project
