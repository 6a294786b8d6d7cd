"""The documents of this repository's own projects are what their migrations make."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from tests.database import Database


@pytest.mark.parametrize("folder", [".", "examples/aec_admin"])
def test_the_document_is_current(folder: str, database: Database, smart_kids: Path) -> None:
    project = smart_kids / folder
    config = Config.load(project, {"database": database.url}, environ={})
    document = Migrator(config).schema_document()
    assert document.compare(project / "docs/schema.md").difference == ""
    assert document.warnings == ()
