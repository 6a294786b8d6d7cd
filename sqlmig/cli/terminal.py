"""What is at the other end of the output, and the one line that is written over."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

from sqlmig.report.text import Medium

_ERASE = "\r\x1b[2K"  # to the line's beginning, and all of it empty: ECMA-48's EL


def is_watched(stream: TextIO) -> bool:
    """Whether a person sees it as it is written: a terminal, and not CI's, which keeps a log."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def medium() -> Medium:
    """Whether results are read on a terminal as they come."""
    return Medium.TERMINAL if is_watched(sys.stdout) else Medium.PIPE


class OpenLine:
    """A line on the terminal that what is printed next takes the place of."""

    def __init__(self) -> None:
        self._is_open = False

    def write(self, words: str) -> None:
        """Shows the words, in place of those that stand there."""
        self.clear()
        click.echo(words, nl=False)
        self._is_open = True

    def clear(self) -> None:
        """Makes room for lines that stay."""
        if self._is_open:
            click.echo(_ERASE, nl=False)
            self._is_open = False
