"""The files that a migration of another tool is converted to.

A comment in the head has the original's version, which finds its record in the tool's history.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmig.adoption.model import Half, Original, Tool
from sqlmig.adoption.numbering import migration_ids
from sqlmig.errors import SourceError
from sqlmig.model import Directives, Script
from sqlmig.source.directives import FileKind
from sqlmig.source.files import lexical_error
from sqlmig.source.folders import single
from sqlmig.source.foreign import refuse_foreign
from sqlmig.source.head import is_directive, read_head
from sqlmig.source.lexer import LexError, all_line_comments, first_statement, statements
from sqlmig.source.outside import runs_only_outside
from sqlmig.source.script import prepare

IRREVERSIBLE = "the original has no down script"
# Stands between the tool's name and the version in that comment.
VERSION = " version: "
# Every statement that must run outside a transaction has one of these words; most files have none.
_may_need_outside = re.compile(
    "concurrently|vacuum|database|tablespace|system|schema|subscription|discard|cluster",
    re.IGNORECASE,
).search


@dataclass(frozen=True, slots=True)
class Adopted:
    """A migration of another tool, with its id and the texts of its files. `migration` is "" if it
    cannot be used, and `problems` say why. `rollback` is None if there is none."""

    migration_id: str
    original: Original
    migration: str = ""
    rollback: str | None = None
    check: str | None = None
    problems: tuple[SourceError, ...] = ()


def adopted(tool: Tool, originals: Sequence[Original]) -> list[Adopted]:
    """Each original as a migration of sqlmig."""
    ids = migration_ids(originals)
    by_version = {each.version: id_ for each, id_ in zip(originals, ids, strict=True)}
    return [
        _adopted(tool, original, migration_id, by_version)
        for original, migration_id in zip(originals, ids, strict=True)
    ]


def original_version(tool: Tool, text: str) -> str | None:
    """The version of the tool's migration that the text was converted from; None if it was not
    converted. Raises LexError."""
    marker = f" {tool.name}{VERSION}"
    head = text[: first_statement(text)]
    found = (comment for _, comment in all_line_comments(head) if comment.startswith(marker))
    return next((comment.removeprefix(marker).strip() for comment in found), None)


class _Judged(NamedTuple):
    """A half that can run: whether it runs in a transaction, both in the tool and in sqlmig, and
    whether it has a statement."""

    half: Half
    runs_inside: bool
    has_statement: bool

    def mode(self) -> list[str]:
        """The directive for the transaction, if it needs one."""
        return [] if self.runs_inside else ["transactional: false"]


def _adopted(tool: Tool, original: Original, migration_id: str, ids: Mapping[str, str]) -> Adopted:
    problems = list(original.problems)
    up = _judged(original.up, FileKind.MIGRATION, problems)
    down = _judged(original.down, FileKind.ROLLBACK, problems)
    if problems or up is None:
        return Adopted(migration_id, original, problems=tuple(problems))
    has_rollback = down is not None and down.has_statement
    head = [f"{tool.name}{VERSION}{original.version}", *original.remarks]
    head += [f"depends: {ids[each]}" for each in original.requires if each in ids]
    head += up.mode() + ([] if has_rollback else [f"irreversible: {IRREVERSIBLE}"])
    return Adopted(
        migration_id,
        original,
        _file(_described(original, head), up, FileKind.MIGRATION),
        _rollback(down, migration_id) if down and has_rollback else None,
        _check(original.check, migration_id),
    )


def _rollback(down: _Judged, migration_id: str) -> str:
    return _file([f"Undo {migration_id}", *down.mode()], down, FileKind.ROLLBACK)


def _check(check: Half | None, migration_id: str) -> str | None:
    return f"-- requires: {migration_id}\n{check.body}" if check else None


def _judged(half: Half | None, kind: FileKind, problems: list[SourceError]) -> _Judged | None:
    """The half if it can run; errors in it are added to `problems`."""
    if half is None:
        return None
    script = Script.of(half.path, half.masked)
    try:
        refuse_foreign(half.path, half.masked, kind)
        runs_inside = _runs_inside(half)
        prepared = prepare(script, Directives(transactional=runs_inside))
    except LexError as error:
        problems.append(lexical_error(script, error))
    except SourceError as error:
        problems.extend(single(error))
    else:
        return _Judged(half, runs_inside, bool(prepared.statements))
    return None


def _runs_inside(half: Half) -> bool:
    """Whether it runs in a transaction, both in the tool and in sqlmig. Raises LexError."""
    text = half.masked
    if not half.transactional or not _may_need_outside(text):
        return half.transactional
    return not any(runs_only_outside(text, each) for each in statements(text))


def _described(original: Original, head: Iterable[str]) -> list[str]:
    """The lines of the head, below a description unless that would be read as something else."""
    words = original.description or original.name.replace("_", " ").replace("-", " ")
    shown = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    text = f"-- {shown[:1].upper()}{shown[1:]}\n"
    try:
        refuse_foreign("", f"{text}SELECT 1", FileKind.MIGRATION)
        is_plain = read_head("", text, FileKind.MIGRATION) == (Directives(), text[3:-1])
    except SourceError:
        is_plain = False
    return [text[3:-1], *head] if shown and is_plain else [*head]


def _file(head: Iterable[str], judged: _Judged, kind: FileKind) -> str:
    """The text of a file, with the original's line endings."""
    text = judged.half.body
    end = "\r\n" if "\r\n" in text else "\n"
    if not judged.has_statement:  # only comments, or an empty transaction
        comments = text if first_statement(text) == len(text) else ""
        text = f"{comments.rstrip()}{end}SELECT 1;  -- the original has no statement"
    body = re.sub(r"\A(?:[ \t]*\r?\n)+", "", _plain(text, kind)).rstrip()
    lines = "".join(f"-- {line}{end}" for line in head)
    return f"{lines}{end}{body}{end}"


def _plain(body: str, kind: FileKind) -> str:
    """The text, with comments that sqlmig would read as directives marked as the original's."""
    parts, position = [], 0
    for offset in _seeming_directives(body, kind):
        parts += [body[position : offset + 2], " original:"]
        position = offset + 2
    return "".join((*parts, body[position:]))


def _seeming_directives(body: str, kind: FileKind) -> Iterator[int]:
    return (offset for offset, comment in all_line_comments(body) if is_directive(comment, kind))
