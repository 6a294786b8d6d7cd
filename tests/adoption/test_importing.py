"""What becomes of files: ids, heads, halves, what is refused, and that nothing is overwritten."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from sqlmig.adoption.verifying import as_check
from sqlmig.errors import ConfigError
from sqlmig.project.importing import Imported, Placement, import_migrations
from tests.command import Run
from tests.project import Project


class Original:
    """A folder of another tool beside a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.folder = project.root / "original"

    def write_all(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            self.project.write(f"original/{name}", content)

    def imported(self, tool: str | None = None, *, trial: bool = False) -> Imported:
        return import_migrations(self.project.config(), self.folder, tool, trial=trial)

    def problems(self, tool: str | None = None) -> list[str]:
        """Each problem with its place in the original."""
        found = self.imported(tool).problems
        prefix = f"{self.folder}/"
        return [f"{str(p.location).removeprefix(prefix)}: {p.message}" for p in found]

    def ids(self, tool: str | None = None) -> list[str]:
        return [each.migration_id for each in self.imported(tool).migrations]

    def text(self, name: str) -> str:
        return (self.project.root / "sql" / name).read_bytes().decode()


@pytest.fixture
def original(project: Project) -> Original:
    return Original(project)


def test_an_import_without_settings_leads_to_them(original: Original) -> None:
    original.write_all({"1_users.sql": up_down("create table users ();", "drop table users;")})
    original.project.remove("sqlmig.toml")
    run = Run(original.project.root)
    first = run("import", "original")
    assert first.stdout.splitlines()[-2:] == [
        "No settings here: sqlmig init --empty",
        "Next, on each database that dbmate has migrated: sqlmig baseline --from dbmate",
    ]
    assert "sqlmig.toml" in run("init", "--empty").stdout
    assert "No settings here" not in run("import", "original").stdout


def up_down(up: str, down: str) -> str:
    return f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n"


def test_a_file_with_both_directions_becomes_two(original: Original) -> None:
    original.write_all({"1_users.sql": up_down("create table users ();", "drop table users;")})
    assert original.imported().is_whole
    assert original.text("migrations/1_users.sql") == (
        "-- Users\n-- dbmate version: 1\n\ncreate table users ();\n"
    )
    assert original.text("rollbacks/1_users.sql") == "-- Undo 1_users\n\ndrop table users;\n"


def test_what_is_written_can_be_read_as_migrations(original: Original) -> None:
    original.write_all({"1_a.sql": up_down("select 1;", ""), "2_b.sql": up_down("", "select 2;")})
    original.imported()
    first, second = original.project.files()
    assert first.rollback is None
    assert first.file.directives.irreversible == "the original has no down script"
    assert "SELECT 1;  -- the original has no statement" in second.file.script.text
    assert second.rollback is not None


def test_the_same_import_again_changes_nothing(original: Original) -> None:
    original.write_all({"1_a.sql": up_down("select 1;", "select 2;")})
    original.imported()
    paths = sorted(original.project.root.rglob("sql/*/*"))
    before = [(path, path.stat().st_mtime_ns) for path in paths]
    again = original.imported()
    assert [each.outcome for each in again.migrations] == [Placement.KEPT]
    assert again.is_whole
    assert [(path, path.stat().st_mtime_ns) for path in paths] == before


def test_a_trial_writes_nothing(original: Original) -> None:
    original.write_all({"1_a.sql": up_down("select 1;", "")})
    assert original.imported(trial=True).migrations[0].outcome is Placement.WRITTEN
    assert not (original.project.root / "sql").exists()


def test_an_existing_file_with_other_content_is_kept_and_told(original: Original) -> None:
    original.write_all({"1_a.sql": up_down("select 1;", ""), "2_b.sql": up_down("select 2;", "")})
    original.imported()
    kept = original.project.write("sql/migrations/1_a.sql", "select 3")
    result = original.imported()
    assert [each.outcome for each in result.migrations] == [Placement.DIFFERENT, Placement.KEPT]
    assert [str(each.location) for each in result.problems] == [str(kept)]
    assert kept.read_text() == "select 3"


def test_a_number_that_another_migration_has_stops_the_import(original: Original) -> None:
    original.project.migration("001_notes", "select 1")
    original.write_all({"1_a.sql": up_down("select 1;", ""), "2_b.sql": up_down("select 2;", "")})
    with pytest.raises(ConfigError, match=r"001_notes\.sql has the number that 1_a would get"):
        original.imported()
    assert not (original.project.root / "sql/migrations/2_b.sql").exists()


def test_a_file_written_by_hand_takes_the_place_of_a_refused_one(original: Original) -> None:
    original.write_all({"V1__a.sql": "select '${schema}';", "V2__b.sql": "select 1;"})
    refused = original.imported()
    assert "with `-- flyway version: 1` at its head" in refused.problems[0].remedy
    original.project.write("sql/migrations/1_a.sql", "-- flyway version: 1\nselect 's'")
    assert original.imported().is_whole


def test_a_name_that_begins_with_a_digit_gets_a_letter(original: Original) -> None:
    original.write_all({"2_3_tables.sql": up_down("select 1;", ""), "3_2fa.sql": up_down("", "")})
    assert original.ids() == ["2_v3_tables", "3_v2fa"]


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["V1.2__a", "V1_10__b", "V2__c"], ["1_2_a", "1_10_b", "2_c"]),
        (["V001__a", "V1.0.1__b c", "V2"], ["001_a", "1_0_1_b_c", "2"]),
        (["V1__ä.b", "V2__-x-"], ["1_ä_b", "2_x"]),
    ],
)
def test_an_id_keeps_the_number(original: Original, names: list[str], ids: list[str]) -> None:
    original.write_all({f"{name}.sql": "select 1;" for name in names})
    assert original.ids("flyway") == ids


