"""Settings: values only, layered, each remembering where it came from.

Defaults < `[tool.sqlmig]` of pyproject.toml, or sqlmig.toml < environment variables < arguments.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from sqlmig.errors import ConfigError
from sqlmig.model import Environment, is_duration

EMBEDDED = "embedded"
SETTINGS_FILES = ("sqlmig.toml", "pyproject.toml")

# What names a database to libpq without any URL of ours; see "Environment Variables" of libpq.
# PGUSER and PGPORT alone, which many set for good, are no reason to go elsewhere.
_LIBPQ_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")
_SHORT_ENVIRONMENTS = {"dev": "development", "test": "testing", "prod": "production"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_SQLALCHEMY_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")
    return value


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("is no path")
    return Path(value)


def _duration(value: object) -> str:
    if not isinstance(value, str) or not is_duration(value):
        raise ValueError(
            "is no duration: expected a time with its unit, such as 500ms, 2s or 10min"
        )
    return value


def _seconds(value: object) -> float:
    try:
        seconds = -1.0 if isinstance(value, bool) else float(str(value))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError("is no time: expected seconds, 0 or more")
    return seconds


def _count(value: object) -> int:
    if isinstance(value, bool) or not str(value).isdecimal() or int(str(value)) < 1:
        raise ValueError("is no count: expected a whole number, 1 or more")
    return int(str(value))


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("is neither true nor false")
    return word in _TRUE


def _environment(value: object) -> Environment:
    name = str(getattr(value, "value", value)).lower()
    try:
        return Environment(_SHORT_ENVIRONMENTS.get(name, name))
    except ValueError:
        raise ValueError("is no environment: expected development, testing or production") from None


def _squashed(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        raise ValueError("expected a table of lists of migration ids")
    for old in value.values():
        if not isinstance(old, list) or not all(isinstance(name, str) for name in old):
            raise ValueError("expected a list of migration ids for each that took their place")
    return tuple((new, tuple(old)) for new, old in value.items())


def _database(value: object) -> str:
    return _SQLALCHEMY_DRIVER.sub(r"\1://", _text(value))


def _setting(
    default: object,
    parse: Callable[[object], object],
    *variables: str,
    option: str = "",
    show: bool = True,
) -> Any:
    """A field of Config: its default, how a value is read, and what can give it: variables, and
    an option of the command line."""
    metadata = {"parse": parse, "variables": variables, "option": option}
    return field(default=default, metadata=metadata, repr=show)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a project.

    `project` is the folder that relative paths start from, as it was named (so that messages name
    files as the user would). `database` is a libpq URL or key=value string, "" for what libpq
    finds by itself, `embedded`, or None where nothing was given; `mongo` is a MongoDB URL,
    `embedded`, or None; neither ever shows in `repr`. Timeouts are PostgreSQL durations, waits are
    seconds. `squashed` pairs a migration with those whose place it took; `changelog_baseline` is a
    git revision. `origins` says where each setting that was given comes from: an option, a
    variable, or a file.
    """

    project: Path = Path()
    migrations: Path = _setting(Path("sql/migrations"), _path, "SQLMIG_MIGRATIONS")
    rollbacks: Path = _setting(Path("sql/rollbacks"), _path, "SQLMIG_ROLLBACKS")
    database: str | None = _setting(
        None,
        _database,
        "SQLMIG_DATABASE_URL",
        "DATABASE_URL",
        option="--database-url",
        show=False,
    )
    mongo_seeds: Path = _setting(Path("mongo_seeds"), _path, "SQLMIG_MONGO_SEEDS")
    mongo: str | None = _setting(
        None,
        _text,
        "SQLMIG_MONGO_URL",
        "MONGODB_URI",
        "MONGO_URL",
        option="--mongo-url",
        show=False,
    )
    environment: Environment | None = _setting(None, _environment, "SQLMIG_ENV", option="--env")
    history_schema: str | None = _setting(None, _text, "SQLMIG_HISTORY_SCHEMA")
    lock_timeout: str = _setting("5s", _duration, "SQLMIG_LOCK_TIMEOUT")
    statement_timeout: str | None = _setting(None, _duration, "SQLMIG_STATEMENT_TIMEOUT")
    lock_wait: float = _setting(60.0, _seconds, "SQLMIG_LOCK_WAIT", option="--lock-wait")
    wait_for_database: float = _setting(
        0.0, _seconds, "SQLMIG_WAIT_FOR_DATABASE", option="--wait-for-database"
    )
    lock_tries: int = _setting(10, _count, "SQLMIG_LOCK_TRIES")
    allow_out_of_order: bool = _setting(default=False, parse=_switch)
    changelog: Path = _setting(Path("docs/CHANGELOG.md"), _path, "SQLMIG_CHANGELOG")
    changelog_baseline: str | None = _setting(None, _text, "SQLMIG_CHANGELOG_BASELINE")
    adr: Path = _setting(Path("docs/adr"), _path, "SQLMIG_ADR")
    squashed: tuple[tuple[str, tuple[str, ...]], ...] = _setting((), _squashed)
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(
        cls,
        project: Path | None = None,
        arguments: Mapping[str, object] = MappingProxyType({}),
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """The settings in force; `arguments` are the strongest, None counts as not given.

        Without `project`, the nearest folder from the current one upwards that has settings is
        taken, else the current one; without `environ`, the variables of this process. Writes
        nothing. Raises ConfigError, naming the place of the value, for settings that are unknown
        or cannot be read.
        """
        variables = os.environ if environ is None else environ
        _refuse_unknown(arguments, "arguments")
        root = _find_project() if project is None else _existing_folder(project)
        from_file, file_name = _read_settings(root)
        values: dict[str, Any] = {"project": root}
        origins: dict[str, str] = {}
        for setting in _settings():
            found = _find_value(setting, arguments, variables, from_file, file_name)
            if found is not None:
                value, origins[setting.name] = found
                place = _place(setting, origins[setting.name], file_name)
                values[setting.name] = _parsed(setting, value, place)
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
    def explicit_environment(self) -> Environment | None:
        """The environment that an argument or a variable names; what a file with settings names
        is weaker than the database's stamp."""
        place = self.origins.get("environment")
        return None if place and Path(place).name in SETTINGS_FILES else self.environment

    @property
    def mongo_environment(self) -> Environment:
        """Whose rules hold in MongoDB, where its stamp does not tell."""
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


def has_settings(project: Path) -> bool:
    """Whether that folder has a file with settings of sqlmig's."""
    return _settings_file(project) is not None


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
        return argument, setting.metadata["option"] or f"the argument {setting.name}"
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


def _place(setting: Field[Any], origin: str, file_name: str) -> str:
    """Where a person finds the value: a file has many, an option or a variable only that one."""
    return f"{origin}: {setting.name}" if origin == file_name else origin


def _parsed(setting: Field[Any], value: object, place: str) -> object:
    try:
        return setting.metadata["parse"](value)
    except ValueError as error:
        shown = repr(value) if setting.repr else "the value"
        raise ConfigError(
            f"{place}: {shown} {error}", remedy="Mend or remove that value."
        ) from error


def _find_project() -> Path:
    """The nearest folder upwards with settings, in the shortest relative form; else this one."""
    here = Path.cwd()
    for steps, folder in enumerate((here, *here.parents)):
        if _settings_file(folder) is not None:
            return Path(*[".."] * steps)
    return Path()


def _existing_folder(project: Path) -> Path:
    if not _holds(project.is_dir):
        raise ConfigError(
            f"{project}: no such folder",
            remedy="Give --project the folder that holds your sqlmig.toml or pyproject.toml.",
        )
    return project


def _holds(check: Callable[[], bool]) -> bool:
    """What the check says; no where we may not look, at which pathlib raises."""
    try:
        return check()
    except OSError:
        return False


def _settings_file(folder: Path) -> Path | None:
    for name in SETTINGS_FILES:
        path = folder / name
        if _holds(path.is_file) and _tool_table(path) is not None:
            return path
    return None


def _read_settings(folder: Path) -> tuple[Mapping[str, object], str]:
    path = _settings_file(folder)
    if path is None:
        return {}, ""
    table = _tool_table(path) or {}
    _refuse_unknown(table, str(path))
    return table, str(path)


def _refuse_unknown(names: Iterable[str], origin: str) -> None:
    known = [setting.name for setting in _settings()]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                f"{origin}: unknown setting {name!r}",
                remedy=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}.",
            )


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
    tools = document.get("tool", {})
    table = tools.get("sqlmig") if isinstance(tools, Mapping) else None
    if table is not None and not isinstance(table, Mapping):
        raise ConfigError(f"{path}: tool.sqlmig is no table", remedy="Write [tool.sqlmig].")
    return table
