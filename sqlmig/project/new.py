"""Creates what a new migration needs: its files, its changelog entry, its decision record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmig.changelog.decisions import file_number
from sqlmig.changelog.entry import bullet_text, text_of
from sqlmig.changelog.places import Places
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.config import Config
from sqlmig.model import Location
from sqlmig.project.entries import entered_text, write_entries
from sqlmig.project.files import write_new
from sqlmig.project.naming import described, sentence, slug_of
from sqlmig.project.numbering import next_number, timestamp
from sqlmig.project.state import files_on_disk, merged_files

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
    """A migration to create; an irreversible one always gets a decision record.

    `slug` names its files instead of the description; `timestamp` numbers it by the time.
    """

    description: str
    slug: str | None = None
    timestamp: bool = False
    transactional: bool = True
    irreversible: str | None = None
    decision: bool = False

    @property
    def needs_decision(self) -> bool:
        """Whether a decision record is written for it."""
        return self.decision or self.irreversible is not None


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the paths of new files, and the bullet with its place in the changelog,
    which are None if there is no changelog."""

    migration_id: str
    paths: tuple[str, ...]
    bullet: str | None = None
    entry: Location | None = None


def new_migration(config: Config, draft: Draft, now: datetime) -> Written:
    """Writes the migration, its rollback, a decision record if it needs one, and an entry if the
    project has a changelog.

    The number is the next one above all that are on disk or merged, in their style, or the time of
    `now` if the draft or the settings say so; the date is that of `now`. Existing files are never
    overwritten. Raises ChangelogError, before anything is written, if the description makes no file
    name or the changelog cannot be read; ConfigError if a file cannot be written.
    """
    slug = slug_of(draft.description, draft.slug)
    here, merged = files_on_disk(config), merged_files(config)
    places = here.places
    number = timestamp if draft.timestamp or config.timestamps else next_number
    migration_id = f"{number({*here.migrations, *merged.migrations}, now)}_{slug}"
    adr = f"{_next_record(here, merged):04}" if draft.needs_decision else ""
    files = _scripts(places, migration_id, draft, adr)
    links = []
    if adr:
        path = f"{places.adr}/{adr}-{slug.replace('_', '-')}.md"
        files[path] = _RECORD.format(date=f"{now:%Y-%m-%d}", title=sentence(draft.description))
        links.append(f"[ADR-{adr}]({places.link_to(path)})")
    text = text_of(" ".join(draft.description.split()))
    bullets = [(migration_id, bullet_text(migration_id, text, *links))]
    if places.changelog not in here.files:
        bullets = []
    entered_text(here, bullets, "Added")  # raises before anything is written
    for path, text in files.items():
        write_new(config.project / path, text)
    paths = tuple(str(config.project / path) for path in files)
    for entry in write_entries(here, bullets):
        return Written(migration_id, paths, entry.bullet, entry.location)
    return Written(migration_id, paths)


def _next_record(*states: ProjectFiles) -> int:
    numbers = [file_number(path) for state in states for path in state.decisions]
    return max((number for number in numbers if number is not None), default=0) + 1


def _scripts(places: Places, migration_id: str, draft: Draft, adr: str) -> dict[str, str]:
    mode = "" if draft.transactional else "-- transactional: false\n"
    head = f"-- {described(draft.description)}\n{mode}"
    if draft.irreversible is not None:
        head += f"-- irreversible: {' '.join(draft.irreversible.split())}\n"
    if adr:
        head += f"-- adr: {adr}\n"
    scripts = {f"{places.migrations}/{migration_id}.sql": f"{head}\n"}
    if draft.irreversible is None:
        scripts[f"{places.rollbacks}/{migration_id}.sql"] = f"-- Undo {migration_id}\n{mode}\n"
    return scripts
