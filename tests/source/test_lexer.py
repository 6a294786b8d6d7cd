"""The lexer against the server's own (libpg_query, through postgast); psql's part by hand."""

from __future__ import annotations

import os
import random
import re
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import postgast
import pytest
from hypothesis import HealthCheck, assume, given, note, seed, settings
from hypothesis import strategies as st

from sqlmig.source.lexer import (
    LexError,
    all_line_comments,
    first_statement,
    leading_words,
    line_comments,
    statements,
    tokens,
)
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CORPUS = Path(__file__).parent / "corpus"
# What the oracle cannot judge: psql's own language, and its one error (see the_oracle_is_wrong).
BY_HAND = ("psql_copy", "psql_meta_commands", "continued_across_comments")

SEED = int(os.environ.get("SQLMIG_TEST_SEED") or random.SystemRandom().randrange(2**32))

Cut = tuple[int, int]


def thorough(short: int) -> settings:
    return settings(
        max_examples=examples(short),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def corpus(name: str) -> str:
    return (CORPUS / f"{name}.sql").read_bytes().decode()


def cuts(text: str) -> list[Cut]:
    return [(statement.start, statement.end) for statement in statements(text)]


def texts(text: str) -> list[str]:
    return [text[start:end] for start, end in cuts(text)]


def lexes(text: str) -> bool:
    try:
        list(statements(text))
    except LexError:
        return False
    return True


# The oracle counts bytes, the lexer characters.


class Offsets:
    """From offsets in bytes of UTF-8 to offsets in characters."""

    def __init__(self, text: str) -> None:
        self._characters = {}
        position = 0
        for index, character in enumerate(text):
            self._characters[position] = index
            position += len(character.encode())
        self._characters[position] = len(text)

    def __getitem__(self, byte: int) -> int:
        return self._characters[byte]


def parsed_cuts(text: str) -> list[Cut]:
    """Where the server's parser sees statements; raises PgQueryError if it refuses the text."""
    offsets = Offsets(text)
    found = [(s.stmt_location, s.stmt_len) for s in postgast.parse(text).stmts]
    return [
        (offsets[start], offsets[start + length] if length else len(text))
        for start, length in found
    ]


def scanned(text: str) -> list[Cut]:
    """The tokens of the server's scanner, without comments."""
    offsets = Offsets(text)
    comments = (postgast.pg_query_pb2.SQL_COMMENT, postgast.pg_query_pb2.C_COMMENT)
    return [
        (offsets[token.start], offsets[token.end])
        for token in postgast.scan(text).tokens
        if token.token not in comments
    ]


def scanned_cuts(text: str) -> list[Cut]:
    """The server's tokens between semicolons: right where no statement holds others."""
    result, start = [], -1
    for begin, end in scanned(text):
        if text[begin:end] != ";":
            start = begin if start < 0 else start
        elif start >= 0:
            result.append((start, begin))
            start = -1
    return [*result, (start, len(text))] if start >= 0 else result


_COMMENT_BETWEEN_LITERALS = re.compile(
    r"'(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'"
)


def the_oracle_is_wrong(text: str) -> bool:
    """To libpg_query, unlike the server, a comment ends a literal: 'a' --\\n 'b'."""
    return any("--" in found[0] for found in _COMMENT_BETWEEN_LITERALS.finditer(text))


# The corpus.


def test_every_file_of_the_corpus_is_judged() -> None:
    assert {path.stem for path in CORPUS.glob("*.sql")} == {*JUDGED, *BY_HAND}


JUDGED = (
    "begin_atomic",
    "comments",
    "continued_literals",
    "dollar_quotes",
    "line_ends",
    "names_and_parameters",
    "operators",
    "rules",
    "strings",
)


@pytest.mark.parametrize("name", JUDGED)
def test_a_file_is_cut_where_the_server_cuts_it(name: str) -> None:
    text = corpus(name)
    assert cuts(text) == parsed_cuts(text)


@pytest.mark.parametrize("name", JUDGED)
def test_a_file_is_cut_the_same_whatever_its_line_ends(name: str) -> None:
    text = corpus(name).replace("\r\n", "\n").replace("\r", "\n")
    for line_end in ("\n", "\r\n", "\r"):
        changed = text.replace("\n", line_end)
        assert cuts(changed) == parsed_cuts(changed)


@pytest.mark.parametrize("name", JUDGED)
def test_a_file_cut_short_anywhere_is_refused_when_the_server_finds_an_open_end(name: str) -> None:
    text = corpus(name)
    for end in range(len(text)):
        try:
            scanned(text[:end])
            opened = False
        except postgast.PgQueryError as error:
            opened = "unterminated" in str(error)
        assert lexes(text[:end]) is not opened, text[:end][-40:]


def test_a_literal_goes_on_after_a_newline_and_comments() -> None:
    first, second, third = texts(corpus("continued_across_comments"))
    assert first.startswith("SELECT 'a'")
    assert first.endswith("'b;'")
    assert second.endswith("'b\\';' ")
    assert third == "SELECT 1"


def test_copy_data_belongs_to_its_statement() -> None:
    text = corpus("psql_copy")
    found = [
        (text[s.start : s.end], s.data and text[slice(*s.data)], text[s.stop : s.stop + 2])
        for s in statements(text)
    ]
    assert found == [
        (
            "COPY public.a (id, name) FROM stdin",
            "1\tit's; \"open /* $$\n2\t\\N\n\\.x\n\\\\.\n",
            "\n\n",
        ),
        ("COPY b FROM /* ; */ STDIN WITH (FORMAT csv) ", '1,"a;\nb"\n', "\nC"),
        ("COPY c FROM stdout", "", "\nc"),
        ("copy (select * from stdin) to stdout", None, "\nC"),
        ("COPY d TO '/tmp/from stdin'", None, "\nC"),
        ("COPY e FROM '/tmp/x' WHERE (a IS DISTINCT FROM stdin)", None, "\nC"),
        ('COPY "stdin" TO STDOUT', None, "\nS"),
        ("SELECT 1", None, "\nc"),
        ("copy f from stdin", "the end; of the\nfile\n", ""),
    ]


@pytest.mark.parametrize(
    ("text", "data", "rest"),
    [
        ("copy t from stdin;", "", ""),
        ("copy t from stdin;\n", "", ""),
        ("copy t from stdin;\r\na\r\n\\.\r\nselect 1", "a\r\n", "\r\nselect 1"),
        ("copy t from stdin; \t-- rows;\n\\.\nselect 1", "", "\nselect 1"),
        ("copy t from stdin;\na\\.\n\\. \n\\.b\n\\.", "a\\.\n\\. \n\\.b\n", ""),
        ("copy t(a) from stdin where a is distinct from b;\n1\n\\.", "1\n", ""),
    ],
)
def test_copy_data_ends_at_a_line_that_is_the_marker_alone(text: str, data: str, rest: str) -> None:
    statement = next(statements(text))
    assert statement.data is not None
    assert text[slice(*statement.data)] == data
    assert text[statement.stop :] == rest


@pytest.mark.parametrize(
    "text",
    [
        "copy t from stdin",
        "copy t from 'stdin';\n",
        'copy t from "stdin";\n',
        "copy t from program 'x' where a = stdin;\n",
        "copy t from 'x' where a is distinct from stdin;\n",
        "copy (select a from stdin) to 'x';\n",
        "copy;\nfrom stdin;\n",
    ],
)
def test_no_data_follows_a_copy_that_does_not_read_standard_input(text: str) -> None:
    assert next(statements(text)).data is None


def test_sql_on_the_line_of_copy_from_stdin_is_refused() -> None:
    with pytest.raises(LexError, match=r"same line") as caught:
        list(statements("select 1; copy t from stdin; drop table t;\n1\n\\.\n"))
    assert caught.value.offset == len("select 1; copy t from stdin;")


def test_a_meta_command_reaches_to_the_end_of_its_line() -> None:
    text = corpus("psql_meta_commands")
    found = [(s.word, text[s.start : s.stop], s.is_meta_command) for s in statements(text)]
    assert found == [
        ("\\restrict", "\\restrict aB3$'x;", True),
        ("select", "SELECT 1;", False),
        ("\\echo", '\\echo it\'s; "fine" /*', True),
        ("select", "SELECT 2 ", False),
        ("\\gset", "\\gset", True),
        ("\\unrestrict", "\\unrestrict aB3$'x;", True),
        ("select", "SELECT '\\restrict', $$\n\\unrestrict\n$$;", False),
        ("\\q", "\\q", True),
    ]


@pytest.mark.parametrize(
    "opening",
    [
        "create rule r as on insert to t do (select 1; ",
        "create function f() begin atomic select 1; ",
    ],
)
def test_a_meta_command_ends_even_a_statement_that_holds_others(opening: str) -> None:
    assert texts(opening + "\\q\nselect 2;") == [opening, "\\q", "select 2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" Select 1", "select"),
        ("(SELECT 1)", "("),
        ("E'a'", "E"),
        ("'a'", "'"),
        ('"Begin"', '"'),
        ("\\", "\\"),
        ("\\Restrict x", "\\restrict"),
        ("ROLLBAC\N{KELVIN SIGN}", "ROLLBAC\N{KELVIN SIGN}"),
    ],
)
def test_the_word_of_a_statement_is_its_first_in_lower_case(text: str, words: str) -> None:
    assert next(statements(text)).word == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ROLLBACK /*x*/ TO SAVEPOINT a", ("rollback", "to", "savepoint", "a")),
        ("BEGIN; COMMIT", ("begin",)),
        ("SET -- a /* comment\n A$b='X', \"C\"", ("set", "a$b", "=", "'X'")),
        ("É E'X' U&'X' $$X$$", ("É", "E'X'", "U&'X'", "$$X$$")),
        ("\\Echo it's", ("\\echo",)),
    ],
)
def test_leading_words_are_folded_and_other_tokens_are_not(
    text: str, words: tuple[str, ...]
) -> None:
    assert leading_words(text, next(statements(text)), 4) == words


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("select é, 'a'';", "unterminated string", 10),
        ("select 'a'\n 'b;", "unterminated string", 12),
        ("select E'a\\';", "unterminated string", 7),
        ("select E'a'\n'b\\';", "unterminated string", 7),
        ('select "a"";', "unterminated quoted identifier", 7),
        ("/* /* */ ;", "unterminated /* comment", 0),
        ("select /*/ ;", "unterminated /* comment", 7),
        ("select $a$ $A$; $", "unterminated dollar-quoted string $a$", 7),
    ],
)
def test_what_never_ends_is_an_error_where_it_begins(text: str, message: str, offset: int) -> None:
    with pytest.raises(LexError) as caught:
        list(statements(text))
    assert (caught.value.message, caught.value.offset, str(caught.value)) == (
        message,
        offset,
        message,
    )


