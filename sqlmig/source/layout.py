"""What a script looks like, as against what it says."""

from __future__ import annotations

from itertools import zip_longest

from sqlmig.source.lexer import LexError, tokens


def differ_in_layout_only(left: str, right: str) -> bool:
    """Whether the two texts are the same but for comments and white space."""
    try:
        return all(a == b for a, b in zip_longest(tokens(left), tokens(right)))
    except LexError:
        return False
