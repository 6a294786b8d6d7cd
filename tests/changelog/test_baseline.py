"""The rule that guards what is merged is never off in silence: what is compared with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig.changelog.linter import Inspection, lint_changelog
from sqlmig.changelog.tree import Revision, Staged, State, WorkingTree
from sqlmig.errors import ChangelogError
from tests.repository import Repository

A, B = "001_a", "002_b"
EDITED = [f"CL202 sql/migrations/{A}.sql:1"]
NULL_ID = "0" * 40
AT_HAND: tuple[State, ...] = (Staged(), WorkingTree())


@pytest.fixture(params=["develop", "trunk"])
def elsewhere(request: pytest.FixtureRequest, repository: Repository, tmp_path: Path) -> Repository:
    """A clone as CI makes it, without origin/HEAD, of a repository whose default branch has another
    name; its last commit edits the migration that the first one brought."""
    name = str(request.param)
    repository.git("branch", "--move", name)
    repository.entered(A)
    repository.commit()
    repository.migration(A, "drop table notes;")
    repository.commit()
    clone = Repository(tmp_path / "clone")
    clone.root.mkdir()
    clone.git("init", "--quiet", "--initial-branch", "ci")
    clone.git("remote", "add", "origin", str(repository.root))
    clone.git("fetch", "--quiet", "origin")
    clone.git("checkout", "--quiet", "--detach", f"origin/{name}")
    return clone


def inspected(repository: Repository, state: State, against: str | None = None) -> Inspection:
    return lint_changelog(repository.config(), state, against)


def refused(repository: Repository, state: State, against: str | None = None) -> ChangelogError:
    with pytest.raises(ChangelogError) as caught:
        inspected(repository, state, against)
    assert caught.value.exit_code == 2
    assert "--against" in caught.value.remedy
    return caught.value


# A revision


def test_a_commit_where_no_main_branch_is_known_cannot_be_checked(elsewhere: Repository) -> None:
    error = refused(elsewhere, Revision("HEAD"))
    assert error.message.startswith("there is nothing to compare HEAD with")
    assert "changelog_baseline" in error.remedy


def test_the_commit_before_the_push_is_a_baseline(elsewhere: Repository) -> None:
    assert elsewhere.findings(Revision("HEAD"), "HEAD~1") == EDITED
    found = inspected(elsewhere, Revision("HEAD"), "HEAD~1")
    assert found.baseline.commit == elsewhere.git("rev-parse", "HEAD~1").strip()
    assert found.baseline.revision == "HEAD~1"


def test_the_setting_is_enough_where_the_main_branch_has_another_name(
    elsewhere: Repository,
) -> None:
    branch = elsewhere.git("branch", "--remotes").strip()
    elsewhere.git("switch", "--quiet", "--create", "feature", "HEAD~1")
    elsewhere.migration(A, "select 2;")
    elsewhere.commit()
    elsewhere.write("sqlmig.toml", f'changelog_baseline = "{branch}"\n')
    assert elsewhere.findings(Revision("HEAD")) == EDITED
    assert elsewhere.baseline(Revision("HEAD")) == branch


@pytest.mark.parametrize("against", [None, "main", "HEAD", "later"])
def test_a_commit_is_not_compared_with_itself(repository: Repository, against: str | None) -> None:
    repository.entered(A)
    repository.commit()
    repository.migration(A, "drop table notes;")
    repository.commit()
    repository.git("branch", "later")
    message = refused(repository, Revision("HEAD"), against).message
    assert message == f"HEAD would be compared with itself: {against or 'main'} has that commit"
    assert repository.findings(Revision("HEAD"), "HEAD~1") == EDITED


def test_a_commit_that_the_main_branch_went_on_from_is_not_compared_with_itself(
    repository: Repository,
) -> None:
    repository.entered(A)
    repository.commit()
    repository.migration(A, "drop table notes;")
    repository.git("tag", "v1", repository.commit())
    repository.commit()
    assert "main has that commit" in refused(repository, Revision("v1")).message
    repository.git("tag", "--annotate", "--message", "old", "v0", "v1~1")
    assert repository.findings(Revision("v1"), "v0") == EDITED


def test_the_first_commit_is_compared_with_nothing(repository: Repository) -> None:
    repository.entered(A)
    first = repository.commit()
    for against in (None, NULL_ID):
        found = inspected(repository, Revision("HEAD"), against)
        assert (found.findings, found.baseline.commit) == ((), None)
        assert str(found.baseline) == "nothing (the first commit)"
    assert "itself" in refused(repository, Revision("HEAD"), "HEAD").message
    repository.commit()
    assert inspected(repository, Revision(first)).baseline.commit is None


def test_the_only_commit_of_a_shallow_clone_is_not_taken_for_the_first(
    repository: Repository, tmp_path: Path
) -> None:
    repository.entered(A)
    repository.commit()
    repository.commit()
    url = f"file://{repository.root}"
    repository.git("clone", "--quiet", "--depth", "1", url, str(tmp_path / "shallow"))
    shallow = Repository(tmp_path / "shallow")
    error = refused(shallow, Revision("HEAD"))
    assert "itself" in error.message
    assert "fetch-depth: 0" in error.remedy
    with pytest.raises(ChangelogError, match="does not know the revision 'HEAD~1'"):
        inspected(shallow, Revision("HEAD"), "HEAD~1")


def test_the_null_id_of_a_new_branch_leaves_the_main_branch(repository: Repository) -> None:
    repository.entered(A)
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.migration(A, "drop table notes;")
    repository.commit()
    assert repository.findings(Revision("HEAD"), NULL_ID) == EDITED
    assert repository.baseline(Revision("HEAD"), NULL_ID) == "main"


def test_a_merge_is_compared_with_what_it_was_merged_into(repository: Repository) -> None:
    repository.entered(A)
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.migration(A, "drop table notes;")
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.write("README.md", "x")
    repository.commit()
    repository.git("merge", "--quiet", "--no-edit", "feature")
    assert repository.findings(Revision("HEAD"), "HEAD^1") == EDITED
    assert repository.findings(Revision("HEAD^2"), "HEAD^1") == EDITED


def test_a_tag_called_like_the_main_branch_is_not_taken_for_it(repository: Repository) -> None:
    repository.entered(A)
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.migration(A, "drop table notes;")
    repository.commit()
    repository.git("tag", "main")
    repository.git("tag", "origin/main")
    assert repository.findings(Revision("feature")) == EDITED


# The index and the working tree


@pytest.mark.parametrize("state", AT_HAND)
def test_head_is_what_the_files_at_hand_are_compared_with(
    elsewhere: Repository, state: State
) -> None:
    elsewhere.migration(A, "select 3;")
    elsewhere.git("add", "--all")
    assert elsewhere.findings(state) == EDITED
    assert elsewhere.baseline(state) == "HEAD"


@pytest.mark.parametrize("state", AT_HAND)
def test_before_the_first_commit_nothing_is_merged(repository: Repository, state: State) -> None:
    repository.entered(A)
    repository.git("add", "--all")
    found = inspected(repository, state)
    assert (found.migrations, found.findings, found.baseline.commit) == (1, (), None)


# Shallow clones


def test_a_shallow_clone_that_has_the_shared_commit_is_checked(
    repository: Repository, tmp_path: Path
) -> None:
    shallow = shallow_clone(repository, tmp_path, depth=3)
    assert shallow.findings(Revision("HEAD")) == EDITED
    assert shallow.findings(Revision("HEAD"), "HEAD~1") == []


def test_a_shallow_clone_that_ends_between_cannot_be_checked(
    repository: Repository, tmp_path: Path
) -> None:
    shallow = shallow_clone(repository, tmp_path, depth=2)
    for state in (*AT_HAND, Revision("HEAD")):
        error = refused(shallow, state)
        assert error.message.endswith("is not known: this clone is shallow")
        assert "git fetch --unshallow" in error.remedy


def test_a_shared_commit_behind_the_end_of_a_shallow_clone_is_not_passed_over(
    repository: Repository, tmp_path: Path
) -> None:
    """One side of a merge is cut off, and may lead to a later commit of the main branch."""
    repository.entered(A)
    first = repository.commit()
    repository.migration(A, "select 2;")
    for _ in range(6):
        repository.commit()
    repository.git("branch", "side")
    repository.git("switch", "--quiet", "--create", "feature", first)
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "--strategy", "ours", "side")
    repository.git("switch", "--quiet", "main")
    repository.commit()
    shallow = Repository(tmp_path / "shallow")
    options = ("--depth", "2", "--no-single-branch", "--branch", "feature")
    repository.git("clone", "--quiet", *options, f"file://{repository.root}", str(shallow.root))
    assert "shallow" in refused(shallow, Revision("HEAD")).message
    shallow.git("fetch", "--quiet", "--unshallow")
    assert shallow.findings(Revision("HEAD")) == EDITED


def shallow_clone(repository: Repository, tmp_path: Path, depth: int) -> Repository:
    """A clone of a branch of three commits, the second of which edits a merged migration."""
    repository.commit()
    repository.entered(A)
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.migration(A, "drop table notes;")
    repository.commit()
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.commit("On main")
    options = ("--depth", str(depth), "--no-single-branch", "--branch", "feature")
    url = f"file://{repository.root}"
    repository.git("clone", "--quiet", *options, url, str(tmp_path / "shallow"))
    return Repository(tmp_path / "shallow")
