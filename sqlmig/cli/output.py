"""Prints what commands return, in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click

from sqlmig.cli.options import Options, OutputFormat
from sqlmig.cli.terminal import Printer, medium
from sqlmig.errors import NotAgreedError, SanityCheckError, SqlmigError
from sqlmig.model import Blocker, Direction, IndexBuild, LockHolder, MigrationResult
from sqlmig.report.json.errors import error as error_document
from sqlmig.report.text import migrations as text
from sqlmig.report.text.checks import violations
from sqlmig.report.text.table import Medium


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's words go: results to stdout, what goes on besides to stderr."""

    options: Options
    printer: Printer = field(default_factory=Printer, repr=False)

    @property
    def is_json(self) -> bool:
        """Whether a program reads the output."""
        return self.options.output_format is OutputFormat.JSON

    @property
    def medium(self) -> Medium:
        """Whether a person watches stdout."""
        return medium()

    def result(self, as_text: Callable[[], str], as_json: Callable[[], str]) -> None:
        """Prints a result, made only in the form that is wanted."""
        if self.is_json:
            self.printer.say(as_json())
        elif not self.options.quiet:
            self.printer.say(as_text())

    def line(self, words: str) -> None:
        """Prints a line of progress, which only people read."""
        if not self.is_json and not self.options.quiet:
            self.printer.say(words)

    def doing(self, words: str) -> None:
        """Shows on a terminal what is going on, until the next line takes its place."""
        if not self.is_json and not self.options.quiet and self.medium is Medium.TERMINAL:
            self.printer.overwrite(words)

    def notice(self, words: str) -> None:
        """Prints what a person should know while the command goes on."""
        if not self.options.quiet:
            self.printer.say_aside(words)

    def warnings(self, warnings: Sequence[str]) -> None:
        """Prints what a run or a plan warns of; JSON has it in the result."""
        if not self.is_json:
            for warning in warnings:
                self.notice(text.warning(warning))

    def notes(self, problem: BaseException) -> None:
        """Prints what an end by error or Ctrl-C left behind, as the notes of the exception say."""
        for note in getattr(problem, "__notes__", ()):
            self.printer.say_aside(text.warning(note))

    def agrees(self, what: str) -> bool:
        """Asks on a terminal; elsewhere nobody is there to agree."""
        streams = (sys.stdin, sys.stdout)
        if self.is_json or not all(stream and stream.isatty() for stream in streams):
            return False
        return click.confirm(f"{what}\nGo on?", default=False)

    def require_yes(self, what: str, again: str) -> None:
        """Asks in the same way. Raises NotAgreedError, with the command that does it unasked."""
        if not self.agrees(f"This {what}."):
            raise NotAgreedError(
                f"this {what}, and nobody agreed to that",
                remedy=f"Nothing was done. If you mean it: {again} --yes.",
            )

    def error(self, problem: SqlmigError) -> None:
        """Prints why the command could not do its work: JSON to stdout, text to stderr."""
        self.notes(problem)
        if self.is_json:
            self.printer.say(error_document(problem))
            return
        if isinstance(problem, SanityCheckError):
            for found in violations(problem.checks, self.medium):
                self.printer.say_aside(found)
        self.printer.say_aside(click.style("Error: ", fg="red", bold=True) + str(problem))


class Progress:
    """An observer that prints a line for every event."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def started(self, migration_id: str, direction: Direction) -> None:
        """A migration begins: shown to one who watches; a pipe has the line when it is done."""
        self._output.doing(text.started(migration_id, direction))

    def finished(self, result: MigrationResult) -> None:
        """A migration is committed."""
        self._output.line(text.finished(result))

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        """Another runner is at work."""
        self._output.notice(text.waiting(holder, remaining))

    def blocked(self, blocker: Blocker) -> None:
        """A statement waits for another session."""
        self._output.notice(f"waiting for {blocker}")

    def building(self, build: IndexBuild) -> None:
        """A statement builds an index: shown to one who watches."""
        self._output.doing(f"building {build}")

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        """A migration met a lock."""
        self._output.notice(text.retrying(migration_ids, reason, delay))
