"""Settings: values only, layered, each remembering where it came from.

Defaults < `[tool.sqlmig]` of pyproject.toml, or sqlmig.toml < environment variables < arguments.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from sqlmig.errors import ConfigError
from sqlmig.model import Environment, is_duration

EMBEDDED = "embedded"
SETTINGS_FILES = ("sqlmig.toml", "pyproject.toml")

# What makes libpq find a server without any URL of ours; see "Environment Variables" of libpq.
_LIBPQ_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGPORT", "PGDATABASE", "PGUSER")
_SHORT_ENVIRONMENTS = {"dev": "development", "test": "testing", "prod": "production"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_SQLALCHEMY_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected text")
    return value


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("expected a path")
    return Path(value)


def _duration(value: object) -> str:
    if not isinstance(value, str) or not is_duration(value):
        raise ValueError("expected a time with its unit, such as 500ms, 2s or 10min")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("expected seconds")
    seconds = float(value)
    if not 0 <= seconds < float("inf"):
        raise ValueError("expected seconds, 0 or more")
    return seconds


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or int(value) < 1:
        raise ValueError("expected a whole number, 1 or more")
    return int(value)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("expected true or false")
    return word in _TRUE


def _environment(value: object) -> Environment:
    name = str(getattr(value, "value", value)).lower()
    try:
        return Environment(_SHORT_ENVIRONMENTS.get(name, name))
    except ValueError:
        raise ValueError("expected development, testing or production") from None


def _database(value: object) -> str:
    return _SQLALCHEMY_DRIVER.sub(r"\1://", _text(value))


def _setting(
    default: object, parse: Callable[[object], object], *variables: str, show: bool = True
) -> Any:
    """A field of Config: its default, how a value is read, and the variables that can give it."""
    return field(default=default, metadata={"parse": parse, "variables": variables}, repr=show)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a project.

    `project` is the folder that relative paths start from, as it was named (so that messages name
    files as the user would). `database` is a libpq URL or key=value string, "" for what libpq
    finds by itself, `embedded`, or None where nothing was given; `mongo` is a MongoDB URL,
    `embedded`, or None; neither ever shows in `repr`. Timeouts are PostgreSQL durations, waits are
    seconds.
    """

    project: Path = Path()
    migrations: Path = _setting(Path("sql/migrations"), _path, "SQLMIG_MIGRATIONS")
    rollbacks: Path = _setting(Path("sql/rollbacks"), _path, "SQLMIG_ROLLBACKS")
    database: str | None = _setting(
        None, _database, "SQLMIG_DATABASE_URL", "DATABASE_URL", show=False
    )
    mongo_seeds: Path = _setting(Path("mongo_seeds"), _path, "SQLMIG_MONGO_SEEDS")
    mongo: str | None = _setting(
        None, _text, "SQLMIG_MONGO_URL", "MONGODB_URI", "MONGO_URL", show=False
    )
    environment: Environment | None = _setting(None, _environment, "SQLMIG_ENV")
    history_schema: str | None = _setting(None, _text, "SQLMIG_HISTORY_SCHEMA")
    lock_timeout: str = _setting("5s", _duration, "SQLMIG_LOCK_TIMEOUT")
    statement_timeout: str | None = _setting(None, _duration, "SQLMIG_STATEMENT_TIMEOUT")
    lock_wait: float = _setting(60.0, _seconds, "SQLMIG_LOCK_WAIT")
    lock_tries: int = _setting(10, _count, "SQLMIG_LOCK_TRIES")
    allow_out_of_order: bool = _setting(default=False, parse=_switch)
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(
        cls,
        project: Path | None = None,
        arguments: Mapping[str, object] = MappingProxyType({}),
        *,
        environ: Mapping[str, str] = os.environ,
    ) -> Self:
        """The settings in force; `arguments` are the strongest, None counts as not given.

        Without `project`, the nearest folder from the current one upwards that has settings is
        taken, else the current one. Writes nothing. Raises ConfigError, naming the place of the
        value, for settings that are unknown or cannot be read.
        """
        root = _find_project() if project is None else _existing_folder(project)
        from_file, file_name = _read_settings(root)
        values: dict[str, Any] = {"project": root}
        origins: dict[str, str] = {}
        for setting in _settings():
            found = _find_value(setting, arguments, environ, from_file, file_name)
            if found is not None:
                value, origins[setting.name] = found
                values[setting.name] = _parsed(setting, value, origins[setting.name])
        return cls(**values, origins=origins)

    @property
    def is_embedded(self) -> bool:
        """Whether the project's own embedded server is meant."""
        return self.database == EMBEDDED

    @property
    def is_production(self) -> bool:
        """Whether production's rules hold in PostgreSQL."""
        return self._environment_on(self.database) is Environment.PRODUCTION

    @property
    def mongo_environment(self) -> Environment:
        """Whose rules hold in MongoDB."""
        return self._environment_on(self.mongo)

    def _environment_on(self, server: str | None) -> Environment:
        """Production unless another is named; on an embedded server, development."""
        unnamed = Environment.DEVELOPMENT if server == EMBEDDED else Environment.PRODUCTION
        return self.environment or unnamed

    @property
    def mongo_seeds_folder(self) -> Path:
        """Where the fixtures of MongoDB lie."""
        return self.project / self.mongo_seeds

    @property
    def migrations_folder(self) -> Path:
        """Where the migrations lie."""
        return self.project / self.migrations

    @property
    def rollbacks_folder(self) -> Path:
        """Where the rollback scripts lie."""
        return self.project / self.rollbacks


