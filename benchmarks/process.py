"""Measures the time and the peak memory of a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")
_ROOT = Path(__file__).parent.parent
# Time limits in seconds: for most processes, and for those that may take minutes.
USUAL, LONG = 60, 1_800
_LAST_WORDS = 2000  # characters


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to end: its seconds by the clock and of the processor, its peak memory
    in bytes, what it printed."""

    seconds: float
    processor_seconds: float
    peak_bytes: int
    output: str


class ProcessFailedError(Exception):
    """The command failed: `reason` says why in a few words; the message has its output."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(f"{reason}\n{said}")
        self.reason = reason


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    most_seconds: int = USUAL,
) -> Run:
    """Runs the command in the folder, with those variables in addition to this process's, and
    prints a dot as progress.

    Raises ProcessFailedError, also if it takes longer than `most_seconds`.
    """
    print(".", end="", file=sys.stderr, flush=True)
    with tempfile.NamedTemporaryFile() as report:
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), report.name, str(most_seconds)]
        done = subprocess.run(
            [*launcher, *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(_ROOT), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        written = report.read()
    said = f"{' '.join(command)}\n{done.stdout[-_LAST_WORDS:]}{done.stderr[-_LAST_WORDS:]}"
    if not written:
        raise ProcessFailedError(f"over {most_seconds} s", said)
    figures = json.loads(written)
    if figures.pop("exit_code") != 0:
        raise ProcessFailedError("failed", said)
    return Run(**figures, output=done.stdout)


def sqlmig(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Run:
    """Runs a command of sqlmig on the project in the folder, with the long time limit."""
    return run([sys.executable, "-m", "sqlmig", "-q", *arguments], folder, environment or {}, LONG)
