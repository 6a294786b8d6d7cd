"""How every migration stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.model import MigrationState, MigrationStatus, migration_order
from sqlmig.plan import statuses
from tests.plan.situation import applied, by_yoyo, file, files

TABLE = "create table a (x int); -- two columns soon"


def states(found: list[MigrationStatus]) -> dict[str, str]:
    """Each migration's state, in order, and whether it is out of order."""
    return {
        each.migration_id: each.state.value + (", out of order" if each.out_of_order else "")
        for each in found
    }


def only(found: list[MigrationStatus]) -> MigrationStatus:
    assert len(found) == 1
    return found[0]


def test_what_the_history_does_not_have_is_pending() -> None:
    status = only(statuses([file("001_a", "-- A table\nselect 1;")], []))
    assert status == MigrationStatus(
        "001_a", MigrationState.PENDING, description="A table", remedy="sqlmig apply"
    )


def test_what_the_history_has_as_it_is_is_applied() -> None:
    migration = file("001_a")
    row = replace(applied(migration), apply_sql=None)
    status = only(statuses([migration], [row]))
    assert (status.state, status.remedy, status.applied) == (MigrationState.APPLIED, "", row)


def test_what_stock_yoyo_applied_is_applied() -> None:
    assert only(statuses(files("001_a"), [by_yoyo("001_a")])).state is MigrationState.APPLIED


def test_another_line_end_is_no_change() -> None:
    row = applied(file("001_a", "select 1;\nselect 2;"))
    found = statuses([file("001_a", "select 1;\r\nselect 2;")], [row])
    assert only(found).state is MigrationState.APPLIED


@pytest.mark.parametrize(
    "now",
    [
        "create table a (x int);",
        "-- A table\n\ncreate  table a\n  (x /* number */ int) ;",
        "create table a(x int)",
    ],
)
def test_other_comments_and_white_space_are_only_reformatted(now: str) -> None:
    was = "create table a (x int)" if now.endswith(")") else TABLE
    status = only(statuses([file("001_a", now)], [applied(file("001_a", was))]))
    assert (status.state, status.remedy) == (MigrationState.REFORMATTED, "")


@pytest.mark.parametrize(
    "now",
    [
        "create table a (x bigint);",
        "create table a (x int); select 1;",
        "create table a (x int);;",
        "CREATE TABLE a (x int);",
        "",
        "create table a (x int); select '",
    ],
)
def test_any_other_difference_is_a_change(now: str) -> None:
    status = only(statuses([file("001_a", now)], [applied(file("001_a", TABLE))]))
    assert (status.state, status.remedy) == (MigrationState.CHANGED, "sqlmig diff 001_a")


def test_space_within_a_literal_is_a_change() -> None:
    row = applied(file("001_a", "select 'a  b';"))
    assert only(statuses([file("001_a", "select 'a b';")], [row])).state is MigrationState.CHANGED


def test_without_the_recorded_text_every_difference_counts_as_a_change() -> None:
    row = replace(applied(file("001_a", TABLE)), apply_sql=None)
    found = statuses([file("001_a", "create table a (x int);")], [row])
    assert only(found).state is MigrationState.CHANGED


def test_what_is_half_done_is_partial_even_if_its_file_has_changed() -> None:
    row = applied(file("001_a", "-- transactional: false\nselect 1; select 2;"), done=1, total=2)
    status = only(statuses([file("001_a", "select 3;")], [row]))
    assert (status.state, status.remedy) == (MigrationState.PARTIAL, "sqlmig apply")


def test_what_has_no_file_is_missing_at_its_place() -> None:
    first, gone, last, ahead = files("001_a", "002_b", "003_c", "010_d")
    found = statuses([first, last], [applied(each) for each in (first, gone, last, ahead)])
    assert states(found) == {
        "001_a": "applied",
        "002_b": "missing",
        "003_c": "applied",
        "010_d": "missing",
    }
    for status, name in ((found[1], "002_b"), (found[3], "010_d")):
        assert status.command == f"sqlmig show {name} --recorded > sql/migrations/{name}.sql"
        assert status.remedy == (
            f"restore its file: {status.command}; or deploy the code that has it, or roll it back: "
            f"sqlmig rollback --only {name}"
        )


def test_what_has_neither_a_file_nor_a_recorded_text_is_restored_by_other_means() -> None:
    (status,) = statuses([], [by_yoyo("002_b")])
    assert (status.command, status.remedy) == (
        "",
        "restore its file, or deploy the code that has it, or roll it back: "
        "sqlmig rollback --only 002_b",
    )


def test_without_any_file_everything_in_the_history_is_missing() -> None:
    found = statuses([], [applied(each) for each in files("002_b", "001_a")])
    assert states(found) == {"001_a": "missing", "002_b": "missing"}


@pytest.mark.parametrize("on_disk", [["001_a", "002_b", "003_c"], ["001_a", "002_b"]])
def test_a_pending_migration_below_an_applied_one_is_out_of_order(on_disk: list[str]) -> None:
    found = statuses(files(*on_disk), [by_yoyo("001_a"), by_yoyo("003_c")])
    assert states(found)["002_b"] == "pending, out of order"
    assert found[1].remedy == "renumber it, or sqlmig apply --allow-out-of-order"
    assert found[1].needs_attention


def test_the_order_is_that_of_the_files_which_know_the_dependencies() -> None:
    # 001 depends on 003, so that it is not late when 003 is applied.
    ordered = [file("003_c"), file("001_a", "-- depends: 003_c\nselect 1;"), file("004_d")]
    found = statuses(ordered, [applied(ordered[0])])
    assert states(found) == {"003_c": "applied", "001_a": "pending", "004_d": "pending"}


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_every_migration_is_told_once_in_order_with_the_state_that_it_has(
    on_disk: set[int], done: set[int]
) -> None:
    names = {number: f"{number}_x" for number in on_disk | done}
    found = statuses(
        files(*(names[number] for number in sorted(on_disk))),
        [by_yoyo(names[number]) for number in sorted(done)],
    )
    told = [status.migration_id for status in found]
    assert told == sorted(names.values(), key=migration_order)
    newest = max(done, default=0)
    for number, status in zip(sorted(names), found, strict=True):
        expected = {
            (True, True): MigrationState.APPLIED,
            (True, False): MigrationState.PENDING,
            (False, True): MigrationState.MISSING,
        }[number in on_disk, number in done]
        assert status.state is expected
        late = expected is MigrationState.PENDING and number < newest
        assert status.out_of_order is late
