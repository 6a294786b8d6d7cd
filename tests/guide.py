"""A guide, read as what a reader would do: write the files, run the commands and the Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"<!-- (?P<order>\w+): (?P<value>.*?) -->"
    r"|(?P<before>[^\n]*\n(?:\n|(?=```)))?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_ELSEWHERE = re.compile(r"<!-- elsewhere: \S+ -->.*?<!-- elsewhere end -->", re.DOTALL)
_FILE = re.compile(r"`([\w./-]+)`:\n")


@dataclass(frozen=True)
class Step:
    """One thing to do: `kind` is write, run, python, or what a comment orders of the test; or
    `output`, what the command before it shows."""

    kind: str
    text: str
    path: str = ""


def steps(guide: Path) -> Iterator[Step]:
    """The steps of a guide in order.

    A block of SQL is a file where the line before it ends in its name. A comment of the guide,
    which readers do not see, can order `first` (a command to run before) or `exit` (the exit code
    of the commands from there on). From `elsewhere`, with the name of the test that follows the
    blocks there, up to `elsewhere end`, there are no steps.
    """
    own = _ELSEWHERE.sub("", guide.read_text(encoding="utf-8"))
    for match in _BLOCK.finditer(own):
        language, text = match["language"], match["text"]
        if match["order"]:
            yield Step(match["order"], match["value"])
        elif language == "console":
            for line in text.splitlines():
                if line.startswith("$ "):
                    yield Step("run", line.removeprefix("$ "))
        elif language == "python":
            yield Step("python", text)
        elif language == "text" and text.startswith("Database: "):
            yield Step("output", text)
        elif language == "sql" and (named := _FILE.search(match["before"] or "")):
            yield Step("write", text, named[1])
