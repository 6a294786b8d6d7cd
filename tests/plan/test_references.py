"""What a person may write to name a migration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.errors import UnknownTargetError
from sqlmig.model import migration_number
from sqlmig.plan import resolve

IDS = ["001_users", "002_b", "010_payments", "20261121_01_aPDZ5-add-users", "20261121_02_x"]

NAMES = st.from_regex(r"[0-9]{1,3}(_[0-9]{1,2}){0,2}(_[a-z]{1,5})?", fullmatch=True)
REFERENCES = st.from_regex(r"[0-9]{1,4}(_[0-9]{1,2}){0,2}", fullmatch=True)


def refused(reference: str, ids: list[str]) -> UnknownTargetError:
    with pytest.raises(UnknownTargetError) as caught:
        resolve(reference, ids)
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("reference", "migration_id"),
    [
        ("001_users", "001_users"),
        ("001_users.sql", "001_users"),
        ("sql/migrations/001_users.sql", "001_users"),
        ("001", "001_users"),
        ("1", "001_users"),
        ("0001", "001_users"),
        ("10", "010_payments"),
        ("20261121_1", "20261121_01_aPDZ5-add-users"),
        ("20261121_02", "20261121_02_x"),
        ("20261121_01_aPDZ5-add-users", "20261121_01_aPDZ5-add-users"),
    ],
)
def test_an_id_a_file_and_a_number_name_a_migration(reference: str, migration_id: str) -> None:
    assert resolve(reference, IDS) == migration_id


def test_a_number_may_leave_out_later_groups_where_that_names_one() -> None:
    assert resolve("20261121", [*IDS[:3], "20261121_01_x"]) == "20261121_01_x"


def test_a_whole_number_is_preferred_to_the_beginning_of_another() -> None:
    assert resolve("1", ["001_2024_report", "001_users"]) == "001_users"


def test_an_ambiguous_number_is_refused_with_all_it_could_be() -> None:
    error = refused("20261121", IDS)
    assert error.message == (
        "'20261121' could be any of: 20261121_01_aPDZ5-add-users, 20261121_02_x"
    )
    assert error.remedy == "Give more digits of the number, or the full id."


def test_an_id_that_files_and_history_both_have_is_not_ambiguous() -> None:
    assert resolve("1", ["001_users", "002_b", "001_users"]) == "001_users"


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("10_refunds", "Did you mean 010_payments?"),
        ("01_users", "Did you mean 001_users?"),
        ("payments", "Did you mean 010_payments?"),
        ("user", "Did you mean 001_users?"),
        ("11", "List the migrations: sqlmig status."),
        ("999", "List the migrations: sqlmig status."),
        ("100_1", "List the migrations: sqlmig status."),
        ("???", "List the migrations: sqlmig status."),
        ("", "List the migrations: sqlmig status."),
    ],
)
def test_an_unknown_reference_is_refused_with_what_is_near(reference: str, remedy: str) -> None:
    error = refused(reference, IDS)
    assert error.message == f"no migration {reference!r}"
    assert error.remedy == remedy


def test_where_there_are_no_migrations_no_reference_names_one() -> None:
    assert refused("1", []).message == "no migration '1'"


@given(st.lists(NAMES, min_size=1, unique=True), st.data())
def test_every_id_names_itself(ids: list[str], data: st.DataObject) -> None:
    migration_id = data.draw(st.sampled_from(ids))
    assert resolve(migration_id, ids) == migration_id
    assert resolve(f"sql/migrations/{migration_id}.sql", ids) == migration_id


@given(st.lists(NAMES, min_size=1, unique_by=migration_number), st.data())
def test_every_number_names_its_migration_with_or_without_zeros(
    ids: list[str], data: st.DataObject
) -> None:
    migration_id = data.draw(st.sampled_from(ids))
    number = migration_number(migration_id)
    reference = "_".join(f"{group:0{data.draw(st.integers(1, 6))}}" for group in number)
    if reference not in ids:
        assert resolve(reference, ids) == migration_id


@given(st.lists(NAMES, max_size=8), REFERENCES)
def test_a_number_never_names_a_migration_of_another_number(ids: list[str], number: str) -> None:
    try:
        found = resolve(number, ids)
    except UnknownTargetError:
        return
    wanted = migration_number(number)
    assert found in ids
    assert migration_number(found)[: len(wanted)] == wanted
