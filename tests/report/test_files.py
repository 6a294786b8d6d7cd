"""Files that were read, compared and recorded: for people and for programs."""

from __future__ import annotations

from sqlmig.model import CheckFile, SeedFile
from sqlmig.operations.validation import ValidFiles
from sqlmig.plan.comparison import Comparison
from sqlmig.report import files
from tests.plan.situation import file
from tests.report.reading import parsed, told


def test_valid_files_are_counted() -> None:
    irreversible = file("002_b", "-- irreversible: x\n", None)
    assert told(files.validated(ValidFiles((file("001_a"),), (), ()))) == (
        "1 migration, each with its rollback: all can be read."
    )
    seed = SeedFile("reference/01_a", "reference", irreversible.file)
    checks = (CheckFile("01_a", irreversible.file), CheckFile("02_b", irreversible.file))
    assert told(files.validated(ValidFiles((file("001_a"), irreversible), (seed,), checks, 3))) == (
        "2 migrations, 1 of them irreversible, 1 seed, 2 checks, 3 fixture files: all can be read."
    )
    assert told(files.validated(ValidFiles((), (), (), 1))) == (
        "0 migrations, 1 fixture file: all can be read."
    )


def test_a_comparison_is_its_notes_and_its_difference() -> None:
    assert (
        told(files.comparison(Comparison("001_a", "", ()))) == "001_a: the files match the record."
    )
    assert told(files.comparison(Comparison("001_a", "", ("its file is gone",)))) == (
        "001_a: its file is gone"
    )
    assert told(files.comparison(Comparison("001_a", "-a\n+b\n", ("one", "two")))) == (
        "001_a: one\n001_a: two\n-a\n+b"
    )


def test_repaired_records_are_named_and_it_is_said_that_no_sql_was_run() -> None:
    assert told(files.repaired(["001_a"])) == (
        "recorded  001_a, with its current files\n"
        "The record was changed, not the database; its SQL was not run. "
        "Compare with: sqlmig drift"
    )
    assert told(files.repaired(["001_a", "002_b"])) == (
        "recorded  001_a, with its current files\nrecorded  002_b, with its current files\n"
        "The records were changed, not the database; no SQL was run. Compare with: sqlmig drift"
    )
    assert told(files.repaired([])) == "Nothing to repair: every file matches the record."
    assert told(files.repaired([], ["002"])) == "Nothing to repair: 002 matches the record."
    assert told(files.repaired([], ["1", "2"])) == "Nothing to repair: 1, 2 match the record."


def test_validated_files_have_their_paths_and_checksums() -> None:
    irreversible = file("002_b", "-- irreversible: x\n", None)
    migrations = (file("001_a", "-- Rows\nselect 1;"), irreversible)
    check = CheckFile("01_c", file("001_a", "-- Rows\nselect 1;").file)
    found = parsed(files.validated(ValidFiles(migrations, (), (check,))))
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
    assert parsed(files.comparison(Comparison("001_a", "-a\n+b\n", ("a note",)))) == {
        "id": "001_a",
        "difference": "-a\n+b\n",
        "notes": ["a note"],
    }
    assert parsed(files.repaired(["001_a"])) == {"repaired": ["001_a"]}
