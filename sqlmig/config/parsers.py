"""How the value of a setting is read. Each function raises ValueError, which says what is wrong
with the value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sqlmig.config.package import PREFIX, Folder, PackageFolder
from sqlmig.errors import ConfigError
from sqlmig.model import Environment, is_duration

_SHORT_ENVIRONMENTS = {"dev": "development", "test": "testing", "prod": "production"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
DEFAULT_TIERS: Mapping[Environment, tuple[str, ...]] = MappingProxyType(
    {
        Environment.DEVELOPMENT: ("reference", "demo"),
        Environment.TESTING: ("reference", "testing"),
        Environment.PRODUCTION: ("reference",),
    }
)
_UNITS = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_SIZE = re.compile(r"([0-9]+)\s*((?:[kmgt]b)?)", re.IGNORECASE)
_TABLE = re.compile(r"[^\s.\"]+(\.[^\s.\"]+)?")
_TIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SQLALCHEMY_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")


def text(value: object) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ValueError("is not a string")
    return value


def mongo_driver(value: object) -> str:
    """The name of a driver for MongoDB."""
    if value not in ("motor", "pymongo"):
        raise ValueError("is not a driver: expected motor or pymongo")
    return str(value)


def path(value: object) -> Path:
    """A path, relative to the project or absolute."""
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("is not a path")
    return Path(value)


def path_or_none(value: object) -> Path | None:
    """A path; None for an empty one, or for false."""
    return None if value in ("", False) else path(value)


def words(value: object) -> tuple[str, ...]:
    """A list of words."""
    if not isinstance(value, list | tuple) or not all(_is_word(word) for word in value):
        raise ValueError("is not a list of words")
    return tuple(value)


def folder(value: object) -> Folder:
    """A path, relative to the project or absolute, or a folder of a package."""
    if isinstance(value, PackageFolder):
        return value
    if isinstance(value, str) and value.startswith(PREFIX):
        return PackageFolder.named(value)
    return path(value)


def duration(value: object) -> str:
    """A duration in PostgreSQL's syntax."""
    if not isinstance(value, str) or not is_duration(value):
        raise ValueError(
            "is not a duration: expected a time with its unit, such as 500ms, 2s or 10min"
        )
    return value


def seconds(value: object) -> float:
    """A number of seconds, 0 or more."""
    try:
        seconds = -1.0 if isinstance(value, bool) else float(str(value))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError("is not a time: expected seconds, 0 or more")
    return seconds


def count(value: object) -> int:
    """A whole number, 1 or more."""
    if isinstance(value, bool) or not str(value).isdecimal() or int(str(value)) < 1:
        raise ValueError("is not a count: expected a whole number, 1 or more")
    return int(str(value))


def natural(value: object) -> int:
    """A whole number, 0 or more."""
    if isinstance(value, bool) or not str(value).isdecimal():
        raise ValueError("is not a number: expected a whole number, 0 or more")
    return int(str(value))


def size(value: object) -> int:
    """A number of bytes, with PostgreSQL's units or without one."""
    match = None if isinstance(value, bool) else _SIZE.fullmatch(str(value))
    if match is None:
        raise ValueError("is not a size: expected bytes, or a number with kB, MB, GB or TB")
    return int(match[1]) * _UNITS[match[2].lower()]


def port(value: object) -> int:
    """A TCP port that needs no special rights."""
    if isinstance(value, bool) or not str(value).isdecimal() or not 1024 <= int(str(value)) < 65536:
        raise ValueError("is not a port: expected a whole number from 1024 to 65535")
    return int(str(value))


def switch(value: object) -> bool:
    """True or false, in any of the usual spellings."""
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("is neither true nor false")
    return word in _TRUE


def environment(value: object) -> Environment:
    """An environment, by its full or short name."""
    name = str(getattr(value, "value", value)).lower()
    try:
        return Environment(_SHORT_ENVIRONMENTS.get(name, name))
    except ValueError:
        raise ValueError(
            "is not an environment: expected development, testing or production "
            "(for staging, use production: it keeps rows, and has the same rules)"
        ) from None


def tables(value: object) -> tuple[str, ...]:
    """Names of tables: a list, or one string with commas."""
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(_is_table(name) for name in names):
        raise ValueError(
            "is not a list of tables: expected names such as payments or finance.payments"
        )
    return tuple(names)


def schemas(value: object) -> tuple[str, ...]:
    """Names of schemas: a list, or one string with commas."""
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(
        isinstance(name, str) and name for name in names
    ):
        raise ValueError("is not a list of schemas: expected names such as public or finance")
    return tuple(names)


def tables_by_tier(value: object) -> Mapping[str, tuple[str, ...]]:
    """Names of tables for each tier."""
    if not isinstance(value, Mapping):
        raise ValueError("is not a table with a list of tables for each tier")
    return MappingProxyType({tier: tables(names) for tier, names in value.items()})


def tiers(value: object) -> Mapping[Environment, tuple[str, ...]]:
    """The tiers of each environment; environments that are not given keep theirs."""
    if not isinstance(value, Mapping):
        raise ValueError("is not a table with a list of tiers for each environment")
    given = {environment(name): tiers for name, tiers in value.items()}
    for tiers in given.values():
        if not isinstance(tiers, list | tuple) or not all(_is_tier(tier) for tier in tiers):
            raise ValueError(
                "has an environment without a list of tiers, which are names of folders"
            )
    return MappingProxyType({**DEFAULT_TIERS, **{e: tuple(tiers) for e, tiers in given.items()}})


def squashed(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Migrations, each with those that it replaced."""
    if not isinstance(value, Mapping):
        raise ValueError("is not a table with a list of replaced ids for each migration")
    for old in value.values():
        if not isinstance(old, list) or not all(isinstance(name, str) for name in old):
            raise ValueError("is not a table with a list of replaced ids for each migration")
    return tuple((new, tuple(old)) for new, old in value.items())


def database(value: object) -> str:
    """A libpq URL or key=value string; SQLAlchemy's URLs are accepted."""
    return _SQLALCHEMY_DRIVER.sub(r"\1://", text(value))


def _is_word(word: object) -> bool:
    return isinstance(word, str) and bool(word.strip())


def _is_table(name: object) -> bool:
    return isinstance(name, str) and _TABLE.fullmatch(name) is not None


def _is_tier(name: object) -> bool:
    return isinstance(name, str) and _TIER.fullmatch(name) is not None


def named_environment(name: str) -> Environment:
    """The environment of that name. Raises ConfigError."""
    try:
        return environment(name)
    except ValueError as error:
        raise ConfigError(f"{name!r} {error}", remedy="Give one of these.") from None
