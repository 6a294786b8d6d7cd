"""Reads a changelog: its releases, their sections and bullets, each with its place in the text.

The format is that of https://keepachangelog.com/en/1.1.0/, in Markdown as CommonMark defines it.
List items in code blocks, HTML comments, quotations and link definitions are not bullets.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sqlmig.changelog.entry import TYPES
from sqlmig.model import Position

_BLOCKS = MarkdownIt("commonmark").disable(["inline", "text_join"])
_INLINE = MarkdownIt("commonmark").disable(["emphasis", "balance_pairs", "fragments_join", "image"])
# Links are compared decoded; encoding them first would take most of the time spent on them.
_INLINE.normalizeLink = lambda url: url  # type: ignore[method-assign]

# Text without links, HTML, entities and escapes, in which only backticks have a meaning. Most
# bullets are such text and need no Markdown parser, which would take most of the time.
_PLAIN = re.compile(r"(?>[^`\[<&\\]+|`(?! )[^`\n]+(?<! )`(?!`))*")

# The blocks of a bullet need no parser either if it is one line of plain words, code and links that
# lead to no .md or .sql file, with another bullet right below it: a blank line in its place changes
# nothing around it, except within an HTML block, which it would end. The group is atomic, as the
# lexer's are, and not possessive (python/cpython#106052).
_NAMES_NOTHING = re.compile(
    r"^[-*+] (?=[\w\[`])(?>(?:[^`~<>\\\[\]\n]|`(?!\s*\d)(?![^`\n]*/\d)[^`\n]+`(?!`)"
    r"|\[[^`~<>\\\[\]\n]*\]\((?![^)\n]*\.(?:md|sql))[^`~<>\\()\s]*\))*)(?=\n[-*+] [\w\[`])",
    re.MULTILINE,
)
_HTML_BLOCK = re.compile(r"^ {0,3}<[A-Za-z/]", re.MULTILINE)

_CODE_SPAN = re.compile(r"(?:[^\s/]+/)*\d\S*")

_UNRELEASED = re.compile(
    r"\[?unreleased\]?(?:\([^)]*\))?(?:\s*[-\u2013\u2014:(].*)?", re.IGNORECASE
)
# A planned version: `[1.1.0] - Unreleased`, `1.1.0 (TBD)`, `[2.0.0] - 2026-xx-xx`.
_PLANNED = re.compile(
    r".*(?:\b(?:unreleased|not yet released|in development|upcoming|tb[ad])\b|\?\?|[\dx]-xx\b)",
    re.IGNORECASE,
)
_RELEASE = re.compile(
    r"\[(?P<version>[^\]\s]+)\](?:\([^)]*\))? - (?P<date>\d{4}-\d\d-\d\d)(?: \[YANKED\])?"
)
_NAME = re.compile(r"\[?([^\]\s]+)")


@dataclass(frozen=True, slots=True)
class Release:
    """A heading of the second level; `heading` is its text, `line` counts from 1.

    `is_unreleased` means that it collects unreleased changes: it is Unreleased itself, or a planned
    version above all released ones.
    """

    heading: str
    line: int
    is_unreleased: bool

    @property
    def is_planned(self) -> bool:
        """Whether it is a version that is not released yet."""
        return self.is_unreleased and _UNRELEASED.fullmatch(self.heading) is None

    @property
    def name(self) -> str:
        """Its version, even if the heading is malformed."""
        match = _NAME.match(self.heading)
        return match[1] if match else ""

    @property
    def version_and_date(self) -> tuple[str, str] | None:
        """Both as written if the heading is `[version] - YYYY-MM-DD`; otherwise None."""
        match = _RELEASE.fullmatch(self.heading)
        return (match["version"], match["date"]) if match else None


@dataclass(frozen=True, slots=True)
class Section:
    """A third-level heading within a release, or a second-level heading that is a type of change.

    The latter is a mistake, and reported as one; `release` is None if no release is above it.
    """

    title: str
    line: int
    release: Release | None
    level: int = 3


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """A word in backticks that begins with a digit, like the id of a migration, or does so after
    its last slash, like the path of a migration's file."""

    text: str
    position: Position


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a file; `target` is decoded, without the part from `#` or `?` on."""

    label: str
    target: str
    position: Position


@dataclass(frozen=True, slots=True)
class Bullet:
    """One item of a list, without the items nested in it.

    `words` is its text without these code spans and links; `last_line` is its last non-blank line.
    """

    position: Position
    last_line: int
    release: Release | None
    section: Section | None
    code_spans: tuple[CodeSpan, ...]
    links: tuple[Link, ...]
    words: str

    @property
    def is_unreleased(self) -> bool:
        """Whether it is under Unreleased."""
        return self.release is not None and self.release.is_unreleased


@dataclass(frozen=True)
class Changelog:
    """A changelog; `text` has no byte order mark, and LF line endings.

    Some bullets that name neither a migration nor a record may be left out.
    """

    text: str
    releases: tuple[Release, ...]
    sections: tuple[Section, ...]
    bullets: tuple[Bullet, ...]

    @property
    def unreleased(self) -> Release | None:
        """The first release that is not released yet."""
        return next((release for release in self.releases if release.is_unreleased), None)

    def offset(self, line: int) -> int:
        """Where that line begins in the text."""
        return self._line_starts[line - 1]

    def position(self, offset: int) -> Position:
        """The place of a character of the text."""
        return _position(self._line_starts, offset)

    def release_at(self, line: int) -> Release | None:
        """The release that the line belongs to."""
        above = (release for release in reversed(self.releases) if release.line <= line)
        return next(above, None)

    @cached_property
    def _line_starts(self) -> list[int]:
        return _line_starts(self.text)


@lru_cache(maxsize=2)  # the checked and the merged text are often the same
def parse(text: str) -> Changelog:
    """The changelog in that text; any text is one, possibly empty."""
    text = _normalized(text)
    reader = _Reader(_relevant(text))
    reader.read()
    bullets = tuple(reader.bullet(item) for item in reader.items)
    return Changelog(text, tuple(reader.releases), tuple(reader.sections), bullets)


def _normalized(text: str) -> str:
    """The text without a byte order mark, with LF line endings and, as in CommonMark, a replacement
    character for each NUL."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd")


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _position(line_starts: Sequence[int], offset: int) -> Position:
    line = bisect_right(line_starts, offset)
    return Position(line, offset - line_starts[line - 1] + 1)


