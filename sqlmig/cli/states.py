"""Which state of the files a command checks: the index, a commit, or the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlmig.errors import ConfigError

if TYPE_CHECKING:
    from sqlmig.changelog.tree import State

# Set by pre-commit if it checks existing commits, as before a push: the last of them, and the
# commit that the remote has.
_PUSHED, _BEFORE = "PRE_COMMIT_TO_REF", "PRE_COMMIT_FROM_REF"


def state_of(*, staged: bool, rev: str | None, worktree: bool) -> State:
    """The state that the options of a command name. Without any, the index; in a hook before a
    push, the pushed commit. Raises ConfigError for several."""
    from sqlmig.changelog.tree import Revision, Staged, WorkingTree

    if staged + worktree + (rev is not None) > 1:
        raise ConfigError(
            "--staged, --rev and --worktree cannot be combined",
            remedy="Give one of them.",
        )
    if worktree:
        return WorkingTree()
    if rev is not None:
        return Revision(rev)
    pushed = os.environ.get(_PUSHED)
    return Revision(pushed, os.environ.get(_BEFORE)) if pushed else Staged()
