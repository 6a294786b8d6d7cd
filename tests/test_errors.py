"""The tree of errors, and how they read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlmig import errors
from sqlmig.errors import (
    DependencyCycleError,
    MigrationFailedError,
    SourceError,
    SqlmigError,
    UnknownTargetError,
    UnusableFilesError,
)
from sqlmig.model import Direction, Location, MigrationResult, Outcome, Report, ServerMessage

PLACE = Location.at("sql/migrations/001_a.sql", "select 1;\ntotal numerc,", 16)


def drawn_tree() -> dict[str, tuple[str, int]]:
    """Each class of the drawing at the top of errors.py, with its parent and exit code."""
    drawn: dict[str, tuple[str, int]] = {}
    path: list[str] = ["SqlmigError"]
    codes: list[int] = [3]
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"([│ ├└─]+)(\w+Error)\s*(\d?)", line):
            depth = len(match[1]) // 4
            path, codes = path[:depth], codes[:depth]
            path.append(match[2])
            codes.append(int(match[3] or codes[-1]))
            drawn[match[2]] = (path[-2], codes[-1])
    return drawn


def real_tree(parent: type[SqlmigError], shown: str) -> Iterator[tuple[str, tuple[str, int]]]:
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            hidden = child.__name__.startswith("_")
            if not hidden:
                yield child.__name__, (shown, child.exit_code)
            yield from real_tree(child, shown if hidden else child.__name__)


def test_the_drawn_tree_is_the_real_one_with_its_exit_codes() -> None:
    assert drawn_tree() == dict(real_tree(SqlmigError, "SqlmigError"))


def test_an_error_says_what_is_wrong_and_then_what_to_do() -> None:
    error = UnknownTargetError("no migration '9'", remedy="Did you mean 009_x?")
    assert str(error) == "no migration '9'\nDid you mean 009_x?"
    assert (error.message, error.remedy) == ("no migration '9'", "Did you mean 009_x?")


def test_an_error_in_a_file_shows_its_place_the_line_and_a_caret() -> None:
    assert str(SourceError("unknown type", location=PLACE, remedy="Mend it.")) == (
        "sql/migrations/001_a.sql:2:7: unknown type\n"
        "    2 | total numerc,\n"
        "      |       ^\n"
        "Mend it."
    )


def test_several_errors_are_shown_one_by_one() -> None:
    first = SourceError("one", location=Location("a.sql"), remedy="Do this.")
    second = DependencyCycleError(["002_b", "002_b"], location=Location("b.sql"))
    both = UnusableFilesError([first, second])
    assert both.errors == (first, second)
    assert str(both) == (
        "a.sql: one\nDo this.\n\n"
        "b.sql: circular dependency between migrations: 002_b → 002_b\n"
        "Remove one of these `-- depends:` lines."
    )


def test_a_failed_migration_shows_the_place_what_the_server_said_and_what_became_of_all() -> None:
    server = ServerMessage("42704", 'type "numerc" does not exist', hint="a hint")
    outcomes = (Outcome.DONE, Outcome.FAILED, Outcome.NOT_ATTEMPTED)
    results = tuple(MigrationResult("001_a", Direction.APPLY, outcome) for outcome in outcomes)
    error = MigrationFailedError(
        str(server),
        migration_id="001_a",
        report=Report(Direction.APPLY, results),
        location=PLACE,
        server=server,
        remedy="Mend it.",
    )
    assert str(error) == (
        'sql/migrations/001_a.sql:2:7: type "numerc" does not exist (42704)\n'
        "    2 | total numerc,\n"
        "      |       ^\n"
        "HINT: a hint\n"
        "1 applied, 1 failed, 1 not attempted. Mend it."
    )


def test_a_failure_without_a_place_or_a_server_is_just_told() -> None:
    results = (MigrationResult("001_a", Direction.ROLLBACK, Outcome.FAILED),)
    error = MigrationFailedError(
        "interrupted", migration_id="001_a", report=Report(Direction.ROLLBACK, results)
    )
    assert str(error) == "interrupted\n1 failed."
