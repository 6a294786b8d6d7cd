"""Reports of the state of migrations, and of what a run would do or did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlmig.model import (
    Direction,
    Directives,
    MigrationResult,
    MigrationState,
    MigrationStatus,
    Outcome,
    Report,
)
from sqlmig.model.printable import split_lines
from sqlmig.model.suggestions import as_words
from sqlmig.plan import Plan, PlannedMigration, Transactions
from sqlmig.report.checks import check_members, checked
from sqlmig.report.figures import age, counted
from sqlmig.report.table import Cell, Table
from sqlmig.report.view import Members, Text, View, notice_members

_STATE_COLOURS = {
    MigrationState.APPLIED: "green",
    MigrationState.REFORMATTED: "green",
    MigrationState.PENDING: "yellow",
    MigrationState.CHANGED: "red",
    MigrationState.RENAMED: "yellow",
    MigrationState.MISSING: "red",
    MigrationState.PARTIAL: "red",
    MigrationState.UNUSABLE: "red",
}


def status(
    shown: Sequence[MigrationStatus], now: datetime, every: Sequence[MigrationStatus] = ()
) -> View:
    """The table of `shown`, what to do about those that need it, and the count of `every` migration
    by state; `every` defaults to `shown`."""
    members = {"migrations": [_status(item) for item in shown]}
    return View(_statuses(shown, now, every or shown), members)


def plan(planned: Plan, target: str | None = None) -> View:
    """What a run (up to or from the target, if any) would do, and the SQL that it would send."""
    nothing = [_nothing_to_do(planned.direction, target)]
    return View(
        _plan(planned, target) if planned.migrations else nothing,
        {
            "direction": planned.direction.value,
            "transactions": planned.transactions.value,
            "warnings": [*planned.warnings],
            "migrations": [_planned(migration) for migration in planned.migrations],
        },
    )


def summary(report: Report, target: str | None = None) -> View:
    """What a run (up to or from the target, if any) did, and the results of the checks."""
    done = len(report.ids(Outcome.DONE))
    verb = "applied" if report.direction is Direction.APPLY else "rolled back"
    lines = [f"{counted(done, 'migration')} {verb}."]
    if report.checks:
        lines.append(checked(report.checks))
    nothing = [_nothing_to_do(report.direction, target)]
    return View(lines if done else nothing, report_members(report))


def report_members(report: Report) -> Members:
    """What a run did, or what it had done when it stopped."""
    return {
        "direction": report.direction.value,
        "warnings": [*report.warnings],
        "migrations": migration_results(report),
        "checks": [check_members(check) for check in report.checks],
        "notices": [notice_members(notice) for notice in report.notices],
    }


def migration_results(report: Report) -> list[Members]:
    """The result of each migration in a run."""
    return [_result(each) for each in report.results]


def _nothing_to_do(direction: Direction, target: str | None) -> str:
    """The line for an empty plan; what is pending beyond a target is not known."""
    if direction is Direction.ROLLBACK:
        none = f"{target} is not applied" if target else "no migration is applied"
        return f"Nothing to roll back: {none}."
    if target is None:
        return "Nothing to apply: the database is up to date."
    return f"Nothing to apply up to {target}."


def _statuses(
    shown: Sequence[MigrationStatus], now: datetime, statuses: Sequence[MigrationStatus]
) -> Text:
    counts = Counter(item.state for item in statuses)
    by_state = ", ".join(f"{counts[s]} {s.value}" for s in MigrationState if counts[s])
    rows = [_status_row(item, now) for item in shown]
    if rows or not statuses:
        yield Table(("MIGRATION", "STATE", "APPLIED", "DESCRIPTION"), rows, one_line=True)
    yield from (f"{item.migration_id}: {item.remedy}" for item in statuses if _is_remarkable(item))
    yield from dict.fromkeys(f"{item.unrecorded}." for item in statuses if item.unrecorded)
    yield f"{counted(len(statuses), 'migration')}: {by_state}."
    if following := _next(statuses):
        yield f"Next: {following}"


def _is_remarkable(item: MigrationStatus) -> bool:
    return bool(item.remedy) and (item.state is not MigrationState.PENDING or item.out_of_order)


def _next(statuses: Sequence[MigrationStatus]) -> str:
    """The first command that will work: a difference from the record stops an apply."""
    for item in statuses:
        if item.state is MigrationState.UNUSABLE:
            return item.command or "sqlmig validate"
        if item.state is MigrationState.RENAMED:
            return f"sqlmig repair {as_words(item.migration_id)}"
        if item.state is MigrationState.CHANGED:
            return f"sqlmig diff {as_words(item.migration_id)}"
    last = max((i for i, item in enumerate(statuses) if not item.is_gone), default=-1)
    for index, item in enumerate(statuses):
        if item.is_gone and (index < last or item.state is MigrationState.PARTIAL):
            return item.command or f"{item.migration_id}: {item.remedy}"
    for item in statuses:
        if item.unrecorded:
            return item.remedy
    if any(item.out_of_order for item in statuses):
        return "sqlmig apply --allow-out-of-order"
    is_open = any(
        item.state in (MigrationState.PENDING, MigrationState.PARTIAL) for item in statuses
    )
    return "sqlmig apply" if is_open else ""


def _status_row(item: MigrationStatus, now: datetime) -> tuple[Cell, ...]:
    applied = item.applied
    when = age(now - applied.applied_at) if applied and applied.applied_at else ""
    state = item.state.value
    if item.out_of_order:
        state += ", out of order"
    if applied and applied.is_partial:
        state += f" ({applied.progress})"
    return (
        Cell(item.migration_id),
        Cell(state, _STATE_COLOURS[item.state]),
        Cell(when),
        Cell(f"(irreversible) {item.description}" if item.irreversible else item.description),
    )


def _status(item: MigrationStatus) -> Members:
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
        "rows_done": applied.rows_done if applied else None,
    }


def _plan(planned: Plan, target: str | None) -> Text:
    for migration in planned.migrations:
        yield from _script(migration)
    rows = [_plan_row(migration) for migration in planned.migrations]
    yield Table(("MIGRATION", "STATEMENTS", "DESCRIPTION"), rows)
    verb = "apply" if planned.direction is Direction.APPLY else "roll back"
    count = counted(len(planned.migrations), "migration")
    yield f"Would {verb} {count}, {_how(planned)}. Nothing was changed."
    if planned.direction is Direction.APPLY:
        named = f" {as_words(target)}" if target else ""
        yield f"To see what would block a live database: sqlmig impact{named}"


def _how(planned: Plan) -> str:
    """In which transactions a plan runs."""
    if planned.transactions is Transactions.TOGETHER:
        return "all in one transaction"
    outside = [m.migration_id for m in planned.migrations if not m.directives.transactional]
    if outside:
        return f"each separately; {', '.join(outside)} outside a transaction"
    if any(m.directives.until_no_rows for m in planned.migrations):
        return "each in its own transaction, or in one for each round"
    return "each in its own transaction"


def _script(migration: PlannedMigration) -> list[str]:
    """The SQL that will be sent, indented so that none of its lines looks like one of sqlmig's."""
    prepared, done = migration.prepared, migration.resumption.done
    mode = _mode(migration.directives)
    start = prepared.statements[done - 1].stop if done else 0
    sql = (f"    {line}".rstrip() for line in split_lines(prepared.text[start:].strip()))
    return [f"-- {prepared.script.path}{mode}", *sql, ""]


def _mode(directives: Directives) -> str:
    """How a script runs, unless it is in a single transaction."""
    if directives.until_no_rows:
        return " (repeats until no rows)"
    return "" if directives.transactional else " (outside a transaction)"


def _plan_row(migration: PlannedMigration) -> tuple[Cell, ...]:
    total, done = len(migration.prepared.statements), migration.resumption.done
    statements = f"{done + 1} to {total}" if done else str(total)
    return Cell(migration.migration_id), Cell(statements), Cell(migration.description)


def _planned(migration: PlannedMigration) -> Members:
    return {
        "id": migration.migration_id,
        "path": migration.prepared.script.path,
        "transactional": migration.directives.transactional,
        "until_no_rows": migration.directives.until_no_rows,
        "rows_done": migration.resumption.rows,
        "statements": len(migration.prepared.statements),
        "statements_done": migration.resumption.done,
        "description": migration.description,
        "sql": migration.prepared.text,
    }


def _result(result: MigrationResult) -> Members:
    return {
        "id": result.migration_id,
        "outcome": result.outcome.value,
        "duration_ms": round(result.duration * 1000),
    }
