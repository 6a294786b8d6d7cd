"""Where migrations stand, what a run would do, and what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmig.model import MigrationResult, MigrationStatus, Report
from sqlmig.plan import Plan, PlannedMigration
from sqlmig.report.json.document import check_members, document, notice_members


def status(statuses: Sequence[MigrationStatus]) -> str:
    """Every migration with its state."""
    return document(migrations=[_status(item) for item in statuses])


def plan(planned: Plan) -> str:
    """What a run would do."""
    return document(
        direction=planned.direction.value,
        transactions=planned.transactions.value,
        warnings=list(planned.warnings),
        migrations=[_planned(migration) for migration in planned.migrations],
    )


def report(result: Report) -> str:
    """What a run did."""
    return document(**report_members(result))


def report_members(result: Report) -> dict[str, Any]:
    return {
        "direction": result.direction.value,
        "warnings": list(result.warnings),
        "migrations": [_result(each) for each in result.results],
        "checks": [check_members(check) for check in result.checks],
        "notices": [notice_members(notice) for notice in result.notices],
    }


def _status(item: MigrationStatus) -> Mapping[str, Any]:
    applied = item.applied
    return {
        "id": item.migration_id,
        "state": item.state.value,
        "out_of_order": item.out_of_order,
        "description": item.description,
        "rollback_changed": item.rollback_changed,
        "irreversible": item.irreversible,
        "remedy": item.remedy,
        "applied_at": applied.applied_at.isoformat() if applied and applied.applied_at else None,
        "applied_by": applied.applied_by if applied else None,
        "duration_ms": applied.duration_ms if applied else None,
        "statements_done": applied.statements_done if applied else None,
        "statements_total": applied.statements_total if applied else None,
    }


def _planned(migration: PlannedMigration) -> Mapping[str, Any]:
    return {
        "id": migration.migration_id,
        "path": migration.prepared.script.path,
        "transactional": migration.directives.transactional,
        "statements": len(migration.prepared.statements),
        "statements_done": migration.resumption.done,
        "description": migration.description,
        "sql": migration.prepared.text,
    }


def _result(result: MigrationResult) -> Mapping[str, Any]:
    return {
        "id": result.migration_id,
        "outcome": result.outcome.value,
        "duration_ms": round(result.duration * 1000),
    }
