"""Reports of round trips and drift, and of the differences between schemas that they find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlmig.report.figures import counted
from sqlmig.report.view import Members, View, place

if TYPE_CHECKING:
    from sqlmig.proof.difference import Difference
    from sqlmig.proof.drift import Drift
    from sqlmig.proof.roundtrip import RoundTrip, Verification

_INDENT = "    "


def verified(result: Verification) -> View:
    """How many migrations ended with each result, what the final proofs found, and what to do."""
    trips = result.round_trips
    counts = Counter(trip.verdict for trip in trips)
    told = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items())
    count = f"{counted(len(trips), 'migration')}: {told}." if trips else "Nothing to verify."
    lines = [*result.findings, *_left_out(result.left_out), count]
    if not all(trip.is_sound for trip in trips):
        lines.append("Fix the problems above, then run `sqlmig verify` again.")
    return View(
        lines,
        {
            "sound": result.is_sound,
            "migrations": [_round_trip(trip) for trip in trips],
            "findings": [*result.findings],
            "left_out": [*result.left_out],
            "warnings": [*result.warnings],
        },
    )


def drift(found: Drift) -> View:
    """Each difference in the live schema, and what can be done about it."""
    migrations = counted(len(found.migrations), "applied migration")
    lines = [
        *_differences(found.differences),
        f"{counted(len(found.differences), 'difference')} between the live schema (+) and the "
        f"schema of {migrations} (-).",
        "Undo the change, or write a migration that makes it and mark it as applied: "
        "sqlmig mark ID --reason TEXT.",
    ]
    none = [f"No drift: the live schema matches {migrations}."]
    return View(
        [*_left_out(found.left_out), *(lines if found.differences else none)],
        {
            "migrations": [*found.migrations],
            "differences": [_difference(each) for each in found.differences],
            "left_out": [*found.left_out],
            "warnings": [*found.warnings],
        },
    )


def round_trip(trip: RoundTrip) -> Iterator[str]:
    """The line for one migration, followed by its problems."""
    outside = "" if trip.transactional else ", not transactional"
    reason = f": {trip.reason}" if trip.reason else ""
    yield f"{trip.verdict.value}{outside}  {trip.migration_id}{reason}"
    if trip.error is not None:
        at = trip.error.location
        yield f"{_INDENT}{f'{at}: ' if at else ''}{trip.error.message}"
        yield from (f"{_INDENT}{line}" for line in (at.excerpt() if at else "").splitlines())
    yield from (f"{_INDENT}{line}" for line in _differences(trip.differences))


def _left_out(histories: Iterable[str]) -> Iterator[str]:
    return (f"not compared  {each}, the history of another tool" for each in histories)


def _differences(found: Iterable[Difference]) -> Iterator[str]:
    for each in found:
        parts = ", ".join(counted(count, kind) for kind, count in each.parts)
        yield f"{each.presence.value}  {each.object}{f' with {parts}' if parts else ''}"
        if each.expected is not None and each.found is not None:
            yield from (f"{_INDENT}{line}" for line in each.lines())


def _round_trip(trip: RoundTrip) -> Members:
    error = trip.error
    return {
        "id": trip.migration_id,
        "verdict": trip.verdict.value,
        "transactional": trip.transactional,
        "reason": trip.reason,
        "error": {"message": error.message, "location": place(error.location)} if error else None,
        "differences": [_difference(each) for each in trip.differences],
    }


def _difference(each: Difference) -> Members:
    return {
        "presence": each.presence.value,
        "kind": each.object.kind,
        "name": each.object.name,
        "expected": each.expected,
        "found": each.found,
        "parts": dict(each.parts),
    }
