"""The order of apply: dependencies first, else by number."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.errors import DependencyCycleError, UnknownDependencyError
from sqlmig.model import Directives, MigrationFile, Position, Script, ScriptFile
from sqlmig.source.dependencies import in_apply_order
from tests.project import Project


def ids(migrations: tuple[MigrationFile, ...]) -> list[str]:
    return [migration.migration_id for migration in migrations]


def migration(migration_id: str, *depends: str) -> MigrationFile:
    text = "".join(f"-- depends: {dependency}\n" for dependency in depends)
    script = Script(f"{migration_id}.sql", text, "")
    return MigrationFile(
        migration_id, ScriptFile(script, Directives(depends=depends), ""), rollback=None
    )


@st.composite
def acyclic(draw: st.DrawFn) -> list[MigrationFile]:
    """Migrations in any order of numbers, each depending on some of those drawn before it."""
    numbers = draw(st.lists(st.integers(0, 300), unique=True, min_size=1, max_size=25))
    names = [f"{number}_x" for number in numbers]
    found = []
    for index, name in enumerate(names):
        picked = draw(st.sets(st.sampled_from(names[:index]), max_size=3)) if index else set()
        found.append(migration(name, *sorted(picked)))
    return found


@given(acyclic(), st.randoms(use_true_random=False))
def test_dependencies_come_first_and_shuffling_changes_nothing(
    migrations: list[MigrationFile], chance: random.Random
) -> None:
    ordered = in_apply_order(migrations)
    place = {name: index for index, name in enumerate(ids(ordered))}
    assert sorted(place) == sorted(ids(tuple(migrations)))
    for each in ordered:
        for dependency in each.file.directives.depends:
            assert place[dependency] < place[each.migration_id]
    shuffled = chance.sample(migrations, len(migrations))
    assert in_apply_order(shuffled) == ordered


@given(acyclic())
def test_where_the_number_was_not_followed_a_dependency_asked_for_it(
    migrations: list[MigrationFile],
) -> None:
    ordered = in_apply_order(migrations)
    for before, after in pairwise(ordered):
        if after.order < before.order:
            assert before.migration_id in after.file.directives.depends


@given(st.sets(st.integers(0, 10**6), min_size=1))
def test_without_dependencies_the_number_decides(numbers: set[int]) -> None:
    ordered = in_apply_order([migration(f"{number}_x") for number in numbers])
    assert ids(ordered) == [f"{number}_x" for number in sorted(numbers)]


def test_a_migration_comes_after_a_higher_number_that_it_depends_on(project: Project) -> None:
    project.migration("001_a", "-- depends: 003_c\nselect 1;")
    project.migration("002_b", "select 1;")
    project.migration("003_c", "select 1;")
    assert ids(project.files()) == ["002_b", "003_c", "001_a"]


def test_a_dependency_that_does_not_exist_is_refused_where_it_is_declared(
    project: Project,
) -> None:
    project.migration("001_users", "select 1;")
    project.migration(
        "002_b", "-- Été: see 001_user\r\n-- depends: 001_users 001_user\r\nselect 1;"
    )
    with pytest.raises(UnknownDependencyError) as caught:
        project.files()
    error = caught.value
    assert error.exit_code == 2
    assert error.message == "depends on '001_user', but no such migration exists"
    assert error.remedy == "Did you mean 001_users?"
    assert error.location.position == Position(2, 23)


@pytest.mark.parametrize(
    ("head", "place"),
    [
        ("-- depends:1", Position(1, 12)),
        ("--depends :\t1", Position(1, 13)),
        ("-- depends: 001_a 1 001_a", Position(1, 19)),
        ("-- 1 time\r-- depends: 001_a\r-- depends: 1", Position(3, 13)),
    ],
)
def test_the_place_is_that_of_the_whole_name(project: Project, head: str, place: Position) -> None:
    project.migration("001_a", "select 1;")
    project.migration("010_b", f"{head}\nselect 1;")
    with pytest.raises(UnknownDependencyError) as caught:
        project.files()
    assert caught.value.location.position == place
    assert caught.value.remedy == "Did you mean 001_a?"


@pytest.mark.parametrize(
    ("depends", "remedy"),
    [
        ("2", "Did you mean 002_products?"),
        ("002", "Did you mean 002_products?"),
        ("002_product", "Did you mean 002_products?"),
        ("products", "Did you mean 002_products?"),
        ("003", "Name a migration by its full id."),
        ("003_order", "Name a migration by its full id."),
        ("002_products,", "Separate ids by spaces."),
    ],
)
def test_a_missing_dependency_is_told_with_the_nearest_other_id(
    project: Project, depends: str, remedy: str
) -> None:
    project.migration("002_products", "select 1;")
    project.migration("003_orders", f"-- depends: {depends}\nselect 1;")
    with pytest.raises(UnknownDependencyError) as caught:
        project.files()
    assert caught.value.message == f"depends on {depends!r}, but no such migration exists"
    assert caught.value.remedy == remedy


def test_a_circle_is_refused_and_read_as_depends_on(project: Project) -> None:
    project.migration("001_a", "-- depends: 003_c\nselect 1;")
    project.migration("002_b", "-- depends: 001_a\nselect 1;")
    project.migration("003_c", "-- depends: 002_b\nselect 1;")
    with pytest.raises(DependencyCycleError) as caught:
        project.files()
    error = caught.value
    assert error.exit_code == 2
    assert error.remedy == "Remove one of these `-- depends:` lines."
    depends_on = {"001_a": "003_c", "002_b": "001_a", "003_c": "002_b"}
    assert error.cycle[0] == error.cycle[-1]
    assert all(depends_on[one] == other for one, other in pairwise(error.cycle))
    assert len(error.cycle) == 4
    assert error.location.path.endswith(f"{error.cycle[0]}.sql")
    assert error.location.position == Position(1, 13)


def test_a_migration_cannot_depend_on_itself(project: Project) -> None:
    project.migration("001_a", "-- depends: 001_a\nselect 1;")
    with pytest.raises(DependencyCycleError) as caught:
        project.files()
    assert caught.value.cycle == ("001_a", "001_a")
    assert caught.value.location.position == Position(1, 13)
