"""The files of a project, on disk and on the branch that everything is merged into."""

from __future__ import annotations

from sqlmig.changelog.baseline import main_branch
from sqlmig.changelog.places import Places
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.changelog.tree import Repository, on_disk
from sqlmig.config import Config
from sqlmig.errors import ChangelogError


def files_on_disk(config: Config) -> ProjectFiles:
    """The files on disk. Raises ChangelogError for a file that cannot be read."""
    places = Places.of(config)
    return ProjectFiles(places, on_disk(config.project, places.all()))


def merged_files(config: Config) -> ProjectFiles:
    """The merged files; none if there is no git, since a new migration does not need it."""
    places = Places.of(config)
    try:
        repository = Repository(config.project, places.all())
        branch = main_branch(repository.git)
        return ProjectFiles(places, repository.files_of(branch.commit) if branch else {})
    except ChangelogError:
        return ProjectFiles(places, {})
