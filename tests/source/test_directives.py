"""The header language: what is a directive, what is just a comment, and what is a mistake."""

from __future__ import annotations

import pytest

from sqlmig.errors import DirectiveError, UnusableFilesError
from sqlmig.model import Directives, Position, TextRecord
from sqlmig.source.directives import FileKind
from sqlmig.source.head import read_head

BELOW = "must come before the first statement"


def read(text: str, kind: FileKind = FileKind.MIGRATION) -> Directives:
    return read_head("001_a.sql", text, kind)[0]


def description(text: str) -> str:
    return read_head("001_a.sql", text, FileKind.MIGRATION)[1]


def refused(text: str, kind: FileKind = FileKind.MIGRATION) -> DirectiveError:
    with pytest.raises(DirectiveError) as caught:
        read(text, kind)
    error = caught.value
    assert error.exit_code == 2
    assert error.remedy
    assert str(error).startswith(f"{error.location}: {error.message}")
    assert error.location.position is not None
    return error


def test_all_mistakes_of_a_file_are_told_in_the_order_of_their_lines() -> None:
    text = (
        "-- transactionl: false\n-- lock_timeout: 3\n-- record text\n-- adr: 1\n-- adr: 2\n"
        "select 1;\n-- depends: 001_a\n-- touches: a: b\n"
    )
    with pytest.raises(UnusableFilesError) as caught:
        read(text)
    positions = [error.location.position for error in caught.value.errors]
    assert positions == [Position(line, 1) for line in (1, 2, 3, 5, 7, 8)]
    assert all(isinstance(error, DirectiveError) for error in caught.value.errors)


def test_a_file_that_declares_nothing_has_the_defaults() -> None:
    assert read("create table a ();") == Directives()
    assert read("") == Directives()
    assert Directives().transactional
    assert Directives().record is TextRecord.TEXT


def test_every_directive_is_read() -> None:
    text = (
        "-- depends: 001_a 002_b\n"
        "-- transactional: false\n"
        "-- irreversible: the old rows are gone\n"
        "-- lock_timeout: 2s\n"
        "-- statement_timeout: 10min\n"
        "-- touches: payments: fix the 2024 import: cents\n"
        "-- adr: 0002\n"
        "-- record: checksum\n"
        "select 1;"
    )
    assert read(text) == Directives(
        depends=("001_a", "002_b"),
        transactional=False,
        irreversible="the old rows are gone",
        lock_timeout="2s",
        statement_timeout="10min",
        touches=(("payments", "fix the 2024 import: cents"),),
        adr="0002",
        record=TextRecord.CHECKSUM,
    )


def test_holds_has_a_table_and_a_reason_and_may_repeat() -> None:
    text = "-- holds: orders: closed on Sundays\n-- holds: shop.lines: small\n"
    assert read(text).holds == (("orders", "closed on Sundays"), ("shop.lines", "small"))


def test_depends_and_touches_may_repeat() -> None:
    text = "-- depends: 001_a\n-- touches: a: x\n-- depends: 002_b\n-- touches: b: y\n"
    assert read(text).depends == ("001_a", "002_b")
    assert read(text).touches == (("a", "x"), ("b", "y"))


def test_depends_may_be_empty_as_in_the_first_file_that_yoyo_writes() -> None:
    text = "-- Users\n-- depends: \n\nselect 1;"
    assert read(text) == Directives()
    assert description(text) == "Users"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_line_end_is_no_part_of_a_value(line_end: str) -> None:
    text = line_end.join(["-- irreversible: data", "-- depends: 001_a", "select 1;"])
    assert read(text) == Directives(irreversible="data", depends=("001_a",))