def test_equal_numbers_are_numbered_within(original: Original) -> None:
    original.write_all(
        {f"{name}/migration.sql": "select 1;" for name in ("7_a", "7_b", "8_c", "later")}
    )
    assert original.ids() == ["7_01_a", "7_02_b", "8_01_c", "8_02_later"]


def test_an_order_that_is_not_that_of_the_numbers_numbers_all_anew(original: Original) -> None:
    original.write_all({"10_a.sql": up_down("select 1;", ""), "9_b.sql": up_down("select 1;", "")})
    assert original.ids() == ["001_v10_a", "002_v9_b"]


def test_a_migration_is_not_imported_again_under_another_id(original: Original) -> None:
    original.write_all({"9_b.sql": up_down("select 1;", "")})
    original.imported()
    original.write_all({"10_a.sql": up_down("select 1;", "")})
    with pytest.raises(ConfigError, match=r"9_b\.sql is version 9 of dbmate.* become 002_v9_b"):
        original.imported()
    assert [path.name for path in original.project.root.glob("sql/migrations/*")] == ["9_b.sql"]


def test_dates_of_a_name_stay_whole(original: Original) -> None:
    text = "-- +migrate Up\nselect 1;\n"
    original.write_all({"2024-01-31-a.sql": text, "2024-02-01-b.sql": text, "last.sql": text})
    assert original.ids() == ["20240131_a", "20240201_01_b", "20240201_02_last"]


def test_a_statement_that_cannot_run_in_a_transaction_does_not(original: Original) -> None:
    index = "create index concurrently i on t (a);"
    original.write_all({"1_a.up.sql": index, "1_a.down.sql": "drop index concurrently i;"})
    original.imported()
    assert "-- transactional: false\n" in original.text("migrations/1_a.sql")
    assert "-- transactional: false\n" in original.text("rollbacks/1_a.sql")


