"""Two branches with one number: the pending migration gets another, with all that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig.errors import PlanError, UnknownTargetError
from sqlmig.operations.validation import validate
from sqlmig.project.renumber import renumber
from tests.project import Project
from tests.repository import Repository


def ids(project: Project) -> list[str]:
    return sorted(path.stem for path in (project.root / "sql/migrations").iterdir())


@pytest.fixture
def collided(repository: Repository) -> Repository:
    """Two branches took 002; this is the second, after a merge of the first."""
    repository.entered("001_a", "002_theirs")
    repository.migration("001_a", "create table a ();", "drop table a;")
    repository.migration("002_theirs", "create table theirs ();", "drop table theirs;")
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.migration("002_mine", "create table mine ();", "-- Undo 002_mine\ndrop table mine;")
    repository.migration(
        "003_more",
        "-- After\n-- depends: 001_a 002_mine\nselect '002_mine';",
        "drop table x;",
    )
    repository.write("sql/checks/mine.sql", "-- requires: 002_mine\nselect 1 where false;\n")
    repository.changelog("001_a", "002_theirs", "002_mine", "003_more")
    return repository


def test_what_is_not_merged_gets_the_next_numbers_in_its_order(collided: Repository) -> None:
    done = renumber(collided.config())
    assert done.ids == {"002_mine": "003_mine", "003_more": "004_more"}
    assert ids(collided) == ["001_a", "002_theirs", "003_mine", "004_more"]
    assert [each.migration_id for each in validate(collided.config())] == ids(collided)
    more = (collided.root / "sql/migrations/004_more.sql").read_text()
    assert more == "-- After\n-- depends: 001_a 003_mine\nselect '002_mine';"
    down = (collided.root / "sql/rollbacks/003_mine.sql").read_text()
    assert down == "-- Undo 003_mine\ndrop table mine;"
    assert "requires: 003_mine" in (collided.root / "sql/checks/mine.sql").read_text()
    collided.git("add", "--all")
    assert collided.findings() == []
    assert renumber(collided.config()).ids == {}


def test_one_is_renumbered_by_its_id(collided: Repository) -> None:
    done = renumber(collided.config(), "002_mine")
    assert done.ids == {"002_mine": "004_mine"}
    assert [Path(new).name for new in done.moved.values()] == ["004_mine.sql", "004_mine.sql"]


def test_a_number_may_be_given_and_gets_its_zeros(collided: Repository) -> None:
    assert renumber(collided.config(), "002_mine", "12").ids == {"002_mine": "012_mine"}


@pytest.mark.parametrize(
    ("reference", "number", "applied", "words"),
    [
        ("002_mine", "3", (), "taken by 003_more"),
        ("002_mine", "x", (), "needs the ID"),
        (None, "7", (), "needs the ID"),
        ("002_theirs", None, (), "is merged"),
        ("002_mine", None, ("002_mine",), "is applied"),
    ],
)
def test_nothing_is_written_where_it_is_refused(
    collided: Repository,
    reference: str | None,
    number: str | None,
    applied: tuple[str, ...],
    words: str,
) -> None:
    before = collided.git("status", "--porcelain", "--untracked-files=all")
    with pytest.raises(PlanError, match=words):
        renumber(collided.config(), reference, number, applied=applied)
    assert collided.git("status", "--porcelain", "--untracked-files=all") == before


def test_a_file_in_the_way_is_found_before_anything_is_written(collided: Repository) -> None:
    collided.write("sql/rollbacks/012_mine.sql", "select 1;")
    before = collided.git("status", "--porcelain", "--untracked-files=all")
    changelog = collided.root / "docs/CHANGELOG.md"
    text = changelog.read_text()
    with pytest.raises(PlanError, match=r"012_mine\.sql exists already"):
        renumber(collided.config(), "002_mine", "12")
    assert collided.git("status", "--porcelain", "--untracked-files=all") == before
    assert changelog.read_text() == text


def test_a_number_of_two_is_asked_about(collided: Repository) -> None:
    with pytest.raises(UnknownTargetError, match="could be any of: 002_mine, 002_theirs"):
        renumber(collided.config(), "2")


def test_without_git_the_database_says_what_is_fixed(project: Project) -> None:
    for name in ("001_a", "002_theirs", "002_mine"):
        project.migration(name, "select 1;", "select 1;")
    with pytest.raises(PlanError, match="not known which of these"):
        renumber(project.config())
    assert renumber(project.config(), applied=["001_a", "002_theirs"]).ids == {
        "002_mine": "003_mine"
    }


def test_a_rollback_beside_its_migration_moves_along(project: Project) -> None:
    project.irreversible("001_a", "select 1;")
    project.write("sql/migrations/001_a.rollback.sql", "select 1;")
    renumber(project.config(), "1", "5")
    assert ids(project) == ["005_a", "005_a.rollback"]
