"""The errors with which the guard and sanity checks refuse what a script did."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.engine.server.failure import ForbiddenRowsError, ProtectedRowsError
from sqlmig.errors import ForbiddenSeedError, ProtectedTableError, SanityCheckError
from sqlmig.model import CheckResult, Direction, Outcome, Report
from sqlmig.model.printable import counted


def protected(failure: ProtectedRowsError, report: Report | None = None) -> ProtectedTableError:
    """Rows of protected tables would be lost: how to allow it."""
    declared = {table for table, _ in failure.script.directives.touches}
    missing = [table for table in failure.tables if table not in declared]
    path = failure.script.prepared.script.path
    lines = "".join(f" `-- touches: {table}: <reason>`" for table in missing)
    declare = f"add{lines} at the top of {path}, and " if lines else ""
    options = " ".join(f"--allow-protected {table}" for table in failure.tables)
    # One that runs outside a transaction could not be undone: it is refused before it runs.
    ended = "It was undone" if failure.script.directives.transactional else "It was not run"
    return ProtectedTableError(
        f"{failure.script.name} {failure.message}",
        script=failure.script.name,
        tables=failure.tables,
        report=report,
        remedy=f"{ended}: in production, protected tables keep their rows. If this is "
        f"intended, {declare}run it with {options}.{_rolled_back(report)}",
    )


def forbidden(failure: ForbiddenRowsError, what_remains: str) -> ForbiddenSeedError:
    """A seed wrote to a table that no seed of its tier may write to."""
    return ForbiddenSeedError(
        f"{failure.script.name} {failure.message}",
        script=failure.script.name,
        tables=failure.tables,
        remedy=f"{what_remains} Remove the statement from "
        f"{failure.script.prepared.script.path}, or allow the table with the setting "
        "`tier_may_write`.",
    )


def checks_failed(
    checks: Sequence[CheckResult], what_remains: str, report: Report | None = None
) -> SanityCheckError:
    """Some of the checks found something."""
    failed = [check for check in checks if check.has_failed]
    names = ", ".join(check.name for check in failed)
    message = f"{counted(len(failed), 'sanity check')} failed: {names}"
    return SanityCheckError(message, checks=checks, report=report, remedy=what_remains)


def transaction_ended(path: str) -> str:
    """What to do after a script that ended the transaction it could have been undone in."""
    return (
        "It was not recorded, but what it committed was kept: `sqlmig drift` shows what it changed "
        "in the schema; check the rows yourself. Undo these changes manually, and remove from "
        f"{path} the statement that ends the transaction."
    )


def _rolled_back(report: Report | None) -> str:
    """What a rollback had done before a migration was refused."""
    done = report.ids(Outcome.DONE) if report and report.direction is Direction.ROLLBACK else ()
    if not done:
        return ""
    return f" {', '.join(done)} had already been rolled back; `sqlmig apply` applies them again."
