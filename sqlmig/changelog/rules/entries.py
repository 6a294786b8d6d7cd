"""CL001 to CL005: each migration has one entry, and each entry names a migration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sqlmig.changelog.entry import bullet_text, has_enough_words, text_of
from sqlmig.changelog.project_files import Aspect, Reference
from sqlmig.changelog.rules.registry import Sample, Subject, Violation, rule
from sqlmig.model import Position, number_groups

_FILE = {"sql/migrations/0007_add_sections.sql": "-- The sections of each class\n"}
_ENTERED = """\
## [Unreleased]

### Added

- `0007_add_sections`: the sections of each class.
"""

# What may be the id of a migration anywhere in a text: a whole word, not followed by :edit or
# :down.
_WORD = re.compile(r"(?<![\w./-])\d[\w-]*+(?>(?:\.[\w-]++)*)(?![\w/-])(?!:(?:edit|down)\b)")
# What a code span must look like to mean the migration of the same number.
_LIKE_AN_ID = re.compile(r"\d+(?:_\d+)*_\d*[A-Za-z]")


@rule("CL001", bad=Sample("## [Unreleased]\n", _FILE), good=Sample(_ENTERED, _FILE))
def migration_without_entry(subject: Subject) -> Iterator[Violation]:
    """Every migration has an entry in the changelog.

    An entry is a bullet under `### Added`, `### Changed` or another type that contains the whole id
    in backticks or as a link to the file. One bullet may be the entry of several migrations.
    """
    told = {**_elsewhere(subject), **_misnamed(subject)}
    for migration_id, path in subject.now.migrations.items():
        if migration_id not in subject.now.entries and migration_id not in told:
            _, description = subject.now.head(migration_id)
            yield Violation(
                subject.file(path),
                f"{migration_id} has no entry in {subject.now.places.changelog}",
                "Add this under `### Added` of `## [Unreleased]`: "
                f"{bullet_text(migration_id, text_of(description))}",
            )


@rule(
    "CL002",
    bad=Sample(f"{_ENTERED}- `0007_add_sections`: rooms of each section.\n", _FILE),
    good=Sample(_ENTERED, _FILE),
)
def migration_entered_twice(subject: Subject) -> Iterator[Violation]:
    """A migration has only one entry.

    The same id in two bullets is often left by a merge that kept both sides. A bullet that
    only mentions another migration writes its id without backticks.
    """
    for migration_id, entries in subject.now.entries.items():
        if not subject.is_migration(migration_id):
            continue
        first, *others = sorted(entries, key=lambda entry: entry.bullet.is_unreleased)
        for entry in others:
            yield Violation(
                subject.in_changelog(entry.position),
                f"{migration_id} has two entries, the other on line {first.position.line}",
                "Remove one of the two; to only mention it, leave out the backticks.",
            )


@rule(
    "CL003",
    bad=Sample(_ENTERED, {"sql/migrations/0007_sections.sql": "-- The sections of each class\n"}),
    good=Sample(_ENTERED, _FILE),
)
def entry_without_migration(subject: Subject) -> Iterator[Violation]:
    """Every migration that a bullet names exists.

    A word in backticks names a migration if it is or was the id of one, or begins with the number
    of one that has no entry. Migrations that were squashed into another keep their entries if the
    settings list them: `[tool.sqlmig.squashed]` with `"0100_all" = ["0001_classes", "0002_rooms"]`.
    """
    for near, reference in _misnamed(subject).items():
        yield _no_such(subject, reference, f"Did you mean {near}?")
    for reference in subject.now.references:
        name = reference.migration_id
        if name in subject.not_staged:
            folder = subject.now.places.migrations
            yield _no_such(subject, reference, f"It is not staged: git add {folder}/{name}.sql")
        elif name in subject.squashed and not subject.is_replaced(name):
            yield _no_such(subject, reference, "Restore its file, or remove the bullet.")


@rule(
    "CL004",
    bad=Sample("## [Unreleased]\n\n- `0007_add_sections`: the sections of each class.\n", _FILE),
    good=Sample(_ENTERED, _FILE),
)
def entry_in_no_section(subject: Subject) -> Iterator[Violation]:
    """An entry is under a type of change.

    A bullet outside every `###` section does not count, nor does an id that is only in a
    paragraph, a heading, a code block or a comment.
    """
    for migration_id, position in _elsewhere(subject).items():
        yield Violation(
            subject.in_changelog(position),
            f"this is not an entry of {migration_id}: it is not a bullet under a type of change",
            "Move it into a bullet under `### Added`, `### Changed` or another type.",
        )


@rule(
    "CL005",
    bad=Sample(_ENTERED.replace("the sections of each class.", "TODO"), _FILE),
    good=Sample(_ENTERED, _FILE),
)
def entry_that_says_nothing(subject: Subject) -> Iterator[Violation]:
    """An entry says what changed.

    It has at least ten letters besides ids and links, and does not begin with TODO, WIP, TBD or
    FIXME.
    """
    first_of_bullet = {r.bullet.position: r for r in reversed(subject.now.references)}
    for reference in first_of_bullet.values():
        if not subject.is_migration(reference.migration_id):
            continue
        if not has_enough_words(reference.bullet.words):
            yield Violation(
                subject.in_changelog(reference.position),
                f"the entry of {reference.migration_id} does not say what changed",
                "Write a few words for the people who run this schema.",
            )


def _elsewhere(subject: Subject) -> Mapping[str, Position]:
    """The migrations without an entry that the changelog names elsewhere, and where. A note in a
    released version may name a migration that still needs its entry."""
    missing = _missing(subject)
    if not missing:
        return {}
    found = {
        reference.migration_id: reference.position
        for reference in reversed(subject.now.references)
        if reference.migration_id in missing and reference.aspect is Aspect.ENTRY
    }
    changelog = subject.now.changelog
    for match in _WORD.finditer(changelog.text):
        if match[0] in missing:
            found.setdefault(match[0], changelog.position(match.start()))
    return {
        name: position
        for name, position in found.items()
        if not subject.is_released(subject.in_changelog(position))
    }


def _misnamed(subject: Subject) -> Mapping[str, Reference]:
    """The migrations without an entry, each with the bullet that has its number with another
    name."""
    missing = {number_groups(name): name for name in _missing(subject)}
    found: dict[str, Reference] = {}
    for reference in subject.now.references:
        name = reference.migration_id
        near = missing.get(number_groups(name))
        if near and _LIKE_AN_ID.match(name) and not subject.is_migration(name):
            found.setdefault(near, reference)
    return found


def _missing(subject: Subject) -> set[str]:
    return {name for name in subject.now.migrations if name not in subject.now.entries}


def _no_such(subject: Subject, reference: Reference, remedy: str) -> Violation:
    place = subject.in_changelog(reference.position)
    return Violation(place, f"there is no migration {reference.migration_id}", remedy)
