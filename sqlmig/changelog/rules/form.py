"""CL010 to CL013: the changelog has the form of Keep a Changelog."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from sqlmig.changelog.parser import Release
from sqlmig.changelog.rules.registry import Sample, Subject, Violation, rule
from sqlmig.model import Severity

_FILE = {"sql/migrations/0007_add_sections.sql": "-- The sections of each class\n"}
_ENTRY = "- `0007_add_sections`: the sections of each class.\n"
_ENTERED = f"## [Unreleased]\n\n### Added\n\n{_ENTRY}"

_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: .*)?$", re.MULTILINE)
# https://semver.org: the numbers, then the pre-release identifiers.
_SEMVER = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+\S*)?")

_LEVEL = 3  # of the headings of sections
_SHOWN = 5  # lines that one finding names

_Version = tuple[tuple[int, ...], bool, list[tuple[bool, int, str]]]


@rule(
    "CL010",
    bad=Sample(f"<<<<<<< HEAD\n{_ENTERED}>>>>>>> main\n", _FILE),
    good=Sample(_ENTERED, _FILE),
    released=Severity.ERROR,
)
def changelog_that_cannot_be_read(subject: Subject) -> Iterator[Violation]:
    """The changelog exists, is UTF-8, and has no conflict markers.

    It may be missing only while there are no migrations. If this rule finds a problem, no other
    rule is checked.
    """
    places = subject.now.places
    data = subject.now.files.get(places.changelog)
    if data is None:
        if subject.now.migrations or places.changelog in subject.before.files:
            yield Violation(
                subject.changelog_line(1),
                "the changelog does not exist",
                "Restore it, or create it with the first entry: `sqlmig changelog add`.",
            )
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield Violation(
            subject.changelog_line(line),
            f"not UTF-8: byte 0x{data[error.start]:02x} on this line",
            "Save the file as UTF-8.",
        )
        return
    for match in _CONFLICT.finditer(subject.now.changelog.text):
        yield Violation(
            subject.in_changelog(subject.now.changelog.position(match.start())),
            "a conflict marker",
            "Resolve the conflict; often both sides are kept.",
        )


@rule(
    "CL011",
    bad=Sample(f"## [1.0.0] - 2026-03-01\n\n## [Unreleased]\n\n### Added\n\n{_ENTRY}", _FILE),
    good=Sample(f"## [Unreleased]\n\n### Added\n\n{_ENTRY}\n## [1.0.0] - 2026-03-01\n", _FILE),
)
def unreleased_out_of_place(subject: Subject) -> Iterator[Violation]:
    """Unreleased changes are in one `## [Unreleased]` section, above all releases.

    It may be empty or missing. Planned versions, such as `## [1.1.0] - Unreleased`, may have
    sections of their own.
    """
    releases = [each for each in subject.now.changelog.releases if not each.is_planned]
    unreleased = [release for release in releases if release.is_unreleased]
    for again in unreleased[1:]:
        yield Violation(
            subject.changelog_line(again.line),
            f"a second Unreleased section; the first is on line {unreleased[0].line}",
            "Move its content to the first one.",
        )
    if unreleased and unreleased[0] is not releases[0]:
        yield Violation(
            subject.changelog_line(unreleased[0].line),
            "Unreleased comes after a release",
            "Move it to the top.",
        )


@rule(
    "CL012",
    bad=Sample(
        f"## [Unreleased]\n\n### Added\n\n{_ENTRY}\n### Improved\n\n- Faster.\n\n### Added\n", _FILE
    ),
    good=Sample(f"## [Unreleased]\n\n### Added\n\n{_ENTRY}\n### Changed\n\n- Faster.\n", _FILE),
)
def section_of_no_type(subject: Subject) -> Iterator[Violation]:
    """Each section is a type of change, such as `### Added`, and occurs only once in a release.

    The types: Added, Changed, Deprecated, Removed, Fixed, Security, and those of the setting
    `changelog_types`. The same type twice in one release is often left by a merge that kept both
    sides. In released versions, an unknown type is reported only once.
    """
    seen: dict[tuple[Release | None, str], int] = {}
    for section in subject.now.changelog.sections:
        place, title = subject.changelog_line(section.line), section.title
        is_released = section.release is not None and not section.release.is_unreleased
        is_known = title in subject.types
        key = section.release if is_known or not is_released else None, title
        if section.level != _LEVEL:
            remedy = f"Write it with three: `### {title}`."
            yield Violation(place, f"`## {title}` is a type of change with two #", remedy)
        elif not is_known and key not in seen:
            remedy = _type_meant(title, subject.types)
            yield Violation(place, f"{title!r} is not a type of change", remedy)
        elif is_known and key in seen:
            yield Violation(
                place,
                f"{title} occurs twice in this release, first on line {seen[key]}",
                "Merge the two sections.",
            )
        seen.setdefault(key, section.line)


def _type_meant(title: str, types: Sequence[str]) -> str:
    near = difflib.get_close_matches(title.capitalize(), types, n=1, cutoff=0.8)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Use one of: {', '.join(types)}; or add it to the setting `changelog_types`."


@rule(
    "CL013",
    bad=Sample("## [1.0.0] - 2026-02-30\n\n## 1.1.0\n"),
    good=Sample("## [1.1.0] - 2026-04-01\n\n## [1.0.0] - 2026-02-28 [YANKED]\n"),
)
def release_without_version_and_date(subject: Subject) -> Iterator[Violation]:
    """The heading of a release is `## [version] - YYYY-MM-DD`, newest first, each version once.

    The release with the higher version or the later date may come first; for versions that are not
    of the form 1.2.3, only the dates are compared. These are warnings; all malformed headings are
    reported as one, and so are releases in another order.
    """
    first: dict[str, int] = {}
    releases = [each for each in subject.now.changelog.releases if not each.is_unreleased]
    without_date = [release for release in releases if _date(release) is None]
    for release in without_date[:1]:
        lines = [str(each.line) for each in without_date[1:]]
        yield Violation(
            subject.changelog_line(release.line),
            f"{release.heading!r} is not [version] - date" + _and_on(lines),
            "Write a release as in `## [1.2.0] - 2026-03-31`, with a valid date, and a type of "
            "change with three #.",
        )
    for release in releases:
        if release.name in first and release not in without_date:
            yield Violation(
                subject.changelog_line(release.line),
                f"{release.name} occurs twice, first on line {first[release.name]}",
                "Merge the two releases, or fix the version.",
            )
        first.setdefault(release.name, release.line)
    for above, below in pairwise(releases):
        if _is_disorder(above, below):
            yield Violation(
                subject.changelog_line(below.line),
                f"{below.name} is newer than {above.name}, but comes after it",
                "Put the newest release first.",
            )
            return


def _and_on(lines: Sequence[str]) -> str:
    """The other lines with the same problem, of which the first few are named."""
    if not lines:
        return ""
    more = ", …" if len(lines) > _SHOWN else ""
    return f"; the same on line{'s' * (len(lines) > 1)} {', '.join(lines[:_SHOWN])}{more}"


def _date(release: Release) -> date | None:
    parts = release.version_and_date
    try:
        return date.fromisoformat(parts[1]) if parts else None
    except ValueError:
        return None


def _is_disorder(above: Release, below: Release) -> bool:
    """Whether the two are in the wrong order."""
    dates = _date(above), _date(below)
    if dates[0] is None or dates[1] is None or above.name == below.name:
        return False
    versions = _version(above.name), _version(below.name)
    if versions[0] is None or versions[1] is None:
        return dates[1] > dates[0]
    return versions[1] > versions[0] and dates[1] >= dates[0]


def _version(name: str) -> _Version | None:
    """The sort key of a semantic version."""
    match = _SEMVER.fullmatch(name)
    if match is None:
        return None
    numbers = int(match[1]), int(match[2]), int(match[3])
    parts = (match[4] or "").split(".")
    before = [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in parts]
    return numbers, match[4] is None, before
