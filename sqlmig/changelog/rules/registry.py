"""What a rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc

from sqlmig.changelog.entry import TYPES
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.model import Finding, Location, Position, Severity


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: a state of the project against the one that is merged already.

    `before` is empty where nothing is. `squashed` gives, for a migration that is gone, the one
    that took its place. `types` are the types of change; `not_staged` the migrations that lie on
    the disk, where the index is checked and lacks them.
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
        """Whether that is the id of a migration, or was: other words in backticks are no fault."""
        known = (self.now.migrations, self.before.migrations, self.squashed, self.not_staged)
        return any(migration_id in ids for ids in known)

    def is_replaced(self, migration_id: str) -> bool:
        """Whether a migration that is there took the place of that one."""
        return self.squashed.get(migration_id) in self.now.migrations

    def is_released(self, location: Location) -> bool:
        """Whether that is a place in the changelog under a version that is released."""
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
    """What a rule found: a finding that does not know its code yet."""

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
    """A rule: its code, the function that looks, and what it refuses and accepts.

    `released` is the highest severity of what it finds under a version that is released.
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
        """What there is to know besides, and why."""
        return cleandoc(self.check.__doc__ or "").partition("\n")[2].strip()

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """What the rule finds, in no order."""
        for found in self.check(subject):
            severity = found.severity
            if severity is Severity.ERROR and subject.is_released(found.location):
                severity = self.released
            yield Finding(self.code, found.message, found.location, found.remedy, severity)


def rule(
    code: str, *, bad: Sample, good: Sample, released: Severity = Severity.WARNING
) -> Callable[[Check], Rule]:
    """Makes the rule of that code of a function."""
    return lambda check: Rule(code, check, bad, good, released)
