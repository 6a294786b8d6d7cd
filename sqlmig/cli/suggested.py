"""Suggested commands, completed so that they mean the project and the databases of this one."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import click

from sqlmig.cli.names import MODULES
from sqlmig.cli.options import DOTS, Options
from sqlmig.config import EMBEDDED

_COMMANDS = "|".join(name for names in MODULES.values() for name in names)
# What precedes a command in our own words: the server, scripts and names may use the same words as
# a command. After "by", nobody is to run it.
_BEFORE = ("`", ": ", "; ", " or ", " or run ", " then run ", " with ", " mean ")
# SQL and files are quoted in lines that begin so, tables are drawn in them.
_QUOTATIONS = (" ", "\t", "+", "-", "@")
_WORK_ON_FILES = ("changelog", "embedded", "import", "init", "new", "validate")
_FLEET, _OF_A_TARGET = "fleet", DOTS
_TARGETS = ("targets", "query", "schemas", "only")
_MONGO_SECRET = re.compile("password|secret|token", re.IGNORECASE)


def completed(line: str, given: Options, targets: str | None = None) -> str:
    """The line with the options that were given repeated in each command that it suggests. What
    follows a newline in it is a value, and stays as it is.

    In a fleet, whose `targets` are given, only its own commands mean the project's database; the
    others are about one target, for whose URL dots stand.
    """
    if "sqlmig " not in line or line.startswith(_QUOTATIONS):
        return line
    words, newline, value = line.partition("\n")

    def complete(command: re.Match[str]) -> str:
        name, has = command["name"], command["options"]
        fleet = command["fleet"] or ""
        meant = given if targets is None or fleet else replace(given, database_url=_OF_A_TARGET)
        repeated = "".join(f"{each} " for each in _repeated(meant, name, has))
        of_fleet = f"{fleet}{targets or ''}" if fleet else ""
        return f"sqlmig {repeated}{has}{name}{of_fleet}"

    return _command().sub(complete, words) + newline + value


@functools.cache
def _command() -> re.Pattern[str]:
    """Matches a command with the options that it has already; compiled when the first is found."""
    return re.compile(
        rf"(?<!by `)(?:{'|'.join(f'(?<={words})' for words in _BEFORE)})"
        rf"sqlmig (?P<options>(?:--[\w-]+ (?:[\w.]+ )?)*)(?P<name>{_COMMANDS})"
        r"(?![\w/-]|\.\w)(?P<fleet>(?<=fleet) (?:apply|status))?"
    )


def targets_of(context: click.Context | None) -> str | None:
    """The options that name the targets of a fleet, as a command of it was given them; None outside
    a fleet's commands."""
    if context is None or context.parent is None or context.parent.info_name != _FLEET:
        return None
    return "".join(f" {option}" for option in _targets(context.params))


def _targets(given: Mapping[str, Any]) -> Iterator[str]:
    for name in _TARGETS:
        values = given.get(name)
        for value in values if isinstance(values, tuple) else (values,):
            if value is not None:
                yield f"--{name} {shlex.quote(str(value))}"


def _repeated(given: Options, command: str, has: str) -> Iterator[str]:
    if given.project is not None:
        yield f"--project {shlex.quote(str(given.project))}"
    if command in _WORK_ON_FILES:
        return
    if given.database_url is not None:
        yield f"--database-url {_shown(given.database_url, _database_has_secret)}"
    if given.mongo_url is not None:
        yield f"--mongo-url {_shown(given.mongo_url, _mongo_has_secret)}"
    if given.embedded and "--embedded" not in has:
        yield "--embedded"
    if given.env is not None and command != "environment" and "--env" not in has:
        yield f"--env {shlex.quote(given.env)}"


def _shown(url: str, has_secret: Callable[[str], bool]) -> str:
    is_hidden = url == _OF_A_TARGET or (url != EMBEDDED and has_secret(url))
    return DOTS if is_hidden else shlex.quote(url)


def _database_has_secret(url: str) -> bool:
    from sqlmig.engine.server.url import has_secret

    return has_secret(url)


def _mongo_has_secret(url: str) -> bool:
    user = url.rpartition("@")[0].partition("://")[2]
    return ":" in user or _MONGO_SECRET.search(url) is not None
