"""The order in which migrations apply: after their dependencies, and otherwise by number."""

from __future__ import annotations

import graphlib
import heapq
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlmig.errors import DependencyCycleError, UnknownDependencyError
from sqlmig.model import Location, MigrationFile
from sqlmig.model.suggestions import did_you_mean, nearest_migration


def unknown_dependencies(
    migrations: Sequence[MigrationFile], migration_ids: Collection[str]
) -> list[UnknownDependencyError]:
    """An error for every `depends` on something other than these ids."""
    return [
        _unknown(migration, dependency, migration_ids)
        for migration in migrations
        for dependency in migration.file.directives.depends
        if dependency not in migration_ids
    ]


def in_apply_order(migrations: Sequence[MigrationFile]) -> tuple[MigrationFile, ...]:
    """The migrations in an order in which each follows all that it depends on; ties go by number.

    Ignores dependencies on other migrations. Raises DependencyCycleError.
    """
    by_number = sorted(migrations, key=lambda migration: migration.order)
    by_id = {migration.migration_id: migration for migration in by_number}
    return tuple(by_number if _is_satisfied(by_number) else _sorted_by_graph(by_id))


def _is_satisfied(migrations: Sequence[MigrationFile]) -> bool:
    """Whether every dependency already precedes its dependents, as is usual."""
    seen: set[str] = set()
    for migration in migrations:
        if not seen.issuperset(migration.file.directives.depends):
            return False
        seen.add(migration.migration_id)
    return True


def _sorted_by_graph(by_id: Mapping[str, MigrationFile]) -> list[MigrationFile]:
    sorter = graphlib.TopologicalSorter(
        {
            name: [d for d in each.file.directives.depends if d in by_id]
            for name, each in by_id.items()
        }
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
    migration: MigrationFile, dependency: str, migration_ids: Iterable[str]
) -> UnknownDependencyError:
    others = [each for each in migration_ids if each != migration.migration_id]
    return UnknownDependencyError(
        f"depends on {dependency!r}, but no such migration exists",
        location=_place(migration, dependency),
        remedy=_remedy(dependency, others),
    )


def _remedy(dependency: str, others: Sequence[str]) -> str:
    if "," in dependency:
        return "Separate ids by spaces."
    near = nearest_migration(dependency, others)
    return did_you_mean(near, "Name a migration by its full id.")


def _place(migration: MigrationFile, dependency: str) -> Location:
    """Where the file declares that dependency."""
    script = migration.file.script
    declared = re.search(
        rf"--\s*depends[ \t]*:(?:[^\r\n]*\s)?{re.escape(dependency)}(?!\S)", script.text
    )
    assert declared is not None
    return Location.at(script.path, script.text, declared.end() - len(dependency))
