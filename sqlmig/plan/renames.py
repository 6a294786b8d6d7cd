"""Applied migrations whose files have another name now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlmig.model import (
    Applied,
    AppliedMigration,
    MigrationFile,
    Migrations,
    MigrationState,
    migration_number,
)
from sqlmig.plan.changed import change_of

Renames = Mapping[str, MigrationFile]


def find_renames(files: Migrations, history: Applied) -> Renames:
    """The new file of each renamed migration, by the recorded id.

    It is known by its text: the same under any number, or under the same number in another layout;
    where no text was recorded, by its number alone. `history` has the texts of what has no file.
    """
    on_disk, applied = {f.migration_id for f in files}, {row.migration_id for row in history}
    gone = [row for row in history if row.migration_id not in on_disk]
    new = [file for file in files if file.migration_id not in applied]
    if not (gone and new):
        return {}
    pairs = [(row.migration_id, file) for row in gone for file in _candidates(row, new)]
    rows = Counter(old for old, _ in pairs)
    claims = Counter(file.migration_id for _, file in pairs)
    return {old: file for old, file in pairs if rows[old] == claims[file.migration_id] == 1}


def as_recorded(files: Migrations, renames: Renames) -> Migrations:
    """The files under the ids by which the history knows them, also where they depend on others."""
    old = {file.migration_id: recorded for recorded, file in renames.items()}
    return [_under_recorded_names(file, old) for file in files] if old else files


def _candidates(row: AppliedMigration, files: Migrations) -> Iterator[MigrationFile]:
    """Those with the same number, else those of any."""
    number = migration_number(row.migration_id)
    near = [f for f in files if migration_number(f.migration_id) == number and _is_same(row, f)]
    yield from near or (f for f in files if row.checksum == f.file.script.checksum)


def _is_same(row: AppliedMigration, file: MigrationFile) -> bool:
    if row.checksum is None or row.checksum == file.file.script.checksum:
        return True
    text = row.apply_sql
    return text is not None and change_of(text, file.file.script.text) is not MigrationState.CHANGED


def _under_recorded_names(file: MigrationFile, old: Mapping[str, str]) -> MigrationFile:
    depends = tuple(old.get(name, name) for name in file.file.directives.depends)
    directives = replace(file.file.directives, depends=depends)
    recorded = old.get(file.migration_id, file.migration_id)
    return replace(file, migration_id=recorded, file=replace(file.file, directives=directives))
