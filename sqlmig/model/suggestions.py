"""Finds what was probably meant by an unknown name, and suggests it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from sqlmig.model.scripts import migration_number


def nearest(name: str, known: Iterable[str], similarity: float = 0.6) -> str | None:
    """The most similar of the known names; None if none is similar enough (1 is identical)."""
    import difflib  # noqa: PLC0415  # only mistakes need it

    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=similarity)), None)


def nearest_migration(name: str, ids: Iterable[str], similarity: float = 0.6) -> str | None:
    """The migration with the same number, or else with a similar name; None if there is none."""
    known, number = list(ids), migration_number(name)
    same = (each for each in known if number and migration_number(each) == number)
    return next(same, None) or nearest(name, known, similarity)


def as_words(*names: str) -> str:
    """The names as words of a command: a shell takes each for one, whatever is in it."""
    return " ".join(map(shlex.quote, names))


def did_you_mean(near: str | None, otherwise: str) -> str:
    """The remedy: a suggestion of what was probably meant, or else `otherwise`."""
    return f"Did you mean {near}?" if near else otherwise
