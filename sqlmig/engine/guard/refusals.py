"""The errors that refuse what a script did, for the guard and for sanity checks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.engine.server.failure import ForbiddenRowsError, ProtectedRowsError
from sqlmig.errors import ForbiddenSeedError, ProtectedTableError, SanityCheckError
from sqlmig.model import CheckResult, Direction, Outcome, Report
from sqlmig.model.printable import counted
from sqlmig.model.suggestions import as_words


def protected(failure: ProtectedRowsError, report: Report | None = None) -> ProtectedTableError:
    """The error for rows of protected tables that would be lost, with how to allow it."""
    declared = {table for table, _ in failure.script.directives.touches}
    missing = [table for table in failure.tables if table not in declared]
    path = failure.script.prepared.script.path
    lines = "".join(f" `-- touches: {table}: <reason>`" for table in missing)
    declare = f"add{lines} at the top of {path}, and " if lines else ""
    options = " ".join(f"--allow-protected {as_words(table)}" for table in failure.tables)
    # A script that runs outside a transaction could not be undone, so it is refused before it runs.
    is_rollback = report is not None and report.direction is Direction.ROLLBACK
    undone = f"{failure.script.name} is still applied" if is_rollback else "It was undone"
    ended = undone if failure.script.directives.transactional else "It was not run"
    return ProtectedTableError(
        f"{failure.script.name} {failure.message}",
        script=failure.script.name,
        tables=failure.tables,
        report=report,
        remedy=f"{ended}: in production, protected tables keep their rows. If this is "
        f"intended, {declare}run it with {options}.{_rolled_back(report)}",
    )


def forbidden(failure: ForbiddenRowsError) -> ForbiddenSeedError:
    """The error for a seed that wrote to a table that its tier must not write to."""
    return ForbiddenSeedError(
        f"{failure.script.name} {failure.message}",
        script=failure.script.name,
        tables=failure.tables,
        remedy="All seeds were undone. Remove the statement from "
        f"{failure.script.prepared.script.path}, or allow the table with the setting "
        "`tier_may_write`.",
    )


def checks_failed(
    checks: Sequence[CheckResult], what_remains: str, report: Report | None = None
) -> SanityCheckError:
    """The error for checks that failed."""
    failed = [check for check in checks if check.has_failed]
    names = ", ".join(check.name for check in failed)
    message = f"{counted(len(failed), 'sanity check')} failed: {names}"
    return SanityCheckError(message, checks=checks, report=report, remedy=what_remains)


def transaction_ended(path: str) -> str:
    """The remedy for a script that ended the transaction in which it could have been undone."""
    return (
        "It was not recorded, but what it committed was kept: `sqlmig drift` shows what it changed "
        "in the schema; check the rows yourself. Undo these changes manually, and remove from "
        f"{path} the statement that ends the transaction."
    )


def _rolled_back(report: Report | None) -> str:
    """What a rollback had already done before a migration was refused."""
    done = report.ids(Outcome.DONE) if report and report.direction is Direction.ROLLBACK else ()
    if not done:
        return ""
    return f" {', '.join(done)} had already been rolled back; `sqlmig apply` applies them again."
