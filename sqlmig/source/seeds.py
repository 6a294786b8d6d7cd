"""Reads the SQL seeds: one folder for each tier, with files in the order of their numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.resources.abc import Traversable

from sqlmig.errors import SourceError
from sqlmig.model import Location, SeedFile, migration_order
from sqlmig.source.directives import FileKind
from sqlmig.source.files import read_file
from sqlmig.source.folders import list_scripts, list_subfolders, raise_all, shown


def read_seeds(
    folder: Traversable, tiers: Sequence[str], known: Collection[str]
) -> tuple[SeedFile, ...]:
    """The seeds of those tiers, in the order of the tiers, and then of the files' numbers.

    `known` are the tiers of all environments. Raises SourceError for a folder of another name, a
    seed outside the folders, and a file that cannot be used; UnusableFilesError for several.
    """
    errors = [_stray(path) for path in list_scripts(folder).values()]
    errors += [_unknown(path, known) for path in list_subfolders(folder) if path.name not in known]
    found = []
    for tier in tiers:
        scripts = list_scripts(folder / tier)
        for stem in sorted(scripts, key=migration_order):
            try:
                file = read_file(scripts[stem], FileKind.SEED)
                found.append(SeedFile(f"{tier}/{stem}", tier, file))
            except SourceError as error:
                errors.append(error)
    raise_all(errors)
    return tuple(found)


def _stray(path: Traversable) -> SourceError:
    return SourceError(
        "a seed outside the tier folders, which is never run",
        location=Location(shown(path)),
        remedy="Move it into the folder of its tier, such as reference/.",
    )


def _unknown(path: Traversable, known: Collection[str]) -> SourceError:
    return SourceError(
        "no environment has a tier of this name",
        location=Location(shown(path)),
        remedy=f"Rename it to one of {', '.join(known)}, or name it in the setting `tiers`.",
    )
