"""The command line, run as a user runs it: a process, its output, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """Runs `python -m sqlmig …` in a folder, on a database where `url` names one. A warning of
    Python's is an error."""

    folder: Path
    url: str | None = None
    option: str = "--database-url"

    def __call__(
        self, *arguments: str, url: str | None = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """What came of a command; with another `url`, or with None without one."""
        target = self.url if url == "" else url
        options = [self.option, target] if target else []
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "sqlmig", *options, *arguments],
            cwd=self.folder,
            env={**os.environ, **variables},
            check=False,
            capture_output=True,
            text=True,
        )
