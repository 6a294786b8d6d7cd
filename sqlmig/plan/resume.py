"""Where a non-transactional or repeated migration that stopped partway is resumed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlmig.errors import PartialMigrationError, PlanError
from sqlmig.model import AppliedMigration, MigrationFile, Script
from sqlmig.plan.changed import differ_in_layout_only
from sqlmig.source.script import PreparedScript, prepare


class Answer(Enum):
    """The user's answer about a statement in doubt: run it again, or skip it because it is done."""

    REDO = "redo"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for a statement, whose number counts from 1, as in messages."""

    answer: Answer
    statement: int


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a migration continues.

    The first `done` statements need not run. The next one is `in_doubt` if the runner stopped
    during it, so that only the database shows whether it is done. A repeated migration has written
    `rows` so far; beyond `most_rows`, or more if its tables have grown, it is assumed never to end.
    None means that this is still to be counted.
    """

    done: int = 0
    in_doubt: bool = False
    rows: int = 0
    most_rows: int | None = None


FROM_THE_START = Resumption()


def resumption(
    file: MigrationFile,
    prepared: PreparedScript,
    row: AppliedMigration,
    decision: Decision | None = None,
) -> Resumption:
    """How the migration continues; `row` has the text that was recorded when it stopped.

    Raises PartialMigrationError if a statement that is done, or may be, has changed since, or if
    that cannot be determined; PlanError for a decision about another statement. A repeated
    migration keeps its count of rows whatever its file says now; if the file has changed, the limit
    is counted again.
    """
    if row.rows_done is not None and file.file.directives.until_no_rows:
        is_changed = row.checksum != file.file.script.checksum
        return Resumption(rows=row.rows_done, most_rows=None if is_changed else row.most_rows)
    if row.rows_done is not None:
        raise _refusal(file, "it no longer repeats", "Restore `-- repeat: until no rows`.")
    if file.file.directives.transactional:
        raise _refusal(file, "it is transactional now", "Restore `-- transactional: false`.")
    done, begun = row.statements_done or 0, row.statements_begun or 0
    doubtful = row.doubtful_statement
    if row.checksum != file.file.script.checksum:
        _refuse_change(file, prepared, row, begun)
    if decision is None:
        return Resumption(done, in_doubt=doubtful is not None)
    if decision.statement != doubtful:
        raise PlanError(
            f"{file.migration_id}: the outcome of statement {decision.statement} is known",
            remedy=(
                f"Name statement {doubtful}, whose outcome is not known."
                if doubtful
                else "Run without --redo-statement and --skip-statement."
            ),
        )
    return Resumption(begun if decision.answer is Answer.SKIP else done)


def _refuse_change(
    file: MigrationFile, prepared: PreparedScript, row: AppliedMigration, begun: int
) -> None:
    if row.apply_sql is None:
        raise _refusal(
            file,
            "its file has changed; its text was not recorded, so sqlmig cannot tell whether its "
            f"first {begun} statements changed",
            "Restore the file.",
        )
    recorded = Script.recorded("text", file.migration_id, row.apply_sql)
    before = _texts(prepare(recorded, file.file.directives))
    now = _texts(prepared)
    for number in range(begun):
        if number >= len(now) or not differ_in_layout_only(before[number], now[number]):
            is_doubtful = number + 1 == row.doubtful_statement
            raise _refusal(
                file,
                f"statement {number + 1}, which {'may have' if is_doubtful else 'has'} already "
                "completed, has changed since",
                "Restore it; only the statements after the completed ones may change.",
            )


def _refusal(file: MigrationFile, reason: str, remedy: str) -> PartialMigrationError:
    return PartialMigrationError(
        f"{file.migration_id} is partly applied, and {reason}",
        migration_ids=[file.migration_id],
        remedy=remedy,
    )


def _texts(prepared: PreparedScript) -> list[str]:
    return [prepared.statement_text(index) for index in range(len(prepared.statements))]
