"""CL201 to CL205: what is merged stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmig.changelog.parser import Release
from sqlmig.changelog.project_files import Aspect, ProjectFiles, Reference
from sqlmig.changelog.rules.registry import Sample, Subject, Violation, rule
from sqlmig.model import MigrationState, Severity, migration_number
from sqlmig.plan.changed import change_of

_OLD = {"sql/migrations/0006_add_rooms.sql": "CREATE TABLE rooms (id int);\n"}
_OLD_EDITED = {"sql/migrations/0006_add_rooms.sql": "CREATE TABLE rooms (id bigint);\n"}
_NEW = _OLD | {"sql/migrations/0007_add_sections.sql": "CREATE TABLE sections (id int);\n"}
_ROOMS = "### Added\n\n- `0006_add_rooms`: the rooms of the school.\n"
_SECTIONS = "- `0007_add_sections`: the sections of each class.\n"
_RELEASED = f"## [Unreleased]\n\n## [1.0.0] - 2026-03-01\n\n{_ROOMS}"
_BEFORE = Sample(_RELEASED, _OLD)
_DECISION = {"docs/adr/0004-big-ids.md": "---\nstatus: accepted\n---\n\n# Big ids\n"}
_DOWN = {"sql/rollbacks/0006_add_rooms.sql": "DROP TABLE rooms;\n"}
_DOWN_EDITED = {"sql/rollbacks/0006_add_rooms.sql": "DROP TABLE rooms CASCADE;\n"}

_SEVERITIES = {
    MigrationState.REFORMATTED: Severity.NOTE,
    MigrationState.CHANGED: Severity.ERROR,
}


def _under_unreleased(section: str) -> str:
    return _RELEASED.replace("## [Unreleased]\n", f"## [Unreleased]\n\n{section}")


@rule(
    "CL201",
    bad=Sample(f"{_RELEASED}{_SECTIONS}", _NEW, before=_BEFORE),
    good=Sample(_under_unreleased(f"### Added\n\n{_SECTIONS}"), _NEW, before=_BEFORE),
    released=Severity.ERROR,
)
def new_entry_in_a_release(subject: Subject) -> Iterator[Violation]:
    """The entry of a new migration is under Unreleased.

    If a release is made while a branch is open, the branch merges without a conflict and its entry
    ends up in that release, which was published without it. An entry in a release that is itself
    new is fine.
    """
    old = {release.name for release in _released(subject.before)}
    for migration_id in subject.new_migrations:
        for entry in subject.now.entries.get(migration_id, ())[:1]:
            release = entry.bullet.release
            if release and not release.is_unreleased and release.name in old:
                yield Violation(
                    subject.in_changelog(entry.position),
                    f"{migration_id} is new, but its entry is under {release.name}, which is "
                    "released",
                    "Move the bullet under `## [Unreleased]`.",
                )


@rule(
    "CL202",
    bad=Sample(_RELEASED, _OLD_EDITED, before=_BEFORE),
    good=Sample(
        _under_unreleased(
            "### Changed\n\n- `0006_add_rooms:edit`: big ids, for databases to come.\n"
            "  [ADR-0004](adr/0004-big-ids.md)\n"
        ),
        _OLD_EDITED | _DECISION,
        before=_BEFORE,
    ),
)
def merged_migration_changed(subject: Subject) -> Iterator[Violation]:
    """A merged migration is not changed, renamed or removed.

    It has run on other people's databases. Put changes into a new migration. The exceptions: an
    intended edit has a bullet with `` `<id>:edit` `` and the link to a decision record under
    Unreleased; a squashed migration is listed in the settings (see CL003); and one that was never
    released may be removed together with its entry. White space and comments may change.
    """
    for migration_id, path in subject.before.migrations.items():
        if migration_id not in subject.now.migrations:
            yield from _gone(subject, migration_id)
            continue
        here = subject.file(subject.now.migrations[migration_id])
        match _difference(subject, path, subject.now.migrations[migration_id]):
            case Severity.NOTE:
                yield Violation(
                    here,
                    f"{migration_id} is merged; only its layout changed",
                    "No action is needed.",
                    Severity.NOTE,
                )
            case Severity.ERROR if not _is_declared(subject, migration_id):
                yield Violation(
                    here,
                    f"{migration_id} is merged, but its statements changed",
                    "Restore them and write a new migration; or add a bullet for "
                    f"`{migration_id}:edit` under Unreleased with a link to a decision record.",
                )


@rule(
    "CL203",
    bad=Sample(_RELEASED, _OLD | _DOWN_EDITED, before=Sample(_RELEASED, _OLD | _DOWN)),
    good=Sample(
        _under_unreleased(
            "### Fixed\n\n- `0006_add_rooms:down`: its rollback drops what depends on rooms too.\n"
        ),
        _OLD | _DOWN_EDITED,
        before=Sample(_RELEASED, _OLD | _DOWN),
    ),
)
def merged_rollback_changed(subject: Subject) -> Iterator[Violation]:
    """A change to a merged migration's rollback has an entry.

    The entry is `` `<id>:down` `` under Unreleased: databases in which the migration is applied
    keep the old rollback.
    """
    for migration_id, path in subject.before.rollbacks.items():
        if migration_id not in subject.now.migrations:
            continue
        now = subject.now.rollbacks.get(migration_id, "")
        if _difference(subject, path, now) is not Severity.ERROR:
            continue
        if not _unreleased(subject, migration_id, Aspect.DOWN):
            yield Violation(
                subject.file(now or subject.now.migrations[migration_id]),
                f"the rollback of {migration_id} is merged, but was changed",
                f"Add a bullet for `{migration_id}:down` under Unreleased.",
                Severity.WARNING,
            )


@rule(
    "CL204",
    bad=Sample("## [Unreleased]\n\n" + _ROOMS, _OLD, before=_BEFORE),
    good=_BEFORE,
    released=Severity.ERROR,
)
def release_lost_entries(subject: Subject) -> Iterator[Violation]:
    """A release keeps its entries.

    A merge or a squash can remove a whole release from the changelog unnoticed.
    """
    lines = {release.name: release.line for release in reversed(_released(subject.now))}
    kept = _ids_by_release(subject.now)
    lost = _ids_by_release(subject.before)
    for release in _released(subject.before):
        if release.name not in lines:
            yield Violation(
                subject.changelog_line(1),
                f"the release {release.name} is gone",
                "Restore it.",
            )
            continue
        for name in sorted(lost.get(release.name, set()) - kept.get(release.name, set())):
            yield Violation(
                subject.changelog_line(lines[release.name]),
                f"the release {release.name} lost the entry of {name}",
                "Restore it.",
            )


@rule(
    "CL205",
    bad=Sample(
        _under_unreleased("### Added\n\n- `0005_add_terms`: the terms of the school year.\n"),
        _OLD | {"sql/migrations/0005_add_terms.sql": "CREATE TABLE terms (id int);\n"},
        before=_BEFORE,
    ),
    good=Sample(_under_unreleased(f"### Added\n\n{_SECTIONS}"), _NEW, before=_BEFORE),
)
def new_migration_below_a_merged_one(subject: Subject) -> Iterator[Violation]:
    """A new migration has a higher number than every merged one.

    Databases that are up to date would meet it out of order, and `sqlmig apply` would stop there.
    """
    newest = max(subject.before.migrations, key=migration_number, default="")
    for migration_id in subject.new_migrations:
        if migration_number(migration_id) < migration_number(newest):
            yield Violation(
                subject.file(subject.now.migrations[migration_id]),
                f"{migration_id} is new, but sorts before {newest}, which is merged",
                "Give it the next free number: sqlmig renumber.",
                Severity.WARNING,
            )


def _released(files: ProjectFiles) -> list[Release]:
    return [release for release in files.changelog.releases if not release.is_unreleased]


def _ids_by_release(files: ProjectFiles) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = {}
    for reference in files.references:
        if reference.bullet.release is not None:
            ids.setdefault(reference.bullet.release.name, set()).add(reference.migration_id)
    return ids


def _difference(subject: Subject, before: str, now: str) -> Severity | None:
    """How two states of a script differ: not at all, in layout, or in what they do."""
    old, new = subject.before.files[before], subject.now.files.get(now, b"")
    if old == new:
        return None
    return _SEVERITIES.get(change_of(subject.before.text(before), subject.now.text(now)))


def _gone(subject: Subject, migration_id: str) -> Iterator[Violation]:
    """What is wrong if a merged migration no longer has a file."""
    if subject.is_replaced(migration_id):
        return
    path = subject.before.migrations[migration_id]
    text = subject.before.text(path)
    renamed = [
        name
        for name in subject.new_migrations
        if subject.now.text(subject.now.migrations[name]) == text
    ]
    if not renamed and _is_revert(subject, migration_id):
        return
    yield Violation(
        subject.file(path),
        f"{migration_id} is merged, but was {f'renamed {renamed[0]}' if renamed else 'removed'}",
        "Restore it; undo it with a new migration.",
    )


def _is_revert(subject: Subject, migration_id: str) -> bool:
    """Whether it was removed together with its entry, before any release had it."""
    old = subject.before.entries.get(migration_id, [])
    unreleased = all(entry.bullet.is_unreleased for entry in old)
    return bool(old) and unreleased and migration_id not in subject.now.entries


def _is_declared(subject: Subject, migration_id: str) -> bool:
    """Whether an edit has its bullet under Unreleased, with a link to a decision record."""
    places = subject.now.places
    return any(
        places.linked(link.target) in subject.now.decisions
        for reference in _unreleased(subject, migration_id, Aspect.EDIT)
        for link in reference.bullet.links
    )


def _unreleased(subject: Subject, migration_id: str, aspect: Aspect) -> list[Reference]:
    """The bullets under Unreleased that have that aspect of a migration."""
    return [
        reference
        for reference in subject.now.references
        if reference.migration_id == migration_id and reference.aspect is aspect
        if reference.bullet.is_unreleased
    ]