def test_statements_before_an_error_are_given() -> None:
    found = statements("select 1; select 'open")
    assert next(found).end == 8
    with pytest.raises(LexError):
        next(found)


# Comments.


def test_the_head_ends_at_the_first_statement() -> None:
    head = "-- one\n/* /* ; */ -- no\n */ ;\r\n\t--two; \r\n"
    assert first_statement(head + "select 'open") == len(head)
    assert first_statement(head) == len(head)
    assert list(line_comments(head + "select 1 -- no", len(head))) == [
        (0, " one"),
        (head.index("--two"), "two; "),
    ]


def test_only_real_line_comments_are_found() -> None:
    text = (
        "--a\nselect '--', $$--$$, \"--\", E'\\'--' /* -- /* */ -- */ -- b\n, 1--c\r;\n"
        "\\echo --\ncopy t from stdin; --d\n--\n\\.\n--e"
    )
    assert [comment for _, comment in all_line_comments(text)] == ["a", " b", "c", "d", "e"]
    assert all(text[at:].startswith("--" + comment) for at, comment in all_line_comments(text))


@pytest.mark.parametrize("name", JUDGED)
def test_line_comments_are_those_of_the_server(name: str) -> None:
    text = corpus(name)
    offsets = Offsets(text)
    expected = [
        (offsets[token.start], text[offsets[token.start] + 2 : offsets[token.end]])
        for token in postgast.scan(text).tokens
        if token.token == postgast.pg_query_pb2.SQL_COMMENT
    ]
    assert list(all_line_comments(text)) == expected