def test_a_comment_that_would_be_a_directive_stays_a_comment(original: Original) -> None:
    up = "-- transactional: false\n-- depends on nothing\nselect 1;\n-- record: checksum\nselect 2;"
    original.write_all({"1_depends_1.sql": up_down(up, "-- touches: x: y\nselect 3;")})
    original.imported()
    directives = original.project.files()[0].file.directives
    assert directives.transactional
    assert "-- original: record: checksum" in original.text("migrations/1_depends_1.sql")
    assert "-- original: touches: x: y" in original.text("rollbacks/1_depends_1.sql")


def test_text_above_the_first_marker_is_kept_if_it_is_comments(original: Original) -> None:
    original.write_all({"1_a.sql": "-- (c) us\n\n" + up_down("select 1;", "")})
    original.imported()
    assert "-- (c) us\n\nselect 1;\n" in original.text("migrations/1_a.sql")


def test_crlf_and_a_byte_order_mark_are_read(original: Original) -> None:
    text = up_down("select 'a\r\nb';", "select 2;").replace("\n", "\r\n").replace("\r\r", "\r")
    original.write_all({"1_a.sql": b"\xef\xbb\xbf" + text.encode()})
    original.imported()
    assert original.text("migrations/1_a.sql") == (
        "-- A\r\n-- dbmate version: 1\r\n\r\nselect 'a\r\nb';\r\n"
    )


def test_goose_and_sql_migrate_join_lines_by_lf(original: Original) -> None:
    original.write_all({"1_a.sql": "-- +goose Up\r\nselect 'a\r\nb';\r\n"})
    original.imported()
    assert "\r" not in original.text("migrations/1_a.sql")


def test_a_block_without_a_semicolon_gets_one(original: Original) -> None:
    block = "-- +goose StatementBegin\n{}\n-- +goose StatementEnd\n"
    first = block.format("do $$ begin null; end $$  -- done")
    original.write_all({"1_a.sql": f"-- +goose Up\n{first}{block.format('select 2;')}"})
    assert original.problems() == []
    text = original.text("migrations/1_a.sql")
    assert text.endswith("do $$ begin null; end $$  -- done\n;\nselect 2;\n")


def test_sql_migrate_leaves_out_lines_of_strings_that_look_like_comments(
    original: Original,
) -> None:
    original.write_all({"1_a.sql": "-- +migrate Up\n-- kept\nselect 'a\n-- gone\nb';\n"})
    original.imported()
    assert original.text("migrations/1_a.sql").endswith("-- kept\nselect 'a\nb';\n")


def test_only_the_markers_own_line_is_left_out(original: Original) -> None:
    up = "select 'a\n-- Up Migration\nb';"
    original.write_all({"1_a.sql": f"-- Up Migration\n{up}\n-- Down Migration\nselect 2;\n"})
    assert original.imported("node-pg-migrate").is_whole
    assert up in original.text("migrations/1_a.sql")


def test_an_empty_transaction_has_no_statement(original: Original) -> None:
    empty = "BEGIN;\n-- nothing to do\nCOMMIT;\n"
    original.write_all({"1_a.up.sql": empty, "1_a.down.sql": empty})
    original.imported()
    assert original.project.files()[0].rollback is None
    assert original.text("migrations/1_a.sql").endswith(
        "\n\nSELECT 1;  -- the original has no statement\n"
    )


def test_a_verify_script_that_is_one_query_becomes_a_check(original: Original) -> None:
    plan = "%project=p\n\na 2024-01-01T00:00:00Z A <a@b.c>\nb 2024-01-01T00:00:01Z A <a@b.c>\n"
    original.write_all(
        {
            "sqitch.plan": plan,
            "deploy/a.sql": "BEGIN;\ncreate table a ();\nCOMMIT;\n",
            "deploy/b.sql": "select 1;\nselect 2;\n",
            "verify/a.sql": "BEGIN;\nSELECT * FROM a WHERE false;\nROLLBACK;\n",
            "verify/b.sql": "SELECT * FROM a;\n",
        }
    )
    result = original.imported()
    assert original.text("checks/001_a.sql").startswith(
        "-- requires: 001_a\n-- expect: no rows\n\nSELECT"
    )
    assert [each.partition(": ")[2] for each in result.left_out] == [
        "a verify script that is not one query"
    ]
    assert "-- transactional: false" in original.text("migrations/002_b.sql")


