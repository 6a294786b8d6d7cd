"""Reading a changelog: what is where, and that every text can be read in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.changelog.parser import Changelog, parse
from sqlmig.model import Position

TEXT = """\
# Changelog

## [Unreleased]

### Added
- `0007_add`: adds [ADR-0004](adr/0004-a.md#x) and `code`
  on a second line [`0009_y`](../sql/migrations/0009_y.sql?raw)

  a second paragraph

* star
    - `0010_x` nested

### Fixed

## [1.0.0] - 2026-01-01 [YANKED]

- loose
"""


def test_releases_sections_and_bullets_have_their_lines() -> None:
    found = parse(TEXT)
    assert [(each.name, each.line, each.is_unreleased) for each in found.releases] == [
        ("Unreleased", 3, True),
        ("1.0.0", 16, False),
    ]
    assert [(each.title, each.line) for each in found.sections] == [("Added", 5), ("Fixed", 14)]
    assert [(each.position, each.last_line) for each in found.bullets] == [
        (Position(6, 1), 9),
        (Position(11, 1), 12),
        (Position(12, 5), 12),
        (Position(18, 1), 18),
    ]
    assert [each.section and each.section.title for each in found.bullets] == [
        "Added",
        "Added",
        "Added",
        None,
    ]


def test_code_spans_and_links_have_their_places() -> None:
    first = parse(TEXT).bullets[0]
    assert [(each.text, each.position) for each in first.code_spans] == [
        ("0007_add", Position(6, 4)),
        ("0009_y", Position(7, 22)),
    ]
    assert [(each.label, each.target, each.position) for each in first.links] == [
        ("ADR-0004", "adr/0004-a.md", Position(6, 20)),
        ("", "../sql/migrations/0009_y.sql", Position(7, 20)),
    ]
    assert "second paragraph" in first.words
    assert "ADR" not in first.words


def test_the_same_id_twice_has_two_places() -> None:
    (bullet,) = parse("- `1_a` and `1_a`").bullets
    assert [each.position.column for each in bullet.code_spans] == [4, 14]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_do_not_depend_on_line_ends_or_a_byte_order_mark(end: str) -> None:
    assert parse("\ufeff" + TEXT.replace("\n", end)).bullets == parse(TEXT).bullets


def test_a_path_in_a_link_is_decoded() -> None:
    (bullet,) = parse("- [x](adr/0004-gro%C3%9Fe%20R%C3%A4ume.md)").bullets
    assert bullet.links[0].target == "adr/0004-große Räume.md"


@pytest.mark.parametrize("text", ["", "\n", "- ", "\0", "- `1_a`", "```", "- [a](", "## ", "[a]:"])
def test_every_scrap_is_a_changelog(text: str) -> None:
    assert isinstance(parse(text), Changelog)


# Every text

MARKUP = (
    "- |* |1. |  |\t|> |\n|\r\n|\r|## |### |Added|[Unreleased]|`|``|```|~~~|0007_add|:edit|[|](|)|]"
    "|[x]: a.md|a.sql|<!--|-->|<|<a |\\|&amp;|![|---|===|\0|é|\u2028|x y|` 0007_add `"
    "|- one\n- `x`\n- two\n"
)
SCRAPS = st.sampled_from(MARKUP.split("|"))
TEXTS = st.one_of(st.text(max_size=200), st.lists(SCRAPS, max_size=60).map("".join))


@given(TEXTS)
def test_no_text_is_too_strange(text: str) -> None:
    found = parse(text)
    lines = found.text.count("\n") + 1
    places = [each.position for each in found.bullets]
    assert places == sorted(places, key=lambda place: (place.line, place.column))
    for bullet in found.bullets:
        assert 1 <= bullet.position.line <= bullet.last_line <= lines
        for span in bullet.code_spans:
            start = found.offset(span.position.line) + span.position.column - 1
            assert found.text.startswith(span.text, start)


def named(changelog: Changelog) -> list[tuple[object, object, str]]:
    """The bullets that name something; of the others, some may be left out."""
    named = [bullet for bullet in changelog.bullets if bullet.code_spans or bullet.links]
    return [(bullet.code_spans, bullet.links, bullet.words) for bullet in named]


@given(TEXTS)
def test_what_is_passed_over_names_nothing(text: str) -> None:
    # An HTML block below everything keeps the parser from passing over any bullet.
    passing, reading_all = parse(text), parse(text + "\n\n\n<p>\n")
    assert named(passing) == named(reading_all)


@given(
    st.lists(st.sampled_from(["`", "``", "0007_add", "a", " ", "\n", "*", "_", "]"])).map("".join)
)
def test_plain_text_is_read_as_markdown_reads_it(text: str) -> None:
    # An ampersand, even a lone one, has the whole paragraph read as Markdown.
    plain, markdown = parse(f"- x{text}").bullets[0], parse(f"- x{text} &").bullets[0]
    assert plain.code_spans == markdown.code_spans


PATTERNS = {
    "bullets": "- `0007_add`: adds things [ADR-1](adr/1.md)\n",
    "ids": "`1_a` ",
    "broken ids": "`\n1_a` ",
    "links": "[a](b.md) ",
    "open links": "[a](b",
    "brackets": "[",
    "images": "![",
    "quotations": "> ",
    "comments": "<!-- ",
    "tags": "<a b ",
    "escapes": "\\[",
    "entities": "&amp;",
    "releases": "## [1.0.0]\n",
    "definitions": "[a]: b.md\n",
    "lazy lines": "b\n",
    "nested": "- ",
}


# A parser whose time grew with the square of the text would take minutes for one of these.
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_large_hostile_text_is_read_to_its_end(pattern: str) -> None:
    piece = PATTERNS[pattern]
    parse("- .md " + piece * (48_000 // len(piece)))
