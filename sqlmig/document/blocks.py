"""The Markdown elements of the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlmig.document.escaping import prose


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already. Cells are not padded: a longer name would change
    every line."""
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"|{'|'.join(map(_cell, cells))}|" for cells in lines)


def bullet(*words: str, note: str = "") -> str:
    """A list item, with the note after a dash."""
    shown = prose(note)
    return f"- {' '.join(filter(None, words))}{f' – {shown}' if shown else ''}"


def section(title: str, blocks: Iterable[str]) -> Iterator[str]:
    """The blocks under a heading; nothing if there are none."""
    found = list(blocks)
    if found:
        yield f"## {title}"
        yield from found


def bullets(lines: Iterable[str]) -> Iterator[str]:
    """The lines as one block; nothing if there are none."""
    if text := "\n".join(lines):
        yield text


def _cell(text: str) -> str:
    return f" {text} " if text else " "
