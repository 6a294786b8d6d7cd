"""What was recorded of a migration, compared with its current files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sqlmig.model import Applied, MigrationFile, Migrations, Script, checksum
from sqlmig.model.printable import on_one_line

_NO_LINE_END = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of one migration.

    `difference` is a unified diff from recorded to file, of the migration and then its rollback; ""
    if they agree. `notes` say what could not be compared, and why.
    """

    migration_id: str
    difference: str
    notes: tuple[str, ...]


def compare(migration_id: str, files: Migrations, history: Applied) -> Comparison:
    """The comparison of that migration; `history` must have its recorded texts."""
    file = next((f for f in files if f.migration_id == migration_id), None)
    row = next((r for r in history if r.migration_id == migration_id), None)
    if row is None:
        return Comparison(migration_id, "", ("it is not applied, so nothing is recorded",))
    rollback = file.rollback.script if file and file.rollback else None
    script = file.file.script if file else None
    notes = []
    if script is None:
        notes.append("its file is gone")
    elif rollback is None and row.rollback_checksum and file and not _is_irreversible(file):
        notes.append("its rollback file is missing")
    if row.checksum is None:
        notes.append("yoyo applied it without recording its text; `sqlmig repair` records the file")
    elif row.apply_sql is None:
        same = script is not None and row.checksum == script.checksum
        notes.append(f"only its checksum is recorded, which {'agrees' if same else 'differs'}")
    difference = _unified("migration", row.apply_sql, script)
    difference += _unified("rollback", row.rollback_sql, rollback)
    return Comparison(migration_id, difference, tuple(notes))


def _is_irreversible(file: MigrationFile) -> bool:
    return file.file.directives.irreversible is not None


def _unified(what: str, recorded: str | None, script: Script | None) -> str:
    if recorded is None or (script is not None and script.checksum == checksum(recorded)):
        return ""
    lines = difflib.unified_diff(
        _lines(recorded),
        _lines(script.text) if script else [],
        f"recorded {what}",
        on_one_line(script.path) if script else "no file",
        lineterm="",
    )
    return "".join(f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines, with a note as in diff and git if the last one has no line end."""
    lines = text.splitlines()
    return lines if text.endswith(("\n", "\r")) or not lines else [*lines, _NO_LINE_END]
