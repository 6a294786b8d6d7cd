"""Which commit counts as merged: what a state of the project is compared with."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmig.changelog.git import UNSHALLOW, Git
from sqlmig.changelog.tree import Revision, State
from sqlmig.errors import ChangelogError

# The full names, since a tag can have the short name of a branch.
_MAIN_BRANCHES = {
    "origin/HEAD": "refs/remotes/origin/HEAD",
    "origin/main": "refs/remotes/origin/main",
    "origin/master": "refs/remotes/origin/master",
    "main": "refs/heads/main",
    "master": "refs/heads/master",
}
_NULL_ID = re.compile("0{40,64}")
_NAME_IT = "Name the commit to compare with, such as the one before the push: --against COMMIT."


@dataclass(frozen=True, slots=True)
class Baseline:
    """A commit, and the revision through which it was found; both None before the first commit,
    when nothing is merged."""

    commit: str | None
    revision: str | None

    def __str__(self) -> str:
        if self.commit is None:
            return "nothing (the first commit)"
        return f"{self.commit[:12]} of {self.revision}"


_NOTHING = Baseline(None, None)


class NamedCommit(NamedTuple):
    """A commit, and the revision that names it."""

    commit: str
    name: str


def main_branch(git: Git) -> NamedCommit | None:
    """The branch that everything is merged into; None if none of the usual ones exists here."""
    for name, reference in _MAIN_BRANCHES.items():
        if commit := git.find_commit(reference):
            return NamedCommit(commit, name)
    return None


def find_baseline(git: Git, state: State, against: str | None) -> Baseline:
    """The commit to compare a state with: the last one that it shares with `against` or, without
    that, with the main branch.

    Without such a branch, the index and the working tree are compared with HEAD, and before the
    first commit with nothing. A merge in progress counts as finished. The null id, which CI systems
    pass for a new branch, counts as no revision. Raises ChangelogError if `against` does not exist
    here, if a commit would be compared with itself, and if the two share no commit, or none that a
    shallow clone can be sure of.
    """
    if against is not None and _NULL_ID.fullmatch(against):
        against = None
    if isinstance(state, Revision):
        return _before(git, state, against)
    head = git.find_commit("HEAD")
    if head is None:
        return _NOTHING
    target = _named(git, against) or main_branch(git)
    shared = _shared(git, target, [head, *_merging(git)]) if target else None
    if target and shared:
        return Baseline(shared, target.name)
    if target and against is not None:
        raise _unrelated(state, target)
    return Baseline(head, "HEAD")


def _before(git: Git, state: Revision, against: str | None) -> Baseline:
    """The commit to compare a revision with. In a hook before a push that adds nothing to the main
    branch, that is what the remote had."""
    target = _named(git, against) or main_branch(git)
    own = git.commit(state.name)
    for each in (target, _named(git, state.before)):
        if each is None:
            continue
        shared = _shared(git, each, [own])
        if shared is None:
            raise _unrelated(state, each)
        if shared != own or each.name == state.before:
            return Baseline(shared, each.name)
    if against is None and _is_first(git, own):
        return _NOTHING
    raise _nothing_to_compare_with(git, state, target)


def _named(git: Git, name: str | None) -> NamedCommit | None:
    return None if name is None else NamedCommit(git.commit(name), name)


def _merging(git: Git) -> list[str]:
    """The commits that are being merged into HEAD."""
    if commit := git.find_commit("MERGE_HEAD"):
        return [commit]
    # Before the pre-merge-commit hook, git has not written MERGE_HEAD yet, only these variables.
    return [name[8:] for name in sorted(os.environ) if name.startswith("GITHEAD_")]


def _shared(git: Git, target: NamedCommit, heads: Sequence[str]) -> str | None:
    """The last commit that they share; None if their histories are unrelated."""
    shared = git.answer("merge-base", target.commit, *heads)
    if shared in (target.commit, *heads):
        return shared
    if _is_shallow(git) and _ends_here(git, [target.commit, *heads], shared):
        raise ChangelogError(
            f"the last commit shared with {target.name} is not known: this clone is shallow",
            remedy=f"{UNSHALLOW}; or name another commit with --against.",
        )
    return shared or None


def _ends_here(git: Git, commits: Sequence[str], shared: str) -> bool:
    """Whether a shallow clone ends between those commits and the shared one: commits beyond that
    end may be shared, too."""
    path = os.fsdecode(git.read("rev-parse", "--git-path", "shallow")).rstrip("\n")
    ends = set((git.top / path).read_text(encoding="ascii").split())
    since = [f"^{shared}"] if shared else []
    return not ends.isdisjoint(git.read("rev-list", *commits, *since).decode().split())


def _is_shallow(git: Git) -> bool:
    return git.answer("rev-parse", "--is-shallow-repository") == "true"


def _is_first(git: Git, commit: str) -> bool:
    """Whether that commit certainly has no parent."""
    return git.find_commit(f"{commit}^") is None and not _is_shallow(git)


def _nothing_to_compare_with(
    git: Git, state: Revision, target: NamedCommit | None
) -> ChangelogError:
    remedy = f"{_NAME_IT} {UNSHALLOW}." if _is_shallow(git) else _NAME_IT
    if target:
        return ChangelogError(
            f"{state} would be compared with itself: {target.name} has that commit", remedy=remedy
        )
    return ChangelogError(
        f"there is nothing to compare {state} with: none of {', '.join(_MAIN_BRANCHES)} exists",
        remedy=f"{remedy} To keep that choice, set `changelog_baseline` to the main branch.",
    )


def _unrelated(state: State, target: NamedCommit) -> ChangelogError:
    return ChangelogError(
        f"{state} and {target.name} share no commit: their histories are unrelated",
        remedy=_NAME_IT,
    )
