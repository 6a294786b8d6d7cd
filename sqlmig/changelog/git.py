"""The only door to git: plumbing that reads objects and the index, called so that nothing runs.

What a repository carries (its settings, attributes and hooks) is a stranger's: none of it may start
a program, whatever it says. So only commands are called that use neither filters nor the working
tree; the repository is named, never looked for by git; and what is left to settings is set here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sqlmig.errors import ChangelogError

# Settings of a repository that would run a program, or lead git to one; those of a call are
# stronger. An empty credential.helper ends the list of those before it.
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.sshCommand=false",
    "credential.helper=",
    "fetch.bundleURI=",
    "safe.bareRepository=explicit",
)
# The same for what settings cannot say. Reading an object that is missing would fetch it, through
# programs that the remote's settings name: git before 2.39.4 knows only the second of these, which
# is stronger than any protocol.*.allow.
_CLOSED = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    # Objects and histories as they are, not as refs/replace and grafts of this clone have them.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
}
# What git tells its hooks about the commit under way, and where users keep their own settings.
# All other variables of git's are left out.
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
    """The repository in which a folder lies: the nearest one upwards that has a `.git`, or the one
    that GIT_DIR names, as in a hook.

    `top` is where its paths start. Every call raises ChangelogError where git is not there or
    refuses.
    """

    def __init__(self, folder: Path) -> None:
        self.top, variables = _place_of(folder)
        self._program = _program()
        self._environment = _environment() | variables
        self.is_bare = self.read("rev-parse", "--is-bare-repository") == b"true\n"
        if "GIT_DIR" not in os.environ:
            self._ask_whether_it_is_trusted()

    def read(self, *arguments: str, given: bytes = b"") -> bytes:
        """What git prints for those arguments."""
        done = self._run(arguments, given)
        if done.returncode:
            raise _refusal(arguments[0], done.stderr)
        return done.stdout

    def answer(self, *arguments: str) -> str:
        """The one line that git prints, "" where it says no (exit code 1)."""
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
        """The same; None where there is none."""
        if "\0" in revision:  # which no argument of a program can have
            return None
        names = ("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return os.fsdecode(self._run(names).stdout).strip() or None

    def contents(self, blobs: Collection[str]) -> dict[str, bytes]:
        """The content of each blob, read by one process; those that are missing are left out."""
        given = "\n".join([*blobs, ""]).encode()
        output = self.read("cat-file", "--batch", "--buffer", given=given)
        contents = {}
        start = 0
        while start < len(output):
            end = output.index(b"\n", start)
            blob, *kind_and_size = output[start:end].decode().split()
            start = end + 1
            if len(kind_and_size) == 2:  # else the one word "missing"
                end = start + int(kind_and_size[1])
                contents[blob] = output[start:end]
                start = end + 1
        return contents

    def _ask_whether_it_is_trusted(self) -> None:
        """Has git refuse a repository of another account, which it does only where it looks for
        the repository itself."""
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
    """The user's git: never one that lies in the current folder, where PATH has a relative name."""
    folders = [folder for folder in os.get_exec_path() if Path(folder).is_absolute()]
    program = shutil.which("git", path=os.pathsep.join(folders))
    if program is None:
        raise ChangelogError(
            "git is not installed", remedy="Install it: the changelog is checked against it."
        )
    return program


def _environment() -> dict[str, str]:
    """That of this process, closed to what is not needed."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _OF_A_HOOK or name.startswith(_OF_THE_USER)
    }
    return kept | _CLOSED


def _place_of(folder: Path) -> tuple[Path, dict[str, str]]:
    """Where git is called for that folder, and the variables that name the repository.

    A `.git` that git looked for could be overruled by a bare repository, which may be committed in
    any folder; and the working tree, by the setting core.worktree. So both are named.
    """
    here = folder.resolve()
    dot_git = next(filter(_is_repository, (each / ".git" for each in (here, *here.parents))), None)
    if "GIT_DIR" not in os.environ:
        git_dir = dot_git or here / ".git"  # git says that it is not there
        top = git_dir.parent
    else:
        git_dir = Path(os.environ["GIT_DIR"]).absolute()
        if "GIT_WORK_TREE" in os.environ:
            top = Path(os.environ["GIT_WORK_TREE"]).absolute()
        elif dot_git and _git_dir(dot_git) == git_dir.resolve():
            top = dot_git.parent
        else:
            # Git takes the folder in which it is called for the top; a bare repository has none.
            return Path.cwd(), {"GIT_DIR": str(git_dir)}
    return top, {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(top)}


def _is_repository(dot_git: Path) -> bool:
    """Whether git would take it for one: a file that names a repository, or a folder with HEAD."""
    try:
        return dot_git.is_file() or os.path.lexists(dot_git / "HEAD")
    except OSError:
        return False


def _git_dir(dot_git: Path) -> Path:
    """The folder that it is, or that a file of a linked working tree or a submodule names."""
    if dot_git.is_dir():
        return dot_git.resolve()
    named = os.fsdecode(dot_git.read_bytes()).removeprefix("gitdir:").strip()
    return (dot_git.parent / named).resolve()


def _refusal(command: str, said: bytes) -> ChangelogError:
    """Why git refused, with its own advice where it gives one."""
    lines = os.fsdecode(said).strip().splitlines() or ["no reason given"]
    first = next((at for at, line in enumerate(lines) if line.startswith("fatal: ")), 0)
    message = lines[first].removeprefix("fatal: ")
    advice = FETCH_EVERYTHING if "promisor" in message else "\n".join(lines[first + 1 :]).strip()
    return ChangelogError(
        f"git {command}: {message}",
        remedy=advice
        or "Run this in a git repository that works; a bare one has to be named with GIT_DIR.",
    )
