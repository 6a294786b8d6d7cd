"""Turns a reference to a migration into its id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlmig.errors import UnknownTargetError
from sqlmig.model import migration_number
from sqlmig.model.suggestions import did_you_mean, nearest_migration

_NUMBER_REFERENCE = re.compile(r"\d+(?:_\d+)*")


def resolve(reference: str, migration_ids: Iterable[str]) -> str:
    """The id that a reference names by the whole id, its file's name, or its number.

    A number may omit zeros and later digit groups. Raises UnknownTargetError if the reference names
    no migration, with a similar one if there is any, or several.
    """
    ids = list(dict.fromkeys(migration_ids))
    name = name_in(reference)
    if name in ids:
        return name
    matches = _with_number(name, ids)
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UnknownTargetError(
            f"{reference!r} could be any of: {', '.join(matches)}",
            remedy="Give more digits of the number, or the full id.",
        )
    # A wrong number does not suggest another.
    near = None if _NUMBER_REFERENCE.fullmatch(name) else nearest_migration(name, ids)
    raise UnknownTargetError(
        f"no migration {reference!r}",
        remedy=did_you_mean(near, "List the migrations: sqlmig status."),
    )


def name_in(reference: str) -> str:
    """The id or the number in a reference, which may be the path of a file."""
    return reference.rsplit("/", 1)[-1].removesuffix(".sql")


def _with_number(name: str, ids: Sequence[str]) -> list[str]:
    if not _NUMBER_REFERENCE.fullmatch(name):
        return []
    number = migration_number(name)
    exact = [i for i in ids if migration_number(i) == number]
    return exact or [i for i in ids if migration_number(i)[: len(number)] == number]
