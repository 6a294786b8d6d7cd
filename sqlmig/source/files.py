"""Reads the files: each migration with its rollback, all checked before anything runs."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath

from sqlmig.errors import (
    DependencyCycleError,
    DuplicateMigrationError,
    MissingRollbackError,
    OrphanRollbackError,
    SourceError,
)
from sqlmig.model import Location, MigrationFile, Script, ScriptFile, migration_number
from sqlmig.model.suggestions import did_you_mean, nearest_migration
from sqlmig.source.dependencies import in_apply_order, unknown_dependencies
from sqlmig.source.directives import FileKind
from sqlmig.source.folders import (
    ROLLBACK_SUFFIX,
    SUFFIX,
    Scripts,
    list_migrations,
    list_scripts,
    raise_all,
    shown,
    single,
    usable_scripts,
)
from sqlmig.source.foreign import refuse_foreign
from sqlmig.source.head import read_head
from sqlmig.source.lexer import LexError, first_statement

# How similar a name must be to be taken for a mistyped one (1 is identical).
_NEAR = 0.8
_BESIDE = ROLLBACK_SUFFIX.removesuffix(SUFFIX)


def read_migrations(migrations: Traversable, rollbacks: Traversable) -> tuple[MigrationFile, ...]:
    """All migrations of a project in the order in which they apply, each with its rollback.

    The rollback of `migrations/<id>.sql` is `rollbacks/<id>.sql` or, as in yoyo,
    `migrations/<id>.rollback.sql`. Files that do not end in .sql or .py are skipped. Raises
    SourceError if one file cannot be used, UnusableFilesError for several.
    """
    scripts, beside = list_migrations(migrations, rollbacks)
    apart = list_scripts(rollbacks)

    def read(migration_id: str, path: Traversable) -> MigrationFile:
        pair = apart.get(migration_id), beside.get(migration_id)
        return _with_rollback(_read_migration(migration_id, path), pair, rollbacks)

    found, errors = _read_each(scripts, read)
    errors += _orphans(scripts, apart) + _orphans(scripts, beside)
    raise_all(errors)
    return in_apply_order(found)


def read_migrations_alone(
    migrations: Traversable, rollbacks: Traversable
) -> tuple[MigrationFile, ...]:
    """All migrations without their rollbacks, in half the time: for checking which are applied."""
    scripts, _ = list_migrations(migrations, rollbacks)
    found, errors = _read_each(scripts, _read_migration)
    raise_all(errors)
    return in_apply_order(found)


@dataclass(frozen=True, slots=True)
class UsableFiles:
    """The migrations that can be used, in the order in which they apply, and the errors of the
    others, by id. Of the others, `without_rollback` lack only their rollback."""

    migrations: tuple[MigrationFile, ...]
    unusable: Mapping[str, SourceError] = field(default_factory=dict)
    without_rollback: tuple[MigrationFile, ...] = ()

    @property
    def readable(self) -> tuple[MigrationFile, ...]:
        """All migrations that can be read, with their rollbacks or without."""
        return self.migrations + self.without_rollback

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids that have a file."""
        return (*(each.migration_id for each in self.migrations), *self.unusable)

    def expect(self, migration_ids: Iterable[str]) -> None:
        """Raises the errors of those ids."""
        raise_all([self.unusable[name] for name in migration_ids if name in self.unusable])


