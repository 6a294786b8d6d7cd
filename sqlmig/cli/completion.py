"""What a shell offers where a command wants a migration."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from sqlmig.cli.options import Options
from sqlmig.errors import SqlmigError
from sqlmig.source.folders import list_migrations


def complete_migration(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids on disk that begin so; none where the files cannot be listed."""
    options = Options(project=(context.find_root().params.get("project")))
    try:
        config = options.config()
        found, _beside = list_migrations(config.migrations_folder, config.rollbacks_folder)
    except SqlmigError:
        return []
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]
