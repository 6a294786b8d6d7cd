"""Whether a text has changed, or was only reformatted."""

from __future__ import annotations

from itertools import zip_longest

from sqlmig.model import MigrationState, checksum
from sqlmig.source.lexer import LexError, tokens


def change_of(before: str, now: str) -> MigrationState:
    """How a text compares with the applied one: the same, reformatted, or changed."""
    if before == now or checksum(before) == checksum(now):
        return MigrationState.APPLIED
    is_same = differ_in_layout_only(before, now)
    return MigrationState.REFORMATTED if is_same else MigrationState.CHANGED


def differ_in_layout_only(left: str, right: str) -> bool:
    """Whether the two texts are the same except for comments and white space."""
    try:
        return all(a == b for a, b in zip_longest(tokens(left), tokens(right)))
    except LexError:
        return False
