"""The only door to git: the files of a project as its index, a revision or the disk has them.

All that is called is plumbing, whose output no setting of the user's changes, with `-z`, which
leaves paths unquoted. The environment is handed on: in a hook it says which index is meant.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmig.errors import ChangelogError

Files = Mapping[str, bytes]
_REGULAR_FILES = ("100644", "100755")
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_UNSHALLOW = "In a shallow clone, fetch the rest first: git fetch --unshallow"


@dataclass(frozen=True, slots=True)
class Staged:
    """What `git commit` would commit."""

    def __str__(self) -> str:
        return "the index"


@dataclass(frozen=True, slots=True)
class Revision:
    """What a commit has."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """What lies on the disk, whatever git knows of it."""

    def __str__(self) -> str:
        return "the working tree"


State = Staged | Revision | WorkingTree


def on_disk(project: Path, places: Sequence[str]) -> Files:
    """The files that are one of those places or lie directly in one.

    Raises ChangelogError for one that cannot be read.
    """
    files = {}
    for place in places:
        path = project / place
        for file in (path, *(path.iterdir() if path.is_dir() else ())):
            if file.is_file():
                files[os.path.normpath(Path(place, file.relative_to(path)))] = _read(file)
    return files


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ChangelogError(
            f"{file} cannot be read: {error.strerror}", remedy="Make that file readable."
        ) from error


class Repository:
    """The git repository in which a project lies; raises ChangelogError where git cannot help.

    `places` are the files and folders that matter, as paths from the project's folder.
    """

    def __init__(self, project: Path, places: Sequence[str]) -> None:
        self._project = project
        # In a hook git may name its repository in the environment, and then takes the folder in
        # which it is called for the top of the working tree.
        self._folder = Path() if "GIT_DIR" in os.environ else project
        self._prefix = os.path.relpath(project.resolve(), self._folder.resolve())
        self._places = places
        self._git("rev-parse", "--git-dir")

    def files(self, state: State, baseline: str | None) -> tuple[Files, Files]:
        """The files of a state, and those of the baseline commit, none of them read twice."""
        before = {} if baseline is None else self._commit_blobs(baseline)
        if isinstance(state, WorkingTree):
            now = {}
        elif isinstance(state, Staged):
            now = self._staged_blobs()
        else:
            now = self._commit_blobs(self._commit(state.name))
        contents = self._contents({*now.values(), *before.values()})
        old = {path: contents[blob] for path, blob in before.items()}
        if isinstance(state, WorkingTree):
            return on_disk(self._project, self._places), old
        return {path: contents[blob] for path, blob in now.items()}, old

    def baseline(self, state: State, against: str | None) -> str | None:
        """The commit that the state is compared with: the last one that it shares with `against`,
        or, without that, with the branch that everything is merged into; None before the first
        commit.

        A merge under way counts as done. Raises ChangelogError where `against` is not there, or
        where a shallow clone has not got the commit.
        """
        heads = self._heads(state)
        if not heads:
            return None
        target = against or next(filter(self._exists, _DEFAULT_BRANCHES), None)
        if target is not None:
            base = self._ask("merge-base", self._commit(target), *heads)
            if base:
                return base
        if against is not None or self._is_shallow():
            raise ChangelogError(
                f"no commit that {state} shares with {against or 'the main branch'} is here",
                remedy=f"{_UNSHALLOW}; or name another revision with --against.",
            )
        return heads[0]

    def merged_files(self) -> Files:
        """The files of the branch that everything is merged into, as far as it is here."""
        branch = next(filter(self._exists, _DEFAULT_BRANCHES), None)
        if branch is None:
            return {}
        blobs = self._commit_blobs(branch)
        contents = self._contents(set(blobs.values()))
        return {path: contents[blob] for path, blob in blobs.items()}

    def _heads(self, state: State) -> list[str]:
        """The commits that the state comes from, first its own."""
        if isinstance(state, Revision):
            return [self._commit(state.name)]
        if not self._exists("HEAD"):
            return []
        heads = [self._commit("HEAD")]
        if self._exists("MERGE_HEAD"):
            return [*heads, self._commit("MERGE_HEAD")]
        # Before pre-merge-commit, git has not written MERGE_HEAD yet, but these variables.
        return heads + [name[8:] for name in sorted(os.environ) if name.startswith("GITHEAD_")]

    def _exists(self, revision: str) -> bool:
        return bool(self._ask("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"))

    def _commit(self, revision: str) -> str:
        """The id of the commit that a revision names."""
        commit = self._ask("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if not commit:
            raise ChangelogError(
                f"git knows no revision {revision!r} here",
                remedy=f"Fetch it, or name another. {_UNSHALLOW}",
            )
        return commit

    def _is_shallow(self) -> bool:
        return self._ask("rev-parse", "--is-shallow-repository") == "true"

    def _staged_blobs(self) -> dict[str, str]:
        """The blobs in the index by path, but for what is only meant to be added (`git add -N`)."""
        unstaged = self._paths("diff-files", "-z", "--name-only", "--relative", "--diff-filter=A")
        blobs = {}
        for head, path in self._entries("ls-files", "--stage", "-z"):
            mode, blob, stage = head.split()
            if stage != "0":
                raise ChangelogError(
                    f"{path} has a conflict that is not resolved",
                    remedy="Resolve it and `git add` the file.",
                )
            if mode in _REGULAR_FILES and path not in unstaged:
                blobs[path] = blob
        return blobs

    def _commit_blobs(self, commit: str) -> dict[str, str]:
        blobs = {}
        for head, path in self._entries("ls-tree", "-r", "-z", commit):
            mode, _, blob = head.split()
            if mode in _REGULAR_FILES:
                blobs[path] = blob
        return blobs

    def _entries(self, *arguments: str) -> Iterator[tuple[str, str]]:
        """What stands before the tab of each line, and the path after it; only of files that are
        a place or lie directly in one."""
        for entry in self._list(*arguments):
            head, _, path = entry.partition(b"\t")
            name = self._from_project(path)
            if name in self._places or (name.rpartition("/")[0] or ".") in self._places:
                yield head.decode(), name

    def _paths(self, *arguments: str) -> set[str]:
        return {self._from_project(path) for path in self._list(*arguments)}

    def _list(self, *arguments: str) -> list[bytes]:
        places = (os.path.normpath(Path(self._prefix, place)) for place in self._places)
        return self._git(*arguments, "--", *places).split(b"\0")[:-1]

    def _from_project(self, path: bytes) -> str:
        name = os.fsdecode(path)
        return name if self._prefix == "." else os.path.relpath(name, self._prefix)

    def _contents(self, blobs: set[str]) -> dict[str, bytes]:
        """The content of each blob, read through one process."""
        output = self._git(
            "cat-file", "--batch", "--buffer", given="\n".join([*blobs, ""]).encode()
        )
        contents = {}
        start = 0
        while start < len(output):
            end = output.index(b"\n", start)
            blob, _, size = output[start:end].decode().split()
            start = end + 1 + int(size)
            contents[blob] = output[end + 1 : start]
            start += 1
        return contents

    def _ask(self, *arguments: str) -> str:
        """The one line that git answers, "" where it says no."""
        return self._run(arguments).stdout.decode().strip()

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        done = self._run(arguments, given)
        if done.returncode:
            said = os.fsdecode(done.stderr).strip().splitlines() or ["no reason given"]
            raise ChangelogError(
                f"git {arguments[0]}: {said[0].removeprefix('fatal: ')}",
                remedy="The changelog is checked against what git has: run this where it works.",
            )
        return done.stdout

    def _run(
        self, arguments: Sequence[str], given: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603  # git's own arguments
                ["git", *arguments],  # noqa: S607  # the user's git
                cwd=self._folder,
                env=_environment(),
                input=given,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise ChangelogError(
                "git is not installed", remedy="Install it: the changelog is checked against it."
            ) from error


def _environment() -> dict[str, str]:
    """That of this process, but paths are taken to the letter."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_PATHSPECS")}
    return kept | {"GIT_LITERAL_PATHSPECS": "1"}
