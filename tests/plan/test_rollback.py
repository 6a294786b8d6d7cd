"""What a rollback would do: which migrations, and with which text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.errors import (
    IrreversibleMigrationError,
    PlanError,
    SourceError,
    UnknownTargetError,
)
from sqlmig.model import Direction, Position
from sqlmig.plan import (
    Alone,
    Exactly,
    Newest,
    PlannedMigration,
    RollbackText,
    Selection,
    Since,
    plan_rollback,
    select,
)
from tests.plan.situation import applied, by_yoyo, file, files

ON_DISK = files("001_a", "002_b", "003_c", "004_d")
# 003 was applied before 002, and 004 is pending.
DONE = [applied(ON_DISK[index]) for index in (0, 2, 1)]
IRREVERSIBLE = file("001_a", "-- irreversible: the rows are merged\nselect 1;", None)


def planned(
    now: str | None, recorded: str | None, text: RollbackText | None = None
) -> PlannedMigration:
    """The rollback of a migration with that rollback file (None: no files at all) and record."""
    row = replace(applied(file("001_a")), rollback_sql=recorded)
    on_disk = [] if now is None else [file("001_a", rollback=now)]
    (migration,) = plan_rollback(on_disk, [row], Exactly(("001_a",)), text).migrations
    return migration


# Which migrations


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("1", ["002_b", "003_c", "001_a"]),
        ("003", ["002_b", "003_c"]),
        ("002_b", ["002_b"]),
    ],
)
def test_since_takes_all_that_was_applied_from_there_on_newest_first(
    reference: str, expected: list[str]
) -> None:
    assert select(ON_DISK, DONE, Since(reference)) == expected


@pytest.mark.parametrize("selection", [Since("4"), Alone("4")])
def test_what_is_not_applied_is_not_rolled_back(selection: Since | Alone) -> None:
    assert select(ON_DISK, DONE, selection) == []


def test_what_only_the_history_has_can_be_rolled_back() -> None:
    assert select(ON_DISK, [*DONE, by_yoyo("009_gone")], Since("9")) == ["009_gone"]
    assert select([], [by_yoyo("009_gone")], Alone("9")) == ["009_gone"]


@pytest.mark.parametrize("selection", [Since("8"), Alone("8")])
def test_an_unknown_reference_is_refused(selection: Since | Alone) -> None:
    with pytest.raises(UnknownTargetError, match="no migration '8'"):
        select(ON_DISK, DONE, selection)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [(1, ["002_b"]), (2, ["002_b", "003_c"]), (3, ["002_b", "003_c", "001_a"])],
)
def test_newest_takes_those_applied_last(steps: int, expected: list[str]) -> None:
    assert select(ON_DISK, DONE, Newest(steps)) == expected


def test_more_steps_than_there_are_are_refused() -> None:
    with pytest.raises(PlanError, match="99 steps cannot be rolled back: 3 applied"):
        select(ON_DISK, DONE, Newest(99))


def test_with_nothing_applied_there_is_nothing_to_roll_back() -> None:
    assert select(ON_DISK, [], Newest(1)) == []
    assert select(ON_DISK, [], Since("1")) == []


def test_one_alone_leaves_those_applied_after_it() -> None:
    assert select(ON_DISK, DONE, Alone("1")) == ["001_a"]


def test_what_one_alone_leaves_applied_after_it_is_told() -> None:
    def warned(selection: Selection) -> tuple[str, ...]:
        return plan_rollback(ON_DISK, DONE, selection).warnings

    assert warned(Alone("3")) == ("002_b was applied after 003_c and stays applied",)
    assert warned(Alone("1")) == ("003_c, 002_b were applied after 001_a and stay applied",)
    assert warned(Exactly(("002_b", "001_a"))) == (
        "003_c was applied after 001_a and stays applied",
    )
    for selection in (Alone("2"), Since("1"), Newest(2), Since("4")):
        assert warned(selection) == ()


def test_one_alone_is_refused_while_an_applied_one_depends_on_it() -> None:
    dependent = file("002_b", "-- depends: 001_a\nselect 1;")
    with pytest.raises(PlanError) as caught:
        select([ON_DISK[0], dependent], [by_yoyo("001_a"), by_yoyo("002_b")], Alone("1"))
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        "001_a cannot be rolled back alone: applied migrations depend on it: 002_b\n"
        "Roll back everything from it on: sqlmig rollback 001_a."
    )


def test_one_that_only_a_pending_one_depends_on_may_go_alone() -> None:
    dependent = file("002_b", "-- depends: 001_a\nselect 1;")
    assert select([ON_DISK[0], dependent], [by_yoyo("001_a")], Alone("1")) == ["001_a"]


def test_a_dependent_whose_file_is_gone_is_known_from_its_recorded_text() -> None:
    gone = applied(file("002_b", "-- depends: 001_a\nselect 1;"))
    with pytest.raises(PlanError, match="depend on it: 002_b"):
        select(ON_DISK[:1], [by_yoyo("001_a"), gone], Alone("1"))


def test_a_migration_that_is_half_done_counts_as_the_newest_and_is_told() -> None:
    half = applied(file("002_b", "-- transactional: false\nselect 1; select 2;"), done=1, total=2)
    history = [by_yoyo("001_a"), half]
    assert select(ON_DISK, history, Newest(1)) == ["002_b"]
    assert select(ON_DISK, history, Since("1")) == ["002_b", "001_a"]
    plan = plan_rollback(ON_DISK, history, Newest(1))
    assert plan.warnings == (
        "002_b is only partly applied (1 of 2 statements); its whole rollback script runs",
    )


def test_what_another_runner_has_rolled_back_meanwhile_is_refused() -> None:
    with pytest.raises(PlanError, match="no longer applied: 002_b"):
        select(ON_DISK, [by_yoyo("001_a")], Exactly(("002_b", "001_a")))


@pytest.mark.parametrize(
    ("selection", "again"),
    [
        (Newest(2), "sqlmig rollback 001_a"),
        (Since("2"), "sqlmig rollback 002_b"),
        (Alone("1"), "sqlmig rollback --only 001_a"),
        (Exactly(("001_a",)), "sqlmig rollback --only 001_a"),
        (Exactly(("002_b", "001_a")), "sqlmig rollback 001_a"),
    ],
)
def test_a_plan_names_the_command_that_does_the_rest_of_it(
    selection: Selection, again: str
) -> None:
    assert plan_rollback(ON_DISK, [by_yoyo("001_a"), by_yoyo("002_b")], selection).again == again


@given(st.permutations(range(1, 12)), st.data())
def test_a_rollback_goes_back_over_the_history_exactly_as_it_came(
    numbers: list[int], data: st.DataObject
) -> None:
    names = [f"{number}_x" for number in numbers]
    rows = [by_yoyo(name) for name in names]
    on_disk = files(*sorted(names))
    place = data.draw(st.integers(0, len(names) - 1))
    expected = names[: place - 1 if place else None : -1]
    assert select(on_disk, rows, Since(names[place])) == expected
    assert select(on_disk, rows, Newest(len(expected))) == expected
    plan = plan_rollback(on_disk, rows, Exactly(tuple(expected)))
    assert [migration.migration_id for migration in plan.migrations] == expected
    assert plan.direction is Direction.ROLLBACK


# Which text


def test_the_file_is_run_where_it_is_as_recorded() -> None:
    migration = planned("select 2;", "select 2;")
    assert migration.prepared.script.path == "sql/rollbacks/001_a.sql"
    assert migration.prepared.text == "select 2;"
    assert migration.direction is Direction.ROLLBACK


@pytest.mark.parametrize("now", ["select 2; -- back", "-- Back\r\nselect\t2;", "select 2;\r\n"])
def test_the_file_is_run_where_only_its_layout_differs(now: str) -> None:
    assert planned(now, "select 2;").prepared.text == now


def test_the_file_is_run_where_nothing_is_recorded() -> None:
    assert planned("select 2;", None).prepared.text == "select 2;"


@pytest.mark.parametrize("text", [None, RollbackText.FILE, RollbackText.RECORDED])
def test_the_recorded_text_is_run_where_the_file_is_gone(text: RollbackText | None) -> None:
    migration = planned(None, "select 'recorded';", text)
    assert migration.prepared.text == "select 'recorded';"
    assert migration.prepared.script.path == "recorded rollback of 001_a"


def test_where_both_differ_someone_has_to_say_which_one_to_run() -> None:
    with pytest.raises(PlanError) as caught:
        planned("select 'file';", "select 'recorded';")
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        "sql/rollbacks/001_a.sql differs from the rollback that was recorded with 001_a: "
        "sqlmig diff 001_a\n"
        "Choose one: --use file or --use recorded."
    )


@pytest.mark.parametrize("text", RollbackText)
def test_the_one_that_was_said_is_run(text: RollbackText) -> None:
    migration = planned("select 'file';", "select 'recorded';", text)
    assert migration.prepared.text == f"select '{text.value}';"


def test_a_rollback_runs_as_its_own_head_says() -> None:
    migration = planned(None, "-- transactional: false\n-- lock_timeout: 1s\nselect 2;")
    assert not migration.directives.transactional
    assert migration.directives.lock_timeout == "1s"


def test_an_outer_pair_in_a_rollback_is_noted() -> None:
    plan = plan_rollback(
        [file("001_a", rollback="begin; select 2; commit;")], [by_yoyo("001_a")], Newest(1)
    )
    assert plan.warnings == (
        "sql/rollbacks/001_a.sql: its own BEGIN and COMMIT are left out; sqlmig sends them",
    )


def test_a_rollback_that_cannot_run_is_refused_at_its_place() -> None:
    with pytest.raises(SourceError, match="COMMIT would end") as caught:
        planned("select 'é'; commit;", None)
    assert caught.value.location.position == Position(1, 13)
    assert caught.value.location.path == "sql/rollbacks/001_a.sql"


# No text at all


@pytest.mark.parametrize("text", [None, RollbackText.FILE])
def test_an_irreversible_migration_stops_the_plan_with_its_reason(
    text: RollbackText | None,
) -> None:
    on_disk, rows = [IRREVERSIBLE, ON_DISK[1]], [by_yoyo("001_a"), by_yoyo("002_b")]
    with pytest.raises(IrreversibleMigrationError) as caught:
        plan_rollback(on_disk, rows, Exactly(("002_b", "001_a")), text)
    error = caught.value
    assert error.exit_code == 2
    assert error.migration_id == "001_a"
    assert error.message == "001_a cannot be rolled back: the rows are merged"
    assert error.remedy


def test_a_migration_declared_irreversible_later_can_still_be_undone_as_recorded() -> None:
    row = replace(applied(IRREVERSIBLE), rollback_sql="select 'recorded';")
    with pytest.raises(IrreversibleMigrationError) as caught:
        plan_rollback([IRREVERSIBLE], [row], Since("1"))
    assert caught.value.remedy.endswith(": sqlmig rollback 001_a --use recorded.")
    plan = plan_rollback([IRREVERSIBLE], [row], Exactly(("001_a",)), RollbackText.RECORDED)
    assert plan.migrations[0].prepared.text == "select 'recorded';"


def test_without_a_file_and_without_a_record_there_is_no_way_back() -> None:
    with pytest.raises(IrreversibleMigrationError) as caught:
        planned(None, None)
    assert str(caught.value) == (
        "001_a cannot be rolled back: its file is gone and no rollback was recorded\n"
        "Restore its files, or undo it manually."
    )


def test_a_record_that_is_not_there_cannot_be_used() -> None:
    with pytest.raises(IrreversibleMigrationError, match="no rollback was recorded"):
        planned("select 2;", None, RollbackText.RECORDED)
