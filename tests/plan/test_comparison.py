"""What was recorded beside what the files say now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sqlmig.plan.comparison import Comparison, compare
from tests.plan.situation import applied, by_yoyo, file

RECORDED = applied(file("001_a", "create table a (\n  x int\n);\n", "drop table a;\n"))


def test_what_is_as_recorded_has_no_difference() -> None:
    now = file("001_a", "create table a (\r\n  x int\r\n);\r\n", "drop table a;\n")
    assert compare("001_a", [now], [RECORDED]) == Comparison("001_a", "", ())


def test_the_difference_leads_from_the_record_to_the_files_the_rollback_last() -> None:
    now = file("001_a", "create table a (\n  x bigint\n);\n", "drop table a cascade;\n")
    found = compare("001_a", [file("002_b"), now], [RECORDED])
    assert found.notes == ()
    assert found.difference == (
        "--- recorded migration\n"
        "+++ sql/migrations/001_a.sql\n"
        "@@ -1,3 +1,3 @@\n"
        " create table a (\n"
        "-  x int\n"
        "+  x bigint\n"
        " );\n"
        "--- recorded rollback\n"
        "+++ sql/rollbacks/001_a.sql\n"
        "@@ -1 +1 @@\n"
        "-drop table a;\n"
        "+drop table a cascade;\n"
    )


def test_of_a_migration_whose_file_is_gone_all_lines_are_gone() -> None:
    found = compare("001_a", [], [replace(RECORDED, rollback_sql=None)])
    assert found.notes == ("its file is gone",)
    assert found.difference == (
        "--- recorded migration\n+++ no file\n@@ -1,3 +0,0 @@\n-create table a (\n-  x int\n-);\n"
    )


def test_a_rollback_that_is_gone_is_a_difference() -> None:
    now = file("001_a", "-- irreversible: x\n", None)
    row = replace(applied(now), rollback_sql="select 2;\n")
    assert compare("001_a", [now], [row]).difference == (
        "--- recorded rollback\n+++ no file\n@@ -1 +0,0 @@\n-select 2;\n"
    )


def test_what_is_not_applied_has_nothing_to_compare() -> None:
    found = compare("001_a", [file("001_a")], [])
    assert found == Comparison("001_a", "", ("it is not applied, so nothing is recorded",))


def test_what_stock_yoyo_applied_has_no_recorded_text() -> None:
    found = compare("001_a", [file("001_a")], [by_yoyo("001_a")])
    assert found.difference == ""
    assert found.notes == (
        "yoyo applied it without recording its text; `sqlmig repair` records the file",
    )


@pytest.mark.parametrize(
    ("sql", "verdict"), [("create table a (\n  x int\n);\n", "agrees"), ("select 1;", "differs")]
)
def test_where_only_the_checksum_is_recorded_it_is_compared(sql: str, verdict: str) -> None:
    found = compare("001_a", [file("001_a", sql)], [replace(RECORDED, apply_sql=None)])
    assert f"only its checksum is recorded, which {verdict}" in found.notes
