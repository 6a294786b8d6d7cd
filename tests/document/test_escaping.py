"""Whatever a name or a note is, a reader of the document sees it as it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sqlmig.document.blocks import bullet, table
from sqlmig.document.escaping import attribute, cell_code, code, entity, prose
from sqlmig.model.printable import on_one_line

MARKUP = st.text(
    alphabet=st.sampled_from([*"\\`*_{}[]<>()|~$@&!#+-=.:;'\"^% \n\t", *"ab1Zü東😀\r\u202e\x1b"]),
    max_size=20,
)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
some = pytest.mark.parametrize


class Shown(HTMLParser):
    """The text of a page, and the tags that it has."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.feed(MARKDOWN.render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "br":
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data


def words(text: str) -> list[str]:
    """White space is shown as one blank, and a carriage return ends a line."""
    return text.split()


def note(text: str) -> list[str]:
    lines = re.split(r"\r\n|\r|\n", text.strip())
    return words("\n".join(on_one_line(line.strip()).replace(r"\t", " ") for line in lines))


@given(MARKUP)
@example("# a")
@example("1. a\n1) b\n- c\n+ d\n=== \n> e")
@example("![a](b) <img src=x> &lt; _a_ __b__ a_b_ ~~c~~")
def test_a_note_is_a_paragraph_of_text_and_line_ends(text: str) -> None:
    shown = Shown(prose(text))
    assert set(shown.tags) <= {"p", "br"}
    assert words(shown.text) == note(text)


@given(MARKUP, MARKUP)
@example("a\\", "\\|")
@example("|", "`")
def test_a_cell_of_a_table_is_one_cell_with_its_text(name: str, text: str) -> None:
    shown = Shown(table(("a", "b", "c"), [(cell_code(name), prose(text), "end")]))
    assert shown.tags.count("td") == 3
    assert set(shown.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code", "br"}
    assert words(shown.text) == ["a", "b", "c", *words(on_one_line(name)), *note(text), "end"]


@given(MARKUP, MARKUP)
@example("`", "``")
@example("a`", "- b")
def test_a_line_of_a_list_is_one_line_with_its_text(name: str, text: str) -> None:
    shown = Shown(bullet("Check", code(name), note=text))
    assert set(shown.tags) <= {"ul", "li", "code", "br"}
    assert shown.tags.count("li") == 1
    dash = ["–"] if note(text) else []
    assert words(shown.text) == ["Check", *words(on_one_line(name)), *dash, *note(text)]


@some("name", ["accounts_v2", "Order Details", "hr.employees", "größe", "東京", "a, b", "_a"])
def test_a_common_name_is_in_the_picture_as_it_is(name: str) -> None:
    assert entity(name) == name


@some(
    ("name", "drawn"),
    [
        ("uk", "_uk"),
        ("PK-x", "_PK-x"),
        ("pk_id", "pk_id"),
        ("2fa", "_2fa"),
        ("two words", "two_words"),
        ("numeric[]", "numeric[]"),
        ("😀", "😀"),
        ("a|b", "a｜b"),
        ("__init__", "＿＿init＿＿"),
        ("", "_"),
    ],
)
def test_a_column_is_one_word_that_mermaid_does_not_take_for_a_key(name: str, drawn: str) -> None:
    assert attribute(name) == drawn


@given(MARKUP)
def test_nothing_in_a_name_ends_it_or_begins_something_else_in_the_picture(name: str) -> None:
    assert not set(entity(name)) & set('"#$%&*;<>\\`~\n\r')
    assert re.fullmatch(
        "[A-Za-z_\u00c0-\U0010ffff][0-9A-Za-z_.()\\[\\]\u00c0-\U0010ffff-]*", attribute(name)
    )
