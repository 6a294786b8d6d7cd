"""Text of others, made fit to be printed."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.model import Location
from sqlmig.model.printable import Ready, escaped, json_escaped, on_one_line, printable
from sqlmig.report.table import Cell, Medium, Table
from sqlmig.report.view import View

HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
STYLE = re.compile(r"\x1b\[[0-9;]*m")
PARTS = (
    "\x1b[2J",
    "\x07",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\x9b1m",
    "\x7f",
    "\u2028",
    "\u202e",
    "\udc80",
)
FORGED = (
    "Error: no",
    "::error::no",
    "  ::error file=a::no",
    "##[error]no",
    "##vso[task.x]no",
    "##VSO[task.x]no",
    "##teamcity[x]",
    "%0A",
)
hostile = st.lists(
    st.sampled_from((*PARTS, *FORGED, "a", "é", "表", " ")) | st.text(max_size=3)
).map("".join)


def commands_to_ci(line: str) -> bool:
    """Whether a runner of GitHub or Azure takes the line for a command."""
    stripped = line.strip()
    is_command = stripped.startswith("::") and "::" in stripped[2:]
    return is_command or re.search(r"##\w*\[", line) is not None


@given(hostile)
def test_a_value_begins_no_line_and_controls_nothing(value: str) -> None:
    lines = list(printable([f"before {value}", "after"]))
    assert lines[0].startswith("before ")
    assert lines[-1] == "after"
    assert all(line.startswith("  | ") for line in lines[1:-1])
    assert not any(HARMFUL.search(line) or "\n" in line for line in lines)
    assert not any(commands_to_ci(line) for line in lines)


@given(hostile)
def test_a_line_that_begins_with_a_value_is_no_command_to_the_ci(value: str) -> None:
    assert not any(commands_to_ci(line) for line in printable([value]))


@given(hostile)
def test_what_is_escaped_stays_as_it_is(value: str) -> None:
    assert escaped(escaped(value)) == escaped(value)
    assert on_one_line(on_one_line(value)) == on_one_line(value)
    (line,) = printable([on_one_line(value)])
    assert list(printable([line])) == [line]


@given(st.lists(st.tuples(hostile, hostile), min_size=1, max_size=4), st.sampled_from(Medium))
def test_a_table_has_its_lines_and_no_others(rows: list[tuple[str, str]], medium: Medium) -> None:
    lines = Table(("A", "B"), [tuple(map(Cell, row)) for row in rows]).lines(medium)
    plain = [STYLE.sub("", line) for line in lines]
    assert not any(HARMFUL.search(line) or "\n" in line for line in plain)
    if medium is Medium.PIPE:
        assert len(lines) == len(rows) + 1


@given(st.lists(hostile, min_size=1, max_size=3))
def test_a_folded_value_begins_no_line_of_a_narrow_terminal(values: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", "12")
        lines = Table(("A", "B"), [(Cell(value), Cell("b")) for value in values]).lines(
            Medium.TERMINAL
        )
    plain = [STYLE.sub("", line) for line in lines]
    assert all(line.startswith((" ", "─")) for line in plain if line)
    assert not any(commands_to_ci(line) for line in plain)


def test_a_table_keeps_its_columns_below_wide_and_combining_characters() -> None:
    rows = [(Cell("表表"), Cell("x")), (Cell("e\u0301abc"), Cell("x")), (Cell("abcd"), Cell("x"))]
    assert Table(("A", "B"), rows).lines(Medium.PIPE) == [
        "A     B",
        "表表  x",
        "e\u0301abc  x",
        "abcd  x",
    ]


def test_the_caret_stays_below_a_character_behind_wide_ones() -> None:
    excerpt = Location.at("a.sql", "表e\u0301X", 3).excerpt()
    assert excerpt.splitlines()[1] == "      |    ^"


@given(hostile | st.just("\U000e0041\U000e0042"))
def test_a_json_document_means_the_same_and_holds_nothing_raw(value: str) -> None:
    written = View((), {"value": value, "key": {value: 1}}).document()
    assert json.loads(written)["value"] == value
    assert json.loads(written)["key"] == {value: 1}
    assert not HARMFUL.search(written)
    written.encode()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\rb", r"a\rb"),
        ("\x9b", r"\u009b"),
        ("\x7f", r"\x7f"),
        ("\u202e", r"\u202e"),
        ("\xad\u3164\u180e", r"\u00ad\u3164\u180e"),
        ("\U000e0041", r"\U000e0041"),
        ("\udcff", r"\udcff"),
        ("naïve 表 👩‍💻", "naïve 表 👩‍💻"),
        (r"C:\x1b", r"C:\x1b"),
    ],
)
def test_control_characters_are_shown_as_psql_shows_them(value: str, shown: str) -> None:
    assert escaped(value) == shown


def test_a_value_with_lines_stays_readable() -> None:
    assert list(printable(["one\ntwo\r\n\tthree", Ready("\x1b[1mfour")])) == [
        "one",
        "  | two",
        "  |     three",
        "\x1b[1mfour",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "x::text::int",
        "select a::text",
        "::text",
        "# ## heading",
        "a [b] ##c",
    ],
)
def test_sql_and_prose_are_shown_as_they_are(line: str) -> None:
    assert list(printable([line])) == [line]


def test_json_without_anything_to_escape_is_unchanged() -> None:
    assert json_escaped('{"a": "é\\n表"}') == '{"a": "é\\n表"}'


@pytest.mark.parametrize("before", ["\x1b[31m", "\x07\x9b", "\u202e", "a\x1b" * 60, "\t\x1b"])
def test_the_caret_stays_below_its_character(before: str) -> None:
    excerpt = Location.at("a.sql", f"{before}X after", len(before)).excerpt()
    line, caret = list(printable(excerpt.splitlines()))
    assert line[caret.index("^")] == "X"
    assert not HARMFUL.search(line)
