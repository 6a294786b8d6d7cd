"""Runs the tests of a project in a separate pytest."""

from __future__ import annotations

import os
from pathlib import Path

from tests.command import Result, run_command
from tests.forkserver import Command


def run_pytest(folder: Path, *arguments: str, **variables: str) -> Result:
    """Runs pytest with sqlmig's plugin, and with no other plugin that is not named.

    Loading all installed plugins takes longer than running the tests.
    """
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | variables
    words = ["-p", "sqlmig.testing", "-q", *arguments]
    return run_command(Command(words, str(folder), environment, "pytest", "default"))