# Texts put together at random: what is valid, what is half so, and what sits next to it.

# fmt: off
LITERALS = ["'a'", "'it''s;'", "'\\'", "''", "E'\\''", "e'\\\\'", "E'a'';'", "U&'\\0441;'", "x'1F'",
            "B'0;'", "N';'", "$$;$$", "$$$$", "$a$;$$'$a$", "$é$;$e$$é$", "$_1$\n--$_1$", "';\n;'"]
NAMES = ["a", "E", "e", "U", "é", "a$b", "a$", "a$$", "_", "b$1$", '"a;b"', '"""e"', 'U&";"', "x",
         "begin", "end", "atomic", "N", "名", "case", "from", "stdin", "rule"]
NUMBERS = ["1", "1.5", ".5", "1.", "1.5e-3", "1e5", "0x1F", "1_000", "1..2", "$1", "$12"]
MARKS = ["(", ")", ",", ".", "[", "]", ":", "::", ":=", "=", "=>", "->", "->>", "@>", "*", "/", "-",
         "+", "<", "|/", "!", "?", "%", "&", "#", "*/", "$"]
BLANKS = [" ", "\n", "\r\n", "\t", "\r", "\f", "--\n", "-- it's;\n", "--$$\r", "/**/", "/* ; */",
          "/* /* ' */ ; */", "/*/ */", "/***/", "  \n\n"]
