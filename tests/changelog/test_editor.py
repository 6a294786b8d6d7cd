"""Putting a bullet into a changelog."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.changelog.editor import HEADER, with_bullet
from sqlmig.changelog.entry import TYPES
from sqlmig.changelog.parser import parse

BULLET = "- `0007_add`: something new is added."


def added(text: str, kind: str = "Added") -> str:
    return with_bullet(text, kind, BULLET)[0]


def test_it_comes_after_the_last_bullet_of_its_type() -> None:
    text = "## [Unreleased]\n\n### Added\n\n- a\n  b\n\n  c\n\n### Fixed\n\n- d\n"
    assert added(text) == text.replace("  c\n", f"  c\n{BULLET}\n")


def test_it_takes_the_marker_of_the_list() -> None:
    text = "## [Unreleased]\n\n### Added\n\n* a\n  - b\n"
    assert added(text) == f"{text}*{BULLET[1:]}\n"


def test_a_type_that_is_empty_gets_its_first_bullet() -> None:
    text = "## [Unreleased]\n\n### Added\n\n## [1.0.0] - 2026-01-01\n"
    assert added(text) == f"## [Unreleased]\n\n### Added\n\n{BULLET}\n\n## [1.0.0] - 2026-01-01\n"


def test_a_type_that_is_missing_comes_in_the_order_of_the_types() -> None:
    text = "## [Unreleased]\n\n### Added\n\n- a\n\n### Fixed\n\n- b\n\n## [1.0.0] - 2026-01-01\n"
    assert added(text, "Changed").index("### Changed") < text.index("### Fixed") + 2
    assert added(text, "Security") == text.replace("## [1", f"### Security\n\n{BULLET}\n\n## [1")


def test_unreleased_is_made_above_the_releases() -> None:
    text = "# Changelog\n\n## [1.0.0] - 2026-01-01\n"
    assert added(text) == text.replace(
        "## [1", f"## [Unreleased]\n\n### Added\n\n{BULLET}\n\n## [1"
    )


def test_link_definitions_stay_at_the_foot() -> None:
    text = "## [Unreleased]\n\n### Fixed\n\n- b\n\n[x]: y\n"
    assert added(text, "Security") == text.replace("[x]", f"### Security\n\n{BULLET}\n\n[x]")


def test_a_new_changelog_has_its_header() -> None:
    assert added(HEADER) == f"{HEADER}\n## [Unreleased]\n\n### Added\n\n{BULLET}\n"
    assert added("") == f"## [Unreleased]\n\n### Added\n\n{BULLET}\n"


def test_a_text_without_a_line_end_gets_one() -> None:
    assert added("## [Unreleased]\n\n### Added\n\n- a").endswith(f"- a\n{BULLET}\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_stay(end: str) -> None:
    text = f"\ufeff## [Unreleased]{end}{end}### Added{end}{end}- a{end}"
    assert added(text) == f"{text}{BULLET}{end}"


PIECES = (
    "## [Unreleased]|## [1.0.0] - 2026-01-01|### Added|### Fixed|- a|* b\n  c||text|[x]: y"
    "|<!-- c -->|  - d|1. e"
)
BLOCKS = st.sampled_from(PIECES.split("|"))


@given(
    st.lists(BLOCKS, max_size=12).map("\n\n".join),
    st.sampled_from(TYPES),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_character_stays_and_the_bullet_is_found_under_its_type(
    text: str, kind: str, end: str
) -> None:
    text = text.replace("\n", end)
    result, line = with_bullet(text, kind, BULLET)
    (bullet,) = [each for each in parse(result).bullets if each.code_spans]
    assert bullet.position.line == line
    assert bullet.section is not None
    assert bullet.section.title == kind
    assert bullet.section.release
    assert bullet.section.release.is_unreleased
    rest = iter(result)
    assert all(character in rest for character in text)
