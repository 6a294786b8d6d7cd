"""Adds a bullet to a changelog and leaves every other character as it was."""

from __future__ import annotations

import re

from sqlmig.changelog.entry import TYPES
from sqlmig.changelog.parser import Changelog, Release, Section, parse

HEADER = """\
# Changelog

All notable changes to the schema. The format is based on
[Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
"""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def with_bullet(text: str, kind: str, bullet: str) -> tuple[str, int]:
    """The text with that bullet at the end of `### kind` under Unreleased, and the bullet's line,
    from 1.

    Missing headings are added; new lines end as the first line does.
    """
    changelog = parse(text)
    lines = _LINE.findall(text)
    unreleased = changelog.unreleased
    if unreleased is None:
        line = changelog.releases[0].line if changelog.releases else len(lines) + 1
        block = ["## [Unreleased]", "", f"### {kind}", "", bullet]
        return _inserted(lines, line, _apart(lines, line, block))
    section = _section(changelog, unreleased, kind)
    if section is None:
        line = _line_of_new_section(changelog, unreleased, kind)
        return _inserted(lines, line, _apart(lines, line, [f"### {kind}", "", bullet]))
    there = [each for each in changelog.bullets if each.section is section]
    if not there:
        line = section.line + 1
        return _inserted(lines, line, _apart(lines, line, [bullet]))
    marker = changelog.text[changelog.offset(there[0].position.line) :].lstrip()[0]
    same = bullet.replace("-", marker, 1) if marker in "*+" else bullet
    return _inserted(lines, max(each.last_line for each in there) + 1, [same])


def _section(changelog: Changelog, release: Release, kind: str) -> Section | None:
    sections = (each for each in changelog.sections if each.release is release)
    return next((each for each in sections if each.title == kind), None)


def _line_of_new_section(changelog: Changelog, release: Release, kind: str) -> int:
    """The line of a section that the release does not have yet: before the types that come after
    it."""
    sections = [each for each in changelog.sections if each.release is release]
    after = TYPES[TYPES.index(kind) + 1 :] if kind in TYPES else ()
    for section in sections:
        if section.title in after:
            return section.line
    below = [each.line for each in changelog.releases if each.line > release.line]
    if below:
        return below[0]
    bullets = [each.last_line for each in changelog.bullets if each.release is release]
    return max([release.line, *(each.line for each in sections), *bullets]) + 1


def _apart(lines: list[str], line: int, block: list[str]) -> list[str]:
    """The block with the blank lines that it needs around it before that line."""
    before = lines[line - 2].strip() if line > 1 else ""
    after = lines[line - 1].strip() if line <= len(lines) else ""
    return [*([""] if before else []), *block, *([""] if after else [])]


def _inserted(lines: list[str], line: int, block: list[str]) -> tuple[str, int]:
    """The text with the block inserted before that line, and the line of the block's bullet."""
    first = lines[0] if lines else ""
    ending = first[len(first.rstrip("\r\n")) :] or "\n"
    above = "".join(lines[: line - 1])
    if above and not above.endswith(("\r", "\n")):
        above += ending
    text = above + "".join(f"{new}{ending}" for new in block) + "".join(lines[line - 1 :])
    last = max(index for index, new in enumerate(block) if new)
    return text, line + last