OPENINGS = ["'", '"', "E'", "$$", "$a$", "/*", "--", "U&'", 'U&"', "*/", "$é$", "$$$"]
SEPARATORS = [";", ";", ";\n", ";;", " ; "]
ZOO = [*LITERALS, *NAMES, *NUMBERS, *MARKS, *BLANKS, *SEPARATORS]
PSQL = ["\\restrict x'\n", "\n\\g\n", "copy t from stdin;\n1;'\n\\.\n", "COPY t FROM STDIN ; --\n"]
VALUES = [*LITERALS, '"a;"', "a$b", "é", "1.5e-3", "begin", "atomic", "$1", 'U&";"', "- 1",
          "a - -1", "a->'b;'", "(select ';' as end)", "(select begin atomic)",
          "case when a then 1 else atomic end"]
WHOLE = ["begin", "end", "create table begin (atomic int)", "copy t to stdout", "", "do $a$ ; $a$",
         "create rule r as on update to t do instead nothing",
         "create function f() returns int language sql as $$ begin atomic; $$"]
# fmt: on

mixtures = st.lists(
    st.sampled_from(ZOO) | st.sampled_from(SEPARATORS + BLANKS) | st.sampled_from(OPENINGS),
    max_size=24,
).map("".join)
letters = st.text("'\"$;-/*eEa1\\ \n\réU&", max_size=16)


@seed(SEED)
@thorough(900)
@given(mixtures | letters)
def test_any_text_that_the_server_scans_is_cut_at_its_semicolons(text: str) -> None:
    note(f"SQLMIG_TEST_SEED={SEED}")
    assume(not the_oracle_is_wrong(text))
    try:
        expected = scanned_cuts(text)
    except postgast.PgQueryError as error:
        if "unterminated" in str(error):
            assert not lexes(text) or "\\" in text
        return
    if "\\" in {text[begin:end] for begin, end in scanned(text)}:
        return  # a meta-command: psql's, not the server's
    assert cuts(text) == expected


EXPRESSIONS = st.sampled_from(VALUES)
SELECTS = EXPRESSIONS.map("select {}".format)
BODIES = st.lists(SELECTS | st.just("") | st.just("return 1"), max_size=4).map(
    lambda body: "".join(f"{statement} ; " for statement in body)
)
STATEMENTS = st.one_of(
    SELECTS,
    BODIES.map("create function f(begin atomic) returns integer begin atomic {}end".format),
    BODIES.map("Create Or Replace /* ; */ Procedure f() Begin --\nAtomic {}End ".format),
    EXPRESSIONS.map("create function f() returns text return {}".format),
    st.lists(SELECTS, min_size=1, max_size=3)
    .map("; ".join)
    .map("create or replace rule r as on insert to t do also ({};)".format),
    st.sampled_from(WHOLE),
)


@seed(SEED)
@thorough(250)
@given(
    st.lists(STATEMENTS, min_size=1, max_size=6),
    st.lists(st.sampled_from(BLANKS), min_size=14, max_size=14),
)
def test_any_text_that_the_server_parses_is_cut_where_it_cuts(
    parts: list[str], blanks: list[str]
) -> None:
    note(f"SQLMIG_TEST_SEED={SEED}")
    layout = zip(blanks, parts, blanks[7:], strict=False)
    text = "".join(f"{before}{part}{after};" for before, part, after in layout)
    assume(not the_oracle_is_wrong(text))
    assert cuts(text) == parsed_cuts(text)
    assert cuts(text[:-1]) == parsed_cuts(text[:-1])


