"""MongoDB's results as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlmig.mongo.results import DocumentState, FixturesReport
from sqlmig.report.text.figures import counted
from sqlmig.report.text.table import Cell, Medium, table

_SEEDED = {
    (DocumentState.NEW, True): "added",
    (DocumentState.UNCHANGED, False): "unchanged",
    (DocumentState.CHANGED, True): "updated",
    (DocumentState.CHANGED, False): "kept as changed",
    (DocumentState.DELETED, True): "added again",
    (DocumentState.DELETED, False): "left deleted",
}
_MOST_DIFFERENCES = 20


def mongo_seeded(report: FixturesReport, medium: Medium) -> list[str]:
    """What seeding did to each file's documents."""
    done = f"Seeded for {report.environment.value}: {_tally(report)}."
    return [*_seed_table(report, medium), done]


def mongo_plan(report: FixturesReport, medium: Medium) -> list[str]:
    """What seeding would do."""
    plan = f"Would seed for {report.environment.value}: {_tally(report)}. Nothing was written."
    return [*_seed_table(report, medium), plan]


def mongo_status(report: FixturesReport, medium: Medium) -> list[str]:
    """How the fixtures stand in the database, and what does not belong there."""
    counts = [f"{count} {state.value}" for state, count in _counted(report)]
    lines = _seed_table(report, medium)
    lines += [
        f"{collection}: {counted(count, 'demo document')} in a production database; remove them"
        for collection, count in report.demo_documents.items()
    ]
    lines.append(f"Fixtures for {report.environment.value}: {', '.join(counts) or 'none'}.")
    if any(state.is_written_in(report.environment) for state in report.counts):
        lines.append("Next: sqlmig seed --only mongo")
    return lines


def mongo_reset(collections: Sequence[str]) -> list[str]:
    """Which collections are gone."""
    if not collections:
        return ["Nothing to drop: sqlmig has seeded nothing here."]
    return [f"Dropped {', '.join(collections)}. Seed again with: sqlmig seed --only mongo"]


def _seed_table(report: FixturesReport, medium: Medium) -> list[str]:
    """The table of the files, and below it what someone changed or deleted."""
    states = [state.value for state in DocumentState]
    rows = []
    differences = []
    for source, standings in report.files.items():
        counts = Counter(standing.state for standing in standings)
        numbers = [Cell(str(counts[state])) for state in DocumentState]
        rows.append((Cell(source.collection), *numbers, Cell(source.path)))
        differences += [standing for standing in standings if standing.is_difference]
    lines = table(("COLLECTION", *map(str.upper, states), "FILE"), rows, medium)
    for standing in differences[:_MOST_DIFFERENCES]:
        fields = f" in {', '.join(standing.fields)}" if standing.fields else ""
        document = standing.document
        lines.append(f"{document}: {document.id} is {standing.state.value}{fields}")
    if len(differences) > _MOST_DIFFERENCES:
        lines.append(f"and {len(differences) - _MOST_DIFFERENCES} more")
    return lines


def _tally(report: FixturesReport) -> str:
    words = [
        f"{count} {_SEEDED[state, state.is_written_in(report.environment)]}"
        for state, count in _counted(report)
    ]
    return ", ".join(words) or "no documents"


def _counted(report: FixturesReport) -> list[tuple[DocumentState, int]]:
    """The states that documents are in, and how many are."""
    return [(state, report.counts[state]) for state in DocumentState if report.counts[state]]
