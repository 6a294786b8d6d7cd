"""What seeds and sanity checks did and found, and which environment holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmig.environments import Rules
from sqlmig.model import CheckResult, SeedReport, SeedResult, SeedStatus, UnstableSeed
from sqlmig.report.json.document import check_members, document


def seed_statuses(statuses: Sequence[SeedStatus]) -> str:
    """The seeds that would run."""
    return document(seeds=[_status(status) for status in statuses])


def seeded(report: SeedReport) -> str:
    """What each seed wrote."""
    return document(
        environment=report.environment.value,
        seeds=[_seed(result) for result in report.results],
        checks=[check_members(check) for check in report.checks],
    )


def unstable(seeds: Sequence[UnstableSeed]) -> str:
    """The seeds that are not idempotent."""
    return document(unstable=[{"seed": seed.name, "reason": seed.reason} for seed in seeds])


def checks(results: Sequence[CheckResult]) -> str:
    """What each check came to."""
    return document(checks=[check_members(result) for result in results])


def environment(rules: Rules) -> str:
    """Which environment holds."""
    return document(
        environment=rules.environment.value,
        origin=rules.origin,
        protected_tables=list(rules.protected),
    )


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
