"""Escapes names, expressions and comments of a schema, so that Markdown and Mermaid show them
unchanged and read nothing in them as markup."""

from __future__ import annotations

import re

from sqlmig.model.printable import escaped, on_one_line, split_lines

# What Markdown, its extensions on code hosts (tables, mathematics, mentions) or HTML would
# interpret. An underscore inside a word has no meaning.
_MARKUP = re.compile(r"[\\`*{}\[\]<>|~$@&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|!(?=\[)|#(?=\d)")
# What would begin a heading, a list, a quotation or a rule at the beginning of a line.
_BEGINNING = re.compile(r"^([#+\-=]|\d+(?=[.)]))")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
_RUN_OF_BACKTICKS = re.compile("`+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_LINE_END = re.compile(r"\s*\n\s*")

_FULL_WIDTH = 0xFEE0  # from an ASCII character to its full-width form
# What Mermaid or its Markdown, mathematics and HTML would interpret within double quotes;
# underscores only if two of them could emphasize a word.
_OF_MERMAID = re.compile(r'["#$%&*;<>\\`~]')
_EDGES_OF_WORDS = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_DIRECTION = re.compile(r"(?i)(direction)\s+(?=TB|BT|RL|LR)")
_IN_NO_ATTRIBUTE = re.compile("[!'+,/:=?@^{|}]")
_NEVER_IN_ATTRIBUTE = re.compile("[^0-9A-Za-z_.()[\\]\u00c0-\U0010ffff-]")
_BEGINS_NO_ATTRIBUTE = re.compile("[^A-Za-z_\u00c0-\U0010ffff]|[PFU]K\\b", re.IGNORECASE)


def prose(text: str) -> str:
    """A comment as text on one line, with `<br>` for its line ends."""
    lines = (_MARKUP.sub(_as_itself, escaped(line.strip())) for line in split_lines(text.strip()))
    return "<br>".join(_BEGINNING.sub(_not_at_the_beginning, line) for line in lines)


def code(text: str) -> str:
    """A code span, for anywhere except a table cell; "" for an empty text."""
    shown = on_one_line(text)
    if not shown:
        return ""
    longest = max((len(run) for run in _RUN_OF_BACKTICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell_code(text: str) -> str:
    """A code span for a table cell, where a pipe would end the cell; "" for an empty text."""
    shown = on_one_line(text)
    if not {"|", "`"} & set(shown):
        return code(text)
    return f"<code>{_PUNCTUATION.sub(_as_entity, shown)}</code>"


def one_line(expression: str) -> str:
    """An expression without the line breaks that the server adds to long ones."""
    return _LINE_END.sub(" ", expression)


def entity(name: str) -> str:
    """A name for double quotes in a Mermaid diagram, with full-width forms of the characters that
    Mermaid would interpret."""
    shown = _OF_MERMAID.sub(_in_full_width, on_one_line(name))
    if len(_EDGES_OF_WORDS.findall(shown)) > 1:
        shown = _EDGES_OF_WORDS.sub(_in_full_width, shown)
    return _DIRECTION.sub(r"\1_", shown) or "_"


def attribute(word: str) -> str:
    """A type or a column name for a Mermaid diagram, where it must be one word."""
    shown = _IN_NO_ATTRIBUTE.sub(_in_full_width, entity(word))
    shown = _NEVER_IN_ATTRIBUTE.sub("_", shown)
    return f"_{shown}" if _BEGINS_NO_ATTRIBUTE.match(shown) else shown


def _as_itself(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0], f"\\{match[0]}")


def _not_at_the_beginning(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def _as_entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _in_full_width(match: re.Match[str]) -> str:
    return chr(ord(match[0]) + _FULL_WIDTH)
