"""What seeds did and found, and which environment holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmig.model import (
    SeedReport,
    SeedResult,
    SeedStatus,
    UnstableSeed,
)
from sqlmig.report.text.checks import checked
from sqlmig.report.text.figures import age, counted, duration
from sqlmig.report.text.mongo import mongo_plan, mongo_seeded
from sqlmig.report.text.table import Cell, Medium, table
from sqlmig.target.rules import Rules

if TYPE_CHECKING:
    from sqlmig.operations.both import ProjectSeedPlan, ProjectSeeds


def seed_plan(planned: ProjectSeedPlan, now: datetime, medium: Medium) -> list[str]:
    """What would be seeded in each database."""
    lines = []
    if planned.sql is not None:
        lines += seed_statuses(planned.sql, now, medium)
    if planned.mongo is not None:
        lines += mongo_plan(planned.mongo, medium)
    return lines


def seeds(done: ProjectSeeds, medium: Medium) -> list[str]:
    """What was seeded in each database."""
    lines = []
    if done.sql is not None:
        lines += seeded(done.sql)
    if done.mongo is not None:
        lines += mongo_seeded(done.mongo, medium)
    return lines


def seed_statuses(statuses: Sequence[SeedStatus], now: datetime, medium: Medium) -> list[str]:
    """The seeds that would run, and when each ran last."""
    if not statuses:
        return ["Nothing to seed: there are no seeds for this environment."]
    rows = [_status_row(status, now) for status in statuses]
    drawn = table(("SEED", "LAST WROTE", "DESCRIPTION"), rows, medium)
    return [*drawn, f"Would run {counted(len(statuses), 'seed')}. Nothing was changed."]


def seeded(report: SeedReport) -> list[str]:
    """What each seed wrote, and what the checks came to."""
    if not report.results:
        return [f"Nothing to seed: there are no seeds for {report.environment.value}."]
    lines = [_seed_line(result) for result in report.results]
    changed = sum(bool(result.written) for result in report.results)
    words = f"{counted(changed, 'seed')} changed rows" if changed else "nothing changed"
    lines.append(f"Seeded for {report.environment.value}: {words}.")
    if report.checks:
        lines.append(checked(report.checks))
    return lines


def unstable(seeds: Sequence[UnstableSeed]) -> list[str]:
    """The seeds that are not idempotent."""
    if not seeds:
        return ["Every seed is idempotent: a second run changes nothing. Nothing was kept."]
    lines = [f"{seed.name} is not idempotent: {seed.reason}" for seed in seeds]
    advice = "Write it so that it can run again, as with ON CONFLICT DO NOTHING and fixed ids."
    return [*lines, advice]


def environment(rules: Rules, unknown: Sequence[str]) -> list[str]:
    """Which environment holds, what named it, which tables it protects, and which names in the
    settings no table has."""
    lines = [f"{rules.environment.value}, from {rules.origin}"]
    if rules.is_production:
        lines.append(f"protected tables: {', '.join(rules.protected) or 'none'}")
    if unknown:
        lines.append(f"no such table (yet): {', '.join(unknown)}; upper and lower case count")
    return lines


def _status_row(status: SeedStatus, now: datetime) -> tuple[Cell, ...]:
    when = age(now - status.applied.seeded_at) if status.applied else "never"
    changed = ", changed since" if status.is_changed else ""
    return Cell(status.name), Cell(when + changed), Cell(status.description)


def _seed_line(result: SeedResult) -> str:
    rows = "; ".join(map(str, result.written)) or "nothing to change"
    return f"seeded  {result.name}  ({duration(result.duration)})  {rows}"
