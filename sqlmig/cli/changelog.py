"""The commands about the changelog."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.options import OutputFormat
from sqlmig.cli.output import Output
from sqlmig.cli.states import state_of
from sqlmig.errors import ConfigError
from sqlmig.report import changelog as report
from sqlmig.report import github


class _Lint(Command):
    formats = tuple(OutputFormat)


@click.group(short_help="Manage the changelog of the schema.")
def changelog() -> None:
    """Manage docs/CHANGELOG.md, which has an entry for every migration."""


@changelog.command(cls=_Lint, short_help="Check the entries.")
@click.option("--staged", is_flag=True, help="Check what would be committed (the default).")
@click.option("--rev", metavar="REV", help="Check the files of that commit.")
@click.option("--worktree", is_flag=True, help="Check the files in the working tree.")
@click.option("--against", metavar="REF", help="The branch to merge into (default: main).")
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
def lint(
    output: Output,
    staged: bool,
    rev: str | None,
    worktree: bool,
    against: str | None,
    strict: bool,
) -> bool:
    """Check that every migration has an entry and that nothing merged was changed."""
    from sqlmig.changelog.linter import lint_changelog

    if against == "":
        raise ConfigError("--against is empty", remedy="Give a commit: a variable may be unset.")
    state = state_of(staged=staged, rev=rev, worktree=worktree)
    found = lint_changelog(output.options.config(), state, against)
    is_github = output.options.output_format is OutputFormat.GITHUB
    output.show((github if is_github else report).inspection(found))
    return bool(found.errors or (strict and found.warnings))


@changelog.command(cls=Command, short_help="Add a changelog entry.")
@click.argument("migration", metavar="[ID]", required=False, shell_complete=complete_migration)
@click.argument("words", metavar="[TEXT]", required=False)
@click.option("--missing", is_flag=True, help="Add an entry for every migration that has none.")
@click.option(
    "--type",
    "kind",
    metavar="TYPE",
    help="The type of change (default: Added; Changed for :edit and :down).",
)
def add(
    output: Output, migration: str | None, words: str | None, missing: bool, kind: str | None
) -> None:
    """Add an entry under Unreleased; use ID:edit or ID:down for a change to a merged migration.

    With --missing, each migration without an entry gets one with its description.
    """
    from sqlmig.project.entries import add_entry, add_missing

    config = output.options.config()
    if missing == (migration is not None) or (migration is None) != (words is None):
        raise ConfigError(
            "expected ID and TEXT, or --missing",
            remedy='For example: sqlmig changelog add 009 "invoices of each account".',
        )
    if migration is None or words is None:
        output.show(report.entered(add_missing(config, kind)))
    else:
        output.show(report.entered([add_entry(config, migration, words, kind)]))


@changelog.command(cls=Command, short_help="Describe every rule.")
def rules(output: Output) -> None:
    """Print a description of every rule, with examples, as Markdown."""
    from sqlmig.changelog.reference import changelog_rules

    markdown = changelog_rules()
    output.show_file(markdown, report.page(markdown))
