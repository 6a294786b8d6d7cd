"""MongoDB's results as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmig.mongo.results import DocumentState, FileReport, SeedReport
from sqlmig.report.json.document import document


def mongo_seeds(report: SeedReport) -> str:
    """How the fixtures stand in MongoDB, or stood before they were seeded."""
    return document(
        environment=report.environment.value,
        files=[_seed_file(file) for file in report.files],
        written=[state.value for state in DocumentState if report.writes(state)],
        demo_documents=dict(report.demo_documents),
    )


def mongo_reset(collections: Sequence[str]) -> str:
    """Which collections were dropped."""
    return document(dropped=list(collections))


def _seed_file(file: FileReport) -> Mapping[str, Any]:
    return {
        "path": file.path,
        "collection": file.collection,
        "counts": {state.value: file.counts.get(state, 0) for state in DocumentState},
        "differences": [
            {
                "id": str(standing.document.id),
                "document": standing.document.index,
                "state": standing.state.value,
                "fields": list(standing.fields),
            }
            for standing in file.differences
        ],
    }
