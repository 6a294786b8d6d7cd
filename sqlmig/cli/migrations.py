"""The commands that migrate a schema, and the one that shows its status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.options import allow_protected
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for, tell_refusal
from sqlmig.errors import ConfigError, DeclinedError
from sqlmig.model import Outcome
from sqlmig.plan import (
    Alone,
    Answer,
    Decision,
    Newest,
    OutOfOrder,
    RollbackText,
    RowLoss,
    Selection,
    Since,
    Transactions,
)
from sqlmig.report import migrations as report

if TYPE_CHECKING:
    from sqlmig.errors import RowLossError
    from sqlmig.operations.planning import ApplyOptions


@click.command(cls=Command, short_help="Apply pending migrations.")
@click.argument("target", required=False, shell_complete=complete_migration)
@click.option("--dry-run", is_flag=True, help="Show the plan and its SQL; change nothing.")
@click.option("--atomic", is_flag=True, help="Run all in one transaction.")
@allow_protected
@click.option("--lock-wait", metavar="SECONDS", help="How long to wait for another runner.")
@click.option("--wait-for-database", metavar="SECONDS", help="How long to wait for a server.")
@click.option(
    "--allow-out-of-order",
    is_flag=True,
    help="Also apply migrations numbered below an applied one.",
)
@click.option(
    "--redo-statement",
    type=click.IntRange(min=1),
    metavar="N",
    help="Run statement N of a partly applied migration again.",
)
@click.option(
    "--skip-statement",
    type=click.IntRange(min=1),
    metavar="N",
    help="Skip statement N of a partly applied migration.",
)
def apply(
    output: Output,
    target: str | None,
    dry_run: bool,
    atomic: bool,
    allowed: tuple[str, ...],
    lock_wait: str | None,
    wait_for_database: str | None,
    allow_out_of_order: bool,
    redo_statement: int | None,
    skip_statement: int | None,
) -> None:
    """Apply all pending migrations, or those up to and including TARGET (a number or an id)."""
    migrator = migrator_for(output, lock_wait=lock_wait, wait_for_database=wait_for_database)
    options: ApplyOptions = {
        "out_of_order": OutOfOrder.ALLOW if allow_out_of_order else None,
        "transactions": Transactions.TOGETHER if atomic else Transactions.EACH,
        "decision": _decision(redo_statement, skip_statement),
    }
    if dry_run:
        plan = migrator.plan_apply(target, **options)
        output.show(report.plan(plan, target))
    else:
        done = migrator.apply(target, **options, allowed=allowed)
        output.show(report.summary(done, target))


@click.command(cls=Command, short_help="Roll back migrations, newest first.")
@click.argument("target", required=False, shell_complete=complete_migration)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    metavar="N",
    help="Roll back the last N applied migrations.",
)
@click.option("--only", is_flag=True, help="Only TARGET, not the migrations applied after it.")
@click.option(
    "--use",
    type=click.Choice([choice.value for choice in RollbackText]),
    help="Which rollback script to run if the file and the record differ.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan and its SQL; change nothing.")
@click.option("--atomic", is_flag=True, help="Run all in one transaction.")
@click.option("--yes", is_flag=True, help="Allow the loss of rows in production.")
@allow_protected
@click.option("--lock-wait", metavar="SECONDS", help="How long to wait for another runner.")
def rollback(
    output: Output,
    target: str | None,
    steps: int | None,
    only: bool,
    use: str | None,
    dry_run: bool,
    atomic: bool,
    yes: bool,
    allowed: tuple[str, ...],
    lock_wait: str | None,
) -> None:
    """Roll back TARGET (a number or an id) and everything applied after it, newest first."""
    selection = _selection(target, steps, only)
    script = RollbackText(use) if use else None
    transactions = Transactions.TOGETHER if atomic else Transactions.EACH
    migrator = migrator_for(output, lock_wait=lock_wait)
    if dry_run:
        plan = migrator.plan_rollback(selection, text=script, transactions=transactions)
        output.show(report.plan(plan, target))
    else:
        done = migrator.rollback(
            selection,
            text=script,
            row_loss=RowLoss.ACCEPT if yes else RowLoss.ASK,
            agree=lambda loss: _agrees(output, loss),
            transactions=transactions,
            allowed=allowed,
        )
        output.show(report.summary(done, target))


def _agrees(output: Output, loss: RowLossError) -> bool:
    """Asks, on a terminal. Raises DeclinedError if the answer is no."""
    is_agreed = output.agrees(*loss.told)
    if output.can_ask and not is_agreed:
        done = loss.report.ids(Outcome.DONE)
        raise DeclinedError(f"{loss.report.tally()}." if done else "Nothing was rolled back.")
    return is_agreed


@click.command(cls=Command, short_help="Show the state of every migration.")
@click.option(
    "--check", is_flag=True, help="Exit 1 if anything is pending or differs from its record."
)
@click.option(
    "--pending", is_flag=True, help="Hide migrations that are applied and match their records."
)
def status(output: Output, check: bool, pending: bool) -> bool:
    """Show the state of every migration. Changes nothing."""
    migrator = migrator_for(output)
    found = migrator.status()
    tell_refusal(output, migrator)
    shown = [item for item in found if item.needs_attention] if pending else found
    output.show(report.status(shown, datetime.now(UTC), found))
    return check and any(item.needs_attention for item in found)


def _decision(redo: int | None, skip: int | None) -> Decision | None:
    if redo and skip:
        raise ConfigError(
            "--redo-statement and --skip-statement cannot be combined",
            remedy="Give one of them.",
        )
    if redo:
        return Decision(Answer.REDO, redo)
    return Decision(Answer.SKIP, skip) if skip else None


def _selection(target: str | None, steps: int | None, only: bool) -> Selection:
    if (target is None) == (steps is None) or (only and target is None):
        raise ConfigError(
            "expected one TARGET or --steps N (--only needs a TARGET)",
            remedy="To roll back the migration applied last: sqlmig rollback --steps 1.",
        )
    if target is None:
        return Newest(steps or 0)
    return Alone(target) if only else Since(target)
