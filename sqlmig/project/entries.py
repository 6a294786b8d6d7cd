"""Adds entries for migrations to the changelog."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmig.changelog.decisions import directive_number, file_number
from sqlmig.changelog.editor import HEADER, with_bullet
from sqlmig.changelog.entry import TYPES, bullet_text, has_enough_words, text_of
from sqlmig.changelog.project_files import Aspect, ProjectFiles
from sqlmig.changelog.rules import Subject
from sqlmig.changelog.rules.form import changelog_that_cannot_be_read
from sqlmig.config import Config
from sqlmig.errors import ChangelogError
from sqlmig.model import Location, Position
from sqlmig.plan import resolve
from sqlmig.project.files import rewrite
from sqlmig.project.state import files_on_disk

_ROOT_CHANGELOG = "CHANGELOG.md"


@dataclass(frozen=True, slots=True)
class Entry:
    """A bullet that was added: its migration, its text, and its place."""

    migration_id: str
    bullet: str
    location: Location


def add_entry(config: Config, reference: str, text: str, kind: str | None = None) -> Entry:
    """Adds an entry for a migration under that type of change in Unreleased.

    `reference` is its number or id, followed by `:edit` or `:down` if the entry is about a change
    to a merged migration. A link to the decision record in the migration's head is added. Raises
    ChangelogError if there is an entry already, if the linter would refuse the text, if the type is
    unknown, and if the changelog is turned off; UnknownTargetError; and ConfigError if the
    changelog cannot be written.
    """
    _refuse_few_words(text)
    here = _with_changelog(config)
    name, _, suffix = reference.partition(":")
    migration_id = resolve(name, here.migrations)
    aspect = _aspect(suffix)
    if aspect is Aspect.ENTRY and migration_id in here.entries:
        line = here.entries[migration_id][0].position.line
        raise ChangelogError(
            f"{migration_id} already has an entry, on line {line} of {here.places.changelog}",
            remedy="Change that entry; for an edit of a merged migration, "
            f"write {migration_id}:edit or {migration_id}:down.",
        )
    full_name = f"{migration_id}:{suffix}" if suffix else migration_id
    bullet = bullet_text(full_name, text, *_record_links(here, migration_id))
    kind = _kind(config, kind or ("Added" if aspect is Aspect.ENTRY else "Changed"))
    (entry,) = write_entries(here, [(migration_id, bullet)], kind)
    return entry


def add_missing(config: Config, kind: str | None = None) -> tuple[Entry, ...]:
    """Adds an entry for each migration that has none, in the order of their numbers, with its
    description, or with TODO if that says too little. Raises as `add_entry` does."""
    here = _with_changelog(config)
    bullets = [
        (name, bullet_text(name, text_of(here.head(name)[1]), *_record_links(here, name)))
        for name in here.migrations
        if name not in here.entries
    ]
    return write_entries(here, bullets, _kind(config, kind or "Added"))


def entered_text(here: ProjectFiles, bullets: Iterable[tuple[str, str]], kind: str) -> str:
    """The changelog with those bullets. Raises ChangelogError if it cannot be read."""
    data = here.files.get(here.places.changelog, HEADER.encode())
    if here.places.changelog in here.files:
        for problem in changelog_that_cannot_be_read.findings(Subject(here, here)):
            raise ChangelogError(str(problem), remedy=problem.remedy)
    text = data.decode()
    for _, bullet in bullets:
        text, _ = with_bullet(text, kind, bullet)
    return text


def write_entries(
    here: ProjectFiles, bullets: Iterable[tuple[str, str]], kind: str = "Added"
) -> tuple[Entry, ...]:
    """Writes bullets, each with the id of its migration, under that type of change in
    Unreleased."""
    bullets = list(bullets)
    text = entered_text(here, bullets, kind)
    if bullets:
        rewrite(here.places.project / here.places.changelog, text)
    lines = text.splitlines()
    return tuple(
        Entry(migration_id, bullet, _place(here, lines, bullet)) for migration_id, bullet in bullets
    )


def _place(here: ProjectFiles, lines: list[str], bullet: str) -> Location:
    words = bullet[1:]  # the marker is that of the existing list
    line = next(number for number, text in enumerate(lines, 1) if text.endswith(words))
    return here.places.location(here.places.changelog, Position(line, 1))


def _with_changelog(config: Config) -> ProjectFiles:
    """The project's files, if a changelog can be written."""
    here = files_on_disk(config)
    changelog = here.places.changelog
    if not changelog:
        raise ChangelogError(
            "the changelog is turned off",
            remedy=f"Name a file in the setting `changelog` ({config.origins['changelog']}).",
        )
    is_other = "changelog" not in config.origins and changelog not in here.files
    if is_other and (config.project / _ROOT_CHANGELOG).is_file():
        raise ChangelogError(
            f"there is no {changelog}, but there is {_ROOT_CHANGELOG}",
            remedy=f'Use it: set changelog = "{_ROOT_CHANGELOG}". Or create {changelog} first.',
        )
    return here


def _kind(config: Config, kind: str) -> str:
    known = {each.lower(): each for each in (*TYPES, *config.changelog_types)}
    if kind.lower() not in known:
        raise ChangelogError(
            f"{kind!r} is not a type of change",
            remedy=f"Use one of: {', '.join(known.values())}; or add it to `changelog_types`.",
        )
    return known[kind.lower()]


def _refuse_few_words(text: str) -> None:
    if not has_enough_words(text):
        raise ChangelogError(
            f"{text!r} does not say what changes",
            remedy="Use ten letters or more: the changelog shows this text.",
        )


def _aspect(suffix: str) -> Aspect:
    try:
        return Aspect(suffix)
    except ValueError:
        raise ChangelogError(
            f"an entry is about a migration, its :edit or its :down, not its :{suffix}",
            remedy="Remove the suffix, or write :edit or :down.",
        ) from None


def _record_links(files: ProjectFiles, migration_id: str) -> list[str]:
    """The link to the decision record that the head of a migration names."""
    directives, _ = files.head(migration_id)
    if directives.adr is None:
        return []
    number = directive_number(directives.adr)
    paths = [path for path in files.decisions if file_number(path) == number]
    return [f"[ADR-{number:04}]({files.places.link_to(path)})" for path in paths[:1]]