def read_usable(migrations: Traversable, rollbacks: Traversable) -> UsableFiles:
    """All migrations that can be used, with their rollbacks, for work that needs only some of them.

    Raises SourceError if there is no folder, if none of its files can be used, and for a rollback
    without a migration.
    """
    try:
        return UsableFiles(read_migrations(migrations, rollbacks))
    except SourceError as error:
        errors = single(error)
    raise_all([each for each in errors if isinstance(each, OrphanRollbackError)])
    unusable = {_id_of(each.location.path): each for each in errors}
    alone = {name for name, each in unusable.items() if isinstance(each, MissingRollbackError)}
    scripts = usable_scripts(migrations)
    apart = usable_scripts(rollbacks)
    beside = {n.removesuffix(_BESIDE): p for n, p in scripts.items() if n.endswith(_BESIDE)}
    found, without_rollback = [], []
    for name, path in scripts.items():
        if name in alone:
            with suppress(SourceError):
                without_rollback.append(_read_migration(name, path))
        if name not in unusable and not name.endswith(_BESIDE):
            pair = apart.get(name), beside.get(name)
            with suppress(SourceError):  # of its rollback: the file's own is already in errors
                found.append(_with_rollback(_read_migration(name, path), pair, rollbacks))
    if not found and not without_rollback:
        raise_all(errors)
    return UsableFiles(_in_some_order(found), unusable, tuple(without_rollback))


def read_script(path: Traversable) -> Script:
    """The SQL text of a file. Raises SourceError if it is not UTF-8 text or cannot be read."""
    try:
        data = _contents(path)
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error.strerror}",
            location=Location(shown(path)),
            remedy="Check that the file is there and readable.",
        ) from error
    return script_from_bytes(shown(path), data)


def script_from_bytes(path: str, data: bytes) -> Script:
    """The script that those bytes contain: UTF-8, with or without a byte order mark.

    Raises SourceError, with the place, for bytes that are not UTF-8 and for a NUL, at which the
    server's protocol would cut the text without an error.
    """
    if _looks_like_utf_16(data):
        raise SourceError(
            "looks like UTF-16", location=Location(path), remedy="Save the file as UTF-8."
        )
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()  # ten times as fast as utf-8-sig
    except UnicodeDecodeError as error:
        # The error's offset and copy of the bytes start after the byte order mark.
        raise SourceError(
            f"not UTF-8: byte 0x{error.object[error.start]:02x}",
            location=_place_of_byte(path, error.object, error.start),
            remedy="Save the file as UTF-8.",
        ) from error
    if (nul := text.find("\0")) >= 0:
        raise SourceError(
            "a NUL character, which PostgreSQL cannot store",
            location=Location.at(path, _printable(text), nul),
            remedy="Remove it.",
        )
    return Script.of(path, text)


def read_file(path: Traversable, kind: FileKind) -> ScriptFile:
    """A script with its head read.

    Raises SourceError, with the place, for any error in it, and for a file without a statement.
    """
    script = read_script(path)
    try:
        refuse_foreign(script.path, script.text, kind)
        directives, description = read_head(script.path, script.text, kind)
    except LexError as error:
        raise lexical_error(script, error) from error
    if first_statement(script.text) == len(script.text):
        raise SourceError(
            "has no statement",
            location=Location(script.path),
            remedy="Write one, or `SELECT 1;` if there is nothing to do.",
        )
    return ScriptFile(script, directives, description)


def lexical_error(script: Script, error: LexError) -> SourceError:
    """The lexer's error, with its place in the script."""
    return SourceError(
        error.message,
        location=Location.at(script.path, script.text, error.offset),
        remedy="Close it; everything after it would be taken as part of it.",
    )


def _contents(path: Traversable) -> bytes:
    if not isinstance(path, Path):
        return path.read_bytes()
    with path.open("rb", buffering=0) as file:  # it is read at once, so a buffer gains nothing
        return file.read()


def _looks_like_utf_16(data: bytes) -> bool:
    """Whether it has the mark of UTF-16, or NUL as every other byte of most characters, as SQL
    has."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if b"\0" not in data:
        return False
    high, low = data[0::2], data[1::2]
    return len(data) % 2 == 0 and max(high.count(0), low.count(0)) * 2 > len(low)


def _place_of_byte(path: str, data: bytes, start: int) -> Location:
    text = _printable(data.decode(errors="replace"))
    offset = len(data[:start].decode())
    return Location.at(path, text, offset)


def _printable(text: str) -> str:
    """The text for display: a NUL becomes its symbol, so that each character keeps its place."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