def _settings() -> list[Field[Any]]:
    return [setting for setting in fields(Config) if "parse" in setting.metadata]


def _find_value(
    setting: Field[Any],
    arguments: Mapping[str, object],
    environ: Mapping[str, str],
    from_file: Mapping[str, object],
    file_name: str,
) -> tuple[object, str] | None:
    """The value of the strongest layer that has one, and where it stands."""
    if (argument := arguments.get(setting.name)) is not None:
        return argument, f"the argument {setting.name}"
    for variable in setting.metadata["variables"]:
        if environ.get(variable):
            return environ[variable], variable
    if setting.name == "database":
        for variable in _LIBPQ_VARIABLES:
            if environ.get(variable):
                return "", variable
    if setting.name in from_file:
        return from_file[setting.name], file_name
    return None


def _parsed(setting: Field[Any], value: object, origin: str) -> object:
    try:
        return setting.metadata["parse"](value)
    except ValueError as error:
        shown = f" {value!r}" if setting.repr else ""
        raise ConfigError(
            f"{origin}: {setting.name}{shown} cannot be used: {error}",
            remedy="Mend or remove that value.",
        ) from error


def _find_project() -> Path:
    """The nearest folder upwards with settings, in the shortest relative form; else this one."""
    here = Path.cwd()
    for steps, folder in enumerate((here, *here.parents)):
        if _settings_file(folder) is not None:
            return Path(*[".."] * steps)
    return Path()


def _existing_folder(project: Path) -> Path:
    if not project.is_dir():
        raise ConfigError(
            f"{project}: no such folder",
            remedy="Give --project the folder that holds your sqlmig.toml or pyproject.toml.",
        )
    return project


def _settings_file(folder: Path) -> Path | None:
    for name in SETTINGS_FILES:
        path = folder / name
        if path.is_file() and _tool_table(path) is not None:
            return path
    return None


def _read_settings(folder: Path) -> tuple[Mapping[str, object], str]:
    path = _settings_file(folder)
    if path is None:
        return {}, ""
    table = _tool_table(path) or {}
    known = [setting.name for setting in _settings()]
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                f"{path}: unknown setting {name!r}",
                remedy=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}.",
            )
    return table, str(path)


def _tool_table(path: Path) -> Mapping[str, object] | None:
    """The settings in that file; None for a pyproject.toml without `[tool.sqlmig]`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", remedy="Mend the TOML of that file.") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", remedy="Make that file readable.") from error
    if path.name == "sqlmig.toml":
        return document
    table = document.get("tool", {}).get("sqlmig")
    return table if isinstance(table, Mapping) else None
