"""Finds applied migrations whose files have been renamed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from sqlmig.model import (
    Applied,
    AppliedMigration,
    MigrationFile,
    Migrations,
    MigrationState,
    migration_number,
)
from sqlmig.plan.changed import change_of, differ_in_layout_only

Renames = Mapping[str, MigrationFile]


def find_renames(files: Migrations, history: Applied, unusable: Collection[str] = ()) -> Renames:
    """The new file of each renamed migration, by the recorded id.

    A migration is recognised by its number and its text, whatever the layout, or by its number
    alone if no text was recorded; otherwise by a text that no other migration has. `history` must
    have the texts of migrations without a file. The ids in `unusable` have a file.
    """
    on_disk = {file.migration_id for file in files} | set(unusable)
    applied = {row.migration_id for row in history}
    gone = [row for row in history if row.migration_id not in on_disk]
    new = [file for file in files if file.migration_id not in applied]
    if not (gone and new):
        return {}
    renames = _pairs(
        gone,
        new,
        lambda row: migration_number(row.migration_id),
        lambda file: migration_number(file.migration_id),
        _is_same,
    )
    moved = {file.migration_id for file in renames.values()}
    gone = [row for row in gone if row.migration_id not in renames]
    new = [file for file in new if file.migration_id not in moved]

    def is_the_only_one(row: AppliedMigration, file: MigrationFile) -> bool:
        """Whether no other migration has that text, in any layout."""
        alike = [each for each in history if each.checksum == row.checksum]
        return len(alike) == 1 and not any(_are_alike(file, o) for o in files if o is not file)

    return renames | _pairs(
        gone, new, lambda row: row.checksum, lambda file: file.file.script.checksum, is_the_only_one
    )


def as_recorded(files: Migrations, renames: Renames) -> Migrations:
    """The files under the ids that the history has for them, also in their dependencies."""
    old = {file.migration_id: recorded for recorded, file in renames.items()}
    return [_under_recorded_names(file, old) for file in files] if old else files


def _pairs(
    gone: Applied,
    new: Migrations,
    key_of_row: Callable[[AppliedMigration], object],
    key_of_file: Callable[[MigrationFile], object],
    fits: Callable[[AppliedMigration, MigrationFile], bool],
) -> dict[str, MigrationFile]:
    """The row and the file of each key for which exactly one pair fits."""
    rows, files = defaultdict(list), defaultdict(list)
    for row in gone:
        rows[key_of_row(row)].append(row)
    for file in new:
        files[key_of_file(file)].append(file)
    pairs: dict[str, MigrationFile] = {}
    for key in rows.keys() & files.keys():
        fitting = [(r.migration_id, f) for r in rows[key] for f in files[key] if fits(r, f)]
        if len(fitting) == 1:
            pairs.update(fitting)
    return pairs


def _is_same(row: AppliedMigration, file: MigrationFile) -> bool:
    if row.checksum is None or row.checksum == file.file.script.checksum:
        return True
    text = row.apply_sql
    return text is not None and change_of(text, file.file.script.text) is not MigrationState.CHANGED


def _are_alike(one: MigrationFile, other: MigrationFile) -> bool:
    return differ_in_layout_only(one.file.script.text, other.file.script.text)


def _under_recorded_names(file: MigrationFile, old: Mapping[str, str]) -> MigrationFile:
    depends = tuple(old.get(name, name) for name in file.file.directives.depends)
    directives = replace(file.file.directives, depends=depends)
    recorded = old.get(file.migration_id, file.migration_id)
    return replace(file, migration_id=recorded, file=replace(file.file, directives=directives))
