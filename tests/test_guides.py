"""The guides are true: every command and every block of Python in them runs, in their order."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from sqlmig.source.directives import DIRECTIVES, FileKind
from tests.command import Run
from tests.database import Database
from tests.guide import Step, steps
from tests.repository import Repository

ROOT = Path(__file__).parent.parent
GUIDES = sorted(
    path
    for path in (ROOT / "docs").glob("*.md")
    if path.name not in ("CHANGELOG.md", "changelog-rules.md", "reference.md")
)
_PROGRAMS = ("sqlmig", "python")
_OF_THE_SHELL = re.compile(r"[|&;<>$`*?\[(~]")


class Reader:
    """Does in a folder what a guide says, with that folder's databases."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._names: dict[str, object] = {"__name__": "guide"}
        self._expected = 0

    def follow(self, step: Step) -> None:
        if step.kind == "write":
            path = self._folder / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)
        elif step.kind == "python":
            self._python(step.text)
        elif step.kind == "exit":
            self._expected = int(step.text)
        elif step.kind == "first":
            self._run(step.text, 0)
        else:
            assert step.text.split(maxsplit=1)[0] in _PROGRAMS, "what is not run here is `text`"
            self._run(step.text, self._expected)

    def _run(self, command: str, expected: int) -> None:
        program, *arguments = shlex.split(command, comments=True)
        if program == "sqlmig" and not _OF_THE_SHELL.search(command):
            done = Run(self._folder)(*arguments)
        else:
            done = subprocess.run(
                command,
                shell=True,
                cwd=self._folder,
                env=self._environment,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == expected, (command, done.stdout, done.stderr)

    def _python(self, block: str) -> None:
        code = compile(block, "guide", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, self._names))
        else:
            exec(code, self._names)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with `sqlmig` and `python`, which are those of this process."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, command in (("python", sys.executable), ("sqlmig", f"{sys.executable} -m sqlmig")):
        (folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_can_be_followed(
    guide: Path,
    repository: Repository,
    programs: Path,
    database: Database,
    mongo_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = list(steps(guide))
    if not (found and found[0].text == "sqlmig init"):
        for name in ("sql", "mongo_seeds", "docs"):
            shutil.copytree(ROOT / name, repository.root / name)
        shutil.copy(ROOT / "pyproject.toml", repository.root)
        repository.commit()
    monkeypatch.chdir(repository.root)
    for name, value in {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "SQLMIG_DATABASE_URL": database.url,
        "SQLMIG_MONGO_URL": mongo_url,
    }.items():
        monkeypatch.setenv(name, value)
    reader = Reader(repository.root, {**os.environ, "PYTHONPATH": str(ROOT)})
    for step in found:
        reader.follow(step)


def test_the_guides_have_much_to_follow() -> None:
    kinds = [step.kind for guide in GUIDES for step in steps(guide)]
    assert kinds.count("run") > 40
    assert kinds.count("python") >= 9
    assert kinds.count("write") >= 5


def test_every_guide_is_in_the_table_of_contents() -> None:
    contents = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    names = [*(path.name for path in GUIDES), "reference.md", "changelog-rules.md"]
    assert [name for name in names if name != "README.md" and f"({name})" not in contents] == []


@pytest.mark.parametrize("page", [*GUIDES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\((?!http)([^)#]*)(?:#[^)]*)?\)", text)
    assert [t for t in targets if t and not (page.parent / t).exists()] == []


def test_the_reference_is_what_the_code_says() -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "docs/make_reference.py"), "--check"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )


def test_the_settings_shown_are_settings_in_either_file(tmp_path: Path) -> None:
    guide = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    for settings, name in zip(blocks, ("pyproject.toml", "sqlmig.toml"), strict=True):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(settings)
        config = Config.load(folder, environ={})
        assert config == Config(project=folder)
        assert set(config.origins) == {"migrations", "lock_timeout"}


def test_the_directives_in_the_guide_are_all_that_there_are() -> None:
    guide = (ROOT / "docs/migrations.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `-- (\w+): ", guide, re.MULTILINE)
    kinds = {spec.name: spec.kinds for spec in DIRECTIVES}
    assert shown == [name for name in kinds if FileKind.MIGRATION in kinds[name]]


def test_what_is_said_to_be_kept_in_the_database_is_kept(
    tmp_path: Path, database: Database
) -> None:
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    Migrator(Config.load(tmp_path, {"database": database.url})).apply("001")
    ours = {name for _, name, kind in database.relations() if kind == "r"}
    guide = (ROOT / "docs/states.md").read_text(encoding="utf-8")
    section = guide.partition("## What is kept")[2].partition("created by")[0]
    assert set(re.findall(r"`(\w+)`", section)) == ours
