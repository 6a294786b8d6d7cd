"""Layouts with one file for each direction, and versions that are numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Half, Original
from sqlmig.errors import SourceError


def bare_number(version: str) -> str:
    """The number without leading zeros: 000012 → 12."""
    return version.lstrip("0") or "0" if version.isdigit() else version


def paired(
    files: Files,
    ups: Iterable[re.Match[str]],
    downs: Iterable[re.Match[str]],
    by: str = "number",
) -> tuple[list[Original], list[SourceError]]:
    """Originals of the up files, each with the down file of the same version, which is the group
    `by`, compared as a number; and errors for the down files without an up file. The groups
    `number` and `name` of a match become the original's."""
    pending = {bare_number(match[by]): match[0] for match in downs}
    found = [_pair(files, match, by, pending.pop(bare_number(match[by]), None)) for match in ups]
    alone = [
        files.problem(name, "a down script without an up script", "Write the up script.")
        for name in pending.values()
    ]
    return found, alone


def joined(files: Files, original: Original, up: str, down: str | None) -> Original:
    """The original with its halves read from those files."""
    halves: dict[str, Half] = {}
    problems = list(original.problems)
    for direction, name in (("up", up), ("down", down)):
        if name is not None:
            try:
                halves[direction] = Half.whole(files.script(name))
            except SourceError as error:
                problems.append(error)
    return Original(
        version=original.version,
        number=original.number,
        name=original.name,
        paths=tuple(files.path(name) for name in (up, down) if name is not None),
        up=halves.get("up"),
        down=halves.get("down"),
        problems=tuple(problems),
    )


def _pair(files: Files, match: re.Match[str], by: str, down: str | None) -> Original:
    bare = Original(match[by], match["number"], match["name"], (), None)
    return joined(files, bare, match[0], down)
