"""Writes what a new migration needs: its files, its entry in the changelog, its decision record."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlmig.changelog.baseline import main_branch
from sqlmig.changelog.decisions import directive_number, file_number
from sqlmig.changelog.editor import HEADER, with_bullet
from sqlmig.changelog.entry import bullet_text, has_enough_words
from sqlmig.changelog.places import Places
from sqlmig.changelog.project_files import Aspect, ProjectFiles
from sqlmig.changelog.rules import Subject
from sqlmig.changelog.rules.form import changelog_that_cannot_be_read
from sqlmig.changelog.tree import Repository, on_disk
from sqlmig.config import Config
from sqlmig.errors import ChangelogError
from sqlmig.model import Location, Position
from sqlmig.plan import resolve
from sqlmig.project.files import rewrite, write_new
from sqlmig.project.numbering import next_number

_LONGEST_SLUG = 60
_RECORD = """\
---
status: proposed
date: {date}
---

# {title}

## Context and Problem Statement

What has to be decided, and why now?

## Considered Options

* …

## Decision Outcome

Chosen option: "…", because …

### Consequences

* Good, because …
* Bad, because …
"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A migration to be begun; an irreversible one gets a decision record in any case."""

    description: str
    transactional: bool = True
    irreversible: str | None = None
    decision: bool = False

    @property
    def needs_decision(self) -> bool:
        """Whether a decision record is written for it."""
        return self.decision or self.irreversible is not None


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the paths of new files, the bullet, and its place in the changelog."""

    migration_id: str
    paths: tuple[str, ...]
    bullet: str
    entry: Location


def new_migration(config: Config, draft: Draft, now: datetime) -> Written:
    """Writes the migration, its rollback, the decision record if it needs one, and the entry.

    The number is the next above all that are on the disk or merged; the day is that of `now`.
    Nothing that is there is overwritten. Raises ChangelogError, before anything is written, for a
    description that the linter would refuse and a changelog that cannot be read; ConfigError where
    a file cannot be written.
    """
    _refuse_few_words(draft.description)
    here, merged = _on_disk(config), _merged(config)
    places = here.places
    slug = _slug(draft.description)
    migration_id = f"{next_number({*here.migrations, *merged.migrations}, now)}_{slug}"
    adr = f"{_next_record(here, merged):04}" if draft.needs_decision else ""
    files = _scripts(places, migration_id, draft, adr)
    links = []
    if adr:
        path = f"{places.adr}/{adr}-{slug.replace('_', '-')}.md"
        files[path] = _RECORD.format(date=f"{now:%Y-%m-%d}", title=_sentence(draft.description))
        links.append(f"[ADR-{adr}]({places.link_to(path)})")
    bullet = bullet_text(migration_id, draft.description, *links)
    changelog, line = _with_entry(here, "Added", bullet)
    for path, text in files.items():
        write_new(config.project / path, text)
    rewrite(config.project / places.changelog, changelog)
    paths = tuple(str(config.project / path) for path in files)
    return Written(migration_id, paths, bullet, _entry(places, line))


def add_entry(config: Config, reference: str, text: str, kind: str | None = None) -> Written:
    """Enters a migration under that type of change of Unreleased.

    `reference` is its number or id, with `:edit` or `:down` behind it where the entry is about a
    change of what is merged already. The link to the record that its head names is added. Raises
    ChangelogError where it is entered already, or the linter would refuse the text, and
    UnknownTargetError; ConfigError where the changelog cannot be written.
    """
    _refuse_few_words(text)
    here = _on_disk(config)
    places = here.places
    name, _, suffix = reference.partition(":")
    migration_id = resolve(name, here.migrations)
    aspect = _aspect(suffix)
    if aspect is Aspect.ENTRY and migration_id in here.entries:
        line = here.entries[migration_id][0].position.line
        raise ChangelogError(
            f"{migration_id} already has an entry, on line {line} of {places.changelog}",
            remedy="Change that entry; for an edit of a merged migration, "
            f"write {migration_id}:edit or {migration_id}:down.",
        )
    full_name = f"{migration_id}:{suffix}" if suffix else migration_id
    bullet = bullet_text(full_name, text, *_record_links(here, migration_id))
    kind = kind or ("Added" if aspect is Aspect.ENTRY else "Changed")
    changelog, line = _with_entry(here, kind, bullet)
    rewrite(config.project / places.changelog, changelog)
    return Written(migration_id, (), bullet, _entry(places, line))


def _on_disk(config: Config) -> ProjectFiles:
    places = Places.of(config)
    return ProjectFiles(places, on_disk(config.project, places.all()))


def _merged(config: Config) -> ProjectFiles:
    """What is merged; nothing where there is no git, without which a migration may be begun."""
    places = Places.of(config)
    try:
        repository = Repository(config.project, places.all())
        branch = main_branch(repository.git)
        return ProjectFiles(places, repository.files_of(branch.commit) if branch else {})
    except ChangelogError:
        return ProjectFiles(places, {})


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


def _slug(description: str) -> str:
    folded = unicodedata.normalize("NFKD", description.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")[:_LONGEST_SLUG].rstrip("_")
    if not slug:
        raise ChangelogError(
            f"cannot make a file name from {description!r}",
            remedy="Describe it with letters from a to z.",
        )
    return slug


def _sentence(text: str) -> str:
    """The text on one line, beginning with a capital letter."""
    line = " ".join(text.split())
    return line[:1].upper() + line[1:]


def _entry(places: Places, line: int) -> Location:
    return places.location(places.changelog, Position(line, 1))


def _next_record(*states: ProjectFiles) -> int:
    numbers = [file_number(path) for state in states for path in state.decisions]
    return max((number for number in numbers if number is not None), default=0) + 1


def _scripts(places: Places, migration_id: str, draft: Draft, adr: str) -> dict[str, str]:
    mode = "" if draft.transactional else "-- transactional: false\n"
    head = f"-- {_sentence(draft.description)}\n{mode}"
    if draft.irreversible is not None:
        head += f"-- irreversible: {' '.join(draft.irreversible.split())}\n"
    if adr:
        head += f"-- adr: {adr}\n"
    scripts = {f"{places.migrations}/{migration_id}.sql": f"{head}\n"}
    if draft.irreversible is None:
        scripts[f"{places.rollbacks}/{migration_id}.sql"] = f"-- Undo {migration_id}\n{mode}\n"
    return scripts


def _record_links(files: ProjectFiles, migration_id: str) -> list[str]:
    """The link to the record that the head of a migration names."""
    directives, _ = files.head(migration_id)
    if directives.adr is None:
        return []
    number = directive_number(directives.adr)
    paths = [path for path in files.decisions if file_number(path) == number]
    return [f"[ADR-{number:04}]({files.places.link_to(path)})" for path in paths[:1]]


def _with_entry(here: ProjectFiles, kind: str, bullet: str) -> tuple[str, int]:
    data = here.files.get(here.places.changelog, HEADER.encode())
    if here.places.changelog in here.files:
        for problem in changelog_that_cannot_be_read.findings(Subject(here, here)):
            raise ChangelogError(str(problem), remedy=problem.remedy)
    return with_bullet(data.decode(), kind, bullet)
