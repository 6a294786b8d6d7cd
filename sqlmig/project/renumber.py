"""Gives pending migrations new numbers: in their files, their entries, and what depends on them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.changelog.tree import on_disk
from sqlmig.config import Config
from sqlmig.errors import PlanError
from sqlmig.model import migration_number, number_groups
from sqlmig.model.suggestions import as_words
from sqlmig.plan import resolve
from sqlmig.project.files import move, rewrite
from sqlmig.project.numbering import next_number
from sqlmig.project.state import files_on_disk, merged_files
from sqlmig.source.lexer import LexError, first_statement

_NUMBER = re.compile(r"\d+(?:_\d+)*")


@dataclass(frozen=True, slots=True)
class Renumbering:
    """What was done: the old and new ids, the old and new paths of moved files, and the paths of
    changed files."""

    ids: Mapping[str, str]
    moved: Mapping[str, str]
    changed: tuple[str, ...]


def renumber(
    config: Config,
    reference: str | None = None,
    number: str | None = None,
    *,
    applied: Collection[str] = (),
) -> Renumbering:
    """Gives a migration that number, or the next free one. Without a reference, if the number of an
    unmerged migration is taken or below a merged one's, gives the next free numbers to all unmerged
    migrations, in their order.

    Its rollback, its changelog entry, and `depends` and `requires` in other files are changed
    accordingly. Raises PlanError, before anything is written, for a migration that is merged or in
    `applied`, for a number that is taken, and if it is unclear which migration to renumber;
    UnknownTargetError; and ConfigError if a file cannot be written.
    """
    if number is not None and (reference is None or not _NUMBER.fullmatch(number)):
        raise PlanError(
            "--to needs the ID of a migration, and a number",
            remedy="For example: sqlmig renumber 009_add_invoices --to 012.",
        )
    here, merged = _with_checks(config), merged_files(config).migrations
    fixed = {*merged, *applied}
    if reference is None:
        ids = _out_of_place(here, fixed)
    else:
        ids = _one(here, resolve(reference, here.migrations), number)
    ids = {old: new for old, new in ids.items() if old != new}
    for old in ids:
        _refuse_fixed(old, merged, applied)
    return _carry_out(here, ids)


def _with_checks(config: Config) -> ProjectFiles:
    """The files on disk, including the sanity checks."""
    here = files_on_disk(config)
    if not isinstance(config.checks, Path):
        return here
    return ProjectFiles(
        here.places, {**here.files, **on_disk(config.project, [str(config.checks)])}
    )


def _one(here: ProjectFiles, migration_id: str, number: str | None) -> dict[str, str]:
    others = [name for name in here.migrations if name != migration_id]
    width = len(number_groups(migration_id)[0])
    new = next_number(others, datetime.now().astimezone()) if number is None else number
    taken = [name for name in others if migration_number(name) == migration_number(new)]
    if taken:
        raise PlanError(
            f"the number {new} is taken by {taken[0]}",
            remedy="Give another, or none for the next free one.",
        )
    return {migration_id: _renamed(migration_id, new if "_" in new else new.zfill(width))}


def _out_of_place(here: ProjectFiles, fixed: Collection[str]) -> dict[str, str]:
    """New ids for all migrations that are not fixed, if the number of one is not above the fixed
    ones."""
    loose = [name for name in here.migrations if name not in fixed]
    numbers = [migration_number(name) for name in here.migrations]
    highest = max((migration_number(name) for name in fixed), default=())
    if not any(migration_number(each) <= highest for each in loose):
        twice = [each for each in loose if numbers.count(migration_number(each)) > 1]
        if not twice:
            return {}
        raise PlanError(
            f"it is not known which of these is to be renumbered: {', '.join(twice)}",
            remedy=f"Name it, such as: sqlmig renumber {as_words(twice[-1])}.",
        )
    new_ids: dict[str, str] = {}
    for name in loose:
        taken = [*fixed, *new_ids.values()]
        is_free = migration_number(name) > max(map(migration_number, taken))
        new = name if is_free else _renamed(name, next_number(taken, datetime.now().astimezone()))
        new_ids[name] = new
    return new_ids


def _renamed(migration_id: str, number: str) -> str:
    old = "_".join(number_groups(migration_id))
    return number + migration_id[len(old) :]


def _refuse_fixed(name: str, merged: Collection[str], applied: Collection[str]) -> None:
    if name in merged:
        raise PlanError(
            f"{name} is merged: other databases may have it",
            remedy="Renumber the one that is not merged yet.",
        )
    if name in applied:
        raise PlanError(
            f"{name} is applied to this database",
            remedy=f"Roll it back first: sqlmig rollback --only {as_words(name)}; then renumber "
            "and apply.",
        )


def _carry_out(here: ProjectFiles, ids: Mapping[str, str]) -> Renumbering:
    project = here.places.project
    paths = {
        path: str(PurePosixPath(path).with_name(_file_name(path, old, new)))
        for old, new in ids.items()
        for path in (here.migrations[old], here.rollbacks.get(old))
        if path
    }
    moves = [*_in_free_order(paths, set(here.files))]  # raises before anything is written
    texts = _changed_texts(here, ids)
    for path, text in texts.items():
        rewrite(project / path, text)
    for old, new in moves:
        move(project / old, project / new)
    moved = {str(project / old): str(project / new) for old, new in paths.items()}
    changed = (str(project / path) for path in texts if path not in paths)
    return Renumbering(dict(ids), moved, tuple(changed))


def _file_name(path: str, old: str, new: str) -> str:
    return new + PurePosixPath(path).name[len(old) :]


def _in_free_order(paths: Mapping[str, str], there: set[str]) -> Iterable[tuple[str, str]]:
    """The moves in an order in which no file replaces another: new numbers are higher, so the last
    file moves first."""
    moves = sorted(paths.items(), key=lambda each: migration_number(Path(each[0]).name))
    for old, new in reversed(moves):
        if new in there:
            raise PlanError(f"{new} exists already", remedy="Remove it, or give another number.")
        there = there - {old} | {new}
        yield old, new


def _changed_texts(here: ProjectFiles, ids: Mapping[str, str]) -> dict[str, str]:
    """The files that name one of those migrations, with their new text: the changelog in any place,
    a script in its head."""
    found = {}
    for path, data in here.files.items():
        try:
            text = data.decode()
            end = first_statement(text) if path.endswith(".sql") else len(text)
        except (UnicodeDecodeError, LexError):
            continue
        if not path.endswith(".sql") and path != here.places.changelog:
            continue
        new = _with_new_ids(text[:end], ids) + text[end:]
        if new != text:
            found[path] = new
    return found


def _with_new_ids(text: str, ids: Mapping[str, str]) -> str:
    if not ids:
        return text
    longest_first: Sequence[str] = sorted(ids, key=len, reverse=True)
    names = "|".join(re.escape(name) for name in longest_first)
    return re.sub(rf"(?<![\w-])(?:{names})(?![\w-])", lambda match: ids[match[0]], text)
