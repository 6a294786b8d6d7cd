"""Runs the command line as a user does: as a process with output and an exit code."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.forkserver import Command, Fork, can_run

Result = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Run:
    """Runs `python -m sqlmig …` in a folder, on the database in `url`, if any. A Python warning is
    an error. The option with that URL is removed from the commands that are suggested."""

    folder: Path
    url: str | None = None
    option: str = "--database-url"

    def __call__(self, *arguments: str, url: str | None = "", **variables: str) -> Result:
        """The result of a command; `url` names another database, or None for no database."""
        target = self.url if url == "" else url
        options = [self.option, target] if target else []
        environment = {**os.environ, **variables}
        done = run_command(Command([*options, *arguments], str(self.folder), environment))
        for stream in ("stdout", "stderr") if target else ():
            text = without_option(getattr(done, stream), self.option, target or "")
            setattr(done, stream, text)
        return done


def without_option(text: str, option: str, url: str) -> str:
    """The text with that option left out of the commands that it suggests."""
    return text.replace(f"sqlmig {option} {shlex.quote(url)} ", "sqlmig ")


def run_command(command: Command) -> Result:
    """The result of a command. It runs in a fork, or in a new Python if it may need one."""
    if not can_run(command.environment):
        return subprocess.run(
            command.words,
            cwd=command.folder,
            env=command.environment,
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
    with (
        Path(os.devnull).open() as nothing,
        tempfile.TemporaryFile("w+", encoding="utf-8") as stdout,
        tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
    ):
        streams = nothing.fileno(), stdout.fileno(), stderr.fileno()
        code = Fork(command, streams).wait()
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(command.arguments, code, stdout.read(), stderr.read())
