"""Where migrations stand, what a run would do, and what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmig.model import (
    Direction,
    LockHolder,
    MigrationResult,
    MigrationState,
    MigrationStatus,
    Notice,
    Outcome,
    Report,
)
from sqlmig.model.printable import split_lines
from sqlmig.plan import Plan, PlannedMigration, Transactions
from sqlmig.report.text.checks import checked
from sqlmig.report.text.figures import age, counted, duration
from sqlmig.report.text.table import Cell, Medium, table

_STATE_COLOURS = {
    MigrationState.APPLIED: "green",
    MigrationState.REFORMATTED: "green",
    MigrationState.PENDING: "yellow",
    MigrationState.CHANGED: "red",
    MigrationState.MISSING: "red",
    MigrationState.PARTIAL: "red",
}


def status(statuses: Sequence[MigrationStatus], now: datetime, medium: Medium) -> list[str]:
    """The table of all migrations, what to do about those that need it, and the count by state."""
    rows = [_status_row(item, now) for item in statuses]
    counts = Counter(item.state.value for item in statuses)
    by_state = ", ".join(f"{counts[s.value]} {s.value}" for s in MigrationState if counts[s.value])
    lines = [
        *table(("MIGRATION", "STATE", "APPLIED", "DESCRIPTION"), rows, medium),
        *(f"{item.migration_id}: {item.remedy}" for item in statuses if _is_remarkable(item)),
        f"{counted(len(statuses), 'migration')}: {by_state}.",
    ]
    if following := _next(statuses):
        lines.append(f"Next: {following}")
    return lines


def plan(planned: Plan, medium: Medium, target: str | None = None) -> list[str]:
    """What a run, up to the target if there is one, would do, and the SQL that it would send."""
    if not planned.migrations:
        return [nothing_to_do(planned.direction, target)]
    verb = {Direction.APPLY: "apply", Direction.ROLLBACK: "roll back"}[planned.direction]
    scripts = [line for migration in planned.migrations for line in _script(migration)]
    rows = [_plan_row(migration) for migration in planned.migrations]
    count = counted(len(planned.migrations), "migration")
    drawn = table(("MIGRATION", "STATEMENTS", "DESCRIPTION"), rows, medium)
    return [*scripts, *drawn, f"Would {verb} {count}, {_how(planned)}. Nothing was changed."]


def started(migration_id: str, direction: Direction) -> str:
    """The line of a migration that begins."""
    doing = "applying" if direction is Direction.APPLY else "rolling back"
    return f"{doing}  {migration_id} …"


def finished(result: MigrationResult) -> str:
    """The line of a migration that is committed."""
    done = "applied" if result.direction is Direction.APPLY else "rolled back"
    return f"{done}  {result.migration_id}  ({duration(result.duration)})"


def waiting(holder: LockHolder | None, remaining: float) -> str:
    """The line of a runner that waits for another."""
    who = holder or "a session that this role may not see"
    return f"waiting for another runner: {who}; giving up in {remaining:.0f} s"


def retrying(migration_ids: Sequence[str], reason: str, delay: float) -> str:
    """The line of a migration that is run again."""
    return f"{', '.join(migration_ids)}  undone: {reason}; trying again in {delay:.1f} s"


def summary(report: Report, target: str | None = None) -> list[str]:
    """What a run, up to the target if there was one, did, and what the checks came to."""
    done = len(report.ids(Outcome.DONE))
    verb = "applied" if report.direction is Direction.APPLY else "rolled back"
    if not done:
        return [nothing_to_do(report.direction, target)]
    line = f"{counted(done, 'migration')} {verb}."
    return [line, checked(report.checks)] if report.checks else [line]


def warning(words: str) -> str:
    """The line of a warning."""
    return f"Warning: {words}"


def noticed(notice: Notice) -> list[str]:
    """What the server said while a script ran, with DETAIL and HINT."""
    return [str(notice), *replace(notice.message, context="").details()]


def nothing_to_do(direction: Direction, target: str | None = None) -> str:
    """That a plan is empty; what is pending beyond a target is not known."""
    if direction is Direction.APPLY and target is not None:
        return f"Nothing to apply up to {target}."
    return {
        Direction.APPLY: "Nothing to apply: the database is up to date.",
        Direction.ROLLBACK: "Nothing to roll back: what was named is not applied.",
    }[direction]


def _is_remarkable(item: MigrationStatus) -> bool:
    return bool(item.remedy) and (item.state is not MigrationState.PENDING or item.out_of_order)


def _next(statuses: Sequence[MigrationStatus]) -> str:
    """The first thing to do that will work, for what is changed or missing stops an apply."""
    for item in statuses:
        if item.state is MigrationState.CHANGED:
            return f"sqlmig diff {item.migration_id}"
    for item in statuses:
        if item.remedy.startswith("restore"):
            return f"{item.migration_id}: {item.remedy}"
    if any(item.out_of_order for item in statuses):
        return "sqlmig apply --allow-out-of-order"
    is_open = any(
        item.state in (MigrationState.PENDING, MigrationState.PARTIAL) for item in statuses
    )
    return "sqlmig apply" if is_open else ""


def _how(planned: Plan) -> str:
    """In which transactions a plan runs."""
    if planned.transactions is Transactions.TOGETHER:
        return "all in one transaction"
    outside = [m.migration_id for m in planned.migrations if not m.directives.transactional]
    if outside:
        return f"each by itself; {', '.join(outside)} outside a transaction"
    return "each in its own transaction"


def _status_row(item: MigrationStatus, now: datetime) -> tuple[Cell, ...]:
    applied = item.applied
    when = age(now - applied.applied_at) if applied and applied.applied_at else ""
    state = item.state.value
    if item.out_of_order:
        state += ", out of order"
    if applied and applied.is_partial:
        state += f" ({applied.statements_done} of {applied.statements_total} statements)"
    return (
        Cell(item.migration_id),
        Cell(state, _STATE_COLOURS[item.state]),
        Cell(when),
        Cell(f"(irreversible) {item.description}" if item.irreversible else item.description),
    )


def _plan_row(migration: PlannedMigration) -> tuple[Cell, ...]:
    return (
        Cell(migration.migration_id),
        Cell(_statements(migration)),
        Cell(migration.description),
    )


def _script(migration: PlannedMigration) -> list[str]:
    """The SQL that is going to be sent, indented: no line of it can pass for one of ours."""
    prepared, done = migration.prepared, migration.resumption.done
    mode = "" if migration.directives.transactional else " (outside a transaction)"
    start = prepared.statements[done - 1].stop if done else 0
    sql = (f"    {line}".rstrip() for line in split_lines(prepared.text[start:].strip()))
    return [f"-- {prepared.script.path}{mode}", *sql, ""]


def _statements(migration: PlannedMigration) -> str:
    total, done = len(migration.prepared.statements), migration.resumption.done
    return f"{done + 1} to {total}" if done else str(total)
