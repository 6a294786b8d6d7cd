"""PostgreSQL's lexical rules: where statements, comments and COPY data start and end in a script.

The rules are those of the server's scan.l with standard_conforming_strings on, and of psql's
psqlscan.l for meta-commands and COPY data. Offsets count characters, as in text[start:end]. Nothing
here knows what a statement means. A text that the server would refuse may be split anywhere, but a
text that it accepts is split where the server splits it.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

_Spans = Iterator[tuple[int, int]]


def _many(pattern: str) -> str:
    """The pattern any number of times, like `(?:…)*+`, which Python before 3.11.5 matches wrongly
    if the repeated part is more than one set of characters (python/cpython#106052)."""
    return f"(?>(?:{pattern})*)"


def _upto(times: int, pattern: str) -> str:
    """The pattern at most `times` times."""
    return f"(?>(?:{pattern}){{0,{times}}})"


def _some(pattern: str) -> str:
    """The pattern once or more, like `(?:…)++`."""
    return f"(?>(?:{pattern})+)"


def _maybe(pattern: str) -> str:
    """The pattern once or not at all, like `(?:…)?+`."""
    return f"(?>(?:{pattern})?)"


def _no_letters(but: str = "") -> str:
    """All ASCII characters except letters and those in `but`, for use in a negated set. In scan.l
    every character beyond ASCII is a letter; a set that lists those takes milliseconds to
    compile."""
    left_out = f"{string.ascii_letters}_{but}"
    return re.escape("".join(chr(code) for code in range(128) if chr(code) not in left_out))


# All quantifiers are possessive or in atomic groups: no pattern backtracks, so each takes linear
# time.
_LETTER = f"[^{_no_letters()}]"
_LETTER_OR_DIGIT = f"[^{_no_letters(string.digits)}]"
_PART_OF_WORD = f"[^{_no_letters(f'{string.digits}$')}]"
_SPACE = r" \t\n\r\f\v"
_LINE_COMMENT = r"--[^\n\r]*+"
_FLAT_COMMENT = r"/\*" + _many(r"[^*/]++|\*(?!/)|/(?!\*)") + r"\*/"  # contains no other comment
_WORD = f"(?![eE]'){_LETTER}{_PART_OF_WORD}*+"
_STRING = "'[^']*+" + _many("''[^']*+") + "'"
_QUOTED_NAME = '"[^"]*+' + _many('""[^"]*+') + '"'
_LONE_DOLLAR = rf"\$(?!{_LETTER}|\$)"  # as in a parameter such as $1
# 'a' <newline> 'b' is one literal; -- comments may be between the parts. This matters after E'a':
# 'b' has escapes too.
_CONTINUATION = (
    _many(rf"[ \t\f\v]|{_LINE_COMMENT}") + r"[\n\r]" + _many(rf"[{_SPACE}]|{_LINE_COMMENT}[\n\r]")
) + "'"
_ESCAPE_BODY = r"[^'\\]*+" + _many(r"(?:\\.|'')[^'\\]*+") + "'"
_ESCAPE_STRING = (
    f"[eE]'{_ESCAPE_BODY}" + _many(_CONTINUATION + _ESCAPE_BODY) + f"(?!{_CONTINUATION})"
)
_PREFIXED_STRING = _maybe("[bBnNxX]|[uU]&") + _STRING
_PREFIXED_NAME = _maybe("[uU]&") + _QUOTED_NAME
# A number with the characters attached to it; an operator ends where a comment starts.
_NUMBER = r"\.?[0-9]" + _many(rf"[0-9]|[eE][+-][0-9]|\.(?!\.)|{_WORD}")
_PARAMETER = r"\$[0-9]++"
_OPERATOR = _some(r"[~!@#^&|`?+*%<>=]|-(?!-)|/(?!\*)")

_OPENING = "'\"$/-"  # where a literal, a quoted name or a comment may start
_ENDING = ";\\"
_PLAIN = f"[{_no_letters(_OPENING + _ENDING)}]"
# At most this many pieces at a time, because an atomic group uses memory for each until it ends.
_RUN = 1000
_SIMPLE_RUN = _upto(
    _RUN,
    rf"{_PLAIN}++|{_WORD}{_PLAIN}*+|{_STRING}|{_LINE_COMMENT}|-|{_QUOTED_NAME}"
    rf"|{_ESCAPE_STRING}|{_LONE_DOLLAR}|{_FLAT_COMMENT}|/(?!\*)",
)
_SIMPLE_TOKEN = (
    rf"{_ESCAPE_STRING}|{_PREFIXED_STRING}|{_PREFIXED_NAME}|{_WORD}|{_NUMBER}|{_PARAMETER}"
    rf"|{_LONE_DOLLAR}|{_OPERATOR}|::|:=|\.\.|[{_no_letters(_OPENING)}]"
)
_skip_flat_blank = re.compile(_many(rf"[{_SPACE}]++|{_LINE_COMMENT}|{_FLAT_COMMENT}")).match
_skip_space = re.compile(rf"[{_SPACE}]*+").match
_word = re.compile(_WORD).match
_ascii_word = re.compile(r"\\?[A-Za-z_][A-Za-z0-9_$]*+").fullmatch
_continuation = re.compile(_CONTINUATION).match
_dollar_tag = re.compile(rf"\$(?:{_LETTER}{_LETTER_OR_DIGIT}*+)?\$").match
_comment_edge = re.compile(r"/\*|\*/").search
_rest_of_line = re.compile(r"[^\n\r]*+").match
_rest_before_data = re.compile(rf"[ \t\f\v]*+(?:{_LINE_COMMENT})?\r?(?:\n|\Z)").match
_end_marker = re.compile(r"\\\.(?<=\n\\\.)\r?$", re.MULTILINE).search


class LexError(Exception):
    """A text that cannot be split: `message` says why, `offset` is where the problem starts."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script, or one psql meta-command to the end of its line.

    text[start:end] is the statement without its semicolon. A comment before the statement is not
    part of it; one between its last word and the semicolon is. `word` is its first word in lower
    case (`\\restrict` for a meta-command), or its first character if that starts no word. `data`
    are the rows of COPY … FROM stdin, without the line of the end marker. The text of the next
    statement may start at `stop`.
    """

    start: int
    end: int
    word: str
    data: tuple[int, int] | None
    is_meta_command: bool
    stop: int


def statements(text: str) -> Iterator[Statement]:
    """The statements and meta-commands of a script in order, each found when it is requested.

    A meta-command within a statement (`SELECT 1 \\gset`) ends it. Raises LexError for a literal,
    quoted name or comment that never ends, and for text after COPY … FROM stdin; on the same line.
    """
    position = 0
    while (start := first_statement(text, position)) < len(text):
        statement = _statement_at(text, start)
        yield statement
        position = statement.stop


def first_statement(text: str, start: int = 0) -> int:
    """The offset of the first character of the next statement, from `start` on; len(text) if
    none."""
    while text.startswith(";", start := _skip_blank(text, start)):
        start += 1
    return start


def leading_words(text: str, statement: Statement, count: int) -> tuple[str, ...]:
    """The first `count` tokens of a statement, or all if it has fewer: words in lower case.

    Comments between them are skipped: `ROLLBACK /* all */ TO a` → ("rollback", "to", "a"). Tokens
    that are not words (literals, quoted names, punctuation) are returned unchanged. A meta-command
    has one token.
    """
    if statement.is_meta_command:
        return (statement.word,)
    spans = takewhile(lambda span: span[0] < statement.end, _token_spans(text, statement.start))
    return tuple(_folded(text[start:end]) for start, end in islice(spans, count))


def line_comments(text: str, end: int, start: int = 0) -> Iterator[tuple[int, str]]:
    """The `--` comments of text[start:end], as (offset of the dashes, the rest of the line).

    Meant for text that is only SQL, such as the head of a script, text[:first_statement(text)].
    Literals and block comments are skipped. Raises LexError.
    """
    while (start := _after(_skip_space(text, start))) < end:
        if text.startswith("--", start):
            dashes, start = start, _after(_rest_of_line(text, start))
            yield dashes, text[dashes + 2 : start]
        elif text.startswith("/*", start):
            start = _skip_comment(text, start)
        else:
            start = _token_end(text, start)


def all_line_comments(text: str) -> Iterator[tuple[int, str]]:
    """Every `--` comment of a whole script, in the same form as line_comments. Raises LexError."""
    position = 0
    for start, end in _verbatim_parts(text):
        yield from line_comments(text, start, position)
        position = end


def tokens(text: str) -> Iterator[str]:
    """The script without comments and white space, to compare it with another.

    Two scripts have the same tokens only if they differ in nothing but comments and white space.
    (The reverse also holds, except for space that is rarely changed: in COPY data, in a
    meta-command, between an operator and a sign, between the parts of an E'' literal.) A literal
    that continues the previous one starts with a newline. Raises LexError.
    """
    position = 0
    for start, end in _verbatim_parts(text):
        yield from _tokens_between(text, position, start)
        if start < end:
            yield text[start:end]
        position = end


def token_spans(text: str) -> _Spans:
    """The start and end of each token of a whole script, without COPY's rows and meta-commands.
    Raises LexError."""
    position = 0
    for start, end in _verbatim_parts(text):
        yield from _spans_before(start, text, position)
        position = end


def _spans_before(end: int, text: str, position: int) -> _Spans:
    return takewhile(lambda span: span[0] < end, _token_spans(text, position))


def _statement_at(text: str, start: int) -> Statement:
    if text[start] == "\\":
        end = _after(_rest_of_line(text, start))
        name = _folded(text[start:end].split(maxsplit=1)[0])
        return Statement(start, end, name, data=None, is_meta_command=True, stop=end)
    first = _word(text, start)
    word = _folded(first[0]) if first else text[start]
    end = _statement_end(text, start, word)
    data, stop = None, end + text.startswith(";", end)
    if word == "copy" and end < stop and _reads_standard_input(text, start):
        data = _copy_data(text, stop)
        stop = _after(_rest_of_line(text, data[1]))
    return Statement(start, end, word, data, is_meta_command=False, stop=stop)


def _statement_end(text: str, start: int, word: str) -> int:
    """The offset of the statement's own semicolon, of a meta-command, or of the end of the text."""
    end = _semicolon(text, start)
    if word == "create":
        words = [_folded(text[begin:stop]) for begin, stop in islice(_token_spans(text, start), 4)]
        kind = words[3:] if words[1:3] == ["or", "replace"] else words[1:2]
        if kind == ["rule"]:
            return _rule_end(text, start)
        if kind in (["function"], ["procedure"]) and "atomic" in text[start:end].lower():
            return _routine_end(text, start)
    return end


def _semicolon(text: str, position: int) -> int:
    """The next semicolon or backslash outside literals and comments, or the end of the text."""
    while (position := _skip_simple(text, position)) < len(text):
        if text[position] in ";\\":
            break
        position = _skip_hard(text, position)
    return position


def _skip_simple(text: str, position: int) -> int:
    """Skips all that neither ends a statement nor needs a closer look."""
    while (end := _after(_matcher(_SIMPLE_RUN)(text, position))) - position >= _RUN:
        position = end
    return end


def _rule_end(text: str, start: int) -> int:
    """CREATE RULE … DO (a; b): a semicolon within parentheses does not end the statement."""
    for word, offset, depth in _nested_tokens(text, start):
        if word == "\\" or (word == ";" and depth <= 0):
            return offset
    return len(text)


def _routine_end(text: str, start: int) -> int:
    """CREATE FUNCTION … BEGIN ATOMIC a; b; END: the semicolons of the body do not end it.

    The END of the body is the one that starts a statement; names and CASE may contain `end`
    anywhere else. A parameter may be named `begin` and have a type `atomic`, but only within
    parentheses. Bodies do not nest: the server accepts no CREATE in one.
    """
    in_body, previous = False, ""
    for word, offset, depth in _nested_tokens(text, start):
        if word == "\\" or (word == ";" and not in_body):
            return offset
        if in_body and (previous, word) == (";", "end"):
            return _semicolon(text, offset)
        opens_body = not in_body and depth == 0 and (previous, word) == ("begin", "atomic")
        in_body, previous = in_body or opens_body, ";" if opens_body else word
    return len(text)


def _reads_standard_input(text: str, start: int) -> bool:
    """Whether data follows a COPY statement: psql treats FROM STDOUT like FROM STDIN."""
    previous = ""
    for word, _, depth in _nested_tokens(text, start):
        if word == ";" or previous == "from":
            return word in ("stdin", "stdout")
        previous = word if depth == 0 else ""
    return False


def _copy_data(text: str, position: int) -> tuple[int, int]:
    """The rows: the lines after the statement's own, up to a line that is only `\\.`."""
    rest = _rest_before_data(text, position)
    if rest is None:
        raise LexError("text after COPY … FROM stdin; on the same line", position)
    marker = _end_marker(text, rest.end())
    return rest.end(), marker.start() if marker else len(text)


def _verbatim_parts(text: str) -> _Spans:
    """The parts that are not SQL (COPY data with its end marker, meta-commands), and then the
    end."""
    for statement in statements(text):
        if statement.is_meta_command or statement.data:
            yield statement.data[0] if statement.data else statement.start, statement.stop
    yield len(text), len(text)


def _tokens_between(text: str, position: int, end: int) -> Iterator[str]:
    """The tokens, with a mark on those whose meaning depends on the preceding text."""
    for start, stop in _spans_before(end, text, position):
        before = text[position - 1 : position]
        if before == "'" and _continuation(text, position):
            yield "\n" + text[start:stop]
        elif start == position and before.isdigit() and text[start] in "eE":
            yield "\0" + text[start:stop]  # 1E'' has other tokens than 1 E''
        else:
            yield text[start:stop]
        position = stop


def _nested_tokens(text: str, position: int) -> Iterator[tuple[str, int, int]]:
    """The tokens in lower case, each with its offset and the number of parentheses around it."""
    depth = 0
    for start, end in _token_spans(text, position):
        word = text[start:end].lower()
        yield word, start, depth
        depth += (word == "(") - (word == ")")


def _token_spans(text: str, position: int) -> _Spans:
    while (start := _skip_blank(text, position)) < len(text):
        position = _token_end(text, start)
        yield start, position


def _token_end(text: str, position: int) -> int:
    simple = _matcher(_SIMPLE_TOKEN)(text, position)
    return simple.end() if simple else _skip_hard(text, position)


def _skip_blank(text: str, position: int) -> int:
    while text.startswith("/*", position := _after(_skip_flat_blank(text, position))):
        position = _skip_comment(text, position)
    return position


def _skip_hard(text: str, start: int) -> int:
    """Skips a nested comment or a dollar quote; anything else at which the patterns stop never
    ends."""
    if text[start] == "/":
        return _skip_comment(text, start)
    if text[start] != "$":
        kind = "quoted identifier" if text[start] == '"' else "string"
        raise LexError(f"unterminated {kind}", start)
    tag = _dollar_tag(text, start)
    if tag is None:
        return start + 1
    end = text.find(tag[0], tag.end())
    if end < 0:
        raise LexError(f"unterminated dollar-quoted string {tag[0]}", start)
    return end + len(tag[0])


def _skip_comment(text: str, start: int) -> int:
    depth, position = 1, start + 2
    while depth:
        edge = _comment_edge(text, position)
        if edge is None:
            raise LexError("unterminated /* comment", start)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def _folded(token: str) -> str:
    """A word in lower case, as the server folds keywords: ASCII only. Other tokens stay
    unchanged."""
    return token.lower() if _ascii_word(token) else token


@functools.cache
def _matcher(pattern: str) -> Callable[[str, int], re.Match[str] | None]:
    """A large pattern, compiled when first needed: many commands read only the heads of files."""
    return re.compile(pattern, re.DOTALL).match


def _after(match: re.Match[str] | None) -> int:
    """The end of a match, for patterns that always match."""
    assert match is not None
    return match.end()
