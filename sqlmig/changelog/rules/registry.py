"""What a rule is, and what it checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc

from sqlmig.changelog.entry import TYPES
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.model import Finding, Location, Position, Severity


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: a state of the project, compared with the merged one.

    `before` is empty if nothing is merged. `squashed` maps a migration that is gone to its
    replacement. `types` are the types of change. `not_staged` are the migrations that are on disk
    but not in the index, if the index is checked.
    """

    now: ProjectFiles
    before: ProjectFiles
    squashed: Mapping[str, str] = field(default_factory=dict)
    types: Sequence[str] = TYPES
    not_staged: Collection[str] = ()

    @property
    def new_migrations(self) -> list[str]:
        """The ids that are not merged yet."""
        return [name for name in self.now.migrations if name not in self.before.migrations]

    def is_migration(self, migration_id: str) -> bool:
        """Whether that is or was the id of a migration; other words in backticks are not an
        error."""
        known = (self.now.migrations, self.before.migrations, self.squashed, self.not_staged)
        return any(migration_id in ids for ids in known)

    def is_replaced(self, migration_id: str) -> bool:
        """Whether an existing migration replaces that one."""
        return self.squashed.get(migration_id) in self.now.migrations

    def is_released(self, location: Location) -> bool:
        """Whether that is a place in the changelog under a released version."""
        if location.position is None or location.path != self.changelog_line(1).path:
            return False
        release = self.now.changelog.release_at(location.position.line)
        return release is not None and not release.is_unreleased

    def file(self, path: str, line: int = 1) -> Location:
        """A line of a file of the state that is checked."""
        return self.now.places.location(path, Position(line, 1))

    def in_changelog(self, position: Position) -> Location:
        """A place in the changelog."""
        return self.now.places.location(self.now.places.changelog, position)

    def changelog_line(self, line: int) -> Location:
        """A line of the changelog."""
        return self.in_changelog(Position(line, 1))


@dataclass(frozen=True, slots=True)
class Violation:
    """What a rule found: a finding without its code."""

    location: Location
    message: str
    remedy: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Sample:
    """A small project: its changelog and its other files; `before` is what is merged."""

    changelog: str
    files: Mapping[str, str] = field(default_factory=dict)
    before: Sample | None = None


Check = Callable[[Subject], Iterator[Violation]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, the function that checks it, and what it refuses and accepts.

    `released` is the highest severity of its findings under a released version.
    """

    code: str
    check: Check
    bad: Sample
    good: Sample
    released: Severity

    @property
    def title(self) -> str:
        """The rule in one sentence."""
        return cleandoc(self.check.__doc__ or "").partition("\n")[0]

    @property
    def explanation(self) -> str:
        """The details and the reasons."""
        return cleandoc(self.check.__doc__ or "").partition("\n")[2].strip()

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """The rule's findings, in no particular order."""
        for found in self.check(subject):
            severity = found.severity
            if severity is Severity.ERROR and subject.is_released(found.location):
                severity = self.released
            yield Finding(self.code, found.message, found.location, found.remedy, severity)


def rule(
    code: str, *, bad: Sample, good: Sample, released: Severity = Severity.WARNING
) -> Callable[[Check], Rule]:
    """Turns a function into the rule with that code."""
    return lambda check: Rule(code, check, bad, good, released)
