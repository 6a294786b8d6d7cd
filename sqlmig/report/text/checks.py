"""What the sanity checks found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlmig.model import CheckOutcome, CheckResult, Rows
from sqlmig.report.text.figures import counted
from sqlmig.report.text.table import Cell, Medium, table

_MARKS = {
    CheckOutcome.PASSED: ("passed", "green"),
    CheckOutcome.FAILED: ("FAILED", "red"),
    CheckOutcome.NOT_APPLICABLE: ("not applicable", ""),
}


def checks(results: Sequence[CheckResult], medium: Medium) -> list[str]:
    """Every check with what it came to, the rows that should not be, and the count."""
    if not results:
        return ["There are no sanity checks."]
    rows = [_check_row(result) for result in results]
    drawn = table(("CHECK", "RESULT", "WHAT IT SAYS"), rows, medium)
    return [*drawn, *violations(results, medium), checked(results)]


def checked(results: Sequence[CheckResult]) -> str:
    """How many checks came to what, in one line."""
    counts = Counter(result.outcome for result in results)
    told = (f"{counts[outcome]} {outcome.value}" for outcome in CheckOutcome if counts[outcome])
    return f"{counted(len(results), 'sanity check')}: {', '.join(told)}."


def violations(results: Sequence[CheckResult], medium: Medium) -> list[str]:
    """The failed checks, each with its reason, and the statement that the server refused or the
    first rows that should not be."""
    failed = (result for result in results if result.has_failed)
    return [line for result in failed for line in _failure(result, medium)]


def _check_row(result: CheckResult) -> tuple[Cell, ...]:
    mark, colour = _MARKS[result.outcome]
    why = f" ({result.reason})" if result.outcome is CheckOutcome.NOT_APPLICABLE else ""
    return Cell(result.name), Cell(mark, colour), Cell(result.title + why)


def _failure(result: CheckResult, medium: Medium) -> list[str]:
    place = result.location
    excerpt = place.excerpt().splitlines() if place else ()
    head = f"{place or result.name}: {result.reason}"
    return [head, *excerpt, *_violations(result.violations, medium)]


def _violations(rows: Rows, medium: Medium) -> list[str]:
    if not rows.count:
        return []
    cells = [[Cell("NULL" if value is None else value) for value in row] for row in rows.rows]
    more = rows.count - len(rows.rows)
    drawn = table(rows.columns, cells, medium)
    return [*drawn, f"… and {counted(more, 'row')} more"] if more else drawn
