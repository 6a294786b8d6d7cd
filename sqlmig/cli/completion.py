"""Shell completion of migrations, and of the tools that can be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmig.cli.options import Options
from sqlmig.errors import SqlmigError
from sqlmig.model.printable import on_one_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_migration(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids on disk with that prefix, without those that need escaping; none if the files cannot
    be listed."""
    from click.shell_completion import CompletionItem

    from sqlmig.source.folders import list_migrations

    options = Options(project=(context.find_root().params.get("project")))
    try:
        config = options.config()
        found, _beside = list_migrations(config.migrations_folder, config.rollbacks_folder)
    except SqlmigError:
        return []
    return [
        CompletionItem(name)
        for name in found
        if name.startswith(incomplete) and name == on_one_line(name)
    ]


def complete_tool(
    _context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The tools whose migrations can be imported."""
    from click.shell_completion import CompletionItem

    from sqlmig.adoption.registry import NAMES

    return [CompletionItem(name) for name in NAMES if name.startswith(incomplete.lower())]