@pytest.mark.parametrize(
    "line",
    [
        "-- transactional: false",
        "--transactional:false",
        "  --  transactional :\tFALSE  ",
        "/* a licence\n -- transactional: true */ -- transactional: false",
        "\n\n-- A table.\n\n-- transactional: false\n;;",
    ],
)
def test_space_and_other_comments_around_a_directive_do_not_matter(line: str) -> None:
    assert not read(f"{line}\nselect 1;").transactional


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("-- transactionl: false", "transactional"),
        ("-- transactoinal: false", "transactional"),
        ("-- Transactional: false", "transactional"),
        ("-- TRANSACTIONAL: false", "transactional"),
        ("-- Depends: 001_a", "depends"),
        ("-- DEPENDS: 001_a", "depends"),
        ("-- depend: 001_a", "depends"),
        ("-- ireversible: x", "irreversible"),
        ("-- lock-timeout: 2s", "lock_timeout"),
        ("-- statement_timout: 2s", "statement_timeout"),
        ("-- touch: payments: x", "touches"),
        ("-- ADR: 0002", "adr"),
        ("-- adrs: 0002", "adr"),
        ("-- recrod: text", "record"),
    ],
)
def test_a_name_that_is_nearly_a_directive_is_a_mistake_with_the_right_spelling(
    line: str, known: str
) -> None:
    error = refused(f"-- Rows.\n{line}\nselect 1;")
    assert error.message.startswith("unknown directive")
    assert error.remedy.startswith(f"Did you mean {known}?")
    assert error.location.position == Position(2, 1)


@pytest.mark.parametrize(
    "comment",
    [
        "-- SPDX-License-Identifier: Apache-2.0",
        "-- Name: payments; Type: TABLE; Schema: public; Owner: -",
        "-- Note: the trigger comes later",
        "-- Add: an index for the report",
        "-- Copyright: the authors",
        "-- https://www.postgresql.org/docs/current/sql-createtable.html",
        "-- see http://example.org: it says why",
        "-- It depends: not on much",
        "-- transactional migrations are the rule",
        "-- the record: kept elsewhere",
        "-- 2024: the year of it",
        "-- : nothing",
        "--",
        "/* transactional: false */",
        "/*\n-- transactional: false\n*/",
    ],
)
def test_every_other_comment_is_just_a_comment(comment: str) -> None:
    assert read(f"{comment}\nselect 1;") == Directives()


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("-- transactional false", "transactional: false"),
        ("-- transactional=false", "transactional: false"),
        ("--Transactional = FALSE ", "transactional: FALSE"),
        ("-- depends 002_products", "depends: 002_products"),
        ("-- depends 001_a 002_products", "depends: 001_a 002_products"),
        ("-- irreversible", "irreversible: <reason>"),
        ("-- lock_timeout 2s", "lock_timeout: 2s"),
        ("-- statement_timeout = 10min", "statement_timeout: 10min"),
        ("-- record checksum", "record: checksum"),
    ],
)
def test_a_directive_without_its_colon_is_a_mistake(line: str, meant: str) -> None:
    error = refused(f"-- Rows.\n{line}\nselect 1;")
    assert error.message == f"write it with a colon: '-- {meant}'"
    assert error.location.position == Position(2, 1)


@pytest.mark.parametrize(
    "comment",
    [
        "-- depends on the users table",
        "-- depends",
        "-- depends 001_a and others",
        "-- irreversible, says the architect",
        "-- irreversible changes come last",
        "-- transactional",
        "-- transactional false friends",
        "-- lock_timeout is 2s",
        "-- record of payments",
        "-- touches payments",
        "-- ADR 0002",
    ],
)
def test_an_ordinary_sentence_may_begin_with_the_name_of_a_directive(comment: str) -> None:
    assert read(f"{comment}\nselect 1;") == Directives()


