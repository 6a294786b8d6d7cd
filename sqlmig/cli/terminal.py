"""What reads the output, and how lines are written for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from threading import RLock
from typing import TextIO

import click

from sqlmig.model.printable import on_one_line, printable
from sqlmig.report.table import Medium

_ERASE = "\r\x1b[2K"  # to the line's beginning, and all of it empty: ECMA-48's EL


def is_watched(stream: TextIO | None) -> bool:
    """Whether a person sees it as it is written: a terminal, and not CI's, which keeps a log."""
    if stream is None:  # closed before we began
        return False
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def medium() -> Medium:
    """Whether results are read on a terminal as they come."""
    return Medium.TERMINAL if is_watched(sys.stdout) else Medium.PIPE


class Printer:
    """Prints lines, and one on the terminal that what is printed next takes the place of.

    Lines are escaped here, so that no value in them can do anything to a terminal or pass for a
    line of ours; so is what the stream's encoding does not have.

    A reader who has gone stops no work, nor does a full disk: what cannot be written any more is
    dropped. `failure` is why; None also where a reader has just had enough, as `head` has.
    """

    def __init__(self) -> None:
        self.failure: OSError | None = None
        self._is_open = False
        self._lock = RLock()  # a ticker and a watcher print from threads of their own

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
        """Writes words that stay, in the place of those that do not."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                self._write(sys.stdout, _ERASE)
            self._write(stream, words)

    def _write(self, stream: TextIO | None, words: str | bytes) -> None:
        if stream is None:  # closed before we began
            return
        try:
            click.echo(words, file=stream, nl=False)
        except OSError as error:
            # What is still in the buffer goes where nothing fails, also at the end of the process.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if not isinstance(error, BrokenPipeError):
                self.failure = error


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in printable(lines))


def _encodable(words: str, stream: TextIO | None) -> str:
    """The words with `\\xe9` and its like for characters that the stream's encoding has not."""
    encoding = (stream and stream.encoding) or "utf-8"
    return words.encode(encoding, "backslashreplace").decode(encoding)
