"""Checks a project's changelog: every rule, on a state of the project and the merged one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmig.changelog.baseline import Baseline, find_baseline
from sqlmig.changelog.places import Places
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.changelog.rules import RULES, Subject
from sqlmig.changelog.rules.form import changelog_that_cannot_be_read
from sqlmig.changelog.tree import Repository, State
from sqlmig.config import Config, expect_project
from sqlmig.model import Finding, Severity


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a check found, in the order of the places; `migrations` counts those looked at, in the
    state that `state` names, which was compared with `baseline`."""

    findings: tuple[Finding, ...]
    migrations: int
    state: str
    baseline: Baseline
    changelog: str

    @property
    def errors(self) -> int:
        """How many findings make the check fail."""
        return self._count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many findings do so only where it is to be strict."""
        return self._count(Severity.WARNING)

    def _count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)


def lint_changelog(config: Config, state: State, against: str | None = None) -> Inspection:
    """The findings of all rules on that state of the project.

    It is compared with what it shares with the revision `against`, else with the setting
    `changelog_baseline`, else with the main branch; see find_baseline. Writes nothing, and runs
    nothing that the repository names. Raises ChangelogError where git cannot give what is to be
    compared, and ConfigError where there is no project.
    """
    places = Places.of(config)
    repository = Repository(config.project, places.all())
    against = config.changelog_baseline if against is None else against
    baseline = find_baseline(repository.git, state, against)
    files, old_files = repository.files(state, baseline.commit)
    squashed = {old: new for new, replaced in config.squashed for old in replaced}
    subject = Subject(ProjectFiles(places, files), ProjectFiles(places, old_files), squashed)
    if not subject.now.migrations and not subject.before.migrations:
        expect_project(config)
    changelog = str(config.project / places.changelog)
    return Inspection(check(subject), len(subject.now.migrations), str(state), baseline, changelog)


def check(subject: Subject) -> tuple[Finding, ...]:
    """What all rules find, sorted by place, then by code."""
    found = list(changelog_that_cannot_be_read.findings(subject))
    if not found:  # else every other rule would only repeat that
        found = [each for rule in RULES for each in rule.findings(subject)]
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    position = finding.location.position
    assert position is not None
    return finding.location.path, position.line, position.column, finding.code, finding.message
