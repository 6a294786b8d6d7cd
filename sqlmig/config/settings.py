"""The settings, layered, each remembering where it came from.

Defaults < `[tool.sqlmig]` of pyproject.toml, or sqlmig.toml < environment variables < arguments.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from sqlmig.config import parsers
from sqlmig.config.files import SETTINGS_FILES, existing_folder, find_project, read_settings
from sqlmig.config.package import Folder, folder_in
from sqlmig.errors import ConfigError
from sqlmig.model import Environment

EMBEDDED = "embedded"
# What names a database to libpq without any URL of ours; see "Environment Variables" of libpq.
# PGUSER and PGPORT alone, which many set for good, are no reason to go elsewhere.
LIBPQ_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")


def _setting(
    default: object,
    parse: Callable[[object], object],
    *variables: str,
    meaning: str,
    option: str = "",
    show: bool = True,
    names_target: bool = False,
) -> Any:
    """A field of Config: its default, how a value is read, what can give it (variables, and an
    option of the command line), and what it means.

    One that `names_target`, a database or what it is, may be left out, but not given empty: that
    is a secret that is missing, and the next layer would name another database.
    """
    metadata = {
        "parse": parse,
        "variables": variables,
        "option": option,
        "meaning": meaning,
        "names_target": names_target,
    }
    if isinstance(default, Mapping):  # dataclasses take it for one that could change
        return field(default_factory=lambda: default, metadata=metadata, repr=show, hash=False)
    return field(default=default, metadata=metadata, repr=show)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a project.

    `project` is the folder that relative paths start from, as it was named (so that messages name
    files as the user would); `migrations`, `rollbacks`, `seeds` and `checks` may also be folders
    of a package, as `package:billing/sql/migrations`. `database` is a libpq URL or key=value
    string, "" for what libpq finds by itself, `embedded`, or None where nothing was given; `mongo`
    is a MongoDB URL, `embedded`, or None; neither ever shows in `repr`. Timeouts are PostgreSQL
    durations, waits are seconds. `squashed` pairs a migration with those whose place it took;
    `changelog_baseline` is a git revision. `tiers` are those whose seeds an environment gets, in
    order; `tier_may_write` has the forbidden tables that a tier may write to all the same.
    `origins` says where each setting
    that was given comes from: an option, a variable, or a file.
    """

    project: Path = Path()
    migrations: Folder = _setting(
        Path("sql/migrations"),
        parsers.folder,
        "SQLMIG_MIGRATIONS",
        meaning="the folder of the migrations",
    )
    rollbacks: Folder = _setting(
        Path("sql/rollbacks"),
        parsers.folder,
        "SQLMIG_ROLLBACKS",
        meaning="the folder of their rollbacks",
    )
    database: str | None = _setting(
        None,
        parsers.database,
        "SQLMIG_DATABASE_URL",
        "DATABASE_URL",
        option="--database-url",
        show=False,
        names_target=True,
        meaning="a libpq URL or key=value string, or `embedded`",
    )
    mongo_seeds: Path = _setting(
        Path("mongo_seeds"),
        parsers.path,
        "SQLMIG_MONGO_SEEDS",
        meaning="the folder of MongoDB's fixtures",
    )
    mongo: str | None = _setting(
        None,
        parsers.text,
        "SQLMIG_MONGO_URL",
        "MONGODB_URI",
        "MONGO_URL",
        option="--mongo-url",
        show=False,
        names_target=True,
        meaning="a MongoDB URL that names a database, or `embedded`",
    )
    environment: Environment | None = _setting(
        None,
        parsers.environment,
        "SQLMIG_ENV",
        option="--env",
        names_target=True,
        meaning="`development`, `testing` or `production`",
    )
    history_schema: str | None = _setting(
        None,
        parsers.text,
        "SQLMIG_HISTORY_SCHEMA",
        meaning="the schema of sqlmig's own tables; else the one that has them, or the current one",
    )
    lock_timeout: str = _setting(
        "5s",
        parsers.duration,
        "SQLMIG_LOCK_TIMEOUT",
        meaning="for each statement of a transactional migration",
    )
    statement_timeout: str | None = _setting(
        None,
        parsers.duration,
        "SQLMIG_STATEMENT_TIMEOUT",
        meaning="for each statement; else the server's",
    )
    lock_wait: float = _setting(
        60.0,
        parsers.seconds,
        "SQLMIG_LOCK_WAIT",
        option="--lock-wait",
        meaning="seconds to wait for another runner",
    )
    wait_for_database: float = _setting(
        0.0,
        parsers.seconds,
        "SQLMIG_WAIT_FOR_DATABASE",
        option="--wait-for-database",
        meaning="seconds to wait for a server that does not answer",
    )
    lock_tries: int = _setting(
        10,
        parsers.count,
        "SQLMIG_LOCK_TRIES",
        meaning="how often a migration that meets a lock is tried",
    )
    allow_out_of_order: bool = _setting(
        default=False,
        parse=parsers.switch,
        meaning="apply also below an applied one",
    )
    seeds: Folder = _setting(
        Path("sql/seeds"),
        parsers.folder,
        "SQLMIG_SEEDS",
        meaning="the folder of the seeds, with one for each tier",
    )
    checks: Folder = _setting(
        Path("sql/checks"),
        parsers.folder,
        "SQLMIG_CHECKS",
        meaning="the folder of the sanity checks",
    )
    scratch_script: Folder | None = _setting(
        None,
        parsers.folder,
        "SQLMIG_SCRATCH_SCRIPT",
        meaning="a SQL script that prepares each scratch database of `verify` and `drift`",
    )
    tiers: Mapping[Environment, tuple[str, ...]] = _setting(
        parsers.DEFAULT_TIERS,
        parsers.tiers,
        meaning="the tiers that each environment gets",
    )
    protected_tables: tuple[str, ...] = _setting(
        (),
        parsers.tables,
        "SQLMIG_PROTECTED_TABLES",
        meaning="tables that keep their rows in production",
    )
    forbidden_tables: tuple[str, ...] = _setting(
        (),
        parsers.tables,
        "SQLMIG_FORBIDDEN_TABLES",
        meaning="tables that no seed may write to",
    )
    tier_may_write: Mapping[str, tuple[str, ...]] = _setting(
        MappingProxyType({}),
        parsers.tables_by_tier,
        meaning="forbidden tables that a tier may write to all the same",
    )
    changelog: Path = _setting(
        Path("docs/CHANGELOG.md"),
        parsers.path,
        "SQLMIG_CHANGELOG",
        meaning="where every migration has its entry",
    )
    changelog_baseline: str | None = _setting(
        None,
        parsers.text,
        "SQLMIG_CHANGELOG_BASELINE",
        meaning="the git revision that counts as merged",
    )
    adr: Path = _setting(
        Path("docs/adr"),
        parsers.path,
        "SQLMIG_ADR",
        meaning="where decision records lie",
    )
    squashed: tuple[tuple[str, tuple[str, ...]], ...] = _setting(
        (),
        parsers.squashed,
        meaning="pairs a migration with those whose place it took",
    )
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
        or cannot be read, and for an empty argument or variable where it would name a database or
        an environment.
        """
        variables = os.environ if environ is None else environ
        _refuse_unknown(arguments, "arguments")
        root = find_project() if project is None else existing_folder(project)
        from_file, file_name = read_settings(root)
        _refuse_unknown(from_file, file_name)
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
    def explicit_environment(self) -> Environment | None:
        """The environment that an argument or a variable names; what a file with settings names
        is weaker than the database's stamp."""
        place = self.origins.get("environment")
        return None if place and Path(place).name in SETTINGS_FILES else self.environment

    @property
    def expected_environment(self) -> Environment:
        """The environment as far as it is known without the database: unless one is named, it is
        production; on an embedded server, development."""
        return self._expected_on(self.database)

    @property
    def expected_mongo_environment(self) -> Environment:
        """The same of the MongoDB database."""
        return self._expected_on(self.mongo)

    def _expected_on(self, server: str | None) -> Environment:
        unnamed = Environment.DEVELOPMENT if server == EMBEDDED else Environment.PRODUCTION
        return self.environment or unnamed

    @property
    def migrations_folder(self) -> Traversable:
        """Where the migrations lie."""
        return folder_in(self.project, self.migrations)

    @property
    def all_tiers(self) -> tuple[str, ...]:
        """The tiers of all environments, each once."""
        return tuple(dict.fromkeys(tier for tiers in self.tiers.values() for tier in tiers))

    @property
    def seeds_folder(self) -> Traversable:
        """Where the SQL seeds lie, a folder for each tier."""
        return folder_in(self.project, self.seeds)

    @property
    def mongo_seeds_folder(self) -> Path:
        """Where the fixtures of MongoDB lie, a folder for each tier."""
        return self.project / self.mongo_seeds

    @property
    def checks_folder(self) -> Traversable:
        """Where the sanity checks lie."""
        return folder_in(self.project, self.checks)

    @property
    def scratch_script_file(self) -> Traversable | None:
        """The script that prepares scratch databases, where there is one."""
        script = self.scratch_script
        return None if script is None else folder_in(self.project, script)

    @property
    def rollbacks_folder(self) -> Traversable:
        """Where the rollback scripts lie."""
        return folder_in(self.project, self.rollbacks)


def refuse_empty(value: object, origin: str) -> None:
    """Raises ConfigError for an empty or blank text where a database or an environment is named."""
    if isinstance(value, str) and not value.strip():
        raise ConfigError(
            f"{origin} is empty",
            remedy="Give it a value, or leave it out: perhaps a variable or a secret is not set.",
        )


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
    names_target = setting.metadata["names_target"]
    if (argument := arguments.get(setting.name)) is not None:
        origin = setting.metadata["option"] or f"the argument {setting.name}"
        if names_target:
            refuse_empty(argument, origin)
        return argument, origin
    for variable in setting.metadata["variables"]:
        if names_target and variable in environ:
            refuse_empty(environ[variable], variable)
        if environ.get(variable):
            return environ[variable], variable
    if setting.name == "database":
        for variable in LIBPQ_VARIABLES:
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


def _refuse_unknown(names: Iterable[str], origin: str) -> None:
    known = [setting.name for setting in _settings()]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                f"{origin}: unknown setting {name!r}",
                remedy=f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}.",
            )
