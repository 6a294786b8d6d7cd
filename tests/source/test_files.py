"""Reading the folders: pairing, names, text, checksums, and every way in which files are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sqlmig.errors import (
    DirectiveError,
    DuplicateMigrationError,
    OrphanRollbackError,
    SourceError,
    UnusableFilesError,
)
from sqlmig.model import Position, checksum
from sqlmig.source.files import read_script, script_from_bytes
from tests.privileges import public_project, without_root
from tests.project import Project

BOM = b"\xef\xbb\xbf"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def refused(project: Project) -> SourceError:
    """The one error of a project, which tells where it is and what to do."""
    with pytest.raises(SourceError) as caught:
        project.files()
    error = caught.value
    assert error.exit_code == 2
    assert error.remedy
    assert str(error).startswith(f"{error.location}: ")
    return error


def refused_bytes(data: bytes) -> SourceError:
    with pytest.raises(SourceError) as caught:
        script_from_bytes("001_a.sql", data)
    assert caught.value.remedy
    return caught.value


# Checksums: golden, because a changed rule would call every applied migration changed.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("select 1;\n", "4a45092ccf992ea92250053a80b931b787924ba61648f420555511b84f10ab6c"),
        ("créer\n", "cea88f80b4f7ae9513d4cec2203f01370d06d74ed70045208b1a8aa883e6f8b7"),
        ("-- é\n" * 600_000, "c10083a4e0ef666cb3ebfe87a612be3c9d2aaafa756d5e4fab9961df7b525a6b"),
    ],
    ids=["empty", "ASCII", "accents", "long"],
)
def test_the_checksum_of_a_text_never_changes(text: str, expected: str) -> None:
    assert checksum(text) == f"sha256:{expected}"


def test_this_repository_s_first_migration_has_the_checksum_that_its_users_have(
    smart_kids: Path,
) -> None:
    script = read_script(smart_kids / "sql/migrations/001_extensions.sql")
    assert script.checksum == (
        "sha256:4544522ea704f063c23c94ba04f041d413d4d02f253fda7d6c45f8add2144956"
    )


@given(TEXT)
def test_line_ends_and_a_byte_order_mark_do_not_change_the_checksum(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    variants = [lines, lines.replace("\n", "\r\n"), lines.replace("\n", "\r")]
    sums = {script_from_bytes("a.sql", v.encode()).checksum for v in variants if v[:1] != "\ufeff"}
    sums |= {script_from_bytes("a.sql", BOM + v.encode()).checksum for v in variants}
    assert sums == {checksum(lines)}


@given(TEXT, TEXT)
def test_any_other_difference_changes_the_checksum(left: str, right: str) -> None:
    def normal(text: str) -> str:
        return text.replace("\r\n", "\n").replace("\r", "\n")

    assert (checksum(left) == checksum(right)) is (normal(left) == normal(right))


@given(TEXT.filter(bool), st.data())
def test_one_changed_character_changes_the_checksum(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8", exclude_characters="\0\r\n"))
    assume(text[place] not in ("\r", "\n", other))
    assert checksum(text[:place] + other + text[place + 1 :]) != checksum(text)


# Text


def test_a_script_keeps_its_line_ends_and_loses_only_its_byte_order_mark() -> None:
    script = script_from_bytes("001_a.sql", BOM + "select 'é';\r\n".encode())
    assert script.text == "select 'é';\r\n"
    assert script.path == "001_a.sql"


def test_a_directive_right_behind_a_byte_order_mark_is_honoured(project: Project) -> None:
    project.write("sql/migrations/001_a.sql", BOM + b"-- irreversible: data\r\nselect 1;")
    assert project.files()[0].file.directives.irreversible == "data"


@pytest.mark.parametrize("mark", [b"", BOM])
def test_bytes_that_are_no_utf_8_are_refused_at_their_place(mark: bytes) -> None:
    error = refused_bytes(mark + b"select 1;\r\n-- \xc3\xa9t\xc3\xa9 caf\xe9\r\nselect 2;")
    assert error.message == "not UTF-8: byte 0xe9"
    assert error.location.position == Position(2, 11)
    assert error.location.line == "-- été caf\ufffd"
    assert error.remedy == "Save the file as UTF-8."


@pytest.mark.parametrize(
    ("data", "byte", "position"),
    [
        (b"\xe9", "0xe9", Position(1, 1)),
        (b"select '\xc3", "0xc3", Position(1, 9)),
        (b"\xed\xa0\x80", "0xed", Position(1, 1)),
    ],
)
def test_other_encodings_and_cut_characters_are_refused(
    data: bytes, byte: str, position: Position
) -> None:
    error = refused_bytes(data)
    assert error.message == f"not UTF-8: byte {byte}"
    assert error.location.position == position


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["select 1;", "-- Été\r\nselect 'é';", "-- Оплата\nselect 1;"])
def test_utf_16_is_named_with_its_mark_and_without(encoding: str, text: str) -> None:
    error = refused_bytes(text.encode(encoding))
    assert str(error) == "001_a.sql: looks like UTF-16\nSave the file as UTF-8."


@pytest.mark.parametrize("data", [b"select '\0\0';", b"select '\0\xff';"])
def test_a_nul_does_not_reach_the_excerpt(data: bytes) -> None:
    shown = str(refused_bytes(data))
    assert "\0" not in shown
    assert "    1 | select '␀" in shown


@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize(
    ("text", "position"),
    [("select 1;\nselect 'é\0';", Position(2, 10)), ("\0", Position(1, 1))],
)
def test_a_nul_is_refused_at_its_place(mark: bytes, text: str, position: Position) -> None:
    error = refused_bytes(mark + text.encode())
    assert error.message == "a NUL character, which PostgreSQL cannot store"
    assert error.location.position == position


def test_a_bad_file_is_named_by_its_path(project: Project) -> None:
    project.migration("001_a", "select 1;")
    path = project.write("sql/rollbacks/001_a.sql", b"select 1;\n\xff")
    error = refused(project)
    assert str(error).startswith(f"{path}:2:1: not UTF-8")


def test_a_literal_in_the_head_that_never_ends_is_refused_where_it_begins(
    project: Project,
) -> None:
    project.migration("001_a", "-- é\n /* never closed\nselect 1;")
    error = refused(project)
    assert error.message == "unterminated /* comment"
    assert error.location.position == Position(2, 2)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file") as caught:
        read_script(tmp_path / "001_gone.sql")
    assert caught.value.remedy == "Check that the file is there and readable."


# Pairing and order


def test_each_migration_comes_with_its_rollback_in_the_order_of_the_numbers(
    project: Project,
) -> None:
    for name in ("10_j", "9_i", "20261121_01_aPDZ5-add-users", "002_b", "20261121_02_c"):
        project.migration(name, f"-- About {name}\nselect 1;", rollback=f"select '{name}';")
    files = project.files()
    assert [file.migration_id for file in files] == [
        "002_b",
        "9_i",
        "10_j",
        "20261121_01_aPDZ5-add-users",
        "20261121_02_c",
    ]
    for file in files:
        assert file.file.description == f"About {file.migration_id}"
        assert file.rollback is not None
        assert file.rollback.script.text == f"select '{file.migration_id}';"


def test_a_rollback_in_yoyo_s_place_is_found(project: Project) -> None:
    project.irreversible("001_a", "select 1;")
    path = project.write("sql/migrations/001_a.rollback.sql", "select 2;")
    rollback = project.files()[0].rollback
    assert rollback is not None
    assert rollback.script.path == str(path)


def test_an_irreversible_migration_needs_no_rollback_and_no_folder_of_them(
    project: Project,
) -> None:
    project.irreversible("001_a", "-- irreversible: the rows are merged\nselect 1;")
    assert project.files()[0].rollback is None


def test_the_folders_are_settings(project: Project) -> None:
    project.write("sqlmig.toml", 'migrations = "up"\nrollbacks = "down"\n')
    project.write("up/001_a.sql", "select 1;")
    project.write("down/001_a.sql", "select 2;")
    assert [file.migration_id for file in project.files()] == ["001_a"]


@pytest.mark.parametrize(
    "name", ["README.md", ".001_hidden.sql", "__init__.py", "001_a.sql.orig", "001_a.sql~", "notes"]
)
def test_other_files_are_passed_over(project: Project, name: str) -> None:
    project.migration("001_a", "select 1;")
    project.write(f"sql/migrations/{name}", "anything")
    project.write("sql/migrations/002_a_folder.sql/file", "anything")
    assert [file.migration_id for file in project.files()] == ["001_a"]


def test_the_same_folder_is_read_the_same_every_time(project: Project) -> None:
    for number in (3, 1, 2):
        project.migration(f"00{number}_x", f"select {number};")
    assert project.files() == project.files()


def test_the_smart_kids_academy_schema_can_be_read(smart_kids: Path) -> None:
    project = Project(smart_kids)
    assert [file.migration_id[:3] for file in project.files()] == [f"00{n}" for n in range(1, 9)]
    assert all(file.rollback and file.file.description for file in project.files())


# Bad input


def test_a_folder_that_is_not_there_is_refused(project: Project) -> None:
    error = refused(project)
    assert str(error) == (
        f"{project.root}/sql/migrations: no such folder\n"
        "Create it with `sqlmig init`, or name yours with the setting `migrations` "
        "(or go there: --project)."
    )


def test_an_empty_folder_is_refused(project: Project) -> None:
    project.write("sql/migrations/.gitkeep", "")
    error = refused(project)
    assert str(error) == (
        f"{project.root}/sql/migrations: no migrations in this folder\n"
        "Write the first one, such as 001_create_users.sql."
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("004_a", "004_b"),
        ("004_a", "4_b"),
        ("20261121_01_a", "20261121_1_b"),
    ],
)
def test_two_files_with_one_number_are_refused_and_both_named(
    project: Project, first: str, second: str
) -> None:
    project.migration(first, "select 1;")
    project.migration(second, "select 1;")
    error = refused(project)
    assert isinstance(error, DuplicateMigrationError)
    assert first in str(error)
    assert second in str(error)
    assert error.remedy == "Give one of them the next free number: sqlmig renumber."


def test_three_files_with_one_number_are_two_errors(project: Project) -> None:
    for name in ("004_a", "004_b", "004_c"):
        project.migration(name, "select 1;")
    error = refused_together(project)
    assert [type(each) for each in error.errors] == [DuplicateMigrationError] * 2


@pytest.mark.parametrize("place", ["sql/rollbacks/{}.sql", "sql/migrations/{}.rollback.sql"])
def test_a_rollback_without_its_migration_is_refused_with_the_nearest(
    project: Project, place: str
) -> None:
    project.migration("004_payments", "select 1;")
    path = project.write(place.format("004_paymets"), "select 1;")
    error = refused(project)
    assert isinstance(error, OrphanRollbackError)
    assert str(error) == (
        f"{path}: a rollback without a migration of that name\nDid you mean 004_payments.sql?"
    )


def test_a_rollback_that_has_a_migration_s_number_is_taken_for_its_own(project: Project) -> None:
    project.irreversible("004_payments", "-- irreversible: x\nselect 1;")
    project.write("sql/rollbacks/4_drop.sql", "select 1;")
    assert refused(project).remedy == "Did you mean 004_payments.sql?"


@pytest.mark.parametrize("name", ["997_quite_another", "002_b", "quite_another"])
def test_a_rollback_that_resembles_no_migration_is_refused_too(project: Project, name: str) -> None:
    project.migration("001_a", "select 1;")
    project.write(f"sql/rollbacks/{name}.sql", "select 1;")
    assert refused(project).remedy == "Remove it, or restore the migration."


@pytest.mark.parametrize("content", ["", "\n", "-- drop table a;\n", "/* later */", ";;"])
@pytest.mark.parametrize("folder", ["migrations", "rollbacks"])
def test_a_file_without_a_statement_is_refused(project: Project, folder: str, content: str) -> None:
    project.migration("001_a", "select 1;")
    path = project.write(f"sql/{folder}/001_a.sql", content)
    assert str(refused(project)) == (
        f"{path}: has no statement\nWrite one, or `SELECT 1;` if there is nothing to do."
    )


def test_a_migration_without_a_rollback_is_refused(project: Project) -> None:
    project.irreversible("001_a", "select 1;")
    error = refused(project)
    assert str(error) == (
        f"{project.root}/sql/migrations/001_a.sql: no rollback: "
        f"{project.root}/sql/rollbacks/001_a.sql does not exist\n"
        "Write it, or say why there is none: `-- irreversible: <reason>` at the head."
    )


def test_a_migration_with_a_rollback_cannot_be_irreversible(project: Project) -> None:
    project.migration("001_a", "-- irreversible: no way back\nselect 1;")
    error = refused(project)
    assert "declared irreversible, but" in error.message
    assert "sql/rollbacks/001_a.sql is its rollback" in error.message


def test_two_rollbacks_for_one_migration_are_refused(project: Project) -> None:
    project.migration("001_a", "select 1;")
    project.write("sql/migrations/001_a.rollback.sql", "select 2;")
    error = refused(project)
    assert "two rollbacks for one migration, this one and" in error.message
    assert error.remedy == "Remove one of them."


@pytest.mark.parametrize("name", ["users", "v1_users", "2fa"])
def test_a_name_without_a_number_is_refused(project: Project, name: str) -> None:
    project.migration(name, "select 1;")
    error = refused(project)
    assert error.message == "a migration's name must begin with its number"
    assert error.remedy == f"Rename it, such as 001_{name}.sql."


@pytest.mark.parametrize("suffix", ["py", "PY"])
def test_a_python_migration_is_named_as_unsupported(project: Project, suffix: str) -> None:
    project.migration("001_a", "select 1;")
    path = project.write(f"sql/migrations/002_b.{suffix}", "steps = []")
    error = refused(project)
    assert error.location.path == str(path)
    assert error.message == "a Python migration, which sqlmig does not run"


def test_a_suffix_in_capitals_is_refused_because_yoyo_would_not_see_the_file(
    project: Project,
) -> None:
    project.migration("001_a", "select 1;")
    project.write("sql/migrations/002_b.SQL", "select 1;")
    error = refused(project)
    assert (error.message, error.remedy) == (
        "ends in .SQL, not in .sql",
        "Rename it to 002_b.sql.",
    )


def test_a_misspelt_directive_is_refused_at_its_place_in_the_file(project: Project) -> None:
    project.migration("001_a", "-- Été.\r\n-- transactionl: false\r\nselect 1;")
    error = refused(project)
    assert isinstance(error, DirectiveError)
    assert str(error) == (
        f"{project.root}/sql/migrations/001_a.sql:2:1: "
        "unknown directive 'transactionl'\n"
        "    2 | -- transactionl: false\n"
        "      | ^\n"
        "Did you mean transactional? If it is just a comment, write it without the colon after the "
        "first word."
    )


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_paths(project: Project) -> None:
    project.irreversible("001_a", "select 1;")
    project.migration("002_b", "-- adr: none\nselect 1;")
    project.migration("003_c", "select 1;")
    project.migration("003_d", "select 1;")
    project.write("sql/rollbacks/009_x.sql", "select 1;")
    error = refused_together(project)
    assert [Path(each.location.path).name for each in error.errors] == [
        "001_a.sql",
        "002_b.sql",
        "003_d.sql",
        "009_x.sql",
    ]
    assert all(str(each) in str(error) and each.remedy for each in error.errors)


def refused_together(project: Project) -> UnusableFilesError:
    with pytest.raises(UnusableFilesError) as caught:
        project.files()
    assert caught.value.exit_code == 2
    return caught.value


def test_the_mistakes_of_one_file_are_told_with_those_of_others(project: Project) -> None:
    project.migration("002_b", "-- transactionl: false\n-- lock_timeout: 3\nselect 1;")
    project.migration("001_a", "")
    error = refused_together(project)
    assert [str(each.location).rpartition("/")[2] for each in error.errors] == [
        "001_a.sql",
        "002_b.sql:1:1",
        "002_b.sql:2:1",
    ]


def test_a_link_that_leads_nowhere_is_an_error(project: Project) -> None:
    project.migration("001_a", "select 1;")
    (project.root / "sql/migrations/002_b.sql").symlink_to("nowhere")
    with pytest.raises(SourceError, match="cannot be read"):
        project.files()


def test_a_missing_dependency_is_told_together_with_other_errors(project: Project) -> None:
    project.migration("001_a", "-- depends: 002_b 009_x\nselect 1;")
    project.migration("002_b", "")
    error = refused_together(project)
    assert [each.message for each in error.errors] == [
        "depends on '009_x', but no such migration exists",
        "has no statement",
    ]


# Names and places


@pytest.mark.parametrize("name", [b"002_\xff.sql", b"002_\x1b[2J.sql", b"002_a\nb.sql"])
def test_a_name_that_cannot_be_shown_is_refused_in_a_form_that_can(
    project: Project, name: bytes
) -> None:
    project.migration("001_a", "select 1;")
    folder = project.root / "sql/migrations"
    (folder / os.fsdecode(name)).write_text("select 1;")
    error = refused(project)
    assert error.location.path == str(folder)
    assert error.message == f"the name {os.fsdecode(name)!r} cannot be shown"
    assert str(error).replace("\n", "").isprintable()


@pytest.mark.parametrize("folder", ["migrations", "rollbacks"])
def test_a_pipe_is_refused_and_never_opened(project: Project, folder: str) -> None:
    project.migration("001_a", "select 1;")
    path = project.root / f"sql/{folder}/002_b.sql"
    os.mkfifo(path)
    error = refused(project)
    assert error.location.path == str(path)
    assert error.message == "is a pipe, a socket or a device, not a file"


@pytest.mark.parametrize("folder", ["migrations", "rollbacks"])
def test_a_folder_that_cannot_be_listed_is_refused(folder: str) -> None:
    with public_project() as project:
        project.migration("001_a", "select 1;")
        path = project.root / "sql" / folder
        path.chmod(0)
        with without_root():
            error = refused(project)
        assert str(error) == (
            f"{path}: cannot be listed: Permission denied\nCheck that you may read this folder."
        )


def test_a_subfolder_with_scripts_is_refused(project: Project) -> None:
    project.migration("001_a", "select 1;")
    path = project.write("sql/migrations/2026/q4/002_b.sql", "select 1;").parents[1]
    assert str(refused(project)) == (
        f"{path}: a subfolder with .sql files; subfolders are not read\n"
        "Move the files into the folder above."
    )


def test_the_rollbacks_may_lie_in_a_subfolder(project: Project) -> None:
    project.write("sqlmig.toml", 'migrations = "sql"\nrollbacks = "sql/down"\n')
    project.write("sql/001_a.sql", "select 1;")
    project.write("sql/down/001_a.sql", "select 1;")
    assert project.files()[0].rollback is not None
