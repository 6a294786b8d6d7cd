"""The recipes of docs/zero-downtime.md, as they are there: none is a finding, and none keeps others
waiting, though another session reads for two seconds at a time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sqlmig.migrator import Migrator
from tests.database import Database
from tests.guide import steps
from tests.impact.traffic import told, traffic
from tests.project import Project

GUIDE = Path(__file__).parents[2] / "docs/zero-downtime.md"
LONG = 0.2  # seconds
SESSIONS = {
    "reader": ("SELECT * FROM fees WHERE id = {id}", 0.02),
    "writer": ("UPDATE fees SET note = note WHERE id = 1 + {id} % 3000", 0.02),
    "writer of students": ("UPDATE students SET name = name WHERE id = {id}", 0.02),
    "long reader": ("SELECT count(*), pg_sleep(2) FROM (SELECT FROM fees LIMIT 1) o", 2.0),
}
FILL = """
INSERT INTO students SELECT i, 'c' FROM generate_series(1, 50000) i;
INSERT INTO fees SELECT i, 1 + i % 50000, 1 + i % 9999, 's', 'k' || i
  FROM generate_series(1, 60000) i;
ANALYZE;
"""


@pytest.fixture
def recipes(project: Project, database: Database) -> list[str]:
    """Their ids; the tables are there."""
    files = [step for step in steps(GUIDE) if step.kind == "write"]
    for step in files:
        project.write(step.path, step.text)
        if "irreversible" not in step.text:
            project.write(step.path.replace("migrations", "rollbacks"), "select 1;")
    names = [Path(step.path).stem for step in files]
    Migrator(project.config(database=database.url, environment="development")).apply(names[0])
    return names[1:]


def test_no_recipe_is_a_finding(project: Project, database: Database, recipes: list[str]) -> None:
    found = Migrator(project.config(database=database.url, large_table="1kB")).impact()
    assert [each.migration_id for each in found.migrations] == recipes
    assert [each for each in found.effects() if each.is_finding] == []


@pytest.mark.long_form
def test_no_recipe_keeps_readers_or_writers_waiting(
    project: Project, database: Database, recipes: list[str]
) -> None:
    database.execute(FILL)
    migrator = Migrator(project.config(database=database.url, lock_tries=50))
    for recipe in recipes:
        if "UPDATE" in (project.root / f"sql/migrations/{recipe}.sql").read_text():
            database.execute("DELETE FROM fees WHERE id > 3000")  # as many as the batches change
        with traffic(database.url, SESSIONS) as found:
            migrator.apply(recipe)
        sys.stdout.write(f"{recipe}: {told(found.stalls)}\n")
        assert max(found.stalls.values()) < LONG, (recipe, found.stalls)
