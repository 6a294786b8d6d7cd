"""Prints what commands return, in the requested format."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

import click

from sqlmig.cli.options import Options, OutputFormat
from sqlmig.cli.suggested import completed, targets_of
from sqlmig.cli.terminal import Printer, medium
from sqlmig.cli.ticker import Ticker
from sqlmig.errors import DeclinedError, NotAgreedError, SqlmigError
from sqlmig.model import Blocker, Direction, IndexBuild, LockHolder, MigrationResult, Notice, Round
from sqlmig.model.printable import Ready, printable
from sqlmig.report import progress, servers
from sqlmig.report.errors import error as error_view
from sqlmig.report.errors import interruption
from sqlmig.report.figures import duration
from sqlmig.report.table import Medium
from sqlmig.report.view import View

_SECONDS_BETWEEN_LINES = 10.0  # in a log


@dataclass(frozen=True, slots=True)
class Output:
    """A command's output: results go to stdout, everything else to stderr."""

    options: Options
    printer: Printer = field(default_factory=Printer, repr=False)
    ticker: Ticker = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ticker", Ticker(self._tell_time))

    @property
    def is_json(self) -> bool:
        """Whether a program reads the output."""
        return self.options.output_format is OutputFormat.JSON

    @property
    def medium(self) -> Medium:
        """Whether a person watches stdout, or it is a pipe."""
        return medium()

    def show(self, view: View) -> None:
        """Prints a result: its warnings and then its lines, or a JSON document."""
        self.ticker.stop()
        if self.is_json:
            self.printer.say_verbatim(f"{view.document()}\n")
        elif not self.options.quiet:
            self.warnings(view.warnings)
            self.printer.say(*view.lines(self.medium, self._worded))

    def show_line(self, view: View) -> None:
        """Prints one result of many as a line of JSON; people get all of them at the end."""
        if self.is_json:
            self.printer.say_verbatim(f"{view.document_line()}\n")

    def show_file(self, text: str, view: View) -> None:
        """Prints the text of a file: verbatim to a pipe or another file, escaped on a terminal."""
        if self.is_json or self.options.quiet:
            self.show(view)
        elif _is_terminal(sys.stdout):
            self.printer.say(*view.lines(self.medium))
        else:
            self.printer.say_verbatim(text)

    def lines(self, *lines: str) -> None:
        """Prints lines of progress, which only people read."""
        if not self.is_json and not self.options.quiet:
            self.printer.say(*map(self._worded, lines))

    def doing(self, words: str) -> None:
        """Shows the current activity on a terminal until the next line replaces it."""
        if not self.is_json and not self.options.quiet and self.medium is Medium.TERMINAL:
            self.printer.overwrite(words)

    def running(self, words: str) -> None:
        """Shows what is running: at once on a terminal, elsewhere only if it takes long."""
        self.doing(words)
        if not self.is_json and not self.options.quiet:
            self.ticker.start(words, self.medium)

    def _tell_time(self, words: str, seconds: float) -> None:
        if self.medium is Medium.TERMINAL:
            self.printer.overwrite(f"{words} {duration(seconds)}")
        else:
            self.printer.say(f"{words} {duration(seconds)} so far")

    def notice(self, *lines: str) -> None:
        """Prints a notice for people while the command continues."""
        if not self.options.quiet:
            self.printer.say_aside(*map(self._worded, lines))

    def warnings(self, warnings: Sequence[str]) -> None:
        """Prints warnings for people; JSON has them in the result."""
        if not self.is_json:
            for warning in warnings:
                self.notice(progress.warning(warning))

    def notes(self, problem: BaseException) -> None:
        """Prints what an error or Ctrl-C left behind, from the notes of the exception."""
        for note in getattr(problem, "__notes__", ()):
            self.printer.say_aside(self._worded(progress.warning(note)))

    @property
    def can_ask(self) -> bool:
        """Whether a person can answer a question."""
        return not self.is_json and _is_terminal(sys.stdin) and _is_terminal(sys.stdout)

    def agrees(self, *what: str) -> bool:
        """Asks for confirmation on a terminal; elsewhere the answer is no."""
        if not self.can_ask:
            return False
        self.ticker.stop()
        self.printer.say(*what)  # on their own lines, below what is running
        return click.confirm("Continue?", default=False)

    def require_yes(self, what: str, again: str) -> None:
        """Asks like `agrees`. Raises DeclinedError if the answer is no, and, if nobody can be
        asked, NotAgreedError with a command that needs no answer."""
        if not self.agrees(f"This {what}."):
            if self.can_ask:
                raise DeclinedError("Nothing was changed.")
            raise NotAgreedError(
                f"this {what}; confirmation is required",
                remedy=f"Nothing was changed. To confirm: {again} --yes.",
            )

    def interrupted(self, interrupt: BaseException) -> None:
        """Prints that the command was interrupted, and what it had done."""
        self.ticker.stop()
        if self.is_json:
            self.printer.say_verbatim(f"{interruption(interrupt).document()}\n")
        self.printer.say_aside(self._worded(str(interrupt) or "Interrupted."))
        self.notes(interrupt)

    def error(self, problem: SqlmigError) -> None:
        """Prints why the command failed: JSON to stdout, text to stderr."""
        self.ticker.stop()
        self.notes(problem)
        view = error_view(problem)
        if self.is_json:
            self.printer.say_verbatim(f"{view.document()}\n")
            return
        self.printer.say_aside(*view.lines(self.medium))
        first, *others = printable(map(self._worded, problem.lines()))
        if isinstance(problem, DeclinedError):
            self.printer.say_aside(Ready(first))
            return
        label = click.style("Error: ", fg="red", bold=True)
        self.printer.say_aside(Ready(f"{label}{first}"), *map(Ready, others))

    def _worded(self, line: str) -> str:
        """The line as a person gets it: what it suggests works where this command does."""
        return completed(line, self.options, targets_of(click.get_current_context(silent=True)))


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


