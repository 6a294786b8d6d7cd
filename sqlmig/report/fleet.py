"""Reports of a fleet: how many targets are in each state, and which need attention."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.errors import SqlmigError
from sqlmig.fleet.results import FleetReport, TargetResult, TargetState
from sqlmig.model import Outcome
from sqlmig.report.errors import error_members
from sqlmig.report.figures import counted, duration
from sqlmig.report.migrations import migration_results
from sqlmig.report.progress import warning
from sqlmig.report.table import Cell, Table
from sqlmig.report.view import Text, View

_COLOURS = {
    TargetState.CURRENT: "green",
    TargetState.APPLIED: "green",
    TargetState.BEHIND: "yellow",
    TargetState.DIFFERENT: "red",
    TargetState.FAILED: "red",
    TargetState.NOT_BEGUN: "yellow",
}
_MOST_NAMES = 20


def target(result: TargetResult) -> View:
    """The result of one target."""
    error = result.error
    return View(
        _target(result),
        {
            "target": result.target.name,
            "schema": result.target.schema,
            "state": result.state.value,
            "duration_ms": round(result.duration * 1000),
            "needs_attention": [
                {"id": status.migration_id, "state": status.state.value}
                for status in result.statuses
            ],
            "migrations": migration_results(result.report) if result.report else [],
            "warnings": [*result.warnings],
            "errors": error_members(error) if error else [],
        },
    )


def fleet(report: FleetReport) -> View:
    """How many targets are in each state, those that need attention, and what to do."""
    return View(_fleet(report), {"targets": [target(result).members for result in report.results]})


def stopping(at_work: Sequence[str]) -> str:
    """The notice after a Ctrl-C."""
    return (
        f"Stopping: no more targets are started. Waiting for {_named(at_work) or 'none'}; another "
        "Ctrl-C abandons them, and the server undoes what they have not committed."
    )


def rate(done: int, seconds: float) -> str:
    """How many targets are finished per second."""
    return f"{done / seconds:.1f}/s" if done and seconds > 0 else ""


def _target(result: TargetResult) -> list[str]:
    """The line for a target that was worked on; none for others."""
    name = result.target.name
    if result.error is not None:
        return [f"failed   {name}  {result.error.message}"]
    if result.state is not TargetState.APPLIED or result.report is None:
        return []
    count = counted(len(result.report.ids(Outcome.DONE)), "migration")
    return [f"applied  {name}  {count}  ({duration(result.duration)})"]


def _fleet(report: FleetReport) -> Text:
    counts = report.counts()
    rows = [(Cell(state.value, _COLOURS[state]), Cell(str(counts[state]))) for state in counts]
    yield Table(("STATE", "TARGETS"), rows)
    remarkable = [result for result in report.results if result.statuses]
    if remarkable:
        yield ""
        yield Table(("TARGET", "STATE", "MIGRATIONS"), [_row(result) for result in remarkable])
    for result in report.results:
        yield from (warning(f"{result.target.name}: {words}") for words in result.warnings)
    for result in report.of(TargetState.FAILED):
        if result.error is not None:
            yield from _failure(result.target.name, result.error)
    if left := report.of(TargetState.NOT_BEGUN):
        yield ""
        yield f"Not begun: {_named([result.target.name for result in left])}"
    yield from _next(report)


def _failure(name: str, error: SqlmigError) -> Text:
    first, *others = error.lines()
    yield ""
    yield f"{name}: {first}"
    yield from others


def _row(result: TargetResult) -> tuple[Cell, ...]:
    pending = result.pending
    parts = [
        f"{status.state.value}: {status.migration_id}"
        for status in result.statuses
        if status.migration_id not in pending
    ]
    if pending:
        parts.append(f"{len(pending)} pending, from {pending[0]}")
    return (
        Cell(result.target.name),
        Cell(result.state.value, _COLOURS[result.state]),
        Cell(", ".join(parts)),
    )


def _named(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown, more = ", ".join(names[:_MOST_NAMES]), len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _next(report: FleetReport) -> Text:
    if report.was_interrupted or report.of(TargetState.FAILED):
        yield ""
        yield "Next: run the same command again; it continues with what is left."
    elif report.of(TargetState.BEHIND):
        yield "Next: sqlmig fleet apply"
