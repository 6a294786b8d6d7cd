"""How a result is shown: as text for people, or as one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmig.model import Location, Notice
from sqlmig.model.printable import json_escaped
from sqlmig.report.table import Medium, Table, drawn

VERSION = 1

Text = Iterable[str | Table]
Members = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """A result as text for people and as members for programs. The text may be generated lazily, so
    it can be read only once."""

    text: Text
    members: Members

    @property
    def warnings(self) -> Sequence[str]:
        """The warnings of the result."""
        return list(self.members.get("warnings", ()))

    def lines(self, medium: Medium, worded: Callable[[str], str] = str) -> list[str]:
        """The text, with its tables drawn for that medium, and its other lines `worded`."""
        text = (part if isinstance(part, Table) else worded(part) for part in self.text)
        return drawn(text, medium)

    def document(self) -> str:
        """The members as a JSON document, with the version of its format."""
        return self._json(indent=2)

    def document_line(self) -> str:
        """The same document on a single line, for output with many documents."""
        return self._json(indent=None)

    def _json(self, indent: int | None) -> str:
        members = {"version": VERSION, **self.members}
        return json_escaped(json.dumps(members, indent=indent, ensure_ascii=False))


def place(location: Location | None) -> Members | None:
    """A place in a file."""
    if location is None:
        return None
    position = location.position
    return {
        "path": location.path,
        "line": position.line if position else None,
        "column": position.column if position else None,
    }


def notice_members(notice: Notice) -> Members:
    """A server message while a script ran."""
    return {
        "script": notice.script,
        "severity": notice.severity,
        "sqlstate": notice.message.sqlstate,
        "message": notice.message.primary,
        "detail": notice.message.detail,
        "hint": notice.message.hint,
        "location": place(notice.location),
    }
