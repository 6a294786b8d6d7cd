"""The tests of a project, run by a pytest of its own."""

from __future__ import annotations

import os
from pathlib import Path

from tests.command import Result, run_command
from tests.forkserver import Command


def run_pytest(folder: Path, *arguments: str, **variables: str) -> Result:
    """Runs pytest with the plugin of sqlmig, and with no other that is not named.

    To load all that are installed takes it longer than to run the tests.
    """
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | variables
    words = ["-p", "sqlmig.testing", "-q", *arguments]
    return run_command(Command(words, str(folder), environment, "pytest", "default"))
