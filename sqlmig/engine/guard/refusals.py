"""What a person reads when the guard or a sanity check refuses what a script did."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.engine.server.failure import ForbiddenRowsError, ProtectedRowsError
from sqlmig.errors import ForbiddenSeedError, ProtectedTableError, SanityCheckError
from sqlmig.model import CheckResult, Direction, Outcome, Report
from sqlmig.model.printable import counted


def protected(failure: ProtectedRowsError, report: Report | None = None) -> ProtectedTableError:
    """Rows of protected tables would be lost: how to say that this is meant."""
    declared = {table for table, _ in failure.script.directives.touches}
    missing = [table for table in failure.tables if table not in declared]
    path = failure.script.prepared.script.path
    lines = "".join(f" `-- touches: {table}: <reason>`" for table in missing)
    declare = f"write{lines} at the head of {path}, and " if lines else ""
    options = " ".join(f"--allow-protected {table}" for table in failure.tables)
    return ProtectedTableError(
        f"{failure.script.name} {failure.message}",
        script=failure.script.name,
        tables=failure.tables,
        report=report,
        remedy="It was undone: in production, protected tables keep their rows. If this is meant, "
        f"{declare}run it with {options}.{_rolled_back(report)}",
    )


def forbidden(failure: ForbiddenRowsError) -> ForbiddenSeedError:
    """A seed wrote to a table that no seed of its tier may write to."""
    return ForbiddenSeedError(
        f"{failure.script.name} {failure.message}",
        script=failure.script.name,
        tables=failure.tables,
        remedy="All seeds were undone. Take it out of "
        f"{failure.script.prepared.script.path}; what a tier may write to all the same is the "
        "setting `tier_may_write`.",
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
    """What to do after a script that ended the transaction in which it could have been undone."""
    return (
        "It was not recorded, and what it committed stays: `sqlmig drift` shows what of it is left "
        "in the schema, rows are for you to look at. Remove what is left by hand, and from "
        f"{path} what ends the transaction."
    )


def _rolled_back(report: Report | None) -> str:
    """What a rollback had done before it met one that was refused."""
    done = report.ids(Outcome.DONE) if report and report.direction is Direction.ROLLBACK else ()
    if not done:
        return ""
    return f" {', '.join(done)} had been rolled back before: `sqlmig apply` brings that back."