@seed(SEED)
@thorough(200)
@given(st.lists(st.sampled_from([*ZOO, *PSQL]), max_size=24).map("".join))
def test_statements_are_in_order_and_nothing_is_left_between_them(text: str) -> None:
    note(f"SQLMIG_TEST_SEED={SEED}")
    assume(lexes(text))
    position = 0
    for statement in statements(text):
        assert position <= statement.start < statement.end <= statement.stop
        assert not scanned(text[position : statement.start].replace(";", " "))
        if statement.data:
            between = text[statement.end + 1 : statement.data[0]]
            assert statement.end < statement.data[0] <= statement.data[1] <= statement.stop
            assert not scanned(between)
            assert text[statement.data[1] : statement.stop] in ("\\.", "")
        else:
            assert text[statement.end : statement.stop] in (";", "")
        position = statement.stop
    assert not scanned(text[position:].replace(";", " "))


# Tokens.

SIGNIFICANT = st.sampled_from([*LITERALS, *NAMES, *NUMBERS, *MARKS[:-2], ";", "''''"])
LAYOUTS = st.integers(0, 2**32).map(random.Random)


def laid_out(words: Iterable[str], layout: random.Random) -> str:
    """The words with white space and comments between them, but no newline after a literal."""
    text = ""
    for word in words:
        blank = " " + "".join(layout.choices(BLANKS, k=layout.randint(0, 3)))
        text += (" /*\n*/ " if text.endswith("'") else blank) + word
    return text


@seed(SEED)
@thorough(200)
@given(st.lists(SIGNIFICANT, max_size=12), LAYOUTS)
def test_comments_and_white_space_are_no_change(words: list[str], layout: random.Random) -> None:
    note(f"SQLMIG_TEST_SEED={SEED}")
    one, two = laid_out(words, layout), laid_out(words, layout)
    assert list(tokens(one)) == list(tokens(two))
    assert "".join(tokens(one)) == "".join(words)


@seed(SEED)
@thorough(200)
@given(st.data())
def test_any_other_word_is_a_change(data: st.DataObject) -> None:
    note(f"SQLMIG_TEST_SEED={SEED}")
    words = data.draw(st.lists(SIGNIFICANT, min_size=1, max_size=12))
    place = data.draw(st.integers(0, len(words) - 1))
    changed = [*words[:place], data.draw(SIGNIFICANT), *words[place + 1 :]]
    removed = [*words[:place], *words[place + 1 :]]
    before = list(tokens(" ".join(words)))
    assert (list(tokens(" ".join(changed))) == before) is (changed == words)
    assert list(tokens(" ".join(removed))) != before


def meaning(text: str) -> list[str] | None:
    try:
        found = [text[start:end] for start, end in scanned(text)]
    except postgast.PgQueryError:
        return None
    return [re.sub(r"'[ \t\f\v]*[\n\r]\s*'", "'\n'", word) for word in found]


@seed(SEED)
@thorough(250)
@given(mixtures | letters, st.data())
def test_texts_of_equal_tokens_are_equal_to_the_server(text: str, data: st.DataObject) -> None:
    note(f"SQLMIG_TEST_SEED={SEED}")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 2)))
    insert = data.draw(st.sampled_from(["", *BLANKS, *MARKS, "'", "e", "1", ";"]))
    other = text[:start] + insert + text[end:]
    assume(not the_oracle_is_wrong(text) and not the_oracle_is_wrong(other))
    assume(lexes(text) and lexes(other))
    assume(not any(s.is_meta_command for s in (*statements(text), *statements(other))))
    if list(tokens(text)) == list(tokens(other)):
        assert meaning(text) == meaning(other)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("select 'a'\n'b'", "select 'a''b'"),
        ("select 'a'\n'b'", "select 'a' 'b'"),
        ("select 'a'\n'b'", "select 'a'\n/**/'b'"),
        ("select E'a'", "select E 'a'"),
        ("select U&'a'", "select U & 'a'"),
        ("select a", "select A"),
        ("select 'a  b'", "select 'a b'"),
        ("select '-- a'", "select '-- b'"),
        ("select $$ a$$", "select $$a$$"),
        ("select 1.5", "select 1 .5"),
        ("select 1.5e-3", "select 1.5e - 3"),
        ("select 1a", "select 1 a"),
        ("select a::b", "select a: :b"),
        ("select 1 <- 2", "select 1 < - 2"),
        ("select a b", "select ab"),
        ("select 1;", "select 1"),
        ("select 1; select 2", "select 1 select 2"),
        ("copy t from stdin;\n1 2\n\\.\n", "copy t from stdin;\n1  2\n\\.\n"),
        ("copy t from stdin;\n-- 1\n\\.\n", "copy t from stdin;\n\\.\n"),
        ("copy t from stdin;\nA\n\\.\n", "copy t from stdin;\na\n\\.\n"),
        ("copy t from stdin;\n 1\n\\.\n", "copy t from stdin;\n1\n\\.\n"),
        ("\\echo a b", "\\echo a\nb"),
    ],
)
def test_a_change_is_never_taken_for_a_new_layout(one: str, two: str) -> None:
    assert list(tokens(one)) != list(tokens(two))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("select 'a'\n'b'", "select 'a' -- c\n\n  'b'"),
        ("select 1 ;select 2", "-- c\nselect\n1;/* d */ select 2\n"),
        (
            "copy t from stdin;\n1;\n\\.\nselect 1",
            "copy  t from\nstdin ; -- c\n1;\n\\.\n\n--\nselect 1",
        ),
        ("\\echo a\nselect 1", "\n/**/ \\echo a\n\n select 1"),
    ],
)
def test_a_new_layout_is_never_taken_for_a_change(one: str, two: str) -> None:
    assert list(tokens(one)) == list(tokens(two))


