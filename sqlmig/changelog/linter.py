"""Checks a project's changelog: every rule, on a state of the project and the merged state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmig.changelog.baseline import Baseline, find_baseline
from sqlmig.changelog.entry import TYPES
from sqlmig.changelog.places import Places
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.changelog.rules import RULES, Subject
from sqlmig.changelog.rules.form import changelog_that_cannot_be_read
from sqlmig.changelog.tree import Repository, Staged, State, on_disk
from sqlmig.config import Config, expect_project
from sqlmig.errors import ConfigError
from sqlmig.model import Finding, Severity
from sqlmig.model.suggestions import did_you_mean, nearest


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a check found, sorted by location. `migrations` is the number of migrations in the state
    that `state` names, which was compared with `baseline`; `ignored` has the codes of the rules
    that the settings turn off."""

    findings: tuple[Finding, ...]
    migrations: int
    state: str
    baseline: Baseline
    changelog: str
    ignored: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """How many findings make the check fail."""
        return self._count(Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many findings make the check fail only if it is strict."""
        return self._count(Severity.WARNING)

    def _count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)


def lint_changelog(config: Config, state: State, against: str | None = None) -> Inspection:
    """The findings of all rules on that state of the project.

    It is compared with what it shares with the revision `against`, else with the setting
    `changelog_baseline`, else with the main branch; see find_baseline. Writes nothing, and runs
    nothing that the repository names. Raises ChangelogError if git cannot provide what is to be
    compared, and ConfigError if there is no project.
    """
    ignored = _ignored(config)
    places = Places.of(config)
    if not places.changelog:
        raise ConfigError(
            f"the changelog is turned off by {config.origins.get('changelog', 'the settings')}",
            remedy="Remove this check from your hooks and CI, or name a file in `changelog`.",
        )
    repository = Repository(config.project, places.all())
    against = config.changelog_baseline if against is None else against
    baseline = find_baseline(repository.git, state, against)
    files, old_files = repository.files(state, baseline.commit)
    now = ProjectFiles(places, files)
    subject = Subject(
        now,
        ProjectFiles(places, old_files),
        {old: new for new, replaced in config.squashed for old in replaced},
        (*TYPES, *config.changelog_types),
        _not_staged(config, now) if isinstance(state, Staged) else (),
    )
    if not subject.now.migrations and not subject.before.migrations:
        expect_project(config)
    changelog = str(config.project / places.changelog)
    found = check(subject, ignored)
    count = len(subject.now.migrations)
    return Inspection(found, count, str(state), baseline, changelog, ignored)


def check(subject: Subject, ignored: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings of all rules that are not ignored, sorted by location, then by code."""
    found = list(changelog_that_cannot_be_read.findings(subject))
    if not found:  # otherwise every other rule would only repeat it
        found = [each for rule in RULES for each in rule.findings(subject)]
    return tuple(sorted((each for each in found if each.code not in ignored), key=_order))


def _ignored(config: Config) -> tuple[str, ...]:
    known = [rule.code for rule in RULES]
    for code in config.changelog_ignore:
        if code not in known:
            origin = config.origins.get("changelog_ignore", "changelog_ignore")
            raise ConfigError(
                f"{origin}: changelog_ignore: there is no rule {code!r}",
                remedy=did_you_mean(nearest(code, known), f"Known: {', '.join(known)}."),
            )
    return config.changelog_ignore


def _not_staged(config: Config, index: ProjectFiles) -> Collection[str]:
    """The migrations that are on disk but not in the index."""
    places = index.places
    there = ProjectFiles(places, on_disk(config.project, (places.migrations,)))
    return there.migrations.keys() - index.migrations.keys()


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    position = finding.location.position
    assert position is not None
    return finding.location.path, position.line, position.column, finding.code, finding.message
