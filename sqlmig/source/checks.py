"""Reads the sanity checks: one file each, in the order of their numbers."""

from __future__ import annotations

import re
from collections.abc import Collection
from importlib.resources.abc import Traversable

from sqlmig.errors import SourceError
from sqlmig.model import CheckFile, Expectation, Location, migration_order
from sqlmig.model.suggestions import did_you_mean, nearest
from sqlmig.source.directives import FileKind
from sqlmig.source.files import read_file
from sqlmig.source.folders import list_scripts, raise_all
from sqlmig.source.script import PreparedScript, prepare

# The first words of statements that return no rows, unless they contain RETURNING.
_SILENT = frozenset(
    {"insert", "update", "delete", "merge", "create", "alter", "drop", "do", "set", "grant"}
    | {"revoke", "truncate", "lock", "comment", "refresh", "copy", "call"}
)
_RETURNING = re.compile(r"\breturning\b", re.IGNORECASE)
# Functions whose effects a rollback does not undo.
_OUTLIVES = re.compile(
    r"\b(setval|nextval|pg_(?:try_)?advisory_lock(?:_shared)?|dblink\w*|lo_export|pg_reload_conf"
    r"|pg_terminate_backend|pg_cancel_backend)\s*\(",
    re.IGNORECASE,
)


def read_checks(folder: Traversable, migrations: Collection[str]) -> tuple[CheckFile, ...]:
    """The checks of a project; none if there is no such folder.

    Raises SourceError for a file that cannot be used, or that requires an unknown migration;
    UnusableFilesError for several.
    """
    errors, found = [], []
    scripts = list_scripts(folder)
    for stem in sorted(scripts, key=migration_order):
        try:
            check = CheckFile(stem, read_file(scripts[stem], FileKind.CHECK))
            _refuse_unknown_migration(check, migrations)
            prepare_check(check)
            found.append(check)
        except SourceError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(found)


def prepare_check(check: CheckFile) -> PreparedScript:
    """The check, prepared to run.

    Raises SourceError as for any script, for a check that can return no result, and for one with an
    effect that its rollback does not undo.
    """
    prepared = prepare(check.file.script, check.file.directives)
    last = len(prepared.statements) - 1
    text = prepared.statement_text(last)
    expects_result = check.file.directives.expect.kind is not Expectation.ERROR
    if expects_result and prepared.statements[last].word in _SILENT and not _RETURNING.search(text):
        raise SourceError(
            "returns no result to check",
            location=prepared.statement_location(last),
            remedy="End it with a query whose rows are the violations, or say what it expects: "
            "`-- expect: error <condition>`.",
        )
    for index, statement in enumerate(prepared.statements):
        if match := _OUTLIVES.search(prepared.statement_text(index)):
            raise SourceError(
                f"{match[1]} has an effect that remains after the check is rolled back",
                location=prepared.location(statement.start + match.start()),
                remedy="Query the catalogs or rows instead.",
            )
    return prepared


def _refuse_unknown_migration(check: CheckFile, migrations: Collection[str]) -> None:
    for name in check.file.directives.requires:
        if name not in migrations:
            raise SourceError(
                f"requires {name}, but no such migration exists",
                location=Location(check.file.script.path),
                remedy=did_you_mean(nearest(name, migrations), "Give the full id of a migration."),
            )
