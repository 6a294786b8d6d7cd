"""Round trips, drift, and the differences of schemas that they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlmig.report.json.document import document, place

if TYPE_CHECKING:
    from sqlmig.proof.difference import Difference
    from sqlmig.proof.drift import Drift
    from sqlmig.proof.roundtrip import RoundTrip, Verification


def verified(result: Verification) -> str:
    """Every round trip, and what the proofs at the end found."""
    return document(
        sound=result.is_sound,
        migrations=[_round_trip(trip) for trip in result.round_trips],
        findings=list(result.findings),
        warnings=list(result.warnings),
    )


def drift(found: Drift) -> str:
    """How the live schema differs from what the applied migrations make."""
    return document(
        migrations=list(found.migrations),
        differences=[_difference(each) for each in found.differences],
        warnings=list(found.warnings),
    )


def _round_trip(trip: RoundTrip) -> Mapping[str, Any]:
    error = trip.error
    return {
        "id": trip.migration_id,
        "verdict": trip.verdict.value,
        "transactional": trip.transactional,
        "reason": trip.reason,
        "error": {"message": error.message, "location": place(error.location)} if error else None,
        "differences": [_difference(each) for each in trip.differences],
    }


def _difference(each: Difference) -> Mapping[str, Any]:
    return {
        "presence": each.presence.value,
        "kind": each.object.kind,
        "name": each.object.name,
        "expected": each.expected,
        "found": each.found,
        "parts": dict(each.parts),
    }
