"""What a script may hold, what is blanked out of it, and the messages it is cut into."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.errors import SourceError, UnusableFilesError
from sqlmig.model import Directives, Position
from sqlmig.source.files import script_from_bytes
from sqlmig.source.script import Chunk, PreparedScript, chunks, prepare

OUTSIDE = Directives(transactional=False)


def prepared(sql: str, directives: Directives | None = None) -> PreparedScript:
    return prepare(script_from_bytes("001_a.sql", sql.encode()), directives or Directives())


def texts(script: PreparedScript) -> list[str]:
    return [script.text[statement.start : statement.end] for statement in script.statements]


def refused(sql: str, directives: Directives | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        prepared(sql, directives)
    assert caught.value.exit_code == 2
    assert first(caught.value).remedy
    return caught.value


def first(error: SourceError) -> SourceError:
    """The first of several problems."""
    return error.errors[0] if isinstance(error, UnusableFilesError) else error


def assert_only_rows_are_left_out(script: PreparedScript) -> None:
    """The messages, and between them the rest of a COPY from its semicolon on, are the script."""
    parts = list(chunks(script))
    assert parts[0].start == 0
    assert parts[-1].end == len(script.text)
    left_out = [script.text[a.end : b.start] for a, b in pairwise(parts)]
    copies = [s for s in script.statements if s.data is not None]
    assert [rest for rest in left_out if rest] == [script.text[s.end : s.stop] for s in copies]
    assert [part.data for part in parts if part.data] == [s.data for s in copies]


def test_a_plain_script_is_ready_as_it_stands() -> None:
    script = prepared("select 1;\nselect ';';")
    assert script.text == script.script.text
    assert texts(script) == ["select 1", "select ';'"]
    assert script.notes == ()


def test_a_script_of_comments_alone_has_no_statements() -> None:
    assert prepared("-- nothing to do\n").statements == ()
    assert prepared("").statements == ()


def test_a_place_in_a_script_is_a_place_in_its_file() -> None:
    script = prepared("begin;\r\nselect 'é', x;\r\ncommit;")
    location = script.location(script.text.index("x"))
    assert str(location) == "001_a.sql:2:13"
    assert location.line == "select 'é', x;"


# Statements that would end the transaction


@pytest.mark.parametrize(
    "statement",
    [
        "begin",
        "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "Start Transaction",
        "START /* a */ TRANSACTION READ WRITE",
        "commit",
        "CoMmIt Work",
        "COMMIT AND CHAIN",
        "commit prepared 'x'",
        "END",
        "end transaction",
        "ABORT",
        "abort work",
        "rollback",
        "ROLLBACK -- to\n",
        "ROLLBACK /* to */ AND CHAIN",
        "rollback prepared 'to'",
        "prepare transaction 'x'",
        "PREPARE -- a\n /* b /* c */ */ Transaction 'x'",
    ],
)
def test_a_statement_that_would_end_the_transaction_is_refused(statement: str) -> None:
    error = refused(f"select 'é'; /* ; */ {statement};\nselect 2;")
    word = statement.split(maxsplit=1)[0].upper()
    if word in ("BEGIN", "START"):
        assert error.message.startswith(f"{word} opens a transaction")
        assert "a migration of its own" in error.remedy
    else:
        assert error.message.startswith(f"{word} would end the transaction")
        assert "-- transactional: false" in error.remedy
    assert error.location.position == Position(1, 21)


@pytest.mark.parametrize(
    "statement",
    [
        "SAVEPOINT a",
        "ROLLBACK TO a",
        "rollback to savepoint a",
        "ROLLBACK WORK TO SAVEPOINT a",
        "rollback /* all */ transaction -- of it\n to a",
        "RELEASE a",
        "PREPARE name AS SELECT 1",
        "prepare /* transaction */ p (int) as select $1",
        "DEALLOCATE p",
        "select 'commit'",
        'create table a (commit int, "rollback" int)',
        "do $$ begin perform 1; end $$",
        "create function f() returns int begin atomic select 1; select 2; end",
        "-- commit;\nselect 1",
    ],
)
def test_what_leaves_the_transaction_open_is_accepted(statement: str) -> None:
    assert len(prepared(f"select 1;\n{statement};").statements) == 2


def test_a_file_outside_a_transaction_cannot_open_one_either() -> None:
    assert refused("begin;\nselect 1;\ncommit;", OUTSIDE).location.position == Position(1, 1)


# An outer pair of BEGIN and COMMIT


@pytest.mark.parametrize(
    "opening", ["begin", "BEGIN WORK", "Begin Transaction", "start /**/\n transaction"]
)
@pytest.mark.parametrize("closing", ["commit", "COMMIT WORK", "end", "End Transaction"])
def test_an_outer_pair_is_blanked_and_noted_and_all_else_keeps_its_place(
    opening: str, closing: str
) -> None:
    text = f"-- é\r\n{opening};\r\n  select 'é';\r\n{closing};\r\n-- done"
    script = prepared(text)
    assert texts(script) == ["select 'é'"]
    assert len(script.text) == len(text)
    assert script.text.split() == ["--", "é", "select", "'é';", "--", "done"]
    assert script.text.index("select") == text.index("select")
    assert [len(line) for line in script.text.split("\n")] == [
        len(line) for line in text.split("\n")
    ]
    assert script.script.text == text
    assert script.notes == ("001_a.sql: its own BEGIN and COMMIT are left out; sqlmig sends them",)


def test_an_outer_pair_around_nothing_is_nothing() -> None:
    assert prepared("begin; commit").statements == ()


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("begin; select 1;", "BEGIN"),
        ("select 1; begin; select 2; commit;", "BEGIN"),
        ("begin; select 1; commit; select 2;", "BEGIN"),
        ("begin; select 1; commit; begin; select 2; commit;", "COMMIT"),
        ("begin; select 1; rollback;", "BEGIN"),
        ("begin; select 1; commit and chain;", "BEGIN"),
        ("begin isolation level serializable; select 1; commit;", "BEGIN"),
        ("begin; rollback; commit", "ROLLBACK"),
        ("commit; begin;", "COMMIT"),
    ],
)
def test_any_other_pair_is_refused(sql: str, word: str) -> None:
    does = "opens a" if word == "BEGIN" else "would end"
    assert first(refused(sql)).message.startswith(f"{word} {does}")


_LARGE_OBJECT = "SELECT pg_catalog.lo_open('1', 131072);\nSELECT pg_catalog.lowrite(0, '\\x00');\n"


def test_the_transactions_of_pg_dump_around_large_objects_are_blanked_and_noted() -> None:
    block = f"BEGIN;\n\n{_LARGE_OBJECT}SELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n"
    text = f"select 1;\n{block}select 2;\n{block}"
    for script in (prepared(text), prepared(f"begin;\n{text}commit;\n")):
        assert [each.split()[0] for each in texts(script)].count("SELECT") == 6
        assert not [each for each in texts(script) if each.lower() in ("begin", "commit")]
        assert len(script.notes) == 1


@pytest.mark.parametrize(
    "block",
    [
        f"begin; {_LARGE_OBJECT} select 3; commit;",
        f"begin; {_LARGE_OBJECT} select lo_unlink(1); commit;",
        f"begin; {_LARGE_OBJECT} rollback;",
        f"begin; {_LARGE_OBJECT} commit and chain;",
        f"begin isolation level serializable; {_LARGE_OBJECT} commit;",
        f"begin; {_LARGE_OBJECT}",
        "begin; commit;",
        "begin; select public.lo_open('1', 131072); commit;",
    ],
)
def test_no_other_transaction_in_the_middle_is_left_out(block: str) -> None:
    assert first(refused(f"select 1; {block} select 2;")).message.startswith("BEGIN opens")


# psql's meta-commands


def test_the_lines_with_which_pg_dump_protects_psql_are_blanked_without_a_note() -> None:
    text = "\\restrict abcé\r\nselect 1;\r\n\\unrestrict abcé\r\n"
    script = prepared(text)
    assert script.text == f"{' ' * 14}\r\nselect 1;\r\n{' ' * 16}\r\n"
    assert texts(script) == ["select 1"]
    assert script.notes == ()


def test_they_may_stand_around_an_outer_pair() -> None:
    script = prepared("\\restrict a\nbegin;\nselect 1;\ncommit;\n\\unrestrict a\n")
    assert script.text.split() == ["select", "1;"]


@pytest.mark.parametrize(
    "command", ["\\connect other", "\\i more.sql", "\\set x 1", "\\.", "\\restricted x", "\\gset"]
)
def test_any_other_meta_command_is_refused(command: str) -> None:
    error = refused(f"select 1;\n {command}\n")
    assert error.message == f"{command.split(maxsplit=1)[0]} is a command of psql, not SQL"
    assert error.location.position == Position(2, 2)


# Settings under which the server would read the rest of the file otherwise


@pytest.mark.parametrize(
    "statement",
    [
        "set standard_conforming_strings = off",
        "SET STANDARD_CONFORMING_STRINGS TO OFF",
        "set session standard_conforming_strings to 'off'",
        "set local /* a */ standard_conforming_strings = false",
        "set standard_conforming_strings=0",
        'set "standard_conforming_strings" to no',
    ],
)
def test_standard_conforming_strings_cannot_be_set_off(statement: str) -> None:
    error = refused(f"select 1; {statement};")
    assert error.message == "standard_conforming_strings must stay on"
    assert error.location.position == Position(1, 11)


@pytest.mark.parametrize(
    "statement",
    [
        "set client_encoding = latin1",
        "SET CLIENT_ENCODING TO 'WIN1252'",
        "set local client_encoding = 'sql_ascii'",
    ],
)
def test_the_encoding_cannot_be_changed(statement: str) -> None:
    error = refused(f"select 1; {statement};")
    assert error.message == "client_encoding must stay utf8"
    assert error.location.position == Position(1, 11)


@pytest.mark.parametrize(
    "statement",
    [
        "SET standard_conforming_strings = on",
        "set standard_conforming_strings to 'ON'",
        "set local standard_conforming_strings = true",
        "set standard_conforming_strings to default",
        "reset standard_conforming_strings",
        "SET client_encoding = 'UTF8'",
        "set client_encoding to 'utf-8'",
        "set search_path = off",
        "select 'set standard_conforming_strings = off'",
    ],
)
def test_what_pg_dump_writes_and_other_settings_are_accepted(statement: str) -> None:
    assert len(prepared(statement).statements) == 1


# What cannot be read


@pytest.mark.parametrize(
    ("sql", "message", "position"),
    [
        ("select 'é';\n  select 'open;\nselect 2;", "unterminated string", Position(2, 10)),
        ('select "é', "unterminated quoted identifier", Position(1, 8)),
        ("select $é$;\n", "unterminated dollar-quoted string $é$", Position(1, 8)),
        ("select 1; /* /* */", "unterminated /* comment", Position(1, 11)),
    ],
)
def test_what_never_ends_is_refused_where_it_begins(
    sql: str, message: str, position: Position
) -> None:
    error = refused(sql)
    assert error.message == message
    assert error.location.position == position
    assert error.remedy == "Close it; everything after it would be taken as part of it."


# Messages


def test_a_small_script_is_one_message() -> None:
    script = prepared("select 1;\nselect 2; -- done")
    assert list(chunks(script)) == [Chunk(0, len(script.text), 0)]


def test_rows_of_copy_end_a_message_and_stand_in_none() -> None:
    text = "select 1;\ncopy é from stdin;\n1\té\n2\t;\n\\.\nselect 3;\n"
    script = prepared(text)
    first, second = chunks(script)
    assert text[first.start : first.end] == "select 1;\ncopy é from stdin"
    assert first.data is not None
    assert text[slice(*first.data)] == "1\té\n2\t;\n"
    assert text[second.start : second.end] == "\nselect 3;\n"
    assert (first.first_statement, second.first_statement) == (0, 2)
    assert second.data is None


def test_a_script_of_many_megabytes_is_cut_between_statements() -> None:
    statement = f"insert into a values ('{'é;' * 30_000}');\n"
    script = prepared(statement * 60)
    parts = list(chunks(script))
    assert len(parts) == 4
    assert_only_rows_are_left_out(script)
    for part in parts[:-1]:
        assert 1 << 20 <= part.end - part.start < (1 << 20) + len(statement)
        assert script.text[part.end - 1] == ";"
        assert script.statements[part.first_statement].start >= part.start


def test_one_statement_larger_than_a_message_stays_whole() -> None:
    text = f"select '{'x' * (3 << 20)}'; select 2;"
    first, second = chunks(prepared(text))
    assert text[first.start : first.end].endswith("';")
    assert text[second.start : second.end] == " select 2;"


PIECES = st.sampled_from(
    [
        "select 1;",
        "select ';é';",
        "begin_is_a_name;",
        "/* ; */",
        "-- ;\n",
        "\n",
        "\r\n",
        ";",
        "\n\\restrict é\n",
        "copy a from stdin;\n1\té\n\\.\n",
        "copy a from stdin;\n\\.\n",
        "do $$ begin; end $$;",
    ]
)


@given(st.lists(PIECES, max_size=12))
def test_the_messages_are_the_whole_script_but_for_the_rows_of_copy(pieces: list[str]) -> None:
    script = prepared("".join(pieces))
    assert len(script.text) == len(script.script.text)
    assert_only_rows_are_left_out(script)
    first = 0
    for part in chunks(script):
        assert part.first_statement == first
        first += sum(part.start <= each.start < part.end for each in script.statements)
    assert first == len(script.statements)


@pytest.mark.parametrize("statement", ["SET NAMES 'latin1'", "set client_encoding to LATIN1"])
def test_another_encoding_is_refused(statement: str) -> None:
    with pytest.raises(SourceError, match="must stay utf8"):
        prepared(f"{statement};")


def test_transaction_control_outside_a_transaction_has_a_remedy_of_its_own() -> None:
    with pytest.raises(SourceError) as caught:
        prepared("begin;\nselect 1;\ncommit;", Directives(transactional=False))
    assert "run one by one" in first(caught.value).message
    assert "transactional: false" not in first(caught.value).remedy
