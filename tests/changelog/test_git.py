"""Nothing that a repository carries runs a program, and what git cannot give is said."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sqlmig.changelog.linter import lint_changelog
from sqlmig.changelog.tree import Revision, Staged, State, WorkingTree
from sqlmig.errors import ChangelogError
from tests.command import Run
from tests.repository import Repository

A = "001_a"
PATH = f"sql/migrations/{A}.sql"
STATES: tuple[tuple[State, str | None], ...] = (
    (Staged(), None),
    (WorkingTree(), None),
    (Revision("HEAD"), "HEAD~1"),
)


@dataclass(frozen=True)
class Program:
    """A program that leaves a mark when it is run."""

    path: Path
    mark: Path

    @classmethod
    def at(cls, path: Path, mark: Path) -> Program:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch '{mark}'\nexit 1\n")
        path.chmod(0o755)
        return cls(path, mark)

    def has_run(self) -> bool:
        """Whether it did since this was last asked."""
        found = self.mark.exists()
        self.mark.unlink(missing_ok=True)
        return found


@dataclass(frozen=True)
class Trap:
    """What makes git run the program at `{}`: settings, attributes, hooks; and a command of git
    that steps into it."""

    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    attributes: str = ""
    hook: str = ""


TRAPS = {
    "fsmonitor": Trap(("status",), {"core.fsmonitor": "{}"}),
    "an included fsmonitor": Trap(("status",), {"include.path": "../included"}),
    "a conditional include": Trap(("status",), {"includeIf.gitdir:**.path": "../included"}),
    "a clean filter": Trap(("status",), {"filter.evil.clean": "{}"}, "* filter=evil"),
    "a process filter": Trap(("status",), {"filter.evil.process": "{}"}, "* filter=evil"),
    "a required filter": Trap(
        ("status",), {"filter.evil.clean": "{}", "filter.evil.required": "true"}, "* filter=evil"
    ),
    "a text conversion": Trap(("diff", "HEAD"), {"diff.evil.textconv": "{}"}, "* diff=evil"),
    "a diff driver": Trap(("diff", "HEAD"), {"diff.evil.command": "{}"}, "* diff=evil"),
    "an external diff": Trap(("diff", "HEAD"), {"diff.external": "{}"}),
    "a pager": Trap(("--paginate", "log"), {"core.pager": "{}"}),
    "the pager of a command": Trap(("ls-tree", "HEAD"), {"pager.ls-tree": "{}"}),
    "an alias": Trap(("evil",), {"alias.evil": "!{}", "alias.ls-tree": "!{}"}),
    "a hook": Trap(("add", "--renormalize", "."), hook="hooks/post-index-change"),
    "hooks elsewhere": Trap(
        ("add", "--renormalize", "."),
        {"core.hooksPath": ".git/evil"},
        hook="evil/post-index-change",
    ),
}

# The remote of a partial clone, from which git fetches what is missing.
REMOTES: Mapping[str, Mapping[str, str]] = {
    "ext": {"url": "ext::{}", "protocol.ext.allow": "always"},
    "upload-pack": {"url": "..", "uploadpack": "{}", "protocol.file.allow": "always"},
    "ssh": {"url": "ssh://localhost/x", "core.sshCommand": "{}", "protocol.ssh.allow": "always"},
    "git's proxy": {
        "url": "git://localhost/x",
        "core.gitProxy": "{}",
        "protocol.git.allow": "always",
    },
}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program.at(tmp_path / "evil", tmp_path / "mark")


@pytest.fixture(autouse=True)
def merged(repository: Repository) -> None:
    """A migration, and a commit after it."""
    repository.entered(A)
    repository.commit()
    repository.commit()


def set_trap(repository: Repository, trap: Trap, program: Program) -> None:
    """Sets the trap, and makes the work tree differ from what the index knows of it."""
    git_dir = repository.root / ".git"
    (repository.root / "included").write_text(f"[core]\n  fsmonitor = {program.path}\n")
    (git_dir / "info/attributes").write_text(trap.attributes)
    for name, value in trap.settings.items():
        repository.git("config", name, value.format(program.path))
    if trap.hook:
        Program.at(git_dir / trap.hook, program.mark)
    disturb(repository)


def disturb(repository: Repository) -> None:
    """Writes a file anew, of the same size, so that git would have to look into it."""
    repository.write(PATH, (repository.root / PATH).read_bytes().swapcase())
    os.utime(repository.root / PATH, (0, 0))


@pytest.mark.parametrize("name", TRAPS)
def test_no_setting_of_a_repository_runs_a_program(
    repository: Repository, program: Program, name: str
) -> None:
    trap = TRAPS[name]
    set_trap(repository, trap, program)
    plainly(repository, *trap.command)
    assert program.has_run(), "this trap catches nothing"
    for state, against in STATES:
        disturb(repository)
        assert lint_changelog(repository.config(), state, against).migrations == 1
        assert not program.has_run(), state


@pytest.mark.parametrize("name", REMOTES)
def test_an_object_that_is_missing_is_not_fetched_by_a_program(
    repository: Repository, program: Program, name: str
) -> None:
    blob = missing_blob(repository)
    for setting, value in REMOTES[name].items():
        key = setting if "." in setting else f"remote.evil.{setting}"
        repository.git("config", key, value.format(program.path))
    repository.git("config", "remote.evil.promisor", "true")
    repository.git("config", "core.repositoryFormatVersion", "1")
    repository.git("config", "extensions.partialClone", "evil")
    plainly(repository, "cat-file", "-p", blob)
    assert program.has_run(), "this remote runs nothing"
    for state, against in STATES:
        error = refused(repository, state, against)
        assert (
            error.message == f"{PATH}: git has no content for it here: the object {blob} is missing"
        )
        assert "git fetch --refetch --no-filter" in error.remedy
        assert not program.has_run(), state


def test_an_object_that_is_missing_is_named_without_a_traceback(repository: Repository) -> None:
    blob = missing_blob(repository)
    done = sqlmig(repository, "changelog", "lint")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{PATH}: git has no content for it here: the object {blob} is missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kept", ["blob:none", "tree:0"])
def test_a_partial_clone_is_told_to_fetch_the_rest(
    repository: Repository, tmp_path: Path, kept: str
) -> None:
    repository.migration(A, "select 2;")
    repository.commit()
    repository.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{repository.root}"
    repository.git("clone", "--quiet", f"--filter={kept}", url, str(tmp_path / "partial"))
    partial = Repository(tmp_path / "partial")
    error = refused(partial, Revision("HEAD"), "HEAD~1")
    assert "git fetch --refetch --no-filter" in error.remedy
    if kept == "blob:none":
        assert error.message.startswith(f"{PATH}: git has no content for it here")
    partial.git("fetch", "--quiet", "--refetch", "--no-filter")
    assert partial.findings(Revision("HEAD"), "HEAD~1") == [f"CL202 {PATH}:1"]


def test_a_tree_that_is_missing_is_said(repository: Repository) -> None:
    remove(repository, repository.git("rev-parse", "HEAD:sql").strip())
    assert refused(repository, Staged(), None).exit_code == 2


def test_a_bare_repository_in_a_folder_is_never_the_one(
    repository: Repository, program: Program
) -> None:
    inner = bare_within(repository, program)
    plainly(inner, "status")
    assert program.has_run(), "this folder is no bare repository"
    inner.migration("002_b", "select 1;")
    inner.changelog("002_b")
    repository.git("add", "--force", "sub/sql", "sub/docs")
    for state in (Staged(), WorkingTree()):
        found = lint_changelog(inner.config(), state)
        assert (found.migrations, found.findings) == (1, ())
        assert not program.has_run(), state
    done = sqlmig(inner, "changelog", "lint")
    assert done.stdout.startswith("1 migration in the index, compared with")
    assert not program.has_run()


def test_a_bare_repository_with_nothing_above_is_not_looked_into(
    repository: Repository, program: Program, tmp_path: Path
) -> None:
    inner = bare_within(repository, program)
    unpacked = Repository(Path(shutil.move(inner.root, tmp_path / "unpacked")))
    unpacked.migration(A, "select 1;")
    plainly(unpacked, "status")
    assert program.has_run()
    for state in (Staged(), WorkingTree()):
        assert "not a git repository" in refused(unpacked, state, None).message
        assert not program.has_run(), state


def test_the_setting_core_worktree_leads_nowhere(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    repository.git("config", "core.worktree", str(tmp_path / "elsewhere"))
    for state, against in STATES:
        assert lint_changelog(repository.config(), state, against).migrations == 1


def test_a_program_called_git_in_the_project_is_not_git(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program.at(repository.root / "git", tmp_path / "mark")
    monkeypatch.chdir(repository.root)
    for path in ("", ".", "bin/.."):
        monkeypatch.setenv("PATH", f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        assert lint_changelog(repository.config(), Staged()).migrations == 1
        assert not program.has_run(), path


@pytest.mark.parametrize(
    "variable",
    ["GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_ASKPASS", "GIT_PROXY_COMMAND"],
)
def test_no_variable_of_git_runs_a_program(
    repository: Repository, program: Program, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(program.path))
    disturb(repository)
    for state, against in STATES:
        assert lint_changelog(repository.config(), state, against).migrations == 1
        assert not program.has_run(), state


@pytest.mark.parametrize("variable", ["GIT_TRACE", "GIT_TRACE2", "GIT_TRACE_SETUP"])
def test_what_git_is_told_to_trace_is_no_error(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    assert refused(repository, Revision("HEAD"), "nowhere").message == (
        "git does not know the revision 'nowhere' here"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_another_account_is_refused_with_git_s_own_advice(
    repository: Repository,
) -> None:
    os.chown(repository.root, 65534, 65534)
    os.chown(repository.root / ".git", 65534, 65534)
    for state, against in STATES:
        error = refused(repository, state, against)
        assert "dubious ownership" in error.message
        assert f"git config --global --add safe.directory {repository.root}" in error.remedy
    repository.git("config", "--global", "--add", "safe.directory", str(repository.root))
    for state, against in STATES:
        assert lint_changelog(repository.config(), state, against).migrations == 1


def test_replaced_objects_and_grafts_hide_no_edit(repository: Repository) -> None:
    merged = repository.git("rev-parse", f"HEAD:{PATH}").strip()
    disturb(repository)
    repository.migration(A, "drop table notes;")
    repository.git("add", "--all")
    edited = repository.git("rev-parse", f":{PATH}").strip()
    repository.git("replace", merged, edited)
    repository.write(".git/info/grafts", "")
    assert repository.findings() == [f"CL202 {PATH}:1"]
    repository.commit()
    head = repository.git("rev-parse", "HEAD").strip()
    repository.write(".git/info/grafts", f"{head}\n")
    assert repository.findings(Revision("HEAD"), "HEAD~1") == [f"CL202 {PATH}:1"]


@pytest.mark.parametrize("path", ["sql/migrations/002_b.sql", "docs/CHANGELOG.md"])
def test_a_link_in_the_place_of_a_file_is_refused(repository: Repository, path: str) -> None:
    (repository.root / path).unlink(missing_ok=True)
    (repository.root / path).symlink_to("/etc/hostname")
    repository.git("add", "--all")
    assert refused(repository, Staged(), None).message == (
        f"{path} is a symbolic link, and git has no content for it"
    )
    repository.commit()
    assert path in refused(repository, Revision("HEAD"), "HEAD~1").message
    repository.remove(path)
    repository.migration("002_b", "select 1;")
    repository.changelog(A, "002_b")
    repository.commit()
    assert repository.findings(Revision("HEAD"), "HEAD~1") == []


def test_a_file_that_names_no_repository_is_refused(repository: Repository, tmp_path: Path) -> None:
    broken = Repository(tmp_path / "broken")
    broken.migration(A, "select 1;")
    broken.write(".git", "gitdir: /nowhere\n")
    assert "not a git repository" in refused(broken, Staged(), None).message


def test_a_folder_called_git_that_is_none_is_passed_over(repository: Repository) -> None:
    inner = Repository(repository.root / "inner")
    (inner.root / ".git").mkdir(parents=True)
    inner.entered("002_b")
    repository.git("add", "--all")
    assert inner.findings() == []


def test_a_submodule_is_a_repository_of_its_own(repository: Repository, tmp_path: Path) -> None:
    outer = Repository(tmp_path / "outer")
    outer.root.mkdir()
    outer.git("init", "--quiet")
    allow = ("-c", "protocol.file.allow=always")
    outer.git(*allow, "submodule", "--quiet", "add", str(repository.root), "fees")
    inner = Repository(outer.root / "fees")
    inner.migration(A, "select 2;")
    inner.git("add", "--all")
    assert inner.findings() == [f"CL202 {PATH}:1"]


def bare_within(repository: Repository, program: Program) -> Repository:
    """A folder that is a bare repository, as a clone can bring it."""
    inner = Repository(repository.root / "sub")
    for name, text in {
        "HEAD": "ref: refs/heads/main\n",
        "objects/.keep": "",
        "refs/heads/.keep": "",
        "config": "[core]\n repositoryformatversion = 0\n bare = false\n"
        f' worktree = "."\n fsmonitor = {program.path}\n',
    }.items():
        inner.write(name, text)
    repository.commit()
    return inner


def missing_blob(repository: Repository) -> str:
    """Takes the content of the migration out of the repository; its id."""
    return remove(repository, repository.git("rev-parse", f"HEAD:{PATH}").strip())


def remove(repository: Repository, thing: str) -> str:
    (repository.root / ".git/objects" / thing[:2] / thing[2:]).unlink()
    return thing


def plainly(repository: Repository, *arguments: str) -> None:
    """Runs git as anyone would on a terminal, whatever becomes of it."""
    terminal, end = os.openpty()
    subprocess.run(
        ["git", *arguments], cwd=repository.root, check=False, stdout=end, stderr=subprocess.DEVNULL
    )
    os.close(end)
    os.close(terminal)


def refused(repository: Repository, state: State, against: str | None) -> ChangelogError:
    with pytest.raises(ChangelogError) as caught:
        lint_changelog(repository.config(), state, against)
    assert caught.value.remedy
    return caught.value


def sqlmig(repository: Repository, *arguments: str) -> subprocess.CompletedProcess[str]:
    return Run(repository.root)(*arguments)