def test_what_only_a_migration_may_have_is_just_a_comment_in_a_rollback() -> None:
    assert read("-- irreversible\nselect 1;", FileKind.ROLLBACK) == Directives()
    assert "colon" in refused("-- transactional false\nselect 1;", FileKind.ROLLBACK).message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-- transactional: no", "expected true or false"),
        ("-- transactional:", "expected true or false"),
        ("-- irreversible:", "expected a reason"),
        ("-- lock_timeout: 5", "expected a time with its unit, such as 500ms, 2s or 10min"),
        ("-- statement_timeout: soon", "expected a time with its unit"),
        ("-- touches: payments", "expected a table and a reason"),
        ("-- touches: : a reason", "expected a table and a reason"),
        ("-- holds: payments", "expected a table and a reason"),
        ("-- adr: none yet", "expected the number of a decision record, such as 0002"),
        ("-- record: all", "expected text or checksum"),
    ],
)
def test_a_bad_value_is_refused_at_its_line(line: str, expected: str) -> None:
    error = refused(f"-- é\r\n {line}\r\nselect 1;")
    assert expected in error.message
    assert error.location.position == Position(2, 2)
    assert error.location.line == f" {line}"


def test_a_directive_twice_is_refused_at_the_second() -> None:
    error = refused("-- adr: 0002\n-- adr: 0002\n")
    assert error.message == "the directive 'adr' is given twice"
    assert error.location.position == Position(2, 1)


@pytest.mark.parametrize("line", ["-- depends: 001_a", "-- irreversible: x", "-- record: text"])
def test_a_rollback_cannot_have_what_only_a_migration_has(line: str) -> None:
    error = refused(line, FileKind.ROLLBACK)
    assert "a rollback cannot have the directive" in error.message
    assert error.remedy == (
        "A rollback may have: transactional, lock_timeout, statement_timeout, touches, holds."
    )


def test_a_rollback_may_say_how_it_runs() -> None:
    text = "-- transactional: false\n-- lock_timeout: 1s\n-- touches: a: x\nselect 1;"
    found = read(text, FileKind.ROLLBACK)
    assert found == Directives(transactional=False, lock_timeout="1s", touches=(("a", "x"),))


@pytest.mark.parametrize(
    "text",
    [
        "select 1;\n-- transactional: false\nselect 2;",
        "select 1; -- transactional: false",
        "select 1 -- transactional: false\n, 2;",
        "copy a from stdin;\n1\n\\.\n-- transactional: false\n",
        "create function f() returns int language sql as $$ select 1 $$;\n--transactional:false",
    ],
)
def test_a_directive_below_the_first_statement_is_refused(text: str) -> None:
    error = refused(text)
    assert error.message == f"the directive 'transactional' {BELOW}"
    assert error.remedy == "Move the line to the head of the file."
    position = error.location.position
    assert position is not None
    assert error.location.line[position.column - 1 :].startswith("--")


@pytest.mark.parametrize(
    "text",
    [
        "select '\n-- transactional: false\n';",
        'select 1 as "\n-- transactional: false\n";',
        "select $$\n-- transactional: false\n$$;",
        "select $é$\n-- transactional: false\n$é$;",
        "select E'\\'\n-- transactional: false\n';",
        "select 1; /* a\n-- transactional: false\n*/",
        "copy a from stdin;\n-- transactional: false\n\\.\n",
    ],
)
def test_what_only_looks_like_a_directive_below_the_first_statement_is_none(text: str) -> None:
    assert read(text) == Directives()
    assert read(f"-- adr: 0002\n{text}") == Directives(adr="0002")


@pytest.mark.parametrize(
    "comment", ["-- record: who changed what", "-- transactional: see above", "-- transactionl: x"]
)
def test_below_the_first_statement_a_known_word_may_begin_a_sentence(comment: str) -> None:
    assert read(f"select 1;\n{comment}\n") == Directives()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("-- Payments of a student", "Payments of a student"),
        ("--- Payments ---", "Payments"),
        ("--\n-- Payments\n-- and more", "Payments"),
        ("-- depends: 001_a\n-- Payments", "Payments"),
        ("-- Payments: what was paid", "Payments: what was paid"),
        ("-- depends: 001_a", ""),
        ("/* Payments */", ""),
        ("", ""),
    ],
)
def test_the_first_comment_that_is_no_directive_is_the_description(
    head: str, expected: str
) -> None:
    assert description(f"{head}\nselect 1; -- not this") == expected
