"""The order in which migrations apply: what a migration depends on first, else by number."""

from __future__ import annotations

import difflib
import graphlib
import heapq
import re
from collections.abc import Mapping, Sequence

from sqlmig.errors import DependencyCycleError, UnknownDependencyError
from sqlmig.model import Location, MigrationFile


def in_apply_order(migrations: Sequence[MigrationFile]) -> tuple[MigrationFile, ...]:
    """The migrations so that each comes after all it depends on; ties go by number.

    Raises UnknownDependencyError for a `depends` without a file, and DependencyCycleError.
    """
    by_id = {migration.migration_id: migration for migration in migrations}
    for migration in migrations:
        for dependency in migration.file.directives.depends:
            if dependency not in by_id:
                raise _unknown(migration, dependency, by_id)
    by_number = sorted(migrations, key=lambda migration: migration.order)
    return tuple(by_number if _is_satisfied(by_number) else _sorted_by_graph(by_number, by_id))


def _is_satisfied(migrations: Sequence[MigrationFile]) -> bool:
    """Whether the order already has every dependency before its dependents, as it mostly does."""
    seen: set[str] = set()
    for migration in migrations:
        if not seen.issuperset(migration.file.directives.depends):
            return False
        seen.add(migration.migration_id)
    return True


def _sorted_by_graph(
    migrations: Sequence[MigrationFile], by_id: Mapping[str, MigrationFile]
) -> list[MigrationFile]:
    sorter = graphlib.TopologicalSorter(
        {migration.migration_id: migration.file.directives.depends for migration in migrations}
    )
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        # graphlib gives the cycle from dependency to dependent; "a → b" reads "a depends on b".
        cycle = list(reversed(error.args[1]))
        raise DependencyCycleError(cycle, location=_place(by_id[cycle[0]], cycle[1])) from None
    ready: list[tuple[tuple[tuple[int, ...], str], str]] = []
    result = []
    while sorter.is_active():
        for migration_id in sorter.get_ready():
            heapq.heappush(ready, (by_id[migration_id].order, migration_id))
        _, next_id = heapq.heappop(ready)
        sorter.done(next_id)
        result.append(by_id[next_id])
    return result


def _unknown(
    migration: MigrationFile, dependency: str, by_id: Mapping[str, MigrationFile]
) -> UnknownDependencyError:
    near = difflib.get_close_matches(dependency, by_id, n=1)
    return UnknownDependencyError(
        f"depends on {dependency!r}, which is no migration here",
        location=_place(migration, dependency),
        remedy=f"Did you mean {near[0]!r}?" if near else "Name a migration by its whole id.",
    )


def _place(migration: MigrationFile, dependency: str) -> Location:
    """Where the file declares that dependency."""
    script = migration.file.script
    declared = re.search(
        rf"--\s*depends[ \t]*:(?:[^\r\n]*\s)?{re.escape(dependency)}(?!\S)", script.text
    )
    assert declared is not None
    return Location.at(script.path, script.text, declared.end() - len(dependency))
