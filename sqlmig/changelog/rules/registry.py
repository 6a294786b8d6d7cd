"""What a rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc

from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.model import Finding, Location, Position, Severity


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: a state of the project against the one that is merged already.

    `before` is empty where nothing is. `squashed` gives, for a migration that is gone, the one
    that took its place.
    """

    now: ProjectFiles
    before: ProjectFiles
    squashed: Mapping[str, str] = field(default_factory=dict)

    @property
    def new_migrations(self) -> list[str]:
        """The ids that are not merged yet."""
        return [name for name in self.now.migrations if name not in self.before.migrations]

    def is_replaced(self, migration_id: str) -> bool:
        """Whether a migration that is there took the place of that one."""
        return self.squashed.get(migration_id) in self.now.migrations

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
    """A rule: its code, the function that looks, and what it refuses and accepts."""

    code: str
    check: Check
    bad: Sample
    good: Sample

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
            yield Finding(self.code, found.message, found.location, found.remedy, found.severity)


def rule(code: str, *, bad: Sample, good: Sample) -> Callable[[Check], Rule]:
    """Makes the rule of that code of a function."""
    return lambda check: Rule(code, check, bad, good)
