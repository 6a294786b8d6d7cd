"""Makes plans of the files and the history, and again when the history has moved."""

from __future__ import annotations

from collections.abc import Callable

from sqlmig.engine.history.reading import History
from sqlmig.errors import PlanError
from sqlmig.model import AppliedMigration, Migrations
from sqlmig.plan import (
    Decision,
    OutOfOrder,
    Plan,
    RollbackText,
    Selection,
    Transactions,
    plan_apply,
    plan_rollback,
)

Planner = Callable[[History], Plan]


def rows_to_compare(files: Migrations, history: History) -> list[AppliedMigration]:
    """The history, with the texts of what differs from the files."""
    on_disk = {file.migration_id: file.file.script.checksum for file in files}
    rows = history.read()
    differing = [
        row.migration_id
        for row in rows
        if row.checksum is not None and row.checksum != on_disk.get(row.migration_id)
    ]
    return history.with_texts(rows, differing)


def rows_with_texts(history: History) -> list[AppliedMigration]:
    """The history, with all texts that were recorded."""
    rows = history.read()
    return history.with_texts(rows, [row.migration_id for row in rows])


def apply_planner(
    files: Migrations,
    target: str | None,
    out_of_order: OutOfOrder,
    transactions: Transactions,
    decision: Decision | None,
) -> Planner:
    """Plans an apply; the same history gives the plan that was made of it before."""
    made: list[tuple[list[AppliedMigration], Plan]] = []

    def planner(history: History) -> Plan:
        rows = rows_to_compare(files, history)
        if not made or made[0][0] != rows:
            plan = plan_apply(
                files,
                rows,
                target=target,
                out_of_order=out_of_order,
                transactions=transactions,
                decision=decision,
            )
            made[:] = [(rows, plan)]
        return made[0][1]

    return planner


def rollback_planner(files: Migrations, selection: Selection, text: RollbackText | None) -> Planner:
    """Plans a rollback; refuses to plan another one than the first time."""
    planned: list[str] = []

    def planner(history: History) -> Plan:
        plan = plan_rollback(files, rows_with_texts(history), selection, text)
        ids = [migration.migration_id for migration in plan.migrations]
        if planned and planned != ids:
            raise PlanError(
                "another runner has changed the history since the plan was made",
                remedy="Nothing was rolled back. See `sqlmig status`, and run it again.",
            )
        planned[:] = ids
        return plan

    return planner
