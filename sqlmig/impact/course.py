"""Which migrations are judged, and which run before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmig.changelog.baseline import Baseline, find_baseline
from sqlmig.changelog.places import Places
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.changelog.tree import Repository, WorkingTree
from sqlmig.config import Config
from sqlmig.errors import ChangelogError, UnknownTargetError
from sqlmig.model import Migrations
from sqlmig.plan import PlannedMigration, plan_apply, resolve


@dataclass(frozen=True, slots=True)
class Course:
    """First the `applied` migrations run, then the `judged` ones, whose files are in `files`.
    `live` are the ids that the live database has; `schema` is the schema of its history; `baseline`
    names what git has merged, if that was asked."""

    files: Migrations
    applied: Sequence[PlannedMigration]
    judged: Sequence[PlannedMigration]
    live: frozenset[str] = frozenset()
    schema: str | None = None
    baseline: str = ""


def course_since(
    config: Config, files: Migrations, reference: str | None, target: str | None = None
) -> Course:
    """The files after a migration, or those that a git revision does not have, or all of them if
    neither is named; up to and including the target.

    Raises UnknownTargetError for an unknown target, and ChangelogError for a reference that is
    neither, or with which git cannot compare.
    """
    planned = plan_apply(files, (), target=target).migrations
    before, baseline = _before(config, files, reference)
    return Course(
        files,
        [each for each in planned if each.migration_id in before],
        [each for each in planned if each.migration_id not in before],
        baseline=baseline,
    )


def _before(config: Config, files: Migrations, reference: str | None) -> tuple[set[str], str]:
    if reference is None:
        return set(), ""
    ids = [file.migration_id for file in files]
    try:
        migration_id = resolve(reference, ids)
    except UnknownTargetError as unknown:
        return _merged(config, reference, unknown)
    return set(ids[: ids.index(migration_id) + 1]), ""


def _merged(config: Config, revision: str, unknown: UnknownTargetError) -> tuple[set[str], str]:
    """The ids in the last commit that this checkout shares with the revision."""
    places = Places.of(config)
    repository = Repository(config.project, [places.migrations])
    baseline = _baseline(repository, revision, unknown)
    assert baseline.commit is not None
    merged = ProjectFiles(places, repository.files_of(baseline.commit)).migrations
    return set(merged), str(baseline)


def _baseline(repository: Repository, revision: str, unknown: UnknownTargetError) -> Baseline:
    try:
        baseline = find_baseline(repository.git, WorkingTree(), revision)
    except ChangelogError as error:
        raise ChangelogError(
            f"{revision!r} is not a migration here, and git cannot compare with it: "
            f"{error.message}",
            remedy=f"{error.remedy} Or name a migration. {unknown.remedy}",
        ) from error
    if baseline.commit is None:
        raise ChangelogError(
            f"{revision!r} is not a migration here, and git has no commit to compare with",
            remedy="Commit first, or name a migration; --all analyzes all of them.",
        )
    return baseline
