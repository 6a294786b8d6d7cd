"""Follows a guide as a reader would: writes the files, runs the commands and the Python code."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.command import Run

_BLOCK = re.compile(
    r"<!-- (?P<order>\w+): (?P<value>.*?) -->"
    r"|(?P<before>[^\n]*\n(?:\n|(?=```)))?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_ELSEWHERE = re.compile(r"<!-- elsewhere: \S+ -->.*?<!-- elsewhere end -->", re.DOTALL)
_FILE = re.compile(r"`([\w./-]+)`:\n")
_ROOT = Path(__file__).parent.parent
_PROGRAMS = ("sqlmig", "python")
_OF_THE_SHELL = re.compile(r"[|&;<>$`*?\[(~]")


@dataclass(frozen=True)
class Step:
    """One thing to do: `kind` is write, run, python, or an instruction for the test in a comment;
    or `output`, which the previous command must show."""

    kind: str
    text: str
    path: str = ""


def steps(guide: Path) -> Iterator[Step]:
    """The steps of a guide in order.

    A block of SQL is a file if the line before it ends with a file name. Comments in the guide,
    which readers do not see, can be `first` (a command to run before) or `exit` (the exit code of
    the following commands). There are no steps between `elsewhere`, which names the test that
    covers those blocks, and `elsewhere end`.
    """
    own = _ELSEWHERE.sub("", guide.read_text(encoding="utf-8"))
    for match in _BLOCK.finditer(own):
        language, text = match["language"], match["text"]
        if match["order"]:
            yield Step(match["order"], match["value"])
        elif language == "console":
            for line in text.splitlines():
                if line.startswith("$ "):
                    yield Step("run", line.removeprefix("$ "))
        elif language == "python":
            yield Step("python", text)
        elif language == "text" and text.startswith("Database: "):
            yield Step("output", text)
        elif language == "sql" and (named := _FILE.search(match["before"] or "")):
            yield Step("write", text, named[1])


class Reader:
    """Follows a guide in a folder, with that folder's databases."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
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
            self.run(step.text)
        else:
            assert step.text.split(maxsplit=1)[0] in _PROGRAMS, "what is not run here is `text`"
            self.run(step.text, self._expected)

    def run(self, command: str, expected: int = 0, **variables: str) -> None:
        """Runs a command as a shell does, and checks its exit code."""
        program, *arguments = shlex.split(command, comments=True)
        if program == "sqlmig" and not _OF_THE_SHELL.search(command):
            done = Run(self._folder)(*arguments, **variables)
        else:
            done = subprocess.run(
                command,
                shell=True,
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(_ROOT), **variables},
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
