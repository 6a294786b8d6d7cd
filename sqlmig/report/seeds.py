"""Reports of what seeds did, or would do, in both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from sqlmig.model import Environment, SeedReport, SeedResult, SeedStatus, UnstableSeed
from sqlmig.report.checks import check_members, checked
from sqlmig.report.figures import age, counted, duration
from sqlmig.report.mongo import fixtures_members, planned_fixtures, seeded_fixtures
from sqlmig.report.table import Cell, Table
from sqlmig.report.view import Members, Text, View, notice_members

if TYPE_CHECKING:
    from sqlmig.config import Config
    from sqlmig.operations.both import ProjectSeedPlan, ProjectSeeds


def plan(planned: ProjectSeedPlan, now: datetime, config: Config) -> View:
    """What would be seeded in each database; null for one that would not be seeded."""
    sql, mongo, environment = planned.sql, planned.mongo, planned.environment
    nothing = _nothing(environment, config) if environment else ""
    told = () if sql is None else _planned(sql, now, nothing)
    return View(
        chain(told, planned_fixtures(mongo) if mongo else ()),
        {
            "sql": None if sql is None else [_status(status) for status in sql],
            "mongo": fixtures_members(mongo) if mongo else None,
            "warnings": [*planned.warnings],
        },
    )


def seeded(done: ProjectSeeds, config: Config) -> View:
    """What was seeded in each database; null for one that was not seeded."""
    sql, mongo = done.sql, done.mongo
    postgres_name, mongo_name = ("PostgreSQL ", "MongoDB ") if sql and mongo else ("", "")
    return View(
        chain(
            _seeded(sql, postgres_name, config) if sql else (),
            seeded_fixtures(mongo, mongo_name) if mongo else (),
        ),
        {
            "sql": _report(sql) if sql else None,
            "mongo": fixtures_members(mongo) if mongo else None,
        },
    )


def unstable(seeds: Sequence[UnstableSeed]) -> View:
    """The seeds that are not idempotent."""
    lines = [f"{seed.name} is not idempotent: {seed.reason}" for seed in seeds]
    advice = "Make it repeatable, for example with ON CONFLICT DO NOTHING and fixed ids."
    none = "Every seed is idempotent: a second run changes nothing. Nothing was kept."
    return View(
        [*lines, advice if seeds else none],
        {"unstable": [{"seed": seed.name, "reason": seed.reason} for seed in seeds]},
    )


def _planned(statuses: Sequence[SeedStatus], now: datetime, nothing: str) -> Text:
    """The seeds that would run, and when each last ran."""
    if not statuses:
        yield nothing
        return
    rows = [_status_row(status, now) for status in statuses]
    yield Table(("SEED", "LAST WROTE", "DESCRIPTION"), rows)
    yield f"Would run {counted(len(statuses), 'seed')}. Nothing was changed."


def _nothing(environment: Environment, config: Config) -> str:
    """That there are no seeds, and where they would be."""
    folders = [f"{config.seeds}/{tier}" for tier in config.tiers[environment]]
    place = f" They are read from {', '.join(folders)}." if folders else ""
    example = f" For example: {folders[0]}/010_name.sql" if folders else ""
    return f"Nothing to seed: there are no seeds for {environment.value}.{place}{example}"


def _status_row(status: SeedStatus, now: datetime) -> tuple[Cell, ...]:
    when = age(now - status.applied.seeded_at) if status.applied else "never"
    changed = ", changed since" if status.is_changed else ""
    return Cell(status.name), Cell(when + changed), Cell(status.description)


def _status(status: SeedStatus) -> Members:
    return {
        "seed": status.name,
        "description": status.description,
        "seeded_at": status.applied.seeded_at.isoformat() if status.applied else None,
        "is_changed": status.is_changed,
    }


def _seeded(report: SeedReport, database: str, config: Config) -> Text:
    """What each seed wrote, and the results of the checks."""
    if not report.results:
        yield _nothing(report.environment, config)
        return
    for result in report.results:
        rows = "; ".join(map(str, result.written)) or "nothing to change"
        yield f"seeded  {result.name}  ({duration(result.duration)})  {rows}"
    changed = sum(bool(result.written) for result in report.results)
    words = f"{counted(changed, 'seed')} changed rows" if changed else "nothing changed"
    yield f"Seeded {database}for {report.environment.value}: {words}."
    if report.checks:
        yield checked(report.checks)


def _report(report: SeedReport) -> Members:
    return {
        "environment": report.environment.value,
        "seeds": [_seed(result) for result in report.results],
        "checks": [check_members(check) for check in report.checks],
        "notices": [notice_members(notice) for notice in report.notices],
    }


def _seed(result: SeedResult) -> Members:
    names = ("table", "inserted", "updated", "deleted", "replaced")
    return {
        "seed": result.name,
        "duration_ms": round(result.duration * 1000),
        "written": [{name: getattr(rows, name) for name in names} for rows in result.written],
    }
