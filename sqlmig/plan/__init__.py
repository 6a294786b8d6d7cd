"""Decides, from files and history alone, the state of every migration and what a run would do.

Nothing here reads or writes anything: `--dry-run` shows the same plan that a run executes.
"""

from sqlmig.plan.apply import OutOfOrder, plan_apply
from sqlmig.plan.model import (
    Plan,
    PlannedMigration,
    PlannedScript,
    PlannedSeed,
    RowLoss,
    Transactions,
)
from sqlmig.plan.references import resolve
from sqlmig.plan.resume import Answer, Decision, Resumption
from sqlmig.plan.rollback import (
    Alone,
    Exactly,
    Newest,
    RollbackText,
    Selection,
    Since,
    plan_rollback,
    select,
)
from sqlmig.plan.status import statuses

__all__ = [
    "Alone",
    "Answer",
    "Decision",
    "Exactly",
    "Newest",
    "OutOfOrder",
    "Plan",
    "PlannedMigration",
    "PlannedScript",
    "PlannedSeed",
    "Resumption",
    "RollbackText",
    "RowLoss",
    "Selection",
    "Since",
    "Transactions",
    "plan_apply",
    "plan_rollback",
    "resolve",
    "select",
    "statuses",
]
