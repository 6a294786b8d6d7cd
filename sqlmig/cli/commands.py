"""The commands by name, each in the module of its group, and the errors that click finds before one
runs."""

from __future__ import annotations

import gc
import io
import sys
from importlib import import_module
from itertools import pairwise
from keyword import iskeyword
from typing import Any

import click

from sqlmig.cli.command import INTERRUPTED
from sqlmig.cli.terminal import Printer
from sqlmig.errors import ConfigError
from sqlmig.report.errors import error as error_view

# The module of each command; it is imported when one of its commands is first requested.
MODULES = {
    "migrations": ("apply", "rollback", "status"),
    "seeds": ("seed", "check"),
    "mongo": ("mongo",),
    "environment": ("environment",),
    "databases": ("create", "drop"),
    "files": ("init", "validate", "diff", "repair"),
    "adoption": ("import",),
    "marks": ("show", "baseline", "mark", "unmark"),
    "fleet": ("fleet",),
    "proof": ("verify", "drift"),
    "document": ("schema",),
    "impact": ("impact",),
    "new": ("new", "renumber"),
    "changelog": ("changelog",),
    "embedded": ("embedded",),
}
# Names of other tools' commands, and the command of sqlmig that does the same.
_ELSEWHERE = {
    "up": "sqlmig apply",
    "migrate": "sqlmig apply",
    "upgrade": "sqlmig apply",
    "down": "sqlmig rollback --steps 1",
    "undo": "sqlmig rollback --steps 1",
    "downgrade": "sqlmig rollback",
    "create": "sqlmig new",
    "generate": "sqlmig new",
    "info": "sqlmig status",
    "history": "sqlmig status",
    "help": "sqlmig --help",
}
_MODULE_OF = {name: module for module, names in MODULES.items() for name in names}


class CommandLine(click.Group):
    """All commands. Calling it runs the command of this process's arguments, and exits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """An empty command represents each name until that command is requested."""
        super().__init__(*args, **kwargs)
        self.commands.update({name: click.Command(name) for name in _MODULE_OF})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; imports its module."""
        if cmd_name in _MODULE_OF:
            module = import_module(f"sqlmig.cli.{_MODULE_OF[cmd_name]}")
            function = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
            self.commands[cmd_name] = getattr(module, function)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command; a name that another tool uses for it gets a hint."""
        name = args[0] if args else ""
        if name in _ELSEWHERE and self.get_command(ctx, name) is None:
            ctx.fail(f"No such command {name!r}. Did you mean {_ELSEWHERE[name]}?")
        return super().resolve_command(ctx, args)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Errors that click finds before a command runs are printed in the requested format."""
        try:
            code = self.main(*args, **kwargs | {"standalone_mode": False})
        except click.ClickException as error:
            _tell_wrong_usage(error)
            code = error.exit_code
        except click.Abort:
            Printer().say_aside("Interrupted.")
            code = INTERRUPTED
        # At its end, Python would look for garbage in everything that is loaded: a sixth of the
        # time of a command that finds nothing to do.
        gc.freeze()
        sys.exit(code)


def _tell_wrong_usage(error: click.ClickException) -> None:
    arguments = sys.argv[1:]
    if "--format=json" not in arguments and ("--format", "json") not in pairwise(arguments):
        _show_wrong_usage(error)
        return
    context = getattr(error, "ctx", None)
    remedy = f"See {context.command_path} --help." if context else ""
    view = error_view(ConfigError(error.format_message(), remedy=remedy))
    Printer().say_verbatim(f"{view.document()}\n")


def _show_wrong_usage(error: click.ClickException) -> None:
    """Shows it as click does, but escapes what the message repeats from the command line."""
    shown = io.StringIO()
    error.show(shown)
    message = error.format_message()
    *usage, label = shown.getvalue().removesuffix(f"{message}\n").split("\n")
    if label:
        Printer().say_aside(*usage, f"{label}{message}")
    else:
        error.show()  # the help, if no command was given
