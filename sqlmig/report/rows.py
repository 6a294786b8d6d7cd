"""Reports of what rollbacks do to rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlmig.report.figures import counted
from sqlmig.report.view import Members, View, place

if TYPE_CHECKING:
    from sqlmig.proof.row_changes import RowChange
    from sqlmig.proof.rows import RowTrip, RowVerification

_INDENT = "    "


def verified(result: RowVerification) -> View:
    """How many migrations ended with each result, with how many rows, and what to do."""
    counts = Counter(trip.verdict for trip in result.trips)
    told = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items())
    migrations = counted(len(result.trips), "migration")
    rows = f"{counted(result.rows, 'row')} with the seeds of {result.environment.value}"
    lines = [f"{migrations}: {told}; {rows}." if result.trips else "Nothing to verify."]
    if not result.is_sound:
        lines.append(
            "Make the rollback restore what is lost, or declare it in the migration or its "
            "rollback: -- touches: TABLE: REASON."
        )
    return View(
        lines,
        {
            "sound": result.is_sound,
            "environment": result.environment.value,
            "rows": result.rows,
            "migrations": [_trip(each) for each in result.trips],
            "warnings": [*result.warnings],
        },
    )


def trip(found: RowTrip) -> Iterator[str]:
    """The line for one migration, followed by what happened to the rows."""
    reason = f": {found.reason}" if found.reason else ""
    yield f"{found.verdict.value}  {found.migration_id}{reason}"
    if found.error is not None:
        at = found.error.location
        yield f"{_INDENT}{f'{at}: ' if at else ''}{found.error.message}"
    for change in found.changes:
        declared = f" (declared: {change.reason})" if change.is_declared else ""
        yield from (f"{_INDENT}{line}{declared}" for line in change.lines())
    for table in found.too_large:
        yield f"{_INDENT}not compared: {table} has too many rows"
    for name in found.empty:
        yield f"{_INDENT}not compared: {name} was empty, and no sample fits"


def _trip(found: RowTrip) -> Members:
    error = found.error
    return {
        "id": found.migration_id,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "error": {"message": error.message, "location": place(error.location)} if error else None,
        "changes": [_change(each) for each in found.changes],
        "too_large": [*found.too_large],
        "empty": [*found.empty],
    }


def _change(change: RowChange) -> Members:
    return {
        "table": change.table,
        "rows_lost": change.rows_lost,
        "rows_added": change.rows_added,
        "values_lost": dict(change.values_lost),
        "values_changed": dict(change.values_changed),
        "reason": change.reason,
    }
