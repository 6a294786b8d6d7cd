"""What every command shares: the global options, the output, and the exit codes."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Sequence
from typing import Any, ClassVar

import click

from sqlmig.cli.options import COMMON_FORMATS, Options, OutputFormat, global_options
from sqlmig.cli.output import Output
from sqlmig.errors import ExecutionError, SqlmigError, in_words
from sqlmig.model.printable import printable

_log = logging.getLogger("sqlmig")

_FOUND_SOMETHING = 1
INTERRUPTED = 130
_OUTPUT_LOST = 3


class Command(click.Command):
    """A command that takes the global options after its name too.

    Its function receives the Output first, and returns True if a check found something. Its help
    hides those options, except `--format` if it has formats of its own.
    """

    formats: ClassVar[Sequence[OutputFormat]] = COMMON_FORMATS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shared = global_options(self.formats)
        self._shared = [option.name for option in shared if option.name]
        for option in shared:
            option.hidden = option.name != "output_format" or self.formats == COMMON_FORMATS
        self.params += shared

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a known error ends it with that error's exit code."""
        given = {name: ctx.params.pop(name) for name in self._shared}
        options = (ctx.find_object(Options) or Options()).updated(given)
        ctx.obj = output = Output(options)
        if os.environ.get("NO_COLOR"):  # https://no-color.org
            ctx.color = False
        _log_to_stderr(options)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # handle it like a Ctrl-C
        assert self.callback is not None
        try:
            found_something = ctx.invoke(self.callback, output, **ctx.params)
        except SqlmigError as error:
            output.error(error)
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort) as interrupt:  # Abort: at a question
            output.interrupted(interrupt)
            ctx.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException):
            raise
        except Exception as unforeseen:  # noqa: BLE001 - users never see a traceback
            _log.debug("the command failed", exc_info=unforeseen)  # with its traceback
            output.error(in_words(unforeseen))
            ctx.exit(ExecutionError.exit_code)
        if found_something:
            ctx.exit(_FOUND_SOMETHING)
        _refuse_lost_output(ctx)


def _refuse_lost_output(ctx: click.Context) -> None:
    """Fails if output was lost: a program that reads it must not take a part for the whole."""
    failure = ctx.obj.printer.failure
    if failure is not None:
        ctx.obj.printer.say_aside(
            f"Error: the command completed, but its output could not be written: {failure.strerror}"
        )
        ctx.exit(_OUTPUT_LOST)


def _log_to_stderr(options: Options) -> None:
    if options.verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(_Formatter("%(asctime)s %(name)s: %(message)s"))
        logging.basicConfig(handlers=[handler], level=logging.WARNING)
        logging.getLogger("sqlmig").setLevel(logging.DEBUG)


class _Formatter(logging.Formatter):
    """Escapes log lines like all other printed lines."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(printable([super().format(record)]))
