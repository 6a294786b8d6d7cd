"""What each rule finds and leaves alone, from the files alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.changelog.linter import check
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.changelog.reference import changelog_rules, subject_of
from sqlmig.changelog.rules import RULES, Rule, Sample
from sqlmig.model import Severity
from tests.repository import UNRELEASED, bullet

ID = "0007_add_sections"
OLD = "0006_add_rooms"
FILE = {f"sql/migrations/{ID}.sql": "create table sections ();\n"}
OLD_FILE = {f"sql/migrations/{OLD}.sql": "create table rooms ();\n"}
ENTERED = UNRELEASED + bullet(ID)
RELEASED = f"## [Unreleased]\n\n## [1.0.0] - 2026-03-01\n\n### Added\n\n{bullet(OLD)}"
BEFORE = Sample(RELEASED, OLD_FILE)
LINK = "[ADR-0004](adr/0004-rooms.md)"


def found(
    changelog: str,
    files: Mapping[str, str] = FILE,
    before: Sample | None = None,
    squashed: Mapping[str, str] | None = None,
) -> list[str]:
    """The findings as code, path and line, notes left out."""
    subject = replace(subject_of(Sample(changelog, files, before)), squashed=squashed or {})
    return [
        f"{each.code} {each.location}".rpartition(":")[0]
        for each in check(subject)
        if each.severity is not Severity.NOTE
    ]


def decided(record: str, migration: str = "-- adr: 0004\nselect 1;") -> list[str]:
    """The findings where an entry links a decision record with that text."""
    files = {f"sql/migrations/{ID}.sql": migration, "docs/adr/0004-rooms.md": record}
    return found(f"{UNRELEASED}- `{ID}`: what was decided on. {LINK}\n", files)


# All rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_refuses_its_bad_sample(rule: Rule) -> None:
    findings = list(rule.findings(subject_of(rule.bad)))
    assert findings
    assert all(each.code == rule.code and each.remedy and each.message for each in findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_accepts_the_good_sample_of_each(rule: Rule) -> None:
    assert check(subject_of(rule.good)) == ()


def test_codes_are_in_order_and_used_once() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))


def test_the_page_of_the_rules_is_the_one_in_the_documentation(smart_kids: Path) -> None:
    assert (smart_kids / "docs/changelog-rules.md").read_text() == f"{changelog_rules()}\n"


def test_findings_are_sorted_by_place() -> None:
    places = [each.location for each in check(subject_of(Sample(UNRELEASED, many_files(20))))]
    assert places == sorted(places, key=str)


@pytest.mark.parametrize("seed", range(3))
def test_findings_do_not_depend_on_the_order_of_the_files(seed: int) -> None:
    files = list(many_files(20).items())
    shuffled = files[seed * 5 :] + files[: seed * 5]
    assert found(UNRELEASED, dict(shuffled)) == found(UNRELEASED, dict(files))


def many_files(count: int) -> dict[str, str]:
    return {f"sql/migrations/{n:04}_x.sql": "select 1;" for n in range(1, count + 1)}


# CL001, CL002: one entry for each


@pytest.mark.parametrize("marker", ["-", "*", "+"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("header", ["", "1.0.0", "1.1.0", "2.0.0"])
def test_an_entry_counts_in_every_spelling_of_the_format(
    marker: str, end: str, header: str
) -> None:
    text = f"\ufeff# Changelog\n\nhttps://keepachangelog.com/en/{header}\n\n## Unreleased\n\n"
    text += f"### Added\n{marker} `{ID}`: the sections\n  of each class.\n"
    assert found(text.replace("\n", end)) == []


def test_headings_may_be_underlined() -> None:
    text = f"Changelog\n=========\n\nUnreleased\n----------\n\n### Added\n\n{bullet(ID)}"
    assert found(text) == []


@pytest.mark.parametrize(
    "entry",
    [
        f"[the sections](../sql/migrations/{ID}.sql): one for each class.",
        f"[`{ID}`](../sql/migrations/{ID}.sql): one for each class.",
        f"[`{ID}`]: one for each class.\n\n[`{ID}`]: ../sql/migrations/{ID}.sql",
        f"one for each class: [file](https://example.org/sql/migrations/{ID}.sql#L3).",
        f"school:\n  - rooms\n    - `{ID}`: one for each class.",
    ],
)
def test_an_entry_may_link_the_file_or_be_nested(entry: str) -> None:
    assert found(f"{UNRELEASED}- {entry}\n") == []


@pytest.mark.parametrize(
    "entry",
    [
        "`0007_add`: a part of the name.",
        f"`{ID}_v2`: more than the name.",
        f"`x{ID}`: more than the name.",
        f"`{ID.upper()}`: other letters.",
        "`0007`: the number alone.",
        f"`{ID}:edit`: only its edit is told here.",
        f"[its rollback](../sql/rollbacks/{ID}.sql): not the migration.",
        f"https://example.org/{ID}/issues: inside a URL.",
    ],
)
def test_only_the_whole_id_is_an_entry(entry: str) -> None:
    one_of = [[f"CL001 sql/migrations/{ID}.sql:1"], ["CL003 docs/CHANGELOG.md:7"]]
    assert found(f"{UNRELEASED}- {entry}\n") in one_of


def test_1_is_not_10() -> None:
    files = {"sql/migrations/1_a.sql": "", "sql/migrations/10_a.sql": ""}
    assert found(UNRELEASED + bullet("10_a"), files) == ["CL001 sql/migrations/1_a.sql:1"]


def test_one_bullet_may_enter_several_migrations() -> None:
    files = FILE | OLD_FILE
    assert found(f"{UNRELEASED}- `{OLD}`, `{ID}`: rooms and sections.\n", files) == []


def test_the_remedy_is_a_line_that_can_be_pasted() -> None:
    files = {f"sql/migrations/{ID}.sql": "-- The sections of each class\nselect 1;"}
    (finding,) = check(subject_of(Sample(UNRELEASED, files)))
    line = finding.remedy.partition(": ")[2]
    assert found(f"{UNRELEASED}{line}\n", files) == []


def test_the_line_to_paste_says_something_only_where_the_file_does() -> None:
    (finding,) = check(subject_of(Sample(UNRELEASED, FILE)))
    line = finding.remedy.partition(": ")[2]
    assert found(f"{UNRELEASED}{line}\n") == ["CL005 docs/CHANGELOG.md:7"]


def test_an_edit_and_a_new_rollback_may_be_told_more_than_once() -> None:
    edits = f"- `{ID}:edit`: what it does now.\n- `{ID}:edit`: and once more again.\n"
    assert found(ENTERED + edits.replace("edit", "down") + edits) == []


def test_the_same_id_twice_in_one_bullet_is_one_entry() -> None:
    assert found(f"{UNRELEASED}- `{ID}`: the sections, see `{ID}`.\n") == []


def test_a_union_merge_leaves_scars_that_are_found() -> None:
    text = f"{ENTERED}{bullet(ID)}\n### Added\n\n## [Unreleased]\n"
    assert found(text) == [
        "CL002 docs/CHANGELOG.md:8",
        "CL012 docs/CHANGELOG.md:10",
        "CL011 docs/CHANGELOG.md:12",
    ]


# CL003: entries without a migration


@pytest.mark.parametrize("text", ["account_code", "004", "1.2.0", "2026-01-01", "3x", "100_000"])
def test_code_that_is_no_id_is_no_entry(text: str) -> None:
    assert found(f"{ENTERED}- The column `{text}` is new here.\n") == []


def test_an_orphan_is_told_with_the_migration_of_that_number() -> None:
    (orphan,) = check(subject_of(Sample(UNRELEASED + bullet("0007_sections"), FILE)))
    assert (orphan.code, orphan.remedy) == ("CL003", f"Did you mean {ID}?")


def test_squashed_migrations_keep_their_entries_while_what_took_their_place_is_there() -> None:
    text = ENTERED + bullet("0001_a")
    assert found(text, squashed={"0001_a": ID}) == []
    assert found(text, squashed={"0001_a": "0100_all"}) == ["CL003 docs/CHANGELOG.md:8"]


# CL004: ids elsewhere


@pytest.mark.parametrize(
    "text",
    [
        f"```\n- `{ID}`: in a fence.\n```\n",
        f"~~~ text\n- `{ID}`: in a fence.\n~~~\n",
        f"Text:\n\n    - `{ID}`: in an indented block.\n",
        f"<!-- - `{ID}`: in a comment. -->\n",
        f"<!--\n\n- `{ID}`: in a comment\n\nof several lines. -->\n",
        f"- adds things <!-- `{ID}`: in a comment. -->\n",
        f"[x]: ../sql/{ID} 'in a definition'\n",
        f"> - `{ID}`: in a quotation.\n",
        f"#### `{ID}` in a heading\n",
        f"`{ID}` in a paragraph.\n",
    ],
)
def test_an_id_that_stands_in_no_bullet_is_no_entry(text: str) -> None:
    codes = {each.split()[0] for each in found(UNRELEASED + text)}
    assert codes in ({"CL004"}, {"CL001"})


def test_a_bullet_above_all_sections_or_releases_is_no_entry() -> None:
    assert found(f"## [Unreleased]\n\n{bullet(ID)}") == ["CL004 docs/CHANGELOG.md:3"]
    above = f"### Added\n\n{bullet(ID)}\n## [Unreleased]\n"
    assert found(above) == ["CL004 docs/CHANGELOG.md:3"]


# CL005: entries that say nothing


@pytest.mark.parametrize(
    "text",
    ["", "TODO", "todo: write this down later", "**WIP** soon to come", "fix it", "12345678901"],
)
def test_an_entry_without_words_is_refused(text: str) -> None:
    assert found(f"{UNRELEASED}- `{ID}`: {text}\n") == ["CL005 docs/CHANGELOG.md:7"]


def test_links_and_comments_are_no_words() -> None:
    text = f"{UNRELEASED}- `{ID}` [a long text of a link](x.md) <!-- and a long comment -->\n"
    assert found(text) == ["CL005 docs/CHANGELOG.md:7"]


# CL010: a changelog that can be read


def test_a_missing_changelog_matters_once_there_is_a_migration() -> None:
    subject = subject_of(Sample("", FILE))
    files = {path: data for path, data in subject.now.files.items() if path.startswith("sql")}
    without = replace(subject, now=ProjectFiles(subject.now.places, files))
    assert [each.code for each in check(without)] == ["CL010"]
    nothing = replace(subject, now=ProjectFiles(subject.now.places, {}))
    assert check(nothing) == ()
    assert [each.code for each in check(replace(nothing, before=subject.now))] == ["CL010"]


def test_bytes_that_are_no_utf_8_are_told_with_their_line() -> None:
    subject = subject_of(Sample(ENTERED, FILE))
    files = dict(subject.now.files) | {"docs/CHANGELOG.md": b"# Changelog\n\nZo\xeb\n"}
    (finding,) = check(replace(subject, now=ProjectFiles(subject.now.places, files)))
    assert str(finding) == "docs/CHANGELOG.md:3:1: CL010 not UTF-8: byte 0xeb on this line"


def test_while_the_changelog_cannot_be_read_nothing_else_is_told() -> None:
    text = f"<<<<<<< HEAD\n{UNRELEASED}=======\n>>>>>>> main\n"
    assert found(text) == ["CL010 docs/CHANGELOG.md:1", "CL010 docs/CHANGELOG.md:9"]


# CL011 to CL013: the form


@pytest.mark.parametrize("heading", ["Unreleased", "[Unreleased]", "UNRELEASED", "[Unreleased](x)"])
def test_unreleased_has_several_spellings(heading: str) -> None:
    assert found(f"## {heading}\n\n### Added\n\n{bullet(ID)}") == []


def test_unreleased_may_be_missing_while_nothing_needs_it() -> None:
    assert found(f"## [1.0.0] - 2026-03-01\n\n### Added\n\n{bullet(ID)}") == []
    assert found("## [1.0.0] - 2026-03-01\n") == [f"CL001 sql/migrations/{ID}.sql:1"]


@pytest.mark.parametrize(
    "heading",
    [
        "[1.2.0] - 2026-02-30",
        "[1.2.0] - 2020-19-39",
        "[1.2.0] – 2026-02-01",
        "[1.2.0] - 26-02-01",
        "1.2.0 - 2026-02-01",
        "[1.2.0]",
        "2026-02-01",
        "Notes",
    ],
)
def test_a_release_without_version_or_date_is_refused(heading: str) -> None:
    assert found(f"## {heading}\n", {}) == ["CL013 docs/CHANGELOG.md:1"]


@pytest.mark.parametrize(
    "heading",
    [
        "[1.2.0] - 2026-02-28",
        "[1.2.0] - 2026-02-28 [YANKED]",
        "[1.2.0](https://example.org) - 2026-02-28",
        "[v1.2.0-rc.1+build] - 2024-02-29",
    ],
)
def test_a_release_with_version_and_date_is_accepted(heading: str) -> None:
    assert found(f"## {heading}\n", {}) == []


@pytest.mark.parametrize(
    ("above", "below", "codes"),
    [
        ("[1.1.0] - 2026-02-01", "[1.0.0] - 2026-01-01", []),
        ("[1.0.0] - 2026-01-01", "[1.1.0] - 2026-02-01", ["CL013"]),
        ("[1.10.0] - 2026-01-01", "[1.9.0] - 2026-01-01", []),
        ("[1.9.0] - 2026-01-01", "[1.10.0] - 2026-01-01", ["CL013"]),
        ("[1.0.0] - 2026-01-01", "[1.0.0-rc.1] - 2026-01-01", []),
        ("[1.0.0-rc.2] - 2026-01-01", "[1.0.0-rc.10] - 2026-01-01", ["CL013"]),
        ("[1.0.5] - 2026-03-01", "[2.0.0] - 2026-01-01", []),
        ("[2.0.0] - 2026-01-01", "[1.0.5] - 2026-03-01", []),
        ("[1.0.0] - 2026-01-01", "[1.0.0] - 2026-01-01", ["CL013"]),
        ("[spring] - 2026-01-01", "[summer] - 2026-06-01", ["CL013"]),
    ],
)
def test_the_newest_release_stands_first(above: str, below: str, codes: list[str]) -> None:
    assert [each.split()[0] for each in found(f"## {above}\n\n## {below}\n", {})] == codes


def test_the_order_of_versions_that_are_no_numbers_is_only_a_warning() -> None:
    text = "## [spring] - 2026-01-01\n\n## [summer] - 2026-06-01\n"
    (finding,) = check(subject_of(Sample(text)))
    assert finding.severity is Severity.WARNING


def test_a_type_in_small_letters_is_told_with_the_right_one() -> None:
    (finding,) = check(subject_of(Sample("## [Unreleased]\n\n### fixed\n")))
    assert (finding.code, finding.remedy) == ("CL012", "Did you mean Fixed?")


# CL101 to CL104: decisions


def test_an_irreversible_migration_needs_the_link_to_a_decision() -> None:
    files = {f"sql/migrations/{ID}.sql": "-- irreversible: gone\ndrop table sections;"}
    assert found(ENTERED, files) == ["CL101 docs/CHANGELOG.md:7"]


def test_the_link_leads_to_the_record_that_the_migration_names() -> None:
    record = "---\nstatus: accepted\n---\n# Rooms\n"
    assert decided(record) == []
    assert decided(record, "-- adr: ADR-4\nselect 1;") == []
    assert decided(record, "-- adr: 0005\nselect 1;") == ["CL101 docs/CHANGELOG.md:7"]


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("[ADR-0004](adr/0004-rooms.md#context)", None),
        ("[ADR-4](./adr/../adr/0004-rooms.md)", None),
        ("[the decision](adr/0004-rooms.md)", None),
        ("[ADR-0004][rooms]\n\n[rooms]: adr/0004-rooms.md", None),
        ("[ADR-0004](adr/0004-Rooms.md)", "CL102"),
        ("[ADR-0005](adr/0004-rooms.md)", "CL102"),
        ("[ADR-0004](adr/0004-halls.md)", "CL102"),
        ("[ADR-0004](https://example.org/adr/0004-halls.md)", None),
    ],
)
def test_links_to_decisions_are_followed(link: str, code: str | None) -> None:
    record = "# 4. Rooms\n\n## Status\n\nAccepted\n"
    files = FILE | {"docs/adr/0004-rooms.md": record}
    codes = [each.split()[0] for each in found(f"{ENTERED}- Rooms are here: {link}\n", files)]
    assert codes == ([code] if code else [])


def test_the_number_in_the_title_of_a_record_is_that_of_its_file() -> None:
    assert decided("# 5. Rooms\n\n## Status\n\nAccepted\n") == ["CL102 docs/CHANGELOG.md:7"]
    assert decided("# ADR-0004: Rooms\n\nStatus: accepted\n") == []


@pytest.mark.parametrize(
    ("record", "codes"),
    [
        ("---\nstatus: accepted\n---\n# Rooms\n", []),
        ('---\ndate: x\nstatus: "proposed" # still\n---\n# Rooms\n', []),
        ("# 4. Rooms\n\n## Status\n\nAccepted on a Monday\n", []),
        ("# Rooms\n\n* Status: accepted\n", []),
        ("# Rooms\n", ["CL103 docs/adr/0004-rooms.md:1"]),
        ("---\nstatus: rejected\n---\n# Rooms\n", ["CL103 docs/adr/0004-rooms.md:2"]),
        ("# 4. Rooms\n\n## Status\n\nDeprecated\n", ["CL103 docs/adr/0004-rooms.md:5"]),
        ("---\nstatus: superseded by ADR-0009\n---\n", ["CL103 docs/adr/0004-rooms.md:2"]),
        ("# 4. R\n\n## Status\n\nSuperceded by [9](9.md)\n", ["CL103 docs/adr/0004-rooms.md:5"]),
    ],
)
def test_a_decision_holds_by_its_status(record: str, codes: list[str]) -> None:
    assert decided(record) == codes


def test_a_superseded_decision_whose_successor_is_there_is_a_warning() -> None:
    files = {
        f"sql/migrations/{ID}.sql": "-- adr: 0004\n",
        "docs/adr/0004-rooms.md": "# R\n\n## Status\n\nSuperceded by [5. Halls](0005-halls.md)\n",
        "docs/adr/0005-halls.md": "# 5. Halls\n\n## Status\n\nAccepted\n",
    }
    text = f"{UNRELEASED}- `{ID}`: what was decided on. {LINK}\n"
    (finding,) = check(subject_of(Sample(text, files)))
    assert (finding.code, finding.severity) == ("CL103", Severity.WARNING)
    assert "docs/adr/0005-halls.md" in finding.message


def test_what_is_released_may_follow_a_decision_that_holds_no_more() -> None:
    record = {"docs/adr/0004-rooms.md": "---\nstatus: deprecated\n---\n# Rooms\n"}
    text = f"## [1.0.0] - 2026-03-01\n\n### Added\n\n- `{ID}`: as was decided. {LINK}\n"
    assert found(text, FILE | record) == []


def test_a_number_that_only_the_merged_records_have_is_taken_too() -> None:
    merged = Sample(RELEASED, OLD_FILE | {"docs/adr/0004-fees.md": "# Fees\n"})
    files = OLD_FILE | {"docs/adr/0004-rooms.md": "# Rooms\n"}
    assert found(RELEASED, files, merged) == ["CL104 docs/adr/0004-rooms.md:1"]
    renamed = OLD_FILE | {"docs/adr/0004-money.md": "# Fees\n"}
    assert found(RELEASED, renamed, merged) == []


# CL201 to CL205: what is merged


def test_a_release_commit_that_brings_a_migration_is_accepted() -> None:
    text = RELEASED.replace(
        "## [Unreleased]\n",
        f"## [Unreleased]\n\n## [1.1.0] - 2026-04-01\n\n### Added\n\n{bullet(ID)}",
    )
    assert found(text, OLD_FILE | FILE, BEFORE) == []


def test_an_entry_that_a_merge_put_into_an_old_release_is_found() -> None:
    assert found(RELEASED + bullet(ID), OLD_FILE | FILE, BEFORE) == ["CL201 docs/CHANGELOG.md:8"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("create table rooms (id int);\n", ["CL202"]),
        ("create table rooms ();\r\n", []),
        ("-- The rooms\ncreate   table rooms ();\n", []),
        ("", ["CL202"]),
    ],
)
def test_a_merged_migration_keeps_its_statements(text: str, codes: list[str]) -> None:
    files = {f"sql/migrations/{OLD}.sql": text}
    assert [each.split()[0] for each in found(RELEASED, files, BEFORE)] == codes


def test_a_change_of_layout_is_a_note() -> None:
    files = {f"sql/migrations/{OLD}.sql": "-- The rooms\ncreate table rooms ();\n"}
    (finding,) = check(subject_of(Sample(RELEASED, files, BEFORE)))
    assert (finding.code, finding.severity) == ("CL202", Severity.NOTE)


@pytest.mark.parametrize(
    ("entry", "codes"),
    [
        (f"- `{OLD}:edit`: wider numbers. {LINK}\n", []),
        (f"- `{OLD}:edit`: wider numbers.\n", ["CL202"]),
        (f"- `{OLD}:down`: wider numbers. {LINK}\n", ["CL202"]),
    ],
)
def test_an_edit_of_a_merged_migration_is_declared_with_its_decision(
    entry: str, codes: list[str]
) -> None:
    files = {
        f"sql/migrations/{OLD}.sql": "create table rooms (id int);\n",
        "docs/adr/0004-rooms.md": "---\nstatus: accepted\n---\n# Rooms\n",
    }
    text = RELEASED.replace("## [Unreleased]\n", f"## [Unreleased]\n\n### Changed\n\n{entry}")
    assert [each.split()[0] for each in found(text, files, BEFORE)] == codes


def test_a_merged_migration_is_neither_renamed_nor_removed() -> None:
    renamed = {f"sql/migrations/{ID}.sql": OLD_FILE[f"sql/migrations/{OLD}.sql"]}
    text = UNRELEASED + bullet(ID) + RELEASED.partition("\n")[2]
    assert found(text, renamed, BEFORE) == [f"CL202 sql/migrations/{OLD}.sql:1"]
    assert found(RELEASED, {}, BEFORE) == [f"CL202 sql/migrations/{OLD}.sql:1"]


def test_a_squash_takes_the_place_of_merged_migrations() -> None:
    text = UNRELEASED + bullet(ID) + RELEASED.partition("\n")[2]
    assert found(text, FILE, BEFORE, squashed={OLD: ID}) == []


def test_a_revert_of_what_was_not_released_is_clean() -> None:
    assert found("## [Unreleased]\n", {}, Sample(UNRELEASED + bullet(OLD), OLD_FILE)) == []


def test_a_renamed_migration_is_no_revert_even_when_its_entry_is_renamed_too() -> None:
    renamed = {f"sql/migrations/{ID}.sql": OLD_FILE[f"sql/migrations/{OLD}.sql"]}
    before = Sample(UNRELEASED + bullet(OLD), OLD_FILE)
    assert found(ENTERED, renamed, before) == [f"CL202 sql/migrations/{OLD}.sql:1"]


def test_a_new_rollback_of_a_merged_migration_is_a_warning_until_it_is_told() -> None:
    down = f"sql/rollbacks/{OLD}.sql"
    before = Sample(RELEASED, OLD_FILE | {down: "drop table rooms;"})
    files = OLD_FILE | {down: "drop table rooms cascade;"}
    (finding,) = check(subject_of(Sample(RELEASED, files, before)))
    assert (finding.code, finding.severity) == ("CL203", Severity.WARNING)
    told = f"## [Unreleased]\n\n### Fixed\n\n- `{OLD}:down`: drops what depends on it.\n"
    assert found(RELEASED.replace("## [Unreleased]\n", told), files, before) == []


def test_a_release_that_lost_an_entry_or_vanished_is_found() -> None:
    moved = UNRELEASED + bullet(OLD) + "\n## [1.0.0] - 2026-03-01\n"
    assert found(moved, OLD_FILE, BEFORE) == ["CL204 docs/CHANGELOG.md:9"]
    assert found(UNRELEASED + bullet(OLD), OLD_FILE, BEFORE) == ["CL204 docs/CHANGELOG.md:1"]


def test_a_lost_entry_is_reported_at_the_first_heading_of_its_release() -> None:
    twice = "## [Unreleased]\n" + "\n## [1.0.0] - 2026-03-01\n" * 2
    codes = [each for each in found(twice, OLD_FILE, BEFORE) if "CL204" in each]
    assert codes == ["CL204 docs/CHANGELOG.md:3"]


def test_a_release_in_a_comment_has_vanished() -> None:
    hidden = RELEASED.replace("## [1.0.0]", "<!--\n## [1.0.0]") + "-->\n"
    codes = [each.split()[0] for each in found(hidden, OLD_FILE, BEFORE)]
    assert "CL204" in codes


def test_a_new_migration_below_a_merged_one_is_a_warning() -> None:
    files = OLD_FILE | {"sql/migrations/0005_late.sql": "select 1;"}
    text = UNRELEASED + bullet("0005_late") + RELEASED.partition("\n")[2]
    (finding,) = check(subject_of(Sample(text, files, BEFORE)))
    assert (finding.code, finding.severity) == ("CL205", Severity.WARNING)


def test_a_changelog_edit_that_enters_nothing_does_not_count() -> None:
    spaced = RELEASED.replace("\n\n", "\n\n\n")
    assert found(spaced, OLD_FILE | FILE, BEFORE) == [f"CL001 sql/migrations/{ID}.sql:1"]


# Whatever the form


@given(
    ids=st.lists(st.integers(1, 9999), unique=True, min_size=1, max_size=8),
    missing=st.integers(0, 3),
    kinds=st.lists(st.sampled_from(["Added", "Fixed", "Removed"]), min_size=8, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    line_break=st.sampled_from([" ", "\n  ", "\n"]),
)
def test_findings_depend_only_on_which_ids_are_entered(
    ids: list[int], missing: int, kinds: list[str], end: str, line_break: str
) -> None:
    names = [f"{number:04}_x" for number in ids]
    files = {f"sql/migrations/{name}.sql": "select 1;" for name in names}
    sections: dict[str, str] = {}
    for name, kind in zip(names[missing:], kinds, strict=False):
        sections[kind] = sections.get(kind, "") + bullet(name).replace(" that", f"{line_break}that")
    text = "## [Unreleased]\n\n" + "\n".join(f"### {k}\n\n{v}" for k, v in sections.items())
    expected = sorted(f"CL001 sql/migrations/{name}.sql:1" for name in names[:missing])
    assert found(text.replace("\n", end), files) == expected
