"""Beginning a migration and entering it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sqlmig.errors import ChangelogError, ConfigError, SourceError
from sqlmig.model import Directives
from sqlmig.operations.validation import validate
from sqlmig.project.entries import add_entry, add_missing
from sqlmig.project.new import Draft, Written, new_migration
from tests.project import Project
from tests.repository import UNRELEASED, Repository, bullet

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def begin(project: Project, draft: Draft | None = None) -> Written:
    return new_migration(project.config(), draft or Draft(description="add invoices"), NOW)


def text(project: Project, path: str) -> str:
    return (project.root / path).read_text()


def test_the_first_migration_needs_only_a_changelog_to_be_entered(project: Project) -> None:
    project.write("docs/CHANGELOG.md", "# Changelog\n")
    written = begin(project)
    assert written.migration_id == "001_add_invoices"
    assert text(project, "sql/migrations/001_add_invoices.sql") == "-- Add invoices\n\n"
    assert text(project, "sql/rollbacks/001_add_invoices.sql") == "-- Undo 001_add_invoices\n\n"
    assert text(project, "docs/CHANGELOG.md").endswith(
        "\n## [Unreleased]\n\n### Added\n\n- `001_add_invoices`: add invoices.\n"
    )
    with pytest.raises(SourceError, match="has no statement"):
        validate(project.config())


@pytest.mark.parametrize("settings", ["", 'changelog = ""', "changelog = false"])
def test_without_a_changelog_none_is_written(project: Project, settings: str) -> None:
    project.write("sqlmig.toml", settings)
    if settings:
        project.write("docs/CHANGELOG.md", "# Not of the schema\n")
    written = begin(project)
    assert (written.bullet, written.entry) == (None, None)
    there = (project.root / "docs/CHANGELOG.md").exists()
    assert not there or text(project, "docs/CHANGELOG.md") == "# Not of the schema\n"


def test_an_irreversible_migration_has_no_rollback_and_a_decision(project: Project) -> None:
    project.write("docs/CHANGELOG.md", "# Changelog\n")
    written = begin(project, Draft(description="Drop the old rooms", irreversible="all are gone"))
    assert [Path(path).name for path in written.paths] == [
        "001_drop_the_old_rooms.sql",
        "0001-drop-the-old-rooms.md",
    ]
    assert text(project, "sql/migrations/001_drop_the_old_rooms.sql") == (
        "-- Drop the old rooms\n-- irreversible: all are gone\n-- adr: 0001\n\n"
    )
    assert written.bullet
    assert written.bullet.endswith("[ADR-0001](adr/0001-drop-the-old-rooms.md)")
    record = text(project, "docs/adr/0001-drop-the-old-rooms.md")
    assert record.startswith(
        "---\nstatus: proposed\ndate: 2026-11-21\n---\n\n# Drop the old rooms\n"
    )


def test_a_migration_outside_a_transaction_says_so_in_both_scripts(project: Project) -> None:
    begin(project, Draft(description="index the fees", transactional=False))
    for folder in ("migrations", "rollbacks"):
        assert "-- transactional: false\n" in text(project, f"sql/{folder}/001_index_the_fees.sql")


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("  Añadir las cuotas, ¡ya!  ", "001_anadir_las_cuotas_ya"),
        ("x/../../y and so on it goes", "001_x_y_and_so_on_it_goes"),
        ("word " * 30, "001_" + "_".join(["word"] * 12)),
        ("users", "001_users"),
        ("add_users", "001_add_users"),
        ("2FA", "001_2fa"),
        ("Ünïcödé – žluťoučký kůň № 5", "001_unicode_zlutoucky_kun_no_5"),
    ],
)
def test_a_name_is_made_of_plain_letters(project: Project, description: str, name: str) -> None:
    assert begin(project, Draft(description=description)).migration_id == name


@pytest.mark.parametrize(
    "description", ["Straßen", "Ødegård", "Добавить счета", "添加用户", "łódź"]
)
def test_letters_that_no_normalization_makes_plain_need_a_slug(
    project: Project, description: str
) -> None:
    with pytest.raises(ChangelogError, match="--slug") as caught:
        begin(project, Draft(description=description))
    assert caught.value.exit_code == 2
    written = begin(project, Draft(description=description, slug="streets"))
    assert written.migration_id == "001_streets"
    sentence = description[:1].upper() + description[1:]
    assert text(project, "sql/migrations/001_streets.sql") == f"-- {sentence}\n\n"


@pytest.mark.parametrize("slug", ["", "../x", "a b", "a.sql", "Straße", "-x", "5", "5_x"])
def test_a_slug_that_is_no_name_of_a_file_is_refused(project: Project, slug: str) -> None:
    with pytest.raises(ChangelogError, match="--slug"):
        begin(project, Draft(description="add invoices", slug=slug))
    assert not (project.root / "sql").exists()


@pytest.mark.parametrize(
    "description",
    [
        "transactional: false",
        "Irreversible: all rooms are dropped",
        "depend: on nothing",
        "transactional false",
        "transactional",
        "adr: 0004",
        "-- depends: 001_a",
        "migrate:up for all",
        "+goose Up and away",
        "up",
    ],
)
def test_a_description_like_a_directive_is_none(project: Project, description: str) -> None:
    written = begin(project, Draft(description=description, slug="odd"))
    path = project.root / "sql/migrations/001_odd.sql"
    path.write_text(path.read_text() + "SELECT 1;\n")
    down = project.root / "sql/rollbacks/001_odd.sql"
    down.write_text(down.read_text() + "SELECT 1;\n")
    (migration,) = validate(project.config())
    assert written.migration_id == migration.migration_id
    assert migration.file.directives == Directives()
    assert description.lower().lstrip("- ") in migration.file.description.lower()


def test_a_few_words_are_entered_with_a_note_to_say_more(project: Project) -> None:
    project.write("docs/CHANGELOG.md", UNRELEASED)
    written = begin(project, Draft(description="users"))
    assert written.bullet == "- `001_users`: TODO say what it changes."


@pytest.mark.parametrize("settings", ["", "timestamps = true"])
def test_the_time_is_a_number_by_option_or_setting(project: Project, settings: str) -> None:
    project.write("sqlmig.toml", settings)
    project.migration("001_a", "select 1;")
    first = begin(project, Draft(description="add invoices", timestamp=not settings))
    assert first.migration_id == "20261121000000_add_invoices"
    assert begin(project).migration_id == "20261121000001_add_invoices"


def test_what_has_no_entry_is_entered_at_once(project: Project) -> None:
    project.migration("001_a", "-- The first of all tables\nselect 1;")
    project.migration("002_b", "select 1;")
    project.migration("003_c", "-- The third of all tables\nselect 1;")
    project.write("docs/CHANGELOG.md", UNRELEASED + bullet("003_c"))
    assert [entry.bullet for entry in add_missing(project.config())] == [
        "- `001_a`: The first of all tables.",
        "- `002_b`: TODO say what it changes.",
    ]
    assert [line for line in text(project, "docs/CHANGELOG.md").splitlines() if "`00" in line][
        1:
    ] == ["- `001_a`: The first of all tables.", "- `002_b`: TODO say what it changes."]
    assert add_missing(project.config()) == ()


def test_an_entry_is_not_begun_beside_another_changelog(project: Project) -> None:
    project.migration("001_a", "select 1;")
    project.write("CHANGELOG.md", "# Changelog\n")
    with pytest.raises(ChangelogError, match=r"there is no docs/CHANGELOG\.md") as caught:
        add_missing(project.config())
    assert 'changelog = "CHANGELOG.md"' in caught.value.remedy
    assert not (project.root / "docs").exists()


def test_an_entry_may_have_a_type_of_the_settings(project: Project) -> None:
    project.write("sqlmig.toml", "changelog_types = ['Documentation']")
    project.migration("001_a", "select 1;")
    add_entry(project.config(), "1", "what all the tables are", "documentation")
    assert "### Documentation\n\n- `001_a`" in text(project, "docs/CHANGELOG.md")
    with pytest.raises(ChangelogError, match="'Wrong' is not a type"):
        add_entry(project.config(), "1:edit", "what all the tables are", "Wrong")


def test_a_description_of_several_lines_becomes_one(project: Project) -> None:
    draft = Draft(description="add\ninvoices;\n drop table x", irreversible="all\nare gone")
    path = begin(project, draft).paths[0]
    assert Path(path).read_text() == (
        "-- Add invoices; drop table x\n-- irreversible: all are gone\n-- adr: 0001\n\n"
    )


def test_a_number_that_is_merged_is_taken_though_it_is_not_on_the_disk(
    repository: Repository,
) -> None:
    repository.entered("001_a")
    repository.write("docs/adr/0001-a.md", "# A\n")
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.git("switch", "--quiet", "main")
    repository.entered("001_a", "002_b")
    repository.write("docs/adr/0002-b.md", "# B\n")
    repository.commit()
    repository.git("switch", "--quiet", "feature")
    written = begin(repository, Draft(description="add invoices", decision=True))
    assert written.migration_id == "003_add_invoices"
    assert Path(written.paths[-1]).name == "0003-add-invoices.md"


def test_an_entry_is_linked_to_the_decision_that_the_migration_names(project: Project) -> None:
    project.migration("001_a", "-- adr: 0004\nselect 1;")
    project.write("docs/adr/0004-rooms.md", "# Rooms\n")
    written = add_entry(project.config(), "1", "the first of all tables")
    assert written.bullet == ("- `001_a`: the first of all tables. [ADR-0004](adr/0004-rooms.md)")


def test_an_edit_is_entered_as_a_change(project: Project) -> None:
    project.migration("001_a", "select 1;")
    project.write("docs/CHANGELOG.md", UNRELEASED + bullet("001_a"))
    add_entry(project.config(), "001_a:edit", "wider numbers from now on")
    assert text(project, "docs/CHANGELOG.md").endswith(
        "\n### Changed\n\n- `001_a:edit`: wider numbers from now on.\n"
    )


def test_what_is_entered_already_is_told_with_its_line(project: Project) -> None:
    project.migration("001_a", "select 1;")
    project.write("docs/CHANGELOG.md", UNRELEASED + bullet("001_a"))
    with pytest.raises(ChangelogError, match=r"on line 7 of docs/CHANGELOG\.md"):
        add_entry(project.config(), "1", "the first of all tables")


@pytest.mark.parametrize("data", [b"## [Unreleased]\n\xeb", b"<<<<<<< HEAD\n## [Unreleased]\n"])
def test_a_changelog_that_cannot_be_read_stops_before_anything_is_written(
    project: Project, data: bytes
) -> None:
    path = project.write("docs/CHANGELOG.md", data)
    with pytest.raises(ChangelogError):
        begin(project)
    assert path.read_bytes() == data
    assert not (project.root / "sql").exists()


def test_a_folder_that_cannot_be_made_is_told(project: Project) -> None:
    project.write("sql", "a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        begin(project)
    assert not (project.root / "docs").exists()
