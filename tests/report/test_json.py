"""Results as a program reads them: the whole document each time, so that a change is seen."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sqlmig.errors import (
    MigrationFailedError,
    SourceError,
    UnknownTargetError,
    UnusableFilesError,
)
from sqlmig.model import (
    CheckFile,
    Direction,
    Location,
    MigrationResult,
    Outcome,
    Report,
    ServerMessage,
)
from sqlmig.operations.validation import ProjectFiles
from sqlmig.plan import Transactions, plan_apply, statuses
from sqlmig.plan.comparison import Comparison
from sqlmig.report.json import files as files_json
from sqlmig.report.json import migrations as migrations_json
from sqlmig.report.json.errors import error as error_document
from tests.plan.situation import applied, file

PLACE = Location.at("a.sql", "select 1;\nselekt 2;", 10)


def parsed(document: str) -> Any:
    found = json.loads(document)
    assert found.pop("version") == 1
    return found


def test_status_has_all_that_is_known_of_each_migration() -> None:
    partial = file("001_été", "-- Été\n-- transactional: false\nselect 1; select 2;")
    row = replace(applied(partial, done=1, total=2), applied_by="app", duration_ms=12)
    document = migrations_json.status(statuses([partial, file("002_b")], [row]))
    assert "001_été" in document
    assert parsed(document) == {
        "migrations": [
            {
                "id": "001_été",
                "state": "partial",
                "out_of_order": False,
                "description": "Été",
                "rollback_changed": False,
                "irreversible": False,
                "remedy": "sqlmig apply",
                "applied_at": "2026-11-21T12:00:00+00:00",
                "applied_by": "app",
                "duration_ms": 12,
                "statements_done": 1,
                "statements_total": 2,
            },
            {
                "id": "002_b",
                "state": "pending",
                "out_of_order": False,
                "description": "",
                "rollback_changed": False,
                "irreversible": False,
                "remedy": "sqlmig apply",
                "applied_at": None,
                "applied_by": None,
                "duration_ms": None,
                "statements_done": None,
                "statements_total": None,
            },
        ]
    }


def test_a_plan_has_its_order_and_the_sql_that_it_sends() -> None:
    migration = file("001_a", "-- Rows\nbegin; select 1; commit;")
    planned = plan_apply([migration], [], transactions=Transactions.TOGETHER)
    assert parsed(migrations_json.plan(planned)) == {
        "direction": "apply",
        "transactions": "together",
        "warnings": [
            "sql/migrations/001_a.sql: its own BEGIN and COMMIT are left out; sqlmig sends them"
        ],
        "migrations": [
            {
                "id": "001_a",
                "path": "sql/migrations/001_a.sql",
                "transactional": True,
                "statements": 1,
                "statements_done": 0,
                "description": "Rows",
                "sql": "-- Rows\n       select 1;        ",
            }
        ],
    }


def test_a_report_has_what_became_of_each_migration() -> None:
    results = (
        MigrationResult("002_b", Direction.ROLLBACK, Outcome.DONE, 1.2346),
        MigrationResult("001_a", Direction.ROLLBACK, Outcome.NOT_ATTEMPTED),
    )
    found = parsed(migrations_json.report(Report(Direction.ROLLBACK, results, ("a warning",))))
    assert found == {
        "direction": "rollback",
        "warnings": ["a warning"],
        "checks": [],
        "migrations": [
            {"id": "002_b", "outcome": "done", "duration_ms": 1235},
            {"id": "001_a", "outcome": "not attempted", "duration_ms": 0},
        ],
    }


def test_validated_files_have_their_paths_and_checksums() -> None:
    irreversible = file("002_b", "-- irreversible: x\n", None)
    migrations = (file("001_a", "-- Rows\nselect 1;"), irreversible)
    check = CheckFile("01_c", file("001_a", "-- Rows\nselect 1;").file)
    found = parsed(files_json.validated(ProjectFiles(migrations, (), (check,))))
    assert found["checks"] == [
        {"name": "01_c", "path": "sql/migrations/001_a.sql", "description": "Rows"}
    ]
    assert (found["seeds"], found["fixtures"]) == ([], 0)
    first, second = found["migrations"]
    assert first == {
        "id": "001_a",
        "path": "sql/migrations/001_a.sql",
        "checksum": file("001_a", "-- Rows\nselect 1;").file.script.checksum,
        "rollback": "sql/rollbacks/001_a.sql",
        "description": "Rows",
    }
    assert second["rollback"] is None


def test_a_comparison_and_a_repair_are_objects_too() -> None:
    assert parsed(files_json.comparison(Comparison("001_a", "-a\n+b\n", ("a note",)))) == {
        "id": "001_a",
        "difference": "-a\n+b\n",
        "notes": ["a note"],
    }
    assert parsed(files_json.repaired(["001_a"])) == {"repaired": ["001_a"]}


def test_an_error_has_its_kind_its_message_and_its_remedy() -> None:
    problem = UnknownTargetError("no migration '9'", remedy="Did you mean 004_x?")
    assert parsed(error_document(problem)) == {
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
    found = parsed(error_document(problems))["errors"]
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
    found = parsed(error_document(problem))
    assert found["report"] == {
        "direction": "apply",
        "warnings": [],
        "checks": [],
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
