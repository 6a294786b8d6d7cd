"""MongoDB's results as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlmig.mongo.results import DocumentState, FixturesReport, Standing
from sqlmig.report.json.document import document

if TYPE_CHECKING:
    from sqlmig.mongo.files import Source


def mongo_seeds(report: FixturesReport) -> str:
    """How the fixtures stand in MongoDB."""
    return document(**fixtures_members(report), warnings=list(report.warnings))


def mongo_reset(collections: Sequence[str]) -> str:
    """Which collections were dropped."""
    return document(dropped=list(collections))


def fixtures_members(report: FixturesReport) -> dict[str, Any]:
    """How the fixtures stand, or stood before they were seeded."""
    return {
        "environment": report.environment.value,
        "files": [_file(source, found) for source, found in report.files.items()],
        "written": [s.value for s in DocumentState if s.is_written_in(report.environment)],
        "demo_documents": dict(report.demo_documents),
    }


def _file(source: Source, standings: Sequence[Standing]) -> Mapping[str, Any]:
    counts = Counter(standing.state for standing in standings)
    return {
        "path": source.path,
        "collection": source.collection,
        "counts": {state.value: counts[state] for state in DocumentState},
        "differences": [
            {
                "id": str(standing.document.id),
                "document": standing.document.index,
                "state": standing.state.value,
                "fields": list(standing.fields),
            }
            for standing in standings
            if standing.is_difference
        ],
    }
