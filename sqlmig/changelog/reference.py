"""The rules as a documentation page, made from their docstrings and samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlmig.changelog.linter import check
from sqlmig.changelog.places import Places
from sqlmig.changelog.project_files import ProjectFiles
from sqlmig.changelog.rules import RULES, Rule, Sample, Subject
from sqlmig.config import Config

_PLACES = Places.of(Config())
_INTRODUCTION = """\
# The rules of the changelog

`sqlmig changelog lint` checks these rules. It exits 1 for an error, for a warning only with
`--strict`, and never for a note. To use the linter, read [changelog.md](changelog.md).

`sqlmig changelog rules` generates this page, with the samples that the rules are tested with.
"""


def changelog_rules() -> str:
    """The page, in Markdown, without a final newline."""
    return "\n".join([_INTRODUCTION, *(line for rule in RULES for line in _rule(rule))]).rstrip()


def subject_of(sample: Sample) -> Subject:
    """The sample in a form that can be checked."""
    return Subject(_project_files(sample), _project_files(sample.before))


def _project_files(sample: Sample | None) -> ProjectFiles:
    if sample is None:
        return ProjectFiles(_PLACES, {})
    texts = {_PLACES.changelog: sample.changelog} | dict(sample.files)
    return ProjectFiles(_PLACES, {path: text.encode() for path, text in texts.items()})


def _rule(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code}: {rule.title.removesuffix('.')}\n"
    if rule.explanation:
        yield f"{rule.explanation}\n"
    yield "Refused:\n"
    yield from _sample(rule.bad)
    yield _fenced("text", _findings(rule))
    yield "Accepted:\n"
    yield from _sample(rule.good)


def _sample(sample: Sample) -> Iterator[str]:
    if sample.before is not None:
        yield "If this is merged:\n"
        yield from _files(sample.before)
        yield "And the files now contain:\n"
    yield from _files(sample)


def _files(sample: Sample) -> Iterator[str]:
    yield _fenced("markdown", sample.changelog)
    for path, text in sample.files.items():
        yield f"`{path}`:\n"
        yield _fenced(Path(path).suffix.removeprefix(".").replace("md", "markdown"), text)


def _findings(rule: Rule) -> str:
    found = [each for each in check(subject_of(rule.bad)) if each.code == rule.code]
    return "\n".join(f"{each}\n  {each.remedy}" for each in found)


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"
