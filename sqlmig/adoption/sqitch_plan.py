"""The plan of sqitch: its changes in order, with their ids and the names of their scripts.

Source: App::Sqitch 1.3.1: Plan.pm (`_parse`), Plan/Change.pm (`info`, `id`, `_path_segments`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from sqlmig.adoption.cutting import Line, error_at, lines
from sqlmig.errors import SourceError
from sqlmig.model import Script

PLAN = "sqitch.plan"

_PRAGMA = re.compile(r"[ \t]*%[ \t]*([^\s=]+)(?:[ \t]*=[ \t]*(.+?))?[ \t]*")
_TAG = re.compile(r"[ \t]*@(?P<name>\S+)[ \t]+.*")
_CHANGE = re.compile(
    r"[ \t]*(?P<operator>[+-])?[ \t]*(?P<name>[^\s\[\]]+)[ \t]+"
    r"(?:\[(?P<dependencies>[^\]]+)\][ \t]*)?"
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)[ \t]+"
    r"(?P<planner>[^<]+?[ \t]+<[^>]+>)"
)
_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\\\": "\\"}


@dataclass(slots=True)
class Change:
    """A change in the plan: its id, and the ids of this project's changes that it requires.

    `others` are dependencies that sqlmig cannot keep: conflicts, and changes of other projects.
    `rework_tags` are the tags between this change and its rework.
    """

    name: str
    id: str
    note: str
    requires: tuple[str, ...]
    others: tuple[str, ...]
    problems: tuple[SourceError, ...] = ()
    tags: list[str] = field(default_factory=list)
    rework_tags: list[str] = field(default_factory=list)

    def file_names(self, folder: str) -> list[str]:
        """The names that its script in that folder may have, most likely first."""
        suffixes = [f"@{tag}" for tag in self.rework_tags] or [""]
        return [f"{folder}/{self.name}{suffix}.sql" for suffix in suffixes]


@dataclass(slots=True)
class _Plan:
    """A plan while it is being read."""

    script: Script
    pragmas: dict[str, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    latest: dict[str, Change] = field(default_factory=dict)
    at_tag: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[SourceError] = field(default_factory=list)

    def take(self, line: Line) -> None:
        """Reads one line."""
        text = line.text.rstrip("\r\n")
        content, note = _without_note(text)
        if not content.strip():
            return
        if match := _PRAGMA.fullmatch(content):
            self.pragmas[match[1]] = match[2] or ""
        elif match := _TAG.fullmatch(content):
            self._tag(match["name"])
        elif match := _CHANGE.fullmatch(content):
            self._change(line, match, note)
        else:
            self._refuse(line, "is not a line of a plan")

    def _tag(self, name: str) -> None:
        if self.changes:
            self.changes[-1].tags.append(f"@{name}")
        self.at_tag[name] = {each: change.id for each, change in self.latest.items()}

    def _change(self, line: Line, match: re.Match[str], note: str) -> None:
        name = match["name"]
        dependencies = (match["dependencies"] or "").split()
        found = {each: self._id_of(each) for each in dependencies if not each.startswith("!")}
        change = Change(
            name,
            self._id(match, dependencies, note),
            " ".join(note.split()),
            tuple(each for each in found.values() if each),
            tuple(each for each in dependencies if not found.get(each)),
        )
        if match["operator"] == "-":
            change.problems = (self._error(line, "a change that reverts another one"),)
        if earlier := self.latest.get(name):
            since = self.changes[self.changes.index(earlier) :]
            earlier.rework_tags = [tag[1:] for each in since for tag in each.tags]
        self.changes.append(change)
        self.latest[name] = change

    def _id_of(self, dependency: str) -> str | None:
        """The id of the change that a requirement names; None if this plan does not have it."""
        project, colon, own = dependency.rpartition(":")
        if colon and project != self.pragmas.get("project"):
            return None
        name, at, tag = own.partition("@")
        if at and tag in self.at_tag:
            return self.at_tag[tag].get(name) or self._tagged(tag)
        if any(change.id == own for change in self.changes):
            return own
        return self.latest[name].id if name in self.latest else None

    def _tagged(self, tag: str) -> str | None:
        return next((change.id for change in self.changes if f"@{tag}" in change.tags), None)

    def _id(self, match: re.Match[str], dependencies: list[str], note: str) -> str:
        """The change's id: the SHA-1 of what the plan says about it."""
        own = f"{self.pragmas.get('project')}:"
        bare = [each.lstrip("!").removeprefix(own) for each in dependencies]
        pairs = list(zip(dependencies, bare, strict=True))
        requires = [each for written, each in pairs if not written.startswith("!")]
        conflicts = [each for written, each in pairs if written.startswith("!")]
        parts = [f"project {self.pragmas.get('project', '')}"]
        parts += [f"uri {_canonical(self.pragmas['uri'])}"] if self.pragmas.get("uri") else []
        parts += [f"change {match['name']}"]
        parts += [f"parent {self.changes[-1].id}"] if self.changes else []
        parts += [f"planner {' '.join(match['planner'].split())}", f"date {match['time']}"]
        parts += ["requires", *(f"  + {each}" for each in requires)] if requires else []
        parts += ["conflicts", *(f"  - {each}" for each in conflicts)] if conflicts else []
        parts += ["", note] if note else []
        info = "\n".join(parts).encode()
        data = b"change %d\0%s" % (len(info), info)
        return hashlib.sha1(data, usedforsecurity=False).hexdigest()

    def _refuse(self, line: Line, message: str) -> None:
        self.problems.append(self._error(line, message))

    def _error(self, line: Line, message: str) -> SourceError:
        return error_at(self.script, line, message, "See `sqitch help plan`.")


def read_plan(script: Script) -> tuple[list[Change], list[SourceError]]:
    """The changes of a plan in order, and what is wrong in it."""
    plan = _Plan(script)
    for line in lines(script.text):
        plan.take(line)
    return plan.changes, plan.problems


def _canonical(uri: str) -> str:
    """The URI in the form of Perl's URI->canonical: the host in lower case, and always a path."""
    parts = urlsplit(uri)
    path = parts.path or ("/" if parts.netloc else "")
    return urlunsplit(parts._replace(netloc=parts.netloc.lower(), path=path))


def _without_note(text: str) -> tuple[str, str]:
    content, mark, note = text.partition("#")
    return content.rstrip(" \t"), _unescaped(note.strip(" \t"), _ESCAPES) if mark else ""


def _unescaped(text: str, escapes: Mapping[str, str]) -> str:
    return re.sub(r"\\[nr\\]", lambda match: escapes[match[0]], text)