def test_the_verify_script_of_a_reworked_change_is_left_out(original: Original) -> None:
    by = "A <a@b.c>"
    plan = f"%project=p\n\na 2024-01-01T00:00:00Z {by}\n@v1 2024-01-01T00:00:01Z {by}\n"
    original.write_all(
        {
            "sqitch.plan": f"{plan}a [a@v1] 2024-01-01T00:00:02Z {by}\n",
            "deploy/a@v1.sql": "create table a (x int);\n",
            "verify/a@v1.sql": "SELECT x FROM a WHERE false;\n",
            "deploy/a.sql": "alter table a rename x to y;\n",
            "verify/a.sql": "SELECT y FROM a WHERE false;\n",
        }
    )
    result = original.imported()
    assert result.left_out == (
        f"{original.folder}/verify/a@v1.sql: the verify script of a change that is reworked later",
    )
    checks = (original.project.root / "sql/checks").iterdir()
    assert [path.name for path in checks] == ["002_a.sql"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM a WHERE false",
        "SELECT 1/count(*) FROM a WHERE false",
        "SELECT 1/count(*) FROM a GROUP BY b",
        "SELECT 1 WHERE to_regclass('b') IS NOT NULL",
        "SELECT x -- requires: something\nFROM a WHERE false",
        "SELECT nextval('b')",
    ],
)
def test_a_query_of_which_one_cannot_tell_or_that_no_check_can_be_is_none(query: str) -> None:
    assert as_check(query, "verify/a.sql") is None


def test_each_script_of_flyway_has_its_own_settings(original: Original) -> None:
    original.write_all(
        {
            "V1__a.sql": "select '${x}';",
            "V1__a.sql.conf": "placeholderReplacement=false\n",
            "U1__a.sql": "vacuum;\nvacuum;\n",
            "U1__a.sql.conf": "executeInTransaction=false\n",
            "V2__b.sql": "select 1;",
            "V2__b.sql.conf": "placeholderReplacement=false\n",
            "U2__b.sql": "select '${x}';",
        }
    )
    assert original.problems() == [
        "U2__b.sql:1:9: the placeholder ${x}, which sqlmig does not replace"
    ]
    assert "-- transactional: false" not in original.text("migrations/1_a.sql")
    assert "-- transactional: false" in original.text("rollbacks/1_a.sql")