# Time.

HOSTILE: dict[str, Callable[[int], str]] = {
    "open parentheses": lambda size: "(" * size,
    "open parentheses of a rule": lambda size: "create rule " + "(" * (size // 8),
    "dollars": lambda size: "$" * (size // 2 * 2 // 4 * 4),
    "dollars between letters": lambda size: "$a" * (size // 4) + ";",
    "dollar signs apart": lambda size: "$ " * (size // 2),
    "dollar tags that never close": lambda size: "$" + "a" * size,
    "dollar quotes side by side": lambda size: "$$a$$" * (size // 5),
    "block comments that never end": lambda size: "/*" * (size // 2),
    "block comments": lambda size: "/**/ a " * (size // 7),
    "nested block comments": lambda size: "/*/**/*/ a" * (size // 10),
    "stars in a comment": lambda size: "/*" + "*" * size + "/",
    "slashes and stars": lambda size: "*/ " * (size // 3),
    "line comments": lambda size: "--\n" * (size // 3),
    "single quotes": lambda size: "'" * (size // 2 * 2),
    "double quotes": lambda size: '"' * (size // 2 * 2),
    "an open string after many": lambda size: "'a' " * (size // 4) + "'",
    "escape strings": lambda size: "E'' " * (size // 4),
    "one string on one line": lambda size: f"select '{'x' * size}';",
    "backslashes in an escape string": lambda size: "E'" + "\\\\" * (size // 2) + "'",
    "literals that go on": lambda size: "E'a'" + "\n'b'" * (size // 4),
    "newlines after escape strings": lambda size: ("E'a'" + "\n" * 1000) * (size // 1004),
    "comments after an escape string": lambda size: "E'a'" + "--\n" * (size // 3) + ";",
    "short statements": lambda size: "select 1;\n" * (size // 100),
    "semicolons": lambda size: ";" * (size // 4),
    "create statements": lambda size: "create rule;create function atomic;" * (size // 400),
    "false ends of data": lambda size: "copy t from stdin;\n" + "\\.\\.\n" * (size // 5),
    "copies without data": lambda size: "copy t from stdin;\n\\.\n" * (size // 200),
    "backslashes": lambda size: "\\\n" * (size // 40),
    "bodies that never end": lambda size: "create function begin atomic " + "x;" * (size // 32),
}


# A reader whose time grew with the square of the text would take minutes for one of these.
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_large_hostile_text_is_read_to_its_end(kind: str) -> None:
    with suppress(LexError):
        deque(statements(HOSTILE[kind](500_000)), maxlen=0)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("work", [tokens, all_line_comments])
def test_a_large_hostile_text_is_compared_to_its_end(
    work: Callable[[str], Iterable[object]], kind: str
) -> None:
    with suppress(LexError):
        deque(work(HOSTILE[kind](100_000)), maxlen=0)


@pytest.mark.parametrize(
    "text",
    [
        "$$a$$" * 100_000,
        "select " + "/*" * 100_000 + "*/" * 100_000,
        "create rule r as do " + "(" * 100_000 + ";" + ")" * 100_000,
        "E'a'\n" + "'b'\n" * 100_000,
    ],
)
def test_no_depth_is_too_deep(text: str) -> None:
    assert texts(text + "; select 2") == [text, "select 2"]
    assert sum(1 for _ in tokens(text)) > 0


def test_every_statement_of_many_is_found() -> None:
    found = texts("".join(f"select {number};\n" for number in range(20_000)))
    assert found == [f"select {number}" for number in range(20_000)]
