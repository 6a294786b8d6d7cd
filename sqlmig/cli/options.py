"""The global options, accepted before or after the name of a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any

import click

from sqlmig.config import EMBEDDED, Config
from sqlmig.errors import ConfigError


class OutputFormat(Enum):
    """What a command prints: text for people, JSON for programs, or annotations for GitHub."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


# What every command can print.
COMMON_FORMATS = (OutputFormat.TEXT, OutputFormat.JSON)
# What stands for a URL with a password where a command is suggested.
DOTS = "…"


@dataclass(frozen=True, slots=True)
class Options:
    """The global options as given; None for those that were not."""

    project: Path | None = None
    database_url: str | None = None
    mongo_url: str | None = None
    embedded: bool | None = None
    env: str | None = None
    output_format: OutputFormat | None = None
    verbose: bool | None = None
    quiet: bool | None = None

    @classmethod
    def given_to(cls, context: click.Context | None) -> Options:
        """Those given to a command and to the groups before it, which may not have run yet."""
        if context is None:
            return cls()
        names = [each.name for each in fields(cls)]
        given = {name: context.params.get(name) for name in names}
        return cls.given_to(context.parent).updated(given)

    def updated(self, given: dict[str, Any]) -> Options:
        """These options, overridden by those given."""
        return replace(self, **{name: value for name, value in given.items() if value is not None})

    def config(self, **arguments: object) -> Config:
        """The effective settings; these options and the command's arguments take precedence."""
        if self.embedded and self.database_url is not None:
            raise ConfigError(
                "--embedded and --database-url cannot be combined", remedy="Give one of them."
            )
        _refuse_dots("--database-url", self.database_url)
        _refuse_dots("--mongo-url", self.mongo_url)
        database = EMBEDDED if self.embedded else self.database_url
        mongo = EMBEDDED if self.embedded and self.mongo_url is None else self.mongo_url
        given = {"database": database, "mongo": mongo, "environment": self.env, **arguments}
        return Config.load(self.project, given)


def _refuse_dots(option: str, url: str | None) -> None:
    if url in (DOTS, "..."):
        raise ConfigError(
            f"{option} {url}: the dots stand for a URL with a password",
            remedy="Give the whole URL in their place.",
        )


def allow_protected(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that allows what files declare with `-- touches:`."""
    return click.option(
        "--allow-protected",
        "allowed",
        multiple=True,
        metavar="TABLE",
        help="Allow files that declare it to change rows of a protected TABLE (repeatable).",
    )(command)


def scratch_url_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that names a server for scratch databases."""
    return click.option(
        "--scratch-url",
        metavar="URL",
        help="The server for the scratch database (default: the target's).",
    )(command)


def global_options(
    formats: Sequence[OutputFormat] = COMMON_FORMATS,
) -> list[click.Option]:
    """New option objects for a command that prints in those formats."""
    return [
        click.Option(
            ["--project"],
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="The folder with the settings (default: the nearest one, searching upwards).",
        ),
        click.Option(
            ["--database-url"], metavar="URL", help="The database: a libpq URL or key=value string."
        ),
        click.Option(["--mongo-url"], metavar="URL", help="The MongoDB database, mongodb://…"),
        click.Option(
            ["--embedded"], is_flag=True, default=None, help="Use the project's embedded servers."
        ),
        click.Option(["--env"], metavar="NAME", help="development, testing or production."),
        click.Option(
            ["--format", "output_format"],
            type=click.Choice([choice.value for choice in formats]),
            callback=lambda _, __, value: OutputFormat(value) if value else None,
            help="The output format (default: text).",
        ),
        click.Option(["-v", "--verbose"], is_flag=True, default=None, help="Log every step."),
        click.Option(["-q", "--quiet"], is_flag=True, default=None, help="Print errors only."),
    ]
