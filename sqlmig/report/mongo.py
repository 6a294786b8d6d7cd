"""Reports of the fixtures in MongoDB, and of seeding them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmig.mongo.results import DocumentState, FileReport, FixturesReport, Standing
from sqlmig.report.figures import counted
from sqlmig.report.table import Cell, Table
from sqlmig.report.view import Members, Text, View

if TYPE_CHECKING:
    from sqlmig.mongo.files import Source

_SEEDED = {
    (DocumentState.NEW, True): "added",
    (DocumentState.UNCHANGED, False): "unchanged",
    (DocumentState.CHANGED, True): "updated",
    (DocumentState.CHANGED, False): "kept as changed",
    (DocumentState.DELETED, True): "added again",
    (DocumentState.DELETED, False): "left deleted",
}
_MOST_DIFFERENCES = 20


def fixtures(report: FixturesReport) -> View:
    """The state of the fixtures in the database, and what does not belong there."""
    return View(_standing(report), {**fixtures_members(report), "warnings": [*report.warnings]})


def dropped(collections: Sequence[str]) -> View:
    """Which collections were dropped."""
    line = f"Dropped {', '.join(collections)}. Seed again with: sqlmig seed --only mongo"
    nothing = "Nothing to drop: sqlmig has seeded nothing here."
    return View([line if collections else nothing], {"dropped": [*collections]})


def seeded_fixtures(report: FixturesReport, database: str = "") -> Text:
    """What seeding did to each file's documents, in the database of that name."""
    yield from _fixtures(report)
    yield f"Seeded {database}for {report.environment.value}: {_tally(report)}."


def planned_fixtures(report: FixturesReport) -> Text:
    """What seeding would do."""
    yield from _fixtures(report)
    yield f"Would seed for {report.environment.value}: {_tally(report)}. Nothing was written."


def fixtures_members(report: FixturesReport) -> Members:
    """The state of the fixtures; after seeding, the state before it."""
    return {
        "environment": report.environment.value,
        "files": [_file(source, found) for source, found in report.files.items()],
        "written": [s.value for s in DocumentState if s.is_written_in(report.environment)],
        "removed": {name: [str(each) for each in ids] for name, ids in report.removed.items()},
        "demo_documents": dict(report.demo_documents),
    }


def _standing(report: FixturesReport) -> Text:
    yield from _fixtures(report)
    for collection, ids in report.removed.items():
        shown = ", ".join(str(each) for each in ids[:_MOST_DIFFERENCES])
        more = f" and {len(ids) - _MOST_DIFFERENCES} more" if len(ids) > _MOST_DIFFERENCES else ""
        yield f"{collection}: seeded, but no longer in any fixture: {shown}{more}"
    for collection, count in report.demo_documents.items():
        found = counted(count, "demo document")
        yield f"{collection}: {found} in a production database; remove them"
    counts = [f"{count} {state.value}" for state, count in _counted(report)]
    yield f"Fixtures for {report.environment.value}: {', '.join(counts) or 'none'}."
    if any(state.is_written_in(report.environment) for state in report.counts):
        yield "Next: sqlmig seed --only mongo"


def _fixtures(report: FixturesReport) -> Text:
    """The table of the files, followed by the documents that were changed or deleted."""
    rows = [_file_row(source, found) for source, found in report.files.items()]
    yield Table(("COLLECTION", *(state.value.upper() for state in DocumentState), "FILE"), rows)
    differences = [each for found in report.files.values() for each in found.differences]
    for standing in differences[:_MOST_DIFFERENCES]:
        fields = f" in {', '.join(standing.fields)}" if standing.fields else ""
        yield f"{standing.place}: {standing.id} is {standing.state.value}{fields}"
    if len(differences) > _MOST_DIFFERENCES:
        yield f"and {len(differences) - _MOST_DIFFERENCES} more"


def _file_row(source: Source, found: FileReport) -> tuple[Cell, ...]:
    numbers = (Cell(str(found.counts[state])) for state in DocumentState)
    return Cell(source.collection), *numbers, Cell(source.path)


def _file(source: Source, found: FileReport) -> Members:
    return {
        "path": source.path,
        "collection": source.collection,
        "counts": {state.value: found.counts[state] for state in DocumentState},
        "differences": [_difference(each) for each in found.differences],
    }


def _difference(standing: Standing) -> Members:
    return {
        "id": str(standing.id),
        "document": standing.index,
        "state": standing.state.value,
        "fields": [*standing.fields],
    }


def _tally(report: FixturesReport) -> str:
    words = [
        f"{count} {_SEEDED[state, state.is_written_in(report.environment)]}"
        for state, count in _counted(report)
    ]
    return ", ".join(words) or "no documents"


def _counted(report: FixturesReport) -> list[tuple[DocumentState, int]]:
    """The number of documents in each state that occurs."""
    return [(state, report.counts[state]) for state in DocumentState if report.counts[state]]
