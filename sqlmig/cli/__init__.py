"""The command line: the only code that prints and exits."""

from __future__ import annotations

from typing import Any

import click

from sqlmig.cli.commands import CommandLine
from sqlmig.cli.options import Options, global_options


@click.group(
    cls=CommandLine,
    params=global_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 success, or nothing to do; 1 a check found a problem; 2 wrong usage, "
    "settings or files; 3 the database work failed or needed confirmation; "
    "130 interrupted.",
)
@click.version_option(package_name="sqlmig", message="sqlmig %(version)s")
@click.pass_context
def main(context: click.Context, /, **given: Any) -> None:
    """Plain-SQL migrations for PostgreSQL that prove what they do."""
    context.obj = Options().updated(given)
