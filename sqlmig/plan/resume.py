"""Where a non-transactional migration that stopped half way is taken up again."""

from __future__ import annotations

from sqlmig.errors import PartialMigrationError
from sqlmig.model import AppliedMigration, MigrationFile, Script
from sqlmig.plan.status import differ_in_layout_only
from sqlmig.source.script import PreparedScript, prepare


def statements_done(file: MigrationFile, prepared: PreparedScript, row: AppliedMigration) -> int:
    """How many of the migration's statements need not run again.

    `row` has the text that was recorded when it stopped. Raises PartialMigrationError where a
    statement that is done has changed since, or where that cannot be told.
    """
    done = row.statements_done or 0
    if file.file.directives.transactional:
        raise _refusal(file, "it is transactional now", "Put `-- transactional: false` back.")
    if row.checksum == file.file.script.checksum:
        return done
    if row.apply_sql is None:
        raise _refusal(
            file,
            f"it has changed, and its text was not recorded to tell whether its first {done} "
            "statements have",
            "Put the file back as it was.",
        )
    recorded = Script(f"recorded text of {file.migration_id}", row.apply_sql, "")
    before = _texts(prepare(recorded, file.file.directives))
    now = _texts(prepared)
    for number in range(done):
        if number >= len(now) or not differ_in_layout_only(before[number], now[number]):
            raise _refusal(
                file,
                f"statement {number + 1}, which is done already, has changed since",
                "Put it back as it was; what follows the done statements may change.",
            )
    return done


def _refusal(file: MigrationFile, reason: str, remedy: str) -> PartialMigrationError:
    return PartialMigrationError(
        f"{file.migration_id} is partly applied, and {reason}",
        migration_ids=[file.migration_id],
        remedy=remedy,
    )


def _texts(prepared: PreparedScript) -> list[str]:
    return [prepared.text[statement.start : statement.end] for statement in prepared.statements]
