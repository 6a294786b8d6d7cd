"""The files that were read, and those that were written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmig.model import MigrationFile, ScriptFile
from sqlmig.report.figures import counted
from sqlmig.report.view import Members, View, place

if TYPE_CHECKING:
    from sqlmig.operations.validation import ValidFiles
    from sqlmig.plan.comparison import Comparison
    from sqlmig.project.init import Starter
    from sqlmig.project.new import Written


def validated(files: ValidFiles) -> View:
    """Which files were read, all of which can be used."""
    parts = [counted(len(files.migrations), "migration")]
    if files.migrations:
        irreversible = sum(migration.rollback is None for migration in files.migrations)
        which = f"{irreversible} of them irreversible" if irreversible else "each with its rollback"
        parts.append(which)
    others = {"seed": len(files.seeds), "check": len(files.checks), "fixture file": files.fixtures}
    parts += [counted(count, noun) for noun, count in others.items() if count]
    return View(
        [f"{', '.join(parts)}: all can be read."],
        {
            "migrations": [_migration(migration) for migration in files.migrations],
            "seeds": [_script(seed.name, seed.file) for seed in files.seeds],
            "checks": [_script(check.name, check.file) for check in files.checks],
            "fixtures": files.fixtures,
        },
    )


def comparison(found: Comparison) -> View:
    """The differences of one migration, or that there are none."""
    name = found.migration_id
    lines = [*(f"{name}: {note}" for note in found.notes), *found.difference.splitlines()]
    return View(
        lines or [f"{name}: the files are as recorded."],
        {"id": name, "difference": found.difference, "notes": [*found.notes]},
    )


def repaired(migration_ids: Sequence[str], references: Sequence[str] = ()) -> View:
    """Which records were updated to match their files."""
    lines = [f"{migration_id}  recorded as its files are now" for migration_id in migration_ids]
    kept = f"{', '.join(references) or 'every file'} {'are' if len(references) > 1 else 'is'}"
    return View(
        lines or [f"Nothing to repair: {kept} as recorded."], {"repaired": [*migration_ids]}
    )


def starter(written: Starter) -> View:
    """Which files a new project got, and what to do next."""
    created, kept = ([str(path) for path in paths] for paths in (written.created, written.kept))
    lines = [f"made  {path}" for path in created]
    lines += [f"kept  {path}, which already exists" for path in kept]
    nothing = ["Nothing to create: this project has settings and migrations."]
    return View(
        [*lines, "Next: sqlmig apply"] if lines else nothing, {"created": created, "kept": kept}
    )


def written(done: Written) -> View:
    """What was written for a migration: its files, and the line in the changelog."""
    lines = [f"made  {path}" for path in done.paths]
    lines.append(f"entered  {done.entry}: {done.bullet}")
    if done.paths:
        lines.append("Next: write the SQL of both directions, then sqlmig apply")
        lines.append("For a table with many rows: docs/zero-downtime.md, and sqlmig impact")
    return View(
        lines,
        {
            "id": done.migration_id,
            "paths": [*done.paths],
            "bullet": done.bullet,
            "entry": place(done.entry),
        },
    )


def _migration(migration: MigrationFile) -> Members:
    return {
        "id": migration.migration_id,
        "path": migration.file.script.path,
        "checksum": migration.file.script.checksum,
        "rollback": migration.rollback.script.path if migration.rollback else None,
        "description": migration.file.description,
    }


def _script(name: str, file: ScriptFile) -> Members:
    return {"name": name, "path": file.script.path, "description": file.description}
