"""The differences between two snapshots, in readable form."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from sqlmig.proof.catalog import ObjectName, SchemaSnapshot

_OWNER = re.compile(r"^(?:indrelid|depends on): (?:column \w+ of table )?(.+)$", re.MULTILINE)
_CONTEXT = 2


class Presence(Enum):
    """How an object differs between what is expected and what is found."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as expected; a definition is None if there is no object.

    `parts` counts, by kind, what is missing or extra only because the whole object is: the columns,
    constraints and indexes of a table.
    """

    object: ObjectName
    expected: str | None
    found: str | None
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def presence(self) -> Presence:
        """Whether it is missing, extra or different."""
        if self.found is None:
            return Presence.MISSING
        return Presence.EXTRA if self.expected is None else Presence.DIFFERENT

    def lines(self) -> Iterator[str]:
        """The lines that differ, with `-` before expected ones and `+` before found ones. A change
        within a longer value has some unchanged lines around it, with a blank."""
        expected, found = (
            text.splitlines() if text else [] for text in (self.expected, self.found)
        )
        context = _CONTEXT if any(line.startswith("  ") for line in expected + found) else 0
        for line in difflib.unified_diff(expected, found, n=context, lineterm=""):
            if not line.startswith(("---", "+++", "@@")):
                yield f"{line[0]} {line[1:]}"


def differences(expected: SchemaSnapshot, found: SchemaSnapshot) -> tuple[Difference, ...]:
    """All objects that are not as expected, by kind and name; parts are counted with their
    whole."""
    before, after = expected.objects, found.objects
    if before == after:
        return ()
    every = [
        Difference(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    return tuple(_folded(every))


def _folded(every: Sequence[Difference]) -> Iterator[Difference]:
    wholes = {
        (each.object.name, each.presence): each.object
        for each in every
        if each.presence is not Presence.DIFFERENT and " on " not in each.object.name
    }
    parts: dict[ObjectName, Counter[str]] = {}
    heads = []
    for each in every:
        whole = next((wholes[key] for key in _possible_wholes(each) if key in wholes), None)
        if whole is None or whole == each.object:
            heads.append(each)
        else:
            parts.setdefault(whole, Counter())[each.object.kind] += 1
    for head in heads:
        counted = tuple(sorted(parts.get(head.object, {}).items()))
        yield Difference(head.object, head.expected, head.found, counted)


def _possible_wholes(part: Difference) -> Iterator[tuple[str, Presence]]:
    """The possible names of the object that it belongs to, with the same presence."""
    for name in names_of_wholes(part.object, part.expected or part.found or ""):
        yield name, part.presence


def names_of_wholes(part: ObjectName, definition: str) -> Iterable[str]:
    """The possible names of the object that this one is a part of."""
    _, on, whole = part.name.rpartition(" on ")
    if on:
        yield whole.removeprefix("table ")
    if part.kind.endswith(" column"):
        yield re.sub(r'\.("(?:[^"]|"")*"|[^".]*)$', "", part.name)
    yield from _OWNER.findall(definition)