REFUSED: dict[str, tuple[Mapping[str, str | bytes], list[str]]] = {
    "dbmate: two up parts": (
        {"1_a.sql": up_down("select 1;", "") + up_down("select 2;", "")},
        [
            "1_a.sql:5:1: a second up part in one file",
            "1_a.sql:7:1: a second down part in one file",
        ],
    ),
    "dbmate: down only": (
        {"1_a.sql": "-- migrate:down\nselect 1;\n"},
        ["1_a.sql:1:1: a down part without an up part above it"],
    ),
    "dbmate: a statement above": (
        {"1_a.sql": "select 0;\n" + up_down("select 1;", "")},
        ["1_a.sql:1:1: a statement above the first marker, which dbmate does not run"],
    ),
    "dbmate: a string that never ends": (
        {"1_a.sql": up_down("select 1;", "select 'x")},
        ["1_a.sql:4:8: unterminated string"],
    ),
    "dbmate: another tool's marker": (
        {"1_a.sql": up_down("-- +goose Up\nselect 1;", ""), "2_b.sql": up_down("select 1;", "")},
        ["1_a.sql:2:1: a marker of goose, which sqlmig does not read: it would run the whole file"],
    ),
    "goose: unbalanced": (
        {"1_a.sql": "-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- +goose Down\n"},
        ["1_a.sql:2:1: a statement block that never ends"],
    ),
    "goose: an end alone": (
        {"1_a.sql": "-- +goose Up\nselect 1;\n-- +goose StatementEnd\n"},
        ["1_a.sql:3:1: the end of a statement block that never began"],
    ),
    "goose: environment": (
        {"1_a.sql": "-- +goose Up\n-- +goose ENVSUB ON\nselect '$A';\n"},
        [
            "1_a.sql:2:1: environment variables are substituted in the SQL, which sqlmig does not "
            "do",
        ],
    ),
    "goose: Go": (
        {"1_a.sql": "-- +goose Up\nselect 1;\n", "2_b.go": "package x", "2_b_test.go": ""},
        ["2_b.go: a migration in Go"],
    ),
    "golang-migrate: down only": (
        {"1_a.up.sql": "select 1;", "2_b.down.sql": "select 2;"},
        ["2_b.down.sql: a down script without an up script"],
    ),
    "golang-migrate: BEGIN amid": (
        {"1_a.up.sql": "select 1;\nbegin;\nselect 2;\ncommit;\n"},
        [
            "1_a.up.sql:2:1: BEGIN opens a transaction, and sqlmig keeps one for this file already",
            "1_a.up.sql:4:1: COMMIT would end the transaction that sqlmig keeps for this file",
        ],
    ),
    "diesel: down only": (
        {"1_a/up.sql": "select 1;", "2_b/down.sql": "select 2;"},
        ["2_b/down.sql: a down script without an up script"],
    ),
    "flyway: all the rest": (
        {
            "V1__a.sql": "select '${schema}';",
            "R__views.sql": "select 1;",
            "V2__b.java": "",
            "afterMigrate.sql": "select 1;",
            "sub/U3__c.sql": "select 1;",
        },
        [
            "sub/U3__c.sql: an undo script without its migration",
            "R__views.sql: a repeatable migration, which sqlmig does not have",
            "afterMigrate.sql: a callback, which sqlmig does not have",
            "V2__b.java: a migration that is not SQL",
            "V1__a.sql:1:9: the placeholder ${schema}, which sqlmig does not replace",
        ],
    ),
    "node-pg-migrate: down only and code": (
        {
            "1_a.sql": "-- Down Migration\nselect 1;\n",
            "2_b.js": "",
            "3_c.sql": "-- Up Migration\nselect 1;\n",
        },
        [
            "2_b.js: a migration in JavaScript or TypeScript",
            "1_a.sql:1:1: a down part without an up part: the tool runs all of the file as its up "
            "part",
        ],
    ),
    "node-pg-migrate: a statement above": (
        {"1_a.sql": "select 0;\n-- Up Migration\nselect 1;\n"},
        ["1_a.sql:1:1: a statement above the first comment, which node-pg-migrate does not run"],
    ),
    "sqitch: variables and commands of psql": (
        {
            "sqitch.plan": "%project=p\n\na 2024-01-01T00:00:00Z A <a@b.c>\n",
            "deploy/a.sql": "\\set ON_ERROR_STOP\nselect :'x', a[1:b], y::text;\n",
        },
        [
            "deploy/a.sql:2:8: the variable :'x' of psql, which sqlmig does not replace",
            "deploy/a.sql:1:1: \\set is a command of psql, not SQL",
        ],
    ),
    "prisma: not UTF-8": (
        {"1_a/migration.sql": b"select '\xff';", "2_b/migration.sql": "select 1;"},
        ["1_a/migration.sql:1:9: not UTF-8: byte 0xff"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_over_is_told_at_its_place(case: str, original: Original) -> None:
    files, problems = REFUSED[case]
    original.write_all(files)
    assert original.problems(case.partition(":")[0]) == problems


def test_the_rest_of_a_folder_is_written_where_one_file_is_refused(original: Original) -> None:
    original.write_all({"1_a.sql": up_down("select 'x", ""), "2_b.sql": up_down("select 1;", "")})
    result = original.imported()
    assert [each.outcome for each in result.migrations] == [Placement.REFUSED, Placement.WRITTEN]
    assert (original.project.root / "sql/migrations/2_b.sql").exists()


def test_a_file_that_the_tool_does_not_read_is_told(original: Original) -> None:
    original.write_all(
        {"V1__a.sql": "select 1;", "V1..2__b.sql": "x", "v3__c.sql": "x", "x.md": ""}
    )
    told = [each.removeprefix(f"{original.folder}/") for each in original.imported().left_out]
    assert told == [
        "V1..2__b.sql: not a file that flyway reads",
        "v3__c.sql: not a file that flyway reads",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"notes.txt": "x"}, "has no files of any tool that sqlmig knows"),
        ({"1_a.sql": up_down("", ""), "2_b.sql": "-- +goose Up\n"}, "files of several tools"),
        ({}, "is not a folder"),
    ],
)
def test_a_folder_of_no_tool_or_of_two_is_refused(
    files: Mapping[str, str | bytes], message: str, original: Original
) -> None:
    original.write_all(files)
    with pytest.raises(ConfigError, match=message):
        original.imported()


