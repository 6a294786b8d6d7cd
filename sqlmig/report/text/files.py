"""What was read of the files on disk, and what was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmig.report.text.figures import counted

if TYPE_CHECKING:
    from sqlmig.operations.validation import ProjectFiles
    from sqlmig.plan.comparison import Comparison
    from sqlmig.project.init import Starter
    from sqlmig.project.new import Written


def validated(files: ProjectFiles) -> str:
    """What was read, all of which can be used."""
    parts = [counted(len(files.migrations), "migration")]
    if files.migrations:
        irreversible = sum(migration.rollback is None for migration in files.migrations)
        which = f"{irreversible} of them irreversible" if irreversible else "each with its rollback"
        parts.append(which)
    others = {"seed": len(files.seeds), "check": len(files.checks), "fixture file": files.fixtures}
    parts += [counted(count, noun) for noun, count in others.items() if count]
    return f"{', '.join(parts)}: all can be read."


def comparison(result: Comparison) -> list[str]:
    """The differences of one migration, or that there are none."""
    notes = [f"{result.migration_id}: {note}" for note in result.notes]
    lines = [*notes, *result.difference.splitlines()]
    return lines or [f"{result.migration_id}: the files are as recorded."]


def repaired(migration_ids: Sequence[str], references: Sequence[str] = ()) -> list[str]:
    """Which records were brought up to the files, of those named or of all."""
    lines = [f"{migration_id}  recorded as its files are now" for migration_id in migration_ids]
    named = f"{', '.join(references)} {'is' if len(references) == 1 else 'are'}"
    kept = named if references else "every file is"
    return lines or [f"Nothing to repair: {kept} as recorded."]


def starter(written: Starter) -> list[str]:
    """Which files a new project got, and what to do next."""
    lines = [f"made  {path}" for path in written.created]
    lines += [f"kept  {path}, which was there" for path in written.kept]
    if not lines:
        return ["Nothing to make: this project has settings and migrations."]
    return [*lines, "Next: sqlmig apply"]


def written(result: Written) -> list[str]:
    """What was written for a migration: its files, and the line in the changelog."""
    lines = [f"made  {path}" for path in result.paths]
    lines.append(f"entered  {result.entry}: {result.bullet}")
    if result.paths:
        lines.append("Next: write the SQL of both directions, then sqlmig apply")
    return lines
