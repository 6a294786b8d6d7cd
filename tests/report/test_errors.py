"""Errors as a program reads them."""

from __future__ import annotations

from sqlmig.errors import (
    MigrationFailedError,
    SourceError,
    UnknownTargetError,
    UnusableFilesError,
)
from sqlmig.model import (
    Direction,
    Location,
    MigrationResult,
    Outcome,
    Report,
    ServerMessage,
)
from sqlmig.report import errors
from tests.report.reading import parsed

PLACE = Location.at("a.sql", "select 1;\nselekt 2;", 10)


def test_an_error_has_its_kind_its_message_and_its_remedy() -> None:
    problem = UnknownTargetError("no migration '9'", remedy="Did you mean 004_x?")
    assert parsed(errors.error(problem)) == {
        "errors": [
            {
                "error": "UnknownTargetError",
                "message": "no migration '9'",
                "remedy": "Did you mean 004_x?",
                "location": None,
                "server": None,
            }
        ]
    }


def test_several_errors_each_have_their_place() -> None:
    problems = UnusableFilesError(
        [
            SourceError("one", location=PLACE, remedy="Mend it."),
            SourceError("two", location=Location("b.sql")),
        ]
    )
    found = parsed(errors.error(problems))["errors"]
    assert [each["message"] for each in found] == ["one", "two"]
    assert [each["location"] for each in found] == [
        {"path": "a.sql", "line": 2, "column": 1},
        {"path": "b.sql", "line": None, "column": None},
    ]


def test_a_failed_migration_has_the_server_s_words_and_the_report() -> None:
    server = ServerMessage("42601", 'syntax error at or near "selekt"', hint="a hint")
    result = MigrationResult("001_a", Direction.APPLY, Outcome.FAILED, 0.005)
    problem = MigrationFailedError(
        str(server),
        migration_id="001_a",
        report=Report(Direction.APPLY, (result,)),
        location=PLACE,
        server=server,
        remedy="Mend it.",
    )
    found = parsed(errors.error(problem))
    assert found["report"] == {
        "direction": "apply",
        "warnings": [],
        "checks": [],
        "notices": [],
        "migrations": [{"id": "001_a", "outcome": "failed", "duration_ms": 5}],
    }
    (error,) = found["errors"]
    assert error["location"] == {"path": "a.sql", "line": 2, "column": 1}
    assert error["server"] == {
        "sqlstate": "42601",
        "primary": 'syntax error at or near "selekt"',
        "detail": "",
        "hint": "a hint",
        "context": "",
    }
