"""Reports of the files that were read or written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmig.model import MigrationFile, ScriptFile
from sqlmig.report.figures import counted
from sqlmig.report.view import Members, View, place

if TYPE_CHECKING:
    from sqlmig.operations.validation import ValidFiles
    from sqlmig.plan.comparison import Comparison
    from sqlmig.project.init import Starter
    from sqlmig.project.new import Written
    from sqlmig.project.renumber import Renumbering

_COMPARE = "Compare with: sqlmig drift"


def validated(files: ValidFiles, state: str = "") -> View:
    """Which files were read, in which state of the repository; all of them are usable."""
    parts = [counted(len(files.migrations), "migration")]
    if files.migrations:
        irreversible = sum(migration.rollback is None for migration in files.migrations)
        which = f"{irreversible} of them irreversible" if irreversible else "each with its rollback"
        parts.append(which)
    others = {"seed": len(files.seeds), "check": len(files.checks), "fixture file": files.fixtures}
    parts += [counted(count, noun) for noun, count in others.items() if count]
    return View(
        [f"{', '.join(parts)}{state and f' in {state}'}: all can be read."],
        {
            "state": state or "the working tree",
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
        lines or [f"{name}: the files match the record."],
        {"id": name, "difference": found.difference, "notes": [*found.notes]},
    )


def repaired(migration_ids: Sequence[str], references: Sequence[str] = ()) -> View:
    """Which records were updated to match their files."""
    lines = [f"recorded  {migration_id}, with its current files" for migration_id in migration_ids]
    if len(lines) == 1:
        lines.append(f"The record was changed, not the database; its SQL was not run. {_COMPARE}")
    elif lines:
        lines.append(f"The records were changed, not the database; no SQL was run. {_COMPARE}")
    kept = (
        f"{', '.join(references) or 'every file'} {'match' if len(references) > 1 else 'matches'}"
    )
    return View(lines or [f"Nothing to repair: {kept} the record."], {"repaired": [*migration_ids]})


def starter(written: Starter) -> View:
    """Which files a new project got, and what to do next."""
    created, kept = ([str(path) for path in paths] for paths in (written.created, written.kept))
    lines = [f"created  {path}" for path in created]
    lines += [f"kept  {path}, which already exists" for path in kept]
    nothing = ["Nothing to create: this project already has settings and migrations."]
    has_migration = any(path.endswith(".sql") for path in created)
    following = "sqlmig apply" if has_migration else 'sqlmig new "what changes"'
    return View(
        [*lines, f"Next: {following}"] if lines else nothing, {"created": created, "kept": kept}
    )


def written(done: Written, changelog: Path | None) -> View:
    """What was written for a migration: its files, and the line in the changelog."""
    lines = [f"created  {path}" for path in done.paths]
    if done.entry is not None:
        lines.append(f"added  {done.entry}: {done.bullet}")
    elif changelog is not None:
        lines.append(f"no changelog entry: there is no {changelog}")
    return View(
        [
            *lines,
            "Next: write the SQL for both directions, then run sqlmig apply",
            "Before a deployment: sqlmig impact",
        ],
        {
            "id": done.migration_id,
            "paths": [*done.paths],
            "bullet": done.bullet,
            "entry": None if done.entry is None else place(done.entry),
        },
    )


def renumbered(done: Renumbering) -> View:
    """Which migrations have another number now, and which files were changed."""
    lines = [f"renumbered  {old} to {new}" for old, new in done.ids.items()]
    lines += [f"moved  {old} to {new}" for old, new in done.moved.items()]
    lines += [f"changed  {path}" for path in done.changed]
    nothing = ["Nothing to renumber: every unmerged migration has its own number."]
    return View(
        lines or nothing,
        {"ids": dict(done.ids), "moved": dict(done.moved), "changed": [*done.changed]},
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
