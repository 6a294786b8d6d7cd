"""What is advised for statements, each judged alone on tables that all count as large."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmig.impact.judging import Judge
from sqlmig.impact.transaction import Touch
from sqlmig.model import Direction, Directives, Script
from sqlmig.plan import PlannedMigration
from sqlmig.report.advice import advice
from sqlmig.source.script import prepare
from tests.impact.observed import observed


def advised(
    url: str, scripts: Iterable[str], direction: Direction = Direction.APPLY
) -> dict[str, list[str]]:
    """The lines of advice for the last statement of each script, each once."""
    return {
        script: _advised(script, touches, direction)
        for script, touches in observed(url, scripts).items()
    }


def _advised(script: str, touches: list[Touch], direction: Direction) -> list[str]:
    prepared = prepare(Script.of("x.sql", script), Directives())
    planned = PlannedMigration("001_x", direction, prepared, Directives())
    last = len(prepared.statements) - 1
    judged = Judge(-1, {}, frozenset()).migration(planned, {last: touches})
    statement = judged.statements[last]
    lines = (line for e in statement.effects for line in advice(statement, e, judged.direction))
    return [*dict.fromkeys(lines)]