@dataclass(frozen=True, slots=True)
class _Named:
    """What a bullet names, and its other words."""

    code_spans: list[CodeSpan]
    links: list[Link]
    words: list[str]


class _References:
    """The link definitions of a text, compared by content."""

    def __init__(self, environment: dict[str, Any]) -> None:
        self.environment = environment
        self._key = repr(environment.get("references"))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _References) and self._key == other._key


@lru_cache(maxsize=4096)  # the checked and the merged text share most of their bullets
def _inline_tokens(text: str, references: _References) -> Sequence[Token]:
    (line,) = _INLINE.parseInline(text, references.environment)
    return line.children or ()


@dataclass
class _Item:
    """A list item while it is being read."""

    lines: tuple[int, int]
    release: Release | None
    section: Section | None
    paragraphs: list[Token] = field(default_factory=list)


class _Reader:
    """Walks over the blocks of a text, and over the inline parts of the bullets that need it."""

    def __init__(self, text: str) -> None:
        self.releases: list[Release] = []
        self.sections: list[Section] = []
        self.items: list[_Item] = []
        self._text = text
        self._line_starts = _line_starts(text)
        self._definitions: dict[str, Any] = {}
        self._open: list[_Item] = []
        self._quotations = 0

    def read(self) -> None:
        """Collects the headings and the list items."""
        for token, following in pairwise(_BLOCKS.parse(self._text, self._definitions)):
            if token.type == "heading_open" and token.level == 0:
                self._heading(token, following.content.strip())
            elif token.type == "list_item_open":
                self._open.append(self._item(token))
            elif token.type == "list_item_close":
                self._open.pop()
            elif token.type == "blockquote_open":
                self._quotations += 1
            elif token.type == "blockquote_close":
                self._quotations -= 1
            elif token.type == "paragraph_open" and self._open:
                self._open[-1].paragraphs.append(following)

    def _heading(self, token: Token, text: str) -> None:
        assert token.map is not None
        line = token.map[0] + 1
        release = self.releases[-1] if self.releases else None
        if token.tag == "h2" and text in TYPES:
            self.sections.append(Section(text, line, release, level=2))
        elif token.tag == "h2":
            self.releases.append(Release(text, line, self._is_unreleased(text)))
        elif token.tag == "h3" and release:
            self.sections.append(Section(text, line, release))

    def _is_unreleased(self, heading: str) -> bool:
        if _UNRELEASED.fullmatch(heading):
            return True
        return bool(_PLANNED.match(heading)) and all(each.is_unreleased for each in self.releases)

    def _item(self, token: Token) -> _Item:
        assert token.map is not None
        release = self.releases[-1] if self.releases else None
        section = self.sections[-1] if self.sections else None
        if section is not None and section.release is not release:
            section = None
        item = _Item((token.map[0], token.map[1]), release, section)
        if not self._quotations:
            self.items.append(item)
        return item

    def bullet(self, item: _Item) -> Bullet:
        """The bullet for that item."""
        found = _Named([], [], [])
        for paragraph in item.paragraphs:
            assert paragraph.map is not None
            offset = self._line_starts[paragraph.map[0]]
            if _PLAIN.fullmatch(paragraph.content):
                self._read_plain(paragraph.content, offset, found)
            else:
                self._read_markdown(paragraph.content, offset, found)
        start = self._line_starts[item.lines[0]]
        end = self._line_starts[item.lines[1]] if item.lines[1] < len(self._line_starts) else None
        item_text = self._text[start:end].rstrip()
        blank = len(item_text) - len(item_text.lstrip())
        return Bullet(
            self._position(start + blank),
            self._position(start + len(item_text)).line,
            item.release,
            item.section,
            tuple(found.code_spans),
            tuple(found.links),
            " ".join(found.words),
        )

    def _read_plain(self, text: str, offset: int, found: _Named) -> None:
        for number, part in enumerate(text.split("`")):
            if number % 2 and _CODE_SPAN.fullmatch(part):
                offset = self._code(part, offset, found)
            else:
                found.words.append(part)

    def _read_markdown(self, text: str, offset: int, found: _Named) -> None:
        """Reads a paragraph of a bullet; each part is located by searching for its text from the
        last one on."""
        link: Link | None = None
        for token in _inline_tokens(text, self._references):
            if token.type == "link_open" and token.markup != "autolink":
                start = self._text.index("[", offset)
                link = Link("", _path(str(token.attrs["href"])), self._position(start))
                offset = start + 1
            elif token.type == "link_close" and link is not None:
                found.links.append(link)
                link = None
            elif token.type == "code_inline" and _CODE_SPAN.fullmatch(token.content):
                offset = self._code(token.content, offset, found)
            elif link is not None:
                link = replace(link, label=link.label + token.content)
            elif token.type != "html_inline":
                found.words.append(token.content or " ")

    @cached_property
    def _references(self) -> _References:
        """The link definitions of the text, which has been read to its end."""
        return _References(self._definitions)

    def _code(self, text: str, offset: int, found: _Named) -> int:
        """Records a code span, found by its text from that offset on; returns where to continue."""
        start = self._text.index(text, offset)
        found.code_spans.append(CodeSpan(text, self._position(start)))
        return start + 1

    def _position(self, offset: int) -> Position:
        return _position(self._line_starts, offset)


def _relevant(text: str) -> str:
    """The text with blank lines for bullets that name nothing; all else keeps its position."""
    if _HTML_BLOCK.search(text):
        return text
    return _NAMES_NOTHING.sub(lambda bullet: " " * len(bullet[0]), text)


def _path(target: str) -> str:
    return unquote(re.split("[#?]", target, maxsplit=1)[0])
