"""Who reads the output, and how lines are written for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from threading import RLock
from typing import TextIO

import click

from sqlmig.model.printable import on_one_line, printable
from sqlmig.report.table import Medium

_ERASE = "\r\x1b[2K"  # ECMA-48: to the beginning of the line, then erase all of it


def is_watched(stream: TextIO | None) -> bool:
    """Whether a person sees it as it is written: a terminal, but not CI's, which is a log."""
    if stream is None:  # closed before the process began
        return False
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def medium() -> Medium:
    """Whether results are read on a terminal as they come."""
    return Medium.TERMINAL if is_watched(sys.stdout) else Medium.PIPE


class Printer:
    """Prints lines, and on a terminal a line that the next output replaces.

    Escapes the lines, so that no value in them can control the terminal or look like a line of
    sqlmig. Characters that the stream's encoding lacks are escaped, too.

    Neither a closed pipe nor a full disk stops the work: what cannot be written is dropped.
    `failure` is the reason; it stays None if the reader just stopped reading, as `head` does.
    """

    def __init__(self) -> None:
        self.failure: OSError | None = None
        self._is_open = False
        self._lock = RLock()  # a ticker and a watcher print from their own threads

    def say(self, *lines: str) -> None:
        """Prints lines to stdout."""
        self._print(sys.stdout, _encodable(_text(lines), sys.stdout))

    def say_aside(self, *lines: str) -> None:
        """Prints lines to stderr."""
        self._print(sys.stderr, _encodable(_text(lines), sys.stderr))

    def say_verbatim(self, text: str) -> None:
        """Prints a text to stdout as it is, in UTF-8: JSON for programs, or the text of a file."""
        self._print(sys.stdout, text.encode())

    def overwrite(self, words: str) -> None:
        """Shows the words, replacing those shown before."""
        with self._lock:
            self._print(sys.stdout, _encodable(on_one_line(words), sys.stdout))
            self._is_open = True

    def _print(self, stream: TextIO | None, words: str | bytes) -> None:
        """Writes words that stay, replacing any that do not."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                self._write(sys.stdout, _ERASE)
            self._write(stream, words)

    def _write(self, stream: TextIO | None, words: str | bytes) -> None:
        if stream is None:  # closed before the process began
            return
        try:
            click.echo(words, file=stream, nl=False)
        except OSError as error:
            # Redirect to the null device what is still in the buffer, so that no later write fails,
            # even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if not isinstance(error, BrokenPipeError):
                self.failure = error


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in printable(lines))


def _encodable(words: str, stream: TextIO | None) -> str:
    """The words, with `\\xe9` and the like for characters that the stream's encoding lacks."""
    encoding = (stream and stream.encoding) or "utf-8"
    return words.encode(encoding, "backslashreplace").decode(encoding)
