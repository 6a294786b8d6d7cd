"""The forms of Markdown that the document is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlmig.document.escaping import prose


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its cells ready to be written. No cell is padded: a longer name would change every
    line of it."""
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"|{'|'.join(map(_cell, cells))}|" for cells in lines)


def bullet(*words: str, note: str = "") -> str:
    """A line of a list, with the note behind a dash."""
    shown = prose(note)
    return f"- {' '.join(filter(None, words))}{f' – {shown}' if shown else ''}"


def section(title: str, blocks: Iterable[str]) -> Iterator[str]:
    """Those blocks under a heading; nothing without any."""
    found = list(blocks)
    if found:
        yield f"## {title}"
        yield from found


def bullets(lines: Iterable[str]) -> Iterator[str]:
    """The lines as one block; nothing without any."""
    if text := "\n".join(lines):
        yield text


def _cell(text: str) -> str:
    return f" {text} " if text else " "
