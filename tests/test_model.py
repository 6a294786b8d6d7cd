"""Places in texts, numbers of migrations, and times with units."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.model import (
    AppliedMigration,
    Direction,
    Location,
    LockHolder,
    MigrationResult,
    MigrationState,
    MigrationStatus,
    Outcome,
    Position,
    Report,
    ServerMessage,
    is_duration,
    migration_number,
    migration_order,
)


def at(text: str, sought: str) -> Location:
    return Location.at("a.sql", text, text.index(sought))


def character_above_caret(excerpt: str) -> str:
    """The character that a reader sees the caret point at, on a terminal with tab stops of 8."""
    line, caret = (text.expandtabs(8) for text in excerpt.split("\n"))
    return line[caret.index("^")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_place_is_counted_in_lines_of_any_kind_and_in_characters(line_end: str) -> None:
    text = line_end.join(["select 1;", "", "-- été 𝄞 x", "select 'é' X;"])
    location = at(text, "X")
    assert location.position == Position(4, 12)
    assert location.line == "select 'é' X;"
    assert str(location) == "a.sql:4:12"


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.data(),
)
def test_every_character_has_its_line_and_column(
    lines: list[str], line_end: str, data: st.DataObject
) -> None:
    lines = [*lines, "last"]
    number = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[number])))
    offset = sum(len(line) + len(line_end) for line in lines[:number]) + column
    location = Location.at("a.sql", line_end.join(lines), offset)
    assert location.position == Position(number + 1, column + 1)
    assert location.line == lines[number]


def test_the_end_of_a_text_is_a_place_too() -> None:
    assert Location.at("a.sql", "select\n", 7).position == Position(2, 1)


def test_a_file_alone_is_shown_by_its_path() -> None:
    assert str(Location("sql/migrations")) == "sql/migrations"
    assert Location("sql/migrations").excerpt() == ""


def test_the_caret_stands_below_its_character() -> None:
    assert at("select 1;\n  total numerc,", "numerc").excerpt() == (
        "    2 |   total numerc,\n"  #
        "      |         ^"
    )


@pytest.mark.parametrize(
    "line",
    ["X", "\tX", "\t\ta\tb X", "é\tX", "ab\tété X", "x" * 5 + "\t" + "y" * 9 + "X" + "z" * 300],
)
def test_tabs_and_accents_do_not_move_the_caret(line: str) -> None:
    assert character_above_caret(at(line, "X").excerpt()) == "X"


@pytest.mark.parametrize("column", [0, 1, 47, 48, 49, 5_000, 99_950, 99_999])
def test_of_a_very_long_line_only_the_part_around_the_caret_is_shown(column: int) -> None:
    line = "a" * column + "X" + "b" * (100_000 - column - 1)
    excerpt = at(line, "X").excerpt()
    assert character_above_caret(excerpt) == "X"
    assert max(map(len, excerpt.split("\n"))) <= 104


def test_a_blank_line_is_not_shown() -> None:
    assert Location.at("a.sql", "select 1;\n  \n", 11).excerpt() == ""


@pytest.mark.parametrize(
    ("migration_id", "number"),
    [
        ("004_payments", (4,)),
        ("004-payments", (4,)),
        ("0004", (4,)),
        ("10_a", (10,)),
        ("20261121_01_aPDZ5-add-users", (20261121, 1)),
        ("20261121_01", (20261121, 1)),
        ("001_2fa_tokens", (1,)),
        ("001_2024_report", (1, 2024)),
        ("2fa_tokens", ()),
        ("users", ()),
        ("_001_users", ()),
        ("", ()),
    ],
)
def test_a_number_is_all_leading_digit_groups(migration_id: str, number: tuple[int, ...]) -> None:
    assert migration_number(migration_id) == number


def test_numbers_sort_as_numbers_whatever_their_zeros() -> None:
    ids = ["9_i", "10_j", "08_h", "2_b", "20261121_02_b", "20261121_01_z", "20261121_10_a"]
    assert sorted(ids, key=migration_order) == [
        "2_b",
        "08_h",
        "9_i",
        "10_j",
        "20261121_01_z",
        "20261121_02_b",
        "20261121_10_a",
    ]


@pytest.mark.parametrize("text", ["0", "500ms", "2s", "10min", "1.5s", "2 s", "1h", "1d", "10us"])
def test_a_time_with_its_unit_is_a_duration(text: str) -> None:
    assert is_duration(text)


@pytest.mark.parametrize("text", ["", "5", "5m", "s", "-1s", "5 seconds", "5S", "1s; drop", "'1s'"])
def test_all_else_is_no_duration(text: str) -> None:
    assert not is_duration(text)


@pytest.mark.parametrize("state", MigrationState)
def test_only_what_is_applied_as_it_is_needs_no_attention(state: MigrationState) -> None:
    fine = state in (MigrationState.APPLIED, MigrationState.REFORMATTED)
    assert MigrationStatus("001_a", state).needs_attention is not fine


def test_a_record_is_partial_from_its_first_statement_to_its_last() -> None:
    assert AppliedMigration("001_a", statements_done=0, statements_total=2).is_partial
    assert not AppliedMigration("001_a").is_partial


def test_a_report_names_its_migrations_by_outcome_in_the_order_of_the_run() -> None:
    outcomes = (Outcome.DONE, Outcome.DONE, Outcome.FAILED, Outcome.NOT_ATTEMPTED)
    results = tuple(
        MigrationResult(f"00{number}_x", Direction.APPLY, outcome)
        for number, outcome in enumerate(outcomes, 1)
    )
    report = Report(Direction.APPLY, results)
    assert report.ids(Outcome.DONE) == ("001_x", "002_x")
    assert report.ids(Outcome.FAILED) == ("003_x",)
    assert report.ids(Outcome.UNDONE) == ()


@pytest.mark.parametrize(
    ("direction", "outcomes", "tally"),
    [
        (
            Direction.APPLY,
            [Outcome.DONE] * 2 + [Outcome.FAILED] + [Outcome.NOT_ATTEMPTED] * 3,
            "2 applied, 1 failed, 3 not attempted",
        ),
        (Direction.APPLY, [Outcome.UNDONE, Outcome.FAILED], "1 failed, 1 undone"),
        (Direction.ROLLBACK, [Outcome.DONE, Outcome.FAILED], "1 rolled back, 1 failed"),
        (Direction.ROLLBACK, [], ""),
    ],
)
def test_a_tally_counts_how_the_migrations_ended(
    direction: Direction, outcomes: list[Outcome], tally: str
) -> None:
    results = tuple(MigrationResult("001_x", direction, outcome) for outcome in outcomes)
    assert Report(direction, results).tally() == tally


def test_what_the_server_said_is_shown_as_psql_shows_it() -> None:
    message = ServerMessage("42704", 'type "numerc" does not exist', "d", "h", "c")
    assert str(message) == 'type "numerc" does not exist (42704)'
    assert message.details() == ["DETAIL: d", "HINT: h", "CONTEXT: c"]
    assert str(ServerMessage("", "closed")) == "closed"
    assert ServerMessage("42704", "x", hint="h").details() == ["HINT: h"]
    assert ServerMessage("42704", "x").details() == []


def test_the_holder_of_the_lock_is_described_with_where_and_since_when() -> None:
    since = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    assert str(LockHolder(41, "sqlmig 0.1.0 on build7", "10.0.0.7", since)) == (
        "sqlmig 0.1.0 on build7 from 10.0.0.7 (server pid 41), since 2026-11-21 08:30:00 UTC"
    )
    assert str(LockHolder(41, "", "a socket", None)) == "a session from a socket (server pid 41)"


def test_values_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match=re.escape("'line'")):
        Position(1, 1).line = 2  # type: ignore[misc]
