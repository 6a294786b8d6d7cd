"""Reports of what was imported from another tool: files, and the history of a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlmig.project.importing import ImportedMigration, Placement
from sqlmig.report.figures import counted
from sqlmig.report.view import Members, View, place

if TYPE_CHECKING:
    from sqlmig.operations.adoption import Adoption
    from sqlmig.project.importing import Imported

_NOW = "the times are those of this baseline"
_DONE = {
    Placement.WRITTEN: "created",
    Placement.KEPT: "kept",
    Placement.DIFFERENT: "kept, differs",
    Placement.REFUSED: "not created",
}


def imported(result: Imported, *, has_settings: bool) -> View:
    """The result for each migration, what could not be converted and where, and the next step, in
    a project with or without settings."""
    return View(
        [*_imported_lines(result, has_settings)],
        {
            "tool": result.tool,
            "dry_run": result.is_trial,
            "migrations": [_migration(each) for each in result.migrations],
            "problems": [
                {"message": each.message, "remedy": each.remedy, "location": place(each.location)}
                for each in result.problems
            ],
            "left_out": [*result.left_out],
        },
    )


def adopted(result: Adoption) -> View:
    """Which migrations are now recorded as applied, and where their times come from."""
    count = counted(len(result.migration_ids), "migration")
    times = f"the times are {result.tool}'s" if result.keeps_times else _NOW
    done = f"{count} recorded as applied, as {result.table} says; {times}."
    nothing = f"Nothing to record: the history agrees with {result.table}."
    lines = [f"marked as applied  {migration_id}" for migration_id in result.migration_ids]
    lines += [f"left out  {each}" for each in result.left_out]
    lines.append(done if result.migration_ids else nothing)
    return View(
        [*lines, "Next, to compare the schema with the migrations: sqlmig drift"],
        {
            "tool": result.tool,
            "table": result.table,
            "marked": [*result.migration_ids],
            "times": "tool" if result.keeps_times else "now",
            "left_out": [*result.left_out],
        },
    )


def _imported_lines(result: Imported, has_settings: bool) -> Iterator[str]:  # noqa: FBT001
    for each in result.migrations:
        notes = "".join(f"; {note}" for note in each.notes)
        yield f"{_word(each, result)}  {each.migration_id}, from {', '.join(each.originals)}{notes}"
    yield from (f"left out  {each}" for each in result.left_out)
    for problem in result.problems:
        yield ""
        yield from problem.lines()
    if result.problems:
        yield ""
    counts = Counter(_word(each, result) for each in result.migrations)
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    yield f"{counted(len(result.migrations), 'migration')} of {result.tool}: {told or 'none'}."
    if not result.problems:
        yield from _next_steps(result, has_settings)


def _next_steps(result: Imported, has_settings: bool) -> Iterator[str]:  # noqa: FBT001
    if result.is_trial:
        yield "Nothing was written: --dry-run."
        return
    if not has_settings:
        yield "No settings here: sqlmig init --empty"
    yield f"Next, on each database that {result.tool} has migrated: sqlmig baseline --from " + (
        result.tool
    )


def _word(each: ImportedMigration, result: Imported) -> str:
    would_be = result.is_trial and each.outcome is Placement.WRITTEN
    return "would be created" if would_be else _DONE[each.outcome]


def _migration(each: ImportedMigration) -> Members:
    return {
        "id": each.migration_id,
        "originals": [*each.originals],
        "outcome": each.outcome.value,
        "paths": [*each.paths],
        "notes": [*each.notes],
    }
