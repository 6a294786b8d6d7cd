"""The settings of a fleet: the table `[tool.sqlmig.fleet]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from sqlmig.config import parsers
from sqlmig.config.package import Folder
from sqlmig.model.suggestions import did_you_mean, nearest

SOURCES = ("targets", "query", "schemas")


def _setting(meaning: str, default: object, parse: Callable[[object], object]) -> Any:
    return field(default=default, metadata={"meaning": meaning, "parse": parse})


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """Which databases or schemas are a fleet, and how to work on them.

    One of `targets`, `query` and `schemas` names the targets.
    """

    targets: Path | None = _setting(
        "a file with the targets, `name URL` on each line", None, parsers.path
    )
    query: str | None = _setting(
        "a query on the project's database that returns `name, url` or `name, schema`",
        None,
        parsers.text,
    )
    schemas: str | None = _setting(
        "a pattern, as in LIKE: each schema of the project's database whose name matches is a "
        "target",
        None,
        parsers.text,
    )
    preparation: Folder | None = _setting(
        "a SQL script that creates what the targets of a database share", None, parsers.folder
    )
    parallel: int = _setting("how many targets to work on at a time", 4, parsers.count)
    max_failures: int = _setting(
        "how many failures to tolerate; after one more, no new target is started",
        0,
        parsers.natural,
    )

    def updated(self, **given: object) -> Self:
        """These settings, overridden by those that are given; None counts as not given. A given
        source of targets replaces all others."""
        chosen = {name: value for name, value in given.items() if value is not None}
        others = dict.fromkeys(SOURCES) if not chosen.keys().isdisjoint(SOURCES) else {}
        values: dict[str, Any] = {**others, **chosen}
        return replace(self, **values)


def parse_fleet(value: object) -> FleetSettings:
    """The settings from a table. Raises ValueError, which says what is wrong with the table."""
    if isinstance(value, FleetSettings):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("is not a table of settings")
    known = {setting.name: setting for setting in fields(FleetSettings)}
    found: dict[str, Any] = {}
    for name, given in value.items():
        if name not in known:
            hint = did_you_mean(nearest(name, known), f"Known: {', '.join(known)}.")
            raise ValueError(f"has an unknown setting {name!r}. {hint}")
        try:
            found[name] = known[name].metadata["parse"](given)
        except ValueError as error:
            raise ValueError(f"has {name} = {given!r}, which {error}") from error
    return FleetSettings(**found)
