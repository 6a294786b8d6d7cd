"""Reads decision records (ADRs): their number, their title and their status.

The forms are those of MADR (https://adr.github.io/madr/), with the status in the front matter, and
of adr-tools (https://github.com/npryce/adr-tools), with a section for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_FILE_NUMBER = re.compile(r"(?:ADR-?)?(\d+)", re.IGNORECASE)
_LABEL_NUMBER = re.compile(r"ADR[- ]?(\d+)", re.IGNORECASE)
_TITLE = re.compile(r"^#[ \t]+(?:ADR[- ]?)?(?:(\d+)\b)?", re.IGNORECASE | re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)^---$", re.DOTALL | re.MULTILINE)
_STATUS_FORMS = (
    re.compile(r"^##[ \t]+Status[ \t]*\n\s*(\S.*)$", re.IGNORECASE | re.MULTILINE),
    re.compile(r"^[*-]?[ \t]*\**Status\**[ \t]*:\**[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE),
)
# adr-tools writes "Superceded".
_SUPERSEDED = re.compile(r"super[sc]eded by\D*(\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision record.

    `number` comes from the file name and `title_number` from the title; each is None if missing.
    `status` is the first word of the status in lower case, or "" if the record has none.
    `successor` is the number of the record that replaces it. `line` is the line of the status, or
    1.
    """

    path: str
    number: int | None
    title_number: int | None
    status: str
    successor: int | None
    line: int


def read_decision(path: str, text: str) -> DecisionRecord:
    """The record with that text."""
    title = _TITLE.search(text)
    status, line = _status(text)
    successor = _SUPERSEDED.match(status)
    return DecisionRecord(
        path,
        file_number(path),
        int(title[1]) if title and title[1] else None,
        "superseded" if successor else status.partition(" ")[0].strip(".,;*_").lower(),
        int(successor[1]) if successor and successor[1] else None,
        line,
    )


def file_number(path: str) -> int | None:
    """The number in the file name of a record: `0004-sections.md` is 4."""
    match = _FILE_NUMBER.match(PurePosixPath(path).name)
    return int(match[1]) if match else None


def directive_number(adr: str) -> int:
    """The number in the directive `adr` of a migration: `0004` or `ADR-0004`."""
    return int(adr.rpartition("-")[2])


def label_number(label: str) -> int | None:
    """The number in the text of a link to a record: `ADR-0004` is 4."""
    match = _LABEL_NUMBER.search(label)
    return int(match[1]) if match else None


def _status(text: str) -> tuple[str, int]:
    """The status as written and its line; in front matter, without quotes and comments."""
    front = _FRONT_MATTER.match(text)
    if front:
        match = re.search(r"^status:[ \t]*(.*)$", front[1], re.IGNORECASE | re.MULTILINE)
        if match:
            value = re.sub(r"[ \t]#.*", "", match[1]).strip().strip("\"'")
            return value, text.count("\n", 0, front.start(1) + match.start()) + 1
    for form in _STATUS_FORMS:
        if match := form.search(text):
            return match[1].strip(), text.count("\n", 0, match.start(1)) + 1
    return "", 1
