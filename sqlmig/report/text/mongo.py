"""MongoDB's results as text for people."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.mongo.results import DocumentState, SeedReport
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


def mongo_seeded(report: SeedReport, medium: Medium) -> str:
    """What seeding did to each file's documents."""
    return (
        f"{_seed_table(report, medium)}\nSeeded for {report.environment.value}: {_tally(report)}."
    )


def mongo_plan(report: SeedReport, medium: Medium) -> str:
    """What seeding would do."""
    return (
        f"{_seed_table(report, medium)}\n"
        f"Would seed for {report.environment.value}: {_tally(report)}. Nothing was written."
    )


def mongo_status(report: SeedReport, medium: Medium) -> str:
    """How the fixtures stand in the database, and what does not belong there."""
    counts = [f"{report.count(s)} {s.value}" for s in DocumentState if report.count(s)]
    lines = [_seed_table(report, medium)]
    lines += [
        f"{collection}: {counted(count, 'demo document')} in a production database; remove them"
        for collection, count in report.demo_documents.items()
    ]
    lines.append(f"Fixtures for {report.environment.value}: {', '.join(counts) or 'none'}.")
    if any(report.count(state) and report.writes(state) for state in DocumentState):
        lines.append("Next: sqlmig mongo seed")
    return "\n".join(lines)


def mongo_reset(collections: Sequence[str]) -> str:
    """Which collections are gone."""
    if not collections:
        return "Nothing to drop: sqlmig has seeded nothing here."
    return f"Dropped {', '.join(collections)}. Seed again with: sqlmig mongo seed"


def _seed_table(report: SeedReport, medium: Medium) -> str:
    """The table of the files, and below it what someone changed or deleted."""
    states = [state.value for state in DocumentState]
    rows = [
        (
            Cell(file.collection),
            *(Cell(str(file.counts.get(state, 0))) for state in DocumentState),
            Cell(file.path),
        )
        for file in report.files
    ]
    lines = [table(("COLLECTION", *map(str.upper, states), "FILE"), rows, medium)]
    differences = [standing for file in report.files for standing in file.differences]
    for standing in differences[:_MOST_DIFFERENCES]:
        fields = f" in {', '.join(standing.fields)}" if standing.fields else ""
        document = standing.document
        lines.append(f"{document.place}: {document.id} is {standing.state.value}{fields}")
    if len(differences) > _MOST_DIFFERENCES:
        lines.append(f"and {len(differences) - _MOST_DIFFERENCES} more")
    return "\n".join(lines)


def _tally(report: SeedReport) -> str:
    counts = [(state, report.count(state)) for state in DocumentState]
    words = [f"{n} {_SEEDED[state, report.writes(state)]}" for state, n in counts if n]
    return ", ".join(words) or "no documents"
