"""What an apply would do, and what keeps it from doing anything."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.errors import (
    ChecksumMismatchError,
    MissingMigrationError,
    OutOfOrderError,
    PartialMigrationError,
    PlanError,
    SourceError,
    UnknownTargetError,
)
from sqlmig.model import AppliedMigration, Direction, MigrationFile, Position
from sqlmig.plan import OutOfOrder, Plan, Transactions, plan_apply
from tests.plan.situation import applied, by_yoyo, file, files

OUTSIDE = "-- transactional: false\n"
THREE = f"{OUTSIDE}select 1; -- one\nselect 2;\nselect 3;"

# Four migrations, the first two applied: the situation that most tests begin with.
ON_DISK = files("001_a", "002_b", "003_c", "004_d")
DONE = [applied(each) for each in ON_DISK[:2]]


def ids(plan: Plan) -> list[str]:
    return [migration.migration_id for migration in plan.migrations]


def partial(before: str, *, done: int) -> AppliedMigration:
    return applied(file("001_a", before), done=done, total=3)


def resumed_at(before: str, now: str, *, done: int) -> int:
    """The statements that need not run again of a migration that stopped, its file mended since."""
    (migration,) = plan_apply([file("001_a", now)], [partial(before, done=done)]).migrations
    return migration.resumption.done


def test_all_that_is_pending_is_planned_in_order() -> None:
    plan = plan_apply(ON_DISK, DONE)
    assert ids(plan) == ["003_c", "004_d"]
    assert plan.direction is Direction.APPLY
    assert plan.transactions is Transactions.EACH
    assert plan.warnings == ()


def test_with_nothing_pending_the_plan_is_empty() -> None:
    assert plan_apply(ON_DISK, [applied(each) for each in ON_DISK]) == Plan(Direction.APPLY)


def test_a_planned_migration_has_all_that_a_run_needs() -> None:
    sql = "-- Rows\n-- lock_timeout: 1s\nbegin;\nselect 1;\ncommit;"
    migration = file("001_a", sql, rollback="select 'back';")
    plan = plan_apply([migration], [])
    (planned,) = plan.migrations
    assert planned.description == "Rows"
    assert planned.directives.lock_timeout == "1s"
    assert planned.rollback is not None
    assert planned.rollback.text == "select 'back';"
    assert planned.resumption.done == 0
    assert planned.prepared.text == "-- Rows\n-- lock_timeout: 1s\n      \nselect 1;\n       "
    assert plan.warnings == (
        "sql/migrations/001_a.sql: its own BEGIN and COMMIT are left out; sqlmig sends them",
    )


def test_an_irreversible_migration_is_planned_without_a_rollback() -> None:
    (planned,) = plan_apply([file("001_a", "-- irreversible: x\n", None)], []).migrations
    assert planned.rollback is None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("3", ["003_c"]),
        ("003", ["003_c"]),
        ("003_c", ["003_c"]),
        ("004_d", ["003_c", "004_d"]),
        ("1", []),
        ("2", []),
    ],
)
def test_a_target_is_included_and_what_comes_after_it_is_not(
    target: str, expected: list[str]
) -> None:
    assert ids(plan_apply(ON_DISK, DONE, target=target)) == expected


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(UnknownTargetError, match="no migration '5'") as caught:
        plan_apply(ON_DISK, DONE, target="5")
    assert caught.value.exit_code == 2


def test_what_only_the_history_has_is_no_target() -> None:
    with pytest.raises(UnknownTargetError):
        plan_apply(ON_DISK, [*DONE, by_yoyo("005_e")], target="5")


def test_a_changed_migration_stops_the_plan_even_below_the_target() -> None:
    changed = [file("001_a", "select 1, 2;"), *ON_DISK[1:]]
    with pytest.raises(ChecksumMismatchError) as caught:
        plan_apply(changed, DONE, target="2")
    error = caught.value
    assert error.exit_code == 2
    assert error.migration_ids == ("001_a",)
    assert str(error) == (
        "changed since it was applied: 001_a\n"
        "See what changed: sqlmig diff 001_a. Undo the change, or accept the file as it is now: "
        "sqlmig repair 001_a."
    )


def test_a_reformatted_migration_stops_nothing() -> None:
    assert ids(plan_apply([file("001_a", "select   1; -- one"), *ON_DISK[1:]], DONE)) == [
        "003_c",
        "004_d",
    ]


def test_a_migration_missing_in_the_middle_stops_the_plan() -> None:
    with pytest.raises(MissingMigrationError) as caught:
        plan_apply([ON_DISK[0], *ON_DISK[2:]], DONE)
    error = caught.value
    assert error.exit_code == 2
    assert error.migration_ids == ("002_b",)
    assert str(error) == (
        "applied, but its file is gone: 002_b\n"
        "Restore its file: sqlmig show 002_b --recorded > sql/migrations/002_b.sql; "
        "or deploy the code that has it, or roll it back: sqlmig rollback --only 002_b."
    )


def test_a_database_ahead_of_the_files_is_only_warned_of() -> None:
    plan = plan_apply(ON_DISK[:1], [*DONE, by_yoyo("003_c")])
    assert plan.migrations == ()
    assert plan.warnings == (
        "the database is ahead of these files, which end at 001_a: 002_b, 003_c",
    )


def test_an_out_of_order_migration_stops_the_plan() -> None:
    with pytest.raises(OutOfOrderError) as caught:
        plan_apply(ON_DISK, [by_yoyo("001_a"), by_yoyo("003_c")])
    error = caught.value
    assert error.exit_code == 2
    assert error.migration_ids == ("002_b",)
    assert str(error) == (
        "pending, but later migrations are already applied: 002_b\n"
        "Give it the next free number (sqlmig renumber), or run it as it is: --allow-out-of-order."
    )


def test_an_out_of_order_migration_is_applied_where_that_is_allowed() -> None:
    plan = plan_apply(ON_DISK, [by_yoyo("001_a"), by_yoyo("003_c")], out_of_order=OutOfOrder.ALLOW)
    assert ids(plan) == ["002_b", "004_d"]


def test_an_out_of_order_migration_beyond_the_target_stops_nothing() -> None:
    plan = plan_apply(ON_DISK, [by_yoyo("004_d")], target="1", out_of_order=OutOfOrder.ALLOW)
    assert ids(plan) == ["001_a"]
    history = [by_yoyo("001_a"), by_yoyo("004_d")]
    assert ids(plan_apply(ON_DISK, history, target="1")) == []


def test_what_comes_first_as_a_dependency_is_not_out_of_order() -> None:
    ordered = [file("003_c"), file("001_a", "-- depends: 003_c\nselect 1;")]
    assert ids(plan_apply(ordered, [applied(ordered[0])])) == ["001_a"]


def test_a_pending_script_that_cannot_run_stops_the_plan_before_anything_runs() -> None:
    bad = file("004_d", "select 'é'; Commit;")
    with pytest.raises(SourceError, match="COMMIT would end the transaction") as caught:
        plan_apply([*ON_DISK[:3], bad], DONE)
    assert caught.value.location.position == Position(1, 13)


def test_a_script_that_cannot_run_stops_nothing_once_it_is_applied_or_beyond_the_target() -> None:
    bad = file("002_b", "commit;")
    assert ids(plan_apply([ON_DISK[0], bad, ON_DISK[2]], [by_yoyo("001_a")], target="1")) == []
    history = [by_yoyo("001_a"), by_yoyo("002_b")]
    assert ids(plan_apply([ON_DISK[0], bad, ON_DISK[2]], history)) == ["003_c"]


def test_one_transaction_for_all_refuses_what_must_run_outside_one() -> None:
    outside = [file("003_c", f"{OUTSIDE}vacuum;"), file("004_d")]
    with pytest.raises(PlanError) as caught:
        plan_apply([*ON_DISK[:2], *outside], DONE, transactions=Transactions.TOGETHER)
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        "cannot run in one transaction with others: 003_c is declared `transactional: false`\n"
        "Run without --atomic, or up to the migration before it first."
    )


def test_one_transaction_for_all_accepts_what_is_applied_outside_one_already() -> None:
    outside = [file("001_a", f"{OUTSIDE}vacuum;"), ON_DISK[1], ON_DISK[2]]
    plan = plan_apply(outside, [by_yoyo("001_a")], transactions=Transactions.TOGETHER)
    assert ids(plan) == ["002_b", "003_c"]
    assert plan.transactions is Transactions.TOGETHER


# A non-transactional migration that stopped half way


def test_a_partial_migration_is_taken_up_where_it_stopped() -> None:
    assert resumed_at(THREE, THREE, done=2) == 2


def test_it_is_taken_up_by_its_checksum_where_its_text_was_not_recorded() -> None:
    row = replace(partial(THREE, done=1), apply_sql=None)
    (planned,) = plan_apply([file("001_a", THREE)], [row]).migrations
    assert planned.resumption.done == 1


@pytest.mark.parametrize(
    "now",
    [
        f"{OUTSIDE}select 1;\nselect 2;\nselect 33;",
        f"{OUTSIDE}select 1;\nselect 2;",
        f"{OUTSIDE}-- Mended\n\nselect   1; /* a */ select 2 ;select 3; select 4;",
    ],
)
def test_what_is_not_done_yet_may_change_and_layout_may_anywhere(now: str) -> None:
    assert resumed_at(THREE, now, done=2) == 2


@pytest.mark.parametrize(
    ("now", "statement"),
    [
        (f"{OUTSIDE}select 11;\nselect 2;\nselect 3;", 1),
        (f"{OUTSIDE}select 1;\nselect 22;\nselect 3;", 2),
        (f"{OUTSIDE}select 1;\nselect 1.5;\nselect 2;\nselect 3;", 2),
        (f"{OUTSIDE}select 2;\nselect 3;", 1),
        (f"{OUTSIDE}select 1;", 2),
        (OUTSIDE, 1),
    ],
)
def test_a_done_statement_that_changed_is_refused_by_its_number(now: str, statement: int) -> None:
    with pytest.raises(PartialMigrationError) as caught:
        resumed_at(THREE, now, done=2)
    error = caught.value
    assert error.exit_code == 2
    assert error.migration_ids == ("001_a",)
    assert str(error) == (
        f"001_a is partly applied, and statement {statement}, which has already "
        "completed, has changed since\n"
        "Restore it; only the statements after the completed ones may change."
    )


def test_done_statements_that_were_not_recorded_cannot_be_compared_and_are_refused() -> None:
    row = replace(partial(THREE, done=1), apply_sql=None)
    with pytest.raises(PartialMigrationError, match="its text was not recorded"):
        plan_apply([file("001_a", f"{OUTSIDE}select 1;\nselect 2;")], [row])


def test_a_statement_in_doubt_may_not_change_either() -> None:
    row = replace(partial(THREE, done=1), statements_begun=2)
    with pytest.raises(
        PartialMigrationError, match="statement 2, which may have already completed"
    ):
        plan_apply([file("001_a", THREE.replace("select 2", "select 22"))], [row])


def test_a_partial_migration_cannot_become_transactional() -> None:
    with pytest.raises(PartialMigrationError, match="it is transactional now"):
        resumed_at(THREE, "select 1;\nselect 2;\nselect 3;", done=1)


def test_a_partial_migration_beyond_the_target_waits() -> None:
    outside = file("002_b", THREE)
    history = [by_yoyo("001_a"), applied(outside, done=1, total=3)]
    on_disk = [ON_DISK[0], outside, ON_DISK[2]]
    assert ids(plan_apply(on_disk, history, target="1")) == []
    assert ids(plan_apply(on_disk, history)) == ["002_b", "003_c"]


# Whatever is applied and whatever is on disk


@st.composite
def situation(draw: st.DrawFn) -> tuple[list[MigrationFile], list[AppliedMigration], str | None]:
    """Files in order, any of them applied in any order, and a target among them or none."""
    numbers = sorted(draw(st.sets(st.integers(1, 99), min_size=1, max_size=15)))
    on_disk = files(*(f"{number}_x" for number in numbers))
    done = draw(st.lists(st.sampled_from(on_disk), unique_by=lambda each: each.migration_id))
    target = draw(st.none() | st.sampled_from([each.migration_id for each in on_disk]))
    return on_disk, [applied(each) for each in done], target


@given(situation())
def test_a_plan_has_each_pending_migration_up_to_the_target_once_and_no_applied_one(
    given_situation: tuple[list[MigrationFile], list[AppliedMigration], str | None],
) -> None:
    on_disk, history, target = given_situation
    planned = ids(plan_apply(on_disk, history, target=target, out_of_order=OutOfOrder.ALLOW))
    names = [each.migration_id for each in on_disk]
    wanted = names if target is None else names[: names.index(target) + 1]
    done = {row.migration_id for row in history}
    assert planned == [name for name in wanted if name not in done]


@given(situation(), st.randoms(use_true_random=False))
def test_the_order_of_the_history_does_not_matter_to_an_apply(
    given_situation: tuple[list[MigrationFile], list[AppliedMigration], str | None],
    chance: random.Random,
) -> None:
    on_disk, history, target = given_situation
    plans = {
        plan_apply(on_disk, rows, target=target, out_of_order=OutOfOrder.ALLOW)
        for rows in (history, chance.sample(history, len(history)))
    }
    assert len(plans) == 1


@given(situation())
def test_in_order_is_refused_exactly_when_a_wanted_one_precedes_an_applied_one(
    given_situation: tuple[list[MigrationFile], list[AppliedMigration], str | None],
) -> None:
    on_disk, history, target = given_situation
    names = [each.migration_id for each in on_disk]
    allowed = ids(plan_apply(on_disk, history, target=target, out_of_order=OutOfOrder.ALLOW))
    newest = max((names.index(row.migration_id) for row in history), default=-1)
    late = tuple(name for name in allowed if names.index(name) < newest)
    if not late:
        assert ids(plan_apply(on_disk, history, target=target)) == allowed
        return
    with pytest.raises(OutOfOrderError) as caught:
        plan_apply(on_disk, history, target=target)
    assert caught.value.migration_ids == late


def test_a_rollback_that_could_not_run_is_refused_before_its_migration_runs() -> None:
    migration = file("001_a", "select 1;", rollback="drop table a;\ncommit;")
    with pytest.raises(SourceError, match="COMMIT would end the transaction") as caught:
        plan_apply([migration], [])
    assert caught.value.location.position == Position(2, 1)


def test_no_files_and_no_history_are_an_empty_plan() -> None:
    assert plan_apply([], []).migrations == ()
