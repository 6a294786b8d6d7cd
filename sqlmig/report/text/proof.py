"""Round trips, drift, and the differences of schemas that they show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlmig.report.text.figures import counted

if TYPE_CHECKING:
    from sqlmig.proof.difference import Difference
    from sqlmig.proof.drift import Drift
    from sqlmig.proof.roundtrip import RoundTrip, Verification

_INDENT = "    "


def round_trip(trip: RoundTrip) -> list[str]:
    """The line of one migration, and what is wrong with it below."""
    outside = "" if trip.transactional else ", not transactional"
    reason = f": {trip.reason}" if trip.reason else ""
    lines = [f"{trip.verdict.value}{outside}  {trip.migration_id}{reason}"]
    if trip.error is not None:
        place = f"{trip.error.location}: " if trip.error.location else ""
        excerpt = trip.error.location.excerpt() if trip.error.location else ""
        lines += [f"{_INDENT}{place}{trip.error.message}"]
        lines += [f"{_INDENT}{line}" for line in excerpt.splitlines()]
    return [*lines, *(f"{_INDENT}{line}" for line in _differences(trip.differences))]


def verified(result: Verification) -> list[str]:
    """How many migrations ended how, what the proofs at the end found, and what to do."""
    counts = {
        verdict: sum(trip.verdict is verdict for trip in result.round_trips)
        for verdict in dict.fromkeys(trip.verdict for trip in result.round_trips)
    }
    if not counts:
        return [*result.findings, "Nothing to verify."]
    told = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items())
    lines = [*result.findings, f"{counted(len(result.round_trips), 'migration')}: {told}."]
    if not all(trip.is_sound for trip in result.round_trips):
        lines.append("Mend what is named above, then run `sqlmig verify` again.")
    return lines


def drift(found: Drift) -> list[str]:
    """Each difference of the live schema, and what can be done."""
    count = len(found.migrations)
    made = f"{counted(count, 'applied migration')} {'makes' if count == 1 else 'make'}"
    if not found.differences:
        return [f"No drift: the live schema is what {made}."]
    return [
        *_differences(found.differences),
        f"{counted(len(found.differences), 'difference')} between the live schema (+) and what "
        f"{made} (-).",
        "Undo the change, or write a migration that makes it and mark it as applied: "
        "sqlmig mark ID --reason TEXT.",
    ]


def _differences(found: Iterable[Difference]) -> Iterator[str]:
    for each in found:
        parts = ", ".join(counted(count, kind) for kind, count in each.parts)
        yield f"{each.presence.value}  {each.object}{f' with {parts}' if parts else ''}"
        if each.expected is not None and each.found is not None:
            yield from (f"{_INDENT}{line}" for line in each.lines())