def test_the_named_tool_decides_where_two_fit(original: Original) -> None:
    original.write_all(
        {"1_a.sql": up_down("select 1;", ""), "2_b.sql": "-- +goose Up\nselect 2;\n"}
    )
    assert original.problems("goose")[0].endswith("it has no goose marker")


def test_the_projects_own_files_are_not_left_out_of_a_folder_above_them(
    original: Original,
) -> None:
    plan = "%project=p\n\na 2024-01-01T00:00:00Z A <a@b.c>\n"
    files = {"sqitch.plan": plan, "deploy/a.sql": "select 1;", "revert/a.sql": "select 2;"}
    for name, text in files.items():
        original.project.write(name, text)
    original.folder = original.project.root
    original.imported()
    assert original.imported().left_out == ()


def test_the_projects_own_folder_is_not_imported(original: Original) -> None:
    original.project.migration("001_a", "select 1")
    config = original.project.config()
    with pytest.raises(ConfigError, match="is the project's own folder"):
        import_migrations(config, original.project.root / "sql/migrations", "sqlx")


def test_pairs_are_those_of_sqlx_where_something_shows_it(original: Original) -> None:
    original.write_all({"1_a.up.sql": "select 1;", "1_a.down.sql": "select 2;"})
    assert original.imported(trial=True).tool == "golang-migrate"
    original.project.write("Cargo.toml", "")
    assert original.imported(trial=True).tool == "sqlx"


def test_files_of_sqlmig_or_yoyo_are_none_of_sqlx(original: Original) -> None:
    original.write_all({"1_a.sql": "select 1;", "1_a.rollback.sql": "select 2;"})
    with pytest.raises(ConfigError, match="no files of any tool"):
        original.imported()


def test_a_pipe_is_not_read(original: Original) -> None:
    original.write_all({"2_b/migration.sql": "select 1;"})
    (original.folder / "1_a").mkdir()
    os.mkfifo(original.folder / "1_a/migration.sql")
    assert original.problems() == ["1_a/migration.sql: is not a file that can be read"]


def test_a_name_with_a_line_end_writes_no_sql(original: Original) -> None:
    (original.folder).mkdir()
    path = Path(original.folder, "1_x\ndrop table users;--.sql")
    path.write_text(up_down("select 1;", ""))
    original.write_all({"2_b.sql": up_down("select 1;", "")})
    assert [each.message for each in original.imported("dbmate").problems] == [
        "the name '1_x\\ndrop table users;--.sql' cannot be shown"
    ]
