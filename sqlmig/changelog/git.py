"""The only access to git: plumbing that reads objects and the index, called so that nothing runs.

The content of a repository (its settings, attributes and hooks) is not trusted: none of it may
start a program. So only commands that use neither filters nor the working tree are called; the
repository is named, so that git never searches for it; and everything that its settings could
change is set here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sqlmig.errors import ChangelogError

# Settings of a repository that could run a program, or lead git to one; the command line overrides
# them. An empty credential.helper clears the list of earlier ones.
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.sshCommand=false",
    "credential.helper=",
    "fetch.bundleURI=",
    "safe.bareRepository=explicit",
)
# The same for what settings cannot prevent. Reading a missing object would fetch it, through
# programs that the remote's settings name. git before 2.39.4 does not know GIT_NO_LAZY_FETCH, but
# GIT_ALLOW_PROTOCOL, which overrides every protocol.*.allow.
_CLOSED = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    # Objects and histories as they are, ignoring refs/replace and grafts in this clone.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
}
# Variables that git sets for its hooks, and the locations of the user's own settings. All other
# GIT_* variables are removed.
_OF_A_HOOK = (
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_COMMON_DIR",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
)
_OF_THE_USER = "GIT_CONFIG"
FETCH_EVERYTHING = (
    "In a partial clone, fetch everything first: git fetch --refetch --no-filter. "
    "In any other, the repository is damaged: see git fsck."
)
UNSHALLOW = (
    "In a shallow clone, fetch the rest first: git fetch --unshallow "
    "(`fetch-depth: 0` of actions/checkout, `GIT_DEPTH: 0` in GitLab)"
)


class Git:
    """The repository that contains a folder: the nearest `.git` in it or above it, or the one that
    GIT_DIR names, as in a hook.

    `top` is the folder that its paths start from. Every call raises ChangelogError if git is not
    installed or refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.top, variables = _place_of(folder)
        self._program = _program()
        self._environment = _environment() | variables
        self.is_bare = self.read("rev-parse", "--is-bare-repository") == b"true\n"
        if "GIT_DIR" not in os.environ:
            self._ask_whether_it_is_trusted()

    def read(self, *arguments: str, given: bytes = b"") -> bytes:
        """The output of git for those arguments."""
        done = self._run(arguments, given)
        if done.returncode:
            raise _refusal(arguments[0], done.stderr)
        return done.stdout

    def answer(self, *arguments: str) -> str:
        """The single line that git prints, or "" if it says no (exit code 1)."""
        done = self._run(arguments)
        if done.returncode > 1:
            raise _refusal(arguments[0], done.stderr)
        return os.fsdecode(done.stdout).strip()

    def commit(self, revision: str) -> str:
        """The id of the commit that a revision names."""
        if commit := self.find_commit(revision):
            return commit
        raise ChangelogError(
            f"git does not know the revision {revision!r} here",
            remedy=f"Fetch it, or name another. {UNSHALLOW}.",
        )

    def find_commit(self, revision: str) -> str | None:
        """The id of the commit that a revision names; None if there is none."""
        if "\0" in revision:  # no argument of a program can contain it
            return None
        names = ("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return os.fsdecode(self._run(names).stdout).strip() or None

    def contents(self, blobs: Collection[str]) -> dict[str, bytes]:
        """The content of each blob, read by one process; missing blobs are left out."""
        given = "\n".join([*blobs, ""]).encode()
        output = self.read("cat-file", "--batch", "--buffer", given=given)
        contents = {}
        start = 0
        while start < len(output):
            end = output.index(b"\n", start)
            blob, *kind_and_size = output[start:end].decode().split()
            start = end + 1
            if len(kind_and_size) == 2:  # otherwise the one word "missing"
                end = start + int(kind_and_size[1])
                contents[blob] = output[start:end]
                start = end + 1
        return contents

    def _ask_whether_it_is_trusted(self) -> None:
        """Makes git refuse a repository of another account. It does so only if it searches for the
        repository itself."""
        own = {
            name: value
            for name, value in self._environment.items()
            if name not in ("GIT_DIR", "GIT_WORK_TREE")
        }
        done = self._run(("rev-parse", "--git-dir"), environment=own)
        if done.returncode:
            raise _refusal("rev-parse", done.stderr)

    def _run(
        self,
        arguments: Sequence[str],
        given: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        settings = (word for setting in _SETTINGS for word in ("-c", setting))
        return subprocess.run(  # noqa: S603  # git's own arguments
            [self._program, "--no-pager", *settings, *arguments],
            cwd=self.top,
            env=self._environment if environment is None else environment,
            input=given,
            capture_output=True,
            check=False,
        )


def _program() -> str:
    """The user's git, never one in the current folder: relative folders in PATH are ignored."""
    folders = [folder for folder in os.get_exec_path() if Path(folder).is_absolute()]
    program = shutil.which("git", path=os.pathsep.join(folders))
    if program is None:
        raise ChangelogError("git is not installed", remedy="Install git.")
    return program


def _environment() -> dict[str, str]:
    """The environment of this process, restricted to what git needs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _OF_A_HOOK or name.startswith(_OF_THE_USER)
    }
    return kept | _CLOSED


def _place_of(folder: Path) -> tuple[Path, dict[str, str]]:
    """Where to call git for that folder, and the variables that name the repository.

    If git searched for a `.git`, a bare repository, which may be committed in any folder, could
    override it; and the setting core.worktree could override the working tree. So both are named.
    """
    here = folder.resolve()
    dot_git = next(filter(_is_repository, (each / ".git" for each in (here, *here.parents))), None)
    if "GIT_DIR" not in os.environ:
        git_dir = dot_git or here / ".git"  # git reports that it is missing
        top = git_dir.parent
    else:
        git_dir = Path(os.environ["GIT_DIR"]).absolute()
        if "GIT_WORK_TREE" in os.environ:
            top = Path(os.environ["GIT_WORK_TREE"]).absolute()
        elif dot_git and _git_dir(dot_git) == git_dir.resolve():
            top = dot_git.parent
        else:
            # git takes the folder in which it is called for the top; a bare repository has none.
            return Path.cwd(), {"GIT_DIR": str(git_dir)}
    return top, {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(top)}


def _is_repository(dot_git: Path) -> bool:
    """Whether git would accept it: a file that names a repository, or a folder with HEAD."""
    try:
        return dot_git.is_file() or os.path.lexists(dot_git / "HEAD")
    except OSError:
        return False


def _git_dir(dot_git: Path) -> Path:
    """The folder itself, or the one named by the file of a linked working tree or a submodule."""
    if dot_git.is_dir():
        return dot_git.resolve()
    named = os.fsdecode(dot_git.read_bytes()).removeprefix("gitdir:").strip()
    return (dot_git.parent / named).resolve()


def _refusal(command: str, said: bytes) -> ChangelogError:
    """Why git refused, with its own advice if it gives any."""
    lines = os.fsdecode(said).strip().splitlines() or ["no reason given"]
    first = next((at for at, line in enumerate(lines) if line.startswith("fatal: ")), 0)
    message = lines[first].removeprefix("fatal: ")
    advice = FETCH_EVERYTHING if "promisor" in message else "\n".join(lines[first + 1 :]).strip()
    return ChangelogError(
        f"git {command}: {message}",
        remedy=advice or "Run this in a valid git repository; name a bare one with GIT_DIR.",
    )
