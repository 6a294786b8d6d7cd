"""What seeds and sanity checks did and found, and which environment holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlmig.model import CheckResult, SeedReport, SeedResult, SeedStatus, UnstableSeed
from sqlmig.report.json.document import check_members, document, notice_members
from sqlmig.report.json.mongo import fixtures_members
from sqlmig.target.rules import Rules

if TYPE_CHECKING:
    from sqlmig.mongo.results import FixturesReport
    from sqlmig.operations.both import ProjectSeedPlan, ProjectSeeds


def seed_plan(planned: ProjectSeedPlan) -> str:
    """What would be seeded; null for a database that is left out."""
    statuses = None if planned.sql is None else [_status(status) for status in planned.sql]
    return document(sql=statuses, mongo=_mongo(planned.mongo), warnings=list(planned.warnings))


def seeds(done: ProjectSeeds) -> str:
    """What was seeded; null for a database that was left out."""
    return document(sql=_sql(done.sql), mongo=_mongo(done.mongo))


def unstable(seeds: Sequence[UnstableSeed]) -> str:
    """The seeds that are not idempotent."""
    return document(unstable=[{"seed": seed.name, "reason": seed.reason} for seed in seeds])


def checks(results: Sequence[CheckResult]) -> str:
    """What each check came to."""
    return document(checks=[check_members(result) for result in results])


def environment(rules: Rules, unknown: Sequence[str]) -> str:
    """Which environment holds."""
    return document(
        environment=rules.environment.value,
        origin=rules.origin,
        protected_tables=list(rules.protected),
        unknown_tables=list(unknown),
        warnings=list(rules.warnings),
    )


def _sql(report: SeedReport | None) -> Mapping[str, Any] | None:
    if report is None:
        return None
    return {
        "environment": report.environment.value,
        "seeds": [_seed(result) for result in report.results],
        "checks": [check_members(check) for check in report.checks],
        "notices": [notice_members(notice) for notice in report.notices],
    }


def _mongo(report: FixturesReport | None) -> Mapping[str, Any] | None:
    return None if report is None else fixtures_members(report)


def _status(status: SeedStatus) -> Mapping[str, Any]:
    return {
        "seed": status.name,
        "description": status.description,
        "seeded_at": status.applied.seeded_at.isoformat() if status.applied else None,
        "is_changed": status.is_changed,
    }


def _seed(result: SeedResult) -> Mapping[str, Any]:
    return {
        "seed": result.name,
        "duration_ms": round(result.duration * 1000),
        "written": [
            {
                "table": rows.table,
                "inserted": rows.inserted,
                "updated": rows.updated,
                "deleted": rows.deleted,
                "replaced": rows.replaced,
            }
            for rows in result.written
        ],
    }
