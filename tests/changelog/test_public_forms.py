"""Changelogs as public projects keep them: what is released is never an error, and words in
backticks are judged only where they are migrations."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from sqlmig.changelog.linter import check
from sqlmig.changelog.reference import subject_of
from sqlmig.changelog.rules import Sample
from sqlmig.errors import ConfigError
from sqlmig.model import Finding, Severity
from tests.repository import UNRELEASED, Repository, bullet

ID = "0007_add_sections"
FILE = {f"sql/migrations/{ID}.sql": "create table sections ();\n"}
ENTERED = UNRELEASED + bullet(ID)

TOPS = (
    "## [Unreleased]",
    "## Unreleased",
    "## [Unreleased] - ReleaseDate",
    "## [Unreleased](https://example.org/compare/v1...HEAD)",
    "## Unreleased - 2026-xx-xx",
    "## [9.1.0] - Unreleased",
    "## 9.1.0 (unreleased)",
    "## [9.1.0] - TBD",
    "## [9.1.0] - 2026-xx-xx",
)
RELEASES = (
    "## [{0}] - {1}",
    "## {0} - {1}",
    "## v{0} ({1})",
    "## [{0}]",
    "## Version {0}",
    "## {1}, Version {0} (Stable), @someone",
    "## [{0}] – {1}",
    "## [{0}](https://example.org/{0}) ({1})",
    "## [{0}] - Unreleased",
    "## {0} / {1}",
)
TYPES = (
    *("### Added", "### Changed", "### Fixed", "### Security", "### Bug Fixes", "### Features"),
    *("### Documentation", "### Internal", "### Breaking", "### BREAKING CHANGES", "### added"),
    *("## Added", "### Hinzugefügt", "### 修复", "#### Added", "### :bug: Fixes", "### Added:"),
)
WORDS = (
    "- Waits `15` seconds, then `3` by `3`.",
    "* Retry: `3` by",
    "- The view `2024_totals` and the column `1st_name`.",
    "- TODO",
    "- Fixes [#12](https://example.org/issues/12), `12_months` and `100_percent`.",
    "  - nested `404_page`",
    "Plain words in a paragraph.",
    "> - quoted `15`",
)


def generated(seed: int) -> str:
    """A changelog with some of these features, and old releases in an order of its own."""
    chance = random.Random(seed)
    lines = ["# Changelog", "", chance.choice(TOPS), "", "### Added", "", bullet(ID)]
    releases = [f"{chance.randint(0, 5)}.{minor}.0" for minor in range(chance.randint(5, 40))]
    if chance.random() < 0.8:
        releases.reverse()
    for version in releases:
        date = f"20{chance.randint(14, 25)}-{chance.randint(1, 14):02}-{chance.randint(1, 31):02}"
        form = RELEASES[0] if version == releases[0] else chance.choice(RELEASES)
        lines += [form.format(version, date), ""]
        for kind in chance.sample(TYPES, chance.randint(0, 4)):
            lines += [kind, "", *chance.sample(WORDS, chance.randint(1, 4)), ""]
    return "\n".join(lines)


def findings(changelog: str, before: Sample | None = None) -> list[Finding]:
    """What the rules find beside the one migration."""
    return list(check(subject_of(Sample(changelog, FILE, before))))


@pytest.mark.parametrize("seed", range(80))
def test_a_changelog_in_a_public_form_has_no_error(seed: int) -> None:
    found = findings(generated(seed))
    assert [str(each) for each in found if each.severity is Severity.ERROR] == []


@pytest.mark.parametrize("seed", range(0, 80, 9))
def test_what_is_wrong_in_many_places_is_told_once(seed: int) -> None:
    found = findings(generated(seed))
    places = Counter((each.location.path, each.location.position) for each in found)
    assert set(places.values()) <= {1}
    kinds = Counter(each.message for each in found if "is not a type" in each.message)
    assert set(kinds.values()) <= {1}
    assert sum("is newer than" in each.message for each in found) <= 1
    assert sum("is not [version] - date" in each.message for each in found) <= 1


@pytest.mark.parametrize("top", TOPS)
def test_what_is_not_released_is_judged_under_every_heading_for_it(top: str) -> None:
    text = ENTERED.replace("## [Unreleased]", top)
    assert findings(text) == []
    (finding,) = findings(f"{text}\n### Breaking\n")
    assert (finding.code, finding.severity) == ("CL012", Severity.ERROR)


def test_a_planned_version_stands_beside_unreleased() -> None:
    text = f"{ENTERED}\n## [1.1.0] - Unreleased\n\n### Added\n\n## [1.0.0] - 2026-01-01\n"
    assert findings(text) == []
    assert [each.code for each in findings(f"{text}\n## [0.9.0] - Unreleased\n")] == ["CL013"]


@pytest.mark.parametrize(
    "words", ["`15`", "Retry: `3` by", "`2024_totals`", "`0007`", "`1.2.0`", "`99_bottles`"]
)
def test_what_is_no_migration_is_not_judged(words: str) -> None:
    assert findings(f"{ENTERED}- {words}\n- {words}\n") == []


def test_an_entry_in_two_releases_is_a_warning_and_one_under_unreleased_an_error() -> None:
    released = f"## [Unreleased]\n\n## [1.1.0] - 2026-02-01\n\n### Added\n\n{bullet(ID)}\n"
    older = f"## [1.0.0] - 2026-01-01\n\n### Added\n\n{bullet(ID)}"
    (twice,) = findings(released + older)
    assert (twice.code, twice.severity) == ("CL002", Severity.WARNING)
    again = released.replace("## [Unreleased]\n", f"## [Unreleased]\n\n### Added\n\n{bullet(ID)}")
    (twice,) = findings(again)
    assert (str(twice), twice.severity) == (
        f"docs/CHANGELOG.md:5:4: CL002 {ID} has two entries, the other on line 11",
        Severity.ERROR,
    )


def test_a_type_with_two_signs_is_told_what_to_write() -> None:
    (finding,) = findings(f"## [Unreleased]\n\n## Added\n\n{bullet(ID)}")
    assert (finding.code, finding.remedy) == ("CL012", "Write it with three: `### Added`.")
    (finding,) = findings(f"## Added\n\n{bullet(ID)}")
    assert (finding.code, finding.remedy) == ("CL012", "Write it with three: `### Added`.")


@pytest.mark.parametrize("path", ["sql/migrations/", "migrations/", "", "../sql/migrations/"])
def test_the_path_of_a_migration_in_backticks_is_an_entry_as_a_link_is(path: str) -> None:
    assert findings(f"{UNRELEASED}- `{path}{ID}.sql`: the sections of each class.\n") == []
    assert findings(f"{UNRELEASED}- `sql/rollbacks/{ID}.sql`: the sections of a class.\n") != []


def test_an_entry_of_what_is_not_staged_says_so(repository: Repository) -> None:
    repository.entered(ID)
    repository.git("add", "docs")
    assert repository.findings() == ["CL003 docs/CHANGELOG.md:7"]
    repository.git("add", "sql")
    assert repository.findings() == []


def test_types_and_rules_are_a_matter_of_settings(repository: Repository) -> None:
    repository.entered(ID)
    more = "\n### Documentation\n\n- Better words.\n"
    path = repository.root / "docs/CHANGELOG.md"
    path.write_text(path.read_text() + more)
    repository.git("add", "--all")
    assert repository.findings() == ["CL012 docs/CHANGELOG.md:9"]
    settings = "changelog_types = ['Documentation']\n"
    (repository.root / "sqlmig.toml").write_text(settings)
    assert repository.findings() == []
    (repository.root / "sqlmig.toml").write_text("changelog_ignore = ['CL012']\n")
    assert repository.findings() == []
    (repository.root / "sqlmig.toml").write_text("changelog_ignore = ['CL099']\n")
    with pytest.raises(ConfigError, match="there is no rule 'CL099'"):
        repository.findings()
    (repository.root / "sqlmig.toml").write_text("changelog = ''\n")
    with pytest.raises(ConfigError, match=r"turned off by .*sqlmig\.toml"):
        repository.findings()


def test_a_migration_that_only_a_release_s_notes_mention_still_needs_its_entry() -> None:
    text = f"## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\nSee `{ID}` in the manual.\n"
    assert [each.code for each in findings(text)] == ["CL001"]


def test_squashed_ids_are_migrations_that_were() -> None:
    subject = subject_of(Sample(ENTERED + bullet("0001_a"), FILE))
    assert check(replace(subject, squashed={"0001_a": ID})) == ()