class Progress:
    """An observer that prints a line for every event."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._next_line = 0.0

    def server_started(self, server: str, url: str) -> None:
        """The project's own server was started."""
        self._output.notice(*servers.started(server, f"psql '{url}'"))

    def noticed(self, notice: Notice) -> None:
        """A script raised a warning or a notice. Notices only appear in the log of --verbose and in
        JSON."""
        is_logged = self._output.options.verbose or self._output.is_json
        if notice.severity == "WARNING" and not is_logged:
            self._output.notice(*progress.noticed(notice))

    def started(self, migration_id: str, direction: Direction) -> None:
        """A migration begins; a pipe only gets a line when it is done, or takes long."""
        self._output.running(progress.started(migration_id, direction))

    def rehearsing(self, migration_id: str) -> None:
        """A rollback is rehearsed before a question."""
        self._output.running(progress.rehearsing(migration_id))

    def finished(self, result: MigrationResult) -> None:
        """A migration is committed."""
        self._output.ticker.stop()
        self._output.lines(progress.finished(result))

    def wrote(self, done: Round) -> None:
        """A round of a repeated migration is committed: shown on a terminal; a pipe gets a line for
        the first, and then one every ten seconds."""
        words = progress.wrote(done)
        if self._output.medium is Medium.TERMINAL:
            self._output.doing(words)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            self._output.lines(words)

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        """Another runner holds the lock."""
        self._output.notice(progress.waiting(holder, remaining))

    def blocked(self, blocker: Blocker) -> None:
        """A statement waits for another session."""
        self._output.notice(f"waiting for {blocker}")

    def building(self, build: IndexBuild) -> None:
        """A statement builds an index: shown on a terminal only."""
        self._output.ticker.words = f"building {build}"
        self._output.doing(f"building {build}")

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        """A migration could not get a lock."""
        self._output.notice(progress.retrying(migration_ids, reason, delay))