def _id_of(path: str) -> str:
    """The id of the migration that a file belongs to."""
    return PurePath(path).stem.removesuffix(_BESIDE)


def _in_some_order(found: list[MigrationFile]) -> tuple[MigrationFile, ...]:
    """The migrations in apply order, or in the order of their numbers if dependencies form a
    cycle."""
    try:
        return in_apply_order(found)
    except DependencyCycleError:
        return tuple(sorted(found, key=lambda migration: migration.order))


def _read_each(
    scripts: Scripts, read: Callable[[str, Traversable], MigrationFile]
) -> tuple[list[MigrationFile], list[SourceError]]:
    """The migrations that can be used, and the errors of the others or between them."""
    found: list[MigrationFile] = []
    errors: list[SourceError] = [*_duplicates(scripts)]
    for migration_id, path in scripts.items():
        try:
            found.append(read(migration_id, path))
        except SourceError as error:
            errors.append(error)
    return found, errors + unknown_dependencies(found, scripts)


def _read_migration(migration_id: str, path: Traversable) -> MigrationFile:
    if not migration_number(migration_id):
        raise SourceError(
            "a migration's name must begin with its number",
            location=Location(shown(path)),
            remedy=f"Rename it, such as 001_{path.name}.",
        )
    return MigrationFile(migration_id, read_file(path, FileKind.MIGRATION), None)


def _with_rollback(
    migration: MigrationFile,
    pair: tuple[Traversable | None, Traversable | None],
    rollbacks: Traversable,
) -> MigrationFile:
    """The migration with its rollback, which may be in `rollbacks` or beside the migration."""
    apart, beside = pair
    if apart and beside:
        raise SourceError(
            f"two rollbacks for one migration, this one and {shown(apart)}",
            location=Location(shown(beside)),
            remedy="Remove one of them.",
        )
    path = apart or beside
    is_irreversible = migration.file.directives.irreversible is not None
    if path is None:
        if not is_irreversible:
            raise _no_rollback(migration, rollbacks / f"{migration.migration_id}{SUFFIX}")
        return migration
    rollback = read_file(path, FileKind.ROLLBACK)
    if is_irreversible:
        raise _needless_rollback(migration.file, rollback)
    return MigrationFile(migration.migration_id, migration.file, rollback)


def _no_rollback(migration: MigrationFile, expected: Traversable) -> SourceError:
    return MissingRollbackError(
        migration.migration_id,
        location=Location(migration.file.script.path),
        expected=shown(expected),
        remedy="Write it, or say why there is none: `-- irreversible: <reason>` at the head.",
    )


def _needless_rollback(file: ScriptFile, rollback: ScriptFile) -> SourceError:
    return SourceError(
        f"declared irreversible, but {rollback.script.path} is its rollback",
        location=Location(file.script.path),
        remedy="Remove the directive or the rollback.",
    )


def _duplicates(scripts: Mapping[str, Traversable]) -> list[SourceError]:
    seen: dict[tuple[int, ...], Traversable] = {}
    errors: list[SourceError] = []
    for migration_id, path in scripts.items():
        number = migration_number(migration_id)
        if number and number in seen:
            errors.append(
                DuplicateMigrationError(
                    f"has the same number as {seen[number].name}",
                    location=Location(shown(path)),
                    remedy="Give one of them the next free number: sqlmig renumber.",
                )
            )
        seen.setdefault(number, path)
    return errors


def _orphans(
    scripts: Mapping[str, Traversable], rollbacks: Mapping[str, Traversable]
) -> list[SourceError]:
    return [_orphan(path, name, scripts) for name, path in rollbacks.items() if name not in scripts]


def _orphan(path: Traversable, name: str, scripts: Iterable[str]) -> OrphanRollbackError:
    near = nearest_migration(name, scripts, _NEAR)
    return OrphanRollbackError(
        "a rollback without a migration of that name",
        location=Location(shown(path)),
        remedy=did_you_mean(near and near + SUFFIX, "Remove it, or restore the migration."),
    )
