"""The ids that the migrations of another tool get in sqlmig."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from sqlmig.adoption.model import Original
from sqlmig.model import migration_number

_NOT_OF_A_NAME = re.compile(r"[^\w-]+")
_LONGEST_NAME = 100


def migration_ids(originals: Sequence[Original]) -> list[str]:
    """An id for each original, in their order; the ids sort in the same order.

    Each keeps its number. If several share a number, or some have none of their own, they are
    numbered within it: 7_01, 7_02. If that would change the order, or the first has no number, all
    are renumbered from 001.
    """
    own = list(_numbers(originals))
    ids = [_id(number, each.name) for number, each in zip(own, originals, strict=True)]
    numbers = [migration_number(each) for each in ids]
    if all(earlier < later for earlier, later in pairwise(numbers)) and all(numbers):
        return ids
    return [
        _id(f"{place:03}", f"{each.number}_{each.name.lstrip('_-')}")
        for place, each in enumerate(originals, 1)
    ]


def _numbers(originals: Sequence[Original]) -> Iterator[str]:
    """The originals' own numbers; those that share one are followed by their position within it."""
    inherited = ""
    shown: list[str] = []
    for each in originals:
        inherited = _digits(each.number) or inherited
        shown.append(inherited)
    for number, group in groupby(shown, key=migration_number):
        same = list(group)
        for place, written in enumerate(same, 1):
            yield f"{written}_{place:02}" if number and len(same) > 1 else written


def _digits(number: str) -> str:
    """Digit groups joined by `_`; dashes, as in the date 2024-01-31, are removed."""
    return re.sub(r"[.\s]+", "_", number.replace("-", ""))


def _id(number: str, name: str) -> str:
    slug = _NOT_OF_A_NAME.sub("_", name).strip("_-")[:_LONGEST_NAME].rstrip("_-")
    if slug[:1].isdigit():
        slug = f"v{slug}"
    return f"{number}_{slug}" if slug else number
