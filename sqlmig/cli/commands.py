"""The group of all commands, and the errors that click finds before one runs."""

from __future__ import annotations

import gc
import io
import re
import sys
from importlib import import_module
from itertools import pairwise
from keyword import iskeyword
from typing import Any

import click

from sqlmig.cli.command import INTERRUPTED
from sqlmig.cli.names import MODULES, meant_by, meant_by_words
from sqlmig.cli.options import Options
from sqlmig.cli.suggested import completed
from sqlmig.cli.terminal import Printer
from sqlmig.errors import ConfigError
from sqlmig.report.errors import error as error_view

_MODULE_OF = {name: module for module, names in MODULES.items() for name in names}

_EXTRA_WORDS = re.compile(r"unexpected extra arguments? \((.*)\)$")


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
        if (meant := meant_by(name)) and self.get_command(ctx, name) is None:
            ctx.fail(f"No such command {name!r}. {meant}")
        return super().resolve_command(ctx, args)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Errors that click finds before a command runs are printed in the requested format."""
        try:
            code = self.main(*args, **kwargs | {"standalone_mode": False})
        except click.ClickException as error:
            _tell_wrong_usage(_answered(error))
            code = error.exit_code
        except click.Abort:
            Printer().say_aside("Interrupted.")
            code = INTERRUPTED
        # At its end, Python would look for garbage in everything that is loaded: a sixth of the
        # time of a command that finds nothing to do.
        gc.freeze()
        sys.exit(code)


def _answered(error: click.ClickException) -> click.ClickException:
    """The error, with what was meant where other tools have such an option or such words."""
    if isinstance(error, click.NoSuchOption) and (meant := meant_by(error.option_name)):
        return click.NoSuchOption(error.option_name, f"{error.message} {meant}", ctx=error.ctx)
    context = getattr(error, "ctx", None)
    extra = _EXTRA_WORDS.search(error.message)
    if context is None or extra is None:
        return error
    words = f"{context.params.get('description', '')} {extra[1]}".strip()
    if meant := meant_by_words(str(context.info_name), words):
        return click.UsageError(f"{error.message}. {meant}", ctx=context)
    return error


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
    given = Options.given_to(getattr(error, "ctx", None))
    message = error.format_message()
    *usage, label = shown.getvalue().removesuffix(f"{message}\n").split("\n")
    if label:
        Printer().say_aside(*usage, f"{label}{completed(message, given)}")
    else:
        error.show()  # the help, if no command was given
