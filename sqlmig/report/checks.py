"""Reports of the sanity checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlmig.model import CheckOutcome, CheckResult, Rows
from sqlmig.report.figures import counted
from sqlmig.report.table import Cell, Table
from sqlmig.report.view import Members, View, place

_MARKS = {
    CheckOutcome.PASSED: ("passed", "green"),
    CheckOutcome.FAILED: ("FAILED", "red"),
    CheckOutcome.NOT_APPLICABLE: ("not applicable", ""),
}


def checks(results: Sequence[CheckResult], folder: str) -> View:
    """Every check with its result, the violating rows, and the count; where there is none, how to
    write one into that folder."""
    nothing = (
        f"There are no sanity checks. Write the first as {folder}/010_name.sql (sqlmig's "
        "docs/seeds.md)."
    )
    drawn = Table(("CHECK", "RESULT", "DESCRIPTION"), [_check_row(result) for result in results])
    text = [drawn, *violations(results), checked(results)]
    return View(
        text if results else [nothing],
        {"checks": [check_members(result) for result in results]},
    )


def checked(results: Sequence[CheckResult]) -> str:
    """How many checks had each result, in one line."""
    counts = Counter(result.outcome for result in results)
    told = (f"{counts[outcome]} {outcome.value}" for outcome in CheckOutcome if counts[outcome])
    return f"{counted(len(results), 'sanity check')}: {', '.join(told)}."


def violations(results: Sequence[CheckResult]) -> Iterator[str | Table]:
    """The failed checks, each with its reason, and the statement that the server refused or the
    first violating rows."""
    for result in results:
        if result.has_failed:
            at = result.location
            yield f"{at or result.name}: {result.reason}"
            yield from at.excerpt().splitlines() if at else ()
            yield from _violations(result.violations)


def check_members(result: CheckResult) -> Members:
    """A sanity check, with the first violating rows."""
    return {
        "check": result.name,
        "title": result.title,
        "outcome": result.outcome.value,
        "reason": result.reason,
        "location": place(result.location),
        "columns": list(result.violations.columns),
        "rows": [list(row) for row in result.violations.rows],
        "row_count": result.violations.count,
    }


def _check_row(result: CheckResult) -> tuple[Cell, ...]:
    mark, colour = _MARKS[result.outcome]
    why = f" ({result.reason})" if result.outcome is CheckOutcome.NOT_APPLICABLE else ""
    return Cell(result.name), Cell(mark, colour), Cell(result.title + why)


def _violations(rows: Rows) -> Iterator[str | Table]:
    if rows.count:
        cells = [[Cell("NULL" if value is None else value) for value in row] for row in rows.rows]
        yield Table(rows.columns, cells)
    if more := rows.count - len(rows.rows):
        yield f"… and {counted(more, 'row')} more"
