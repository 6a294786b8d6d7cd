"""Results as JSON for programs: one object a command, its format in the member `version`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlmig.comparison import Comparison
from sqlmig.errors import (
    MigrationFailedError,
    SqlmigError,
)
from sqlmig.model import (
    Finding,
    Location,
    MigrationFile,
    MigrationResult,
    MigrationStatus,
    Report,
    ServerMessage,
)
from sqlmig.plan import Plan, PlannedMigration

if TYPE_CHECKING:
    from sqlmig.authoring import Written
    from sqlmig.changelog.linter import Inspection
    from sqlmig.embedded import MongoStatus, ServerStatus
    from sqlmig.starter import Starter

VERSION = 1


def status(statuses: Sequence[MigrationStatus]) -> str:
    """Every migration with its state."""
    return _document(migrations=[_status(item) for item in statuses])


def plan(planned: Plan) -> str:
    """What a run would do."""
    return _document(
        direction=planned.direction.value,
        transactions=planned.transactions.value,
        warnings=list(planned.warnings),
        migrations=[_planned(migration) for migration in planned.migrations],
    )


def report(result: Report) -> str:
    """What a run did."""
    return _document(**_report(result))


def validated(migrations: Sequence[MigrationFile]) -> str:
    """The migrations on disk."""
    return _document(
        migrations=[
            {
                "id": migration.migration_id,
                "path": migration.file.script.path,
                "checksum": migration.file.script.checksum,
                "rollback": migration.rollback.script.path if migration.rollback else None,
                "description": migration.file.description,
            }
            for migration in migrations
        ]
    )


def comparison(result: Comparison) -> str:
    """The differences of one migration."""
    return _document(id=result.migration_id, difference=result.difference, notes=list(result.notes))


def repaired(migration_ids: Sequence[str]) -> str:
    """Which records were brought up to the files."""
    return _document(repaired=list(migration_ids))


def starter(written: Starter) -> str:
    """Which files a new project got."""
    return _document(
        created=[str(path) for path in written.created], kept=[str(path) for path in written.kept]
    )


def servers(found: ServerStatus, mongo: MongoStatus) -> str:
    """How the embedded servers stand."""
    return _document(
        running=found.running,
        pid=found.pid,
        url=found.url,
        data=str(found.data) if found.data else None,
        log=str(found.log) if found.log else None,
        postgres=found.version,
        mongo={
            "running": mongo.running,
            "pid": mongo.pid,
            "url": mongo.url,
            "data": str(mongo.data) if mongo.data else None,
            "log": str(mongo.log) if mongo.log else None,
        },
    )


def server_url(url: str) -> str:
    """The URL of a database of the embedded server."""
    return _document(url=url)


def inspection(found: Inspection) -> str:
    """What a check of the changelog found."""
    return _document(
        state=found.state,
        migrations=found.migrations,
        findings=[_finding(finding) for finding in found.findings],
    )


def written(result: Written) -> str:
    """What was written for a migration."""
    return _document(
        id=result.migration_id,
        paths=list(result.paths),
        bullet=result.bullet,
        entry=_location(result.entry),
    )


def page(markdown: str) -> str:
    """A page of the documentation."""
    return _document(markdown=markdown)


def error(problem: SqlmigError) -> str:
    """Why a command could not do its work."""
    errors = getattr(problem, "errors", (problem,))
    document: dict[str, Any] = {"errors": [_error(each) for each in errors]}
    if isinstance(problem, MigrationFailedError):
        document["report"] = _report(problem.report)
    return _document(**document)


def _document(**members: Any) -> str:
    return json.dumps({"version": VERSION, **members}, indent=2, ensure_ascii=False)


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


def _report(result: Report) -> dict[str, Any]:
    return {
        "direction": result.direction.value,
        "warnings": list(result.warnings),
        "migrations": [_result(each) for each in result.results],
    }


def _result(result: MigrationResult) -> Mapping[str, Any]:
    return {
        "id": result.migration_id,
        "outcome": result.outcome.value,
        "duration_ms": round(result.duration * 1000),
    }


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "remedy": finding.remedy,
        "location": _location(finding.location),
    }


def _error(problem: SqlmigError) -> Mapping[str, Any]:
    location = getattr(problem, "location", None)
    return {
        "error": type(problem).__name__,
        "message": problem.message,
        "remedy": problem.remedy,
        "location": _location(location),
        "server": _server(getattr(problem, "server", None)),
    }


def _location(location: Location | None) -> Mapping[str, Any] | None:
    if location is None:
        return None
    position = location.position
    return {
        "path": location.path,
        "line": position.line if position else None,
        "column": position.column if position else None,
    }


def _server(message: ServerMessage | None) -> Mapping[str, str] | None:
    if message is None:
        return None
    return {name: getattr(message, name) for name in ServerMessage.__slots__}
