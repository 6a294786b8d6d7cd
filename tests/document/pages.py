"""Reads a document as a reader does: which objects it has, and where."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_SECTION = re.compile(r"^## (.*)$", re.MULTILINE)
_HEADING = re.compile(r"^### (.*)$", re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`+)(?!`) ?(.*?) ?(?<!`)\1(?!`)|<code>(.*?)</code>")
_DETAIL = re.compile(r"^- ([A-Z][a-z ]+) [`<].*", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """The text below each heading of the second level."""
    parts = _SECTION.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def relations(text: str) -> dict[str, str]:
    """The text below each table and view, by its name in SQL."""
    found = sections(text)
    parts = _HEADING.split(found.get("Tables", "") + found.get("Views", ""))
    return dict(zip(map(name_in, parts[1::2]), parts[2::2], strict=True))


def name_in(text: str) -> str:
    """The first code span."""
    return next(codes(text))


def codes(text: str) -> Iterator[str]:
    """The texts of all code spans."""
    for match in _CODE.finditer(text):
        yield match[2] if match[2] is not None else html.unescape(match[3])


def rows(text: str) -> list[str]:
    """The first cell of each row in the tables, except for the headers."""
    lines = [line for line in text.splitlines() if re.match(r"\| (`|<code>)", line)]
    return [name_in(line) for line in lines]


def columns(relation: str) -> list[str]:
    """The columns of a table or view."""
    same = re.search(r"^Columns as in .*?: (.*)\.$", relation, re.MULTILINE)
    return [*(codes(same[1]) if same else ()), *rows(relation)]


def details(relation: str) -> list[tuple[str, str]]:
    """The constraints, indexes, triggers, policies and rules: kind and name."""
    return [(match[1], name_in(match[0])) for match in _DETAIL.finditer(relation)]


def diagrams(text: str) -> list[str]:
    """The texts of the pictures."""
    return re.findall(r"^```mermaid\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
