"""The settings, layered, each remembering where it came from.

Defaults < `[tool.sqlmig]` of pyproject.toml, or sqlmig.toml < environment variables < arguments.
"""

from __future__ import annotations

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
from sqlmig.model.suggestions import did_you_mean, nearest

EMBEDDED = "embedded"
# What names a database to libpq without any URL of ours; see "Environment Variables" of libpq.
# PGUSER and PGPORT alone, which many set for good, are no reason to go elsewhere.
LIBPQ_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")


def _setting(
    meaning: str,
    default: object,
    parse: Callable[[object], object],
    *variables: str,
    option: str = "",
    show: bool = True,
    names_target: bool = False,
) -> Any:
    """A field of Config: what it means, its default, how a value is read, and what can give it
    (variables, and an option of the command line).

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
    durations, waits are seconds. `squashed` a migration, and the migrations that it replaced;
    `changelog_baseline` is a git revision; `large_table`
    is in bytes. `tiers` are those whose seeds an environment gets, in
    order; `tier_may_write` has the exceptions: forbidden tables that a tier may write to.
    `origins` says where each setting
    that was given comes from: an option, a variable, or a file.
    """

    project: Path = Path()
    migrations: Folder = _setting(
        "the folder of the migrations", Path("sql/migrations"), parsers.folder, "SQLMIG_MIGRATIONS"
    )
    rollbacks: Folder = _setting(
        "the folder of their rollbacks", Path("sql/rollbacks"), parsers.folder, "SQLMIG_ROLLBACKS"
    )
    database: str | None = _setting(
        "a libpq URL or key=value string, or `embedded`",
        None,
        parsers.database,
        "SQLMIG_DATABASE_URL",
        "DATABASE_URL",
        option="--database-url",
        show=False,
        names_target=True,
    )
    mongo_seeds: Path = _setting(
        "the folder of MongoDB's fixtures", Path("mongo_seeds"), parsers.path, "SQLMIG_MONGO_SEEDS"
    )
    mongo: str | None = _setting(
        "a MongoDB URL that names a database, or `embedded`",
        None,
        parsers.text,
        "SQLMIG_MONGO_URL",
        "MONGODB_URI",
        "MONGO_URL",
        option="--mongo-url",
        show=False,
        names_target=True,
    )
    mongo_driver: str | None = _setting(
        "`motor` or `pymongo`; else motor if it is installed",
        None,
        parsers.mongo_driver,
        "SQLMIG_MONGO_DRIVER",
    )
    environment: Environment | None = _setting(
        "`development`, `testing` or `production`",
        None,
        parsers.environment,
        "SQLMIG_ENV",
        option="--env",
        names_target=True,
    )
    history_schema: str | None = _setting(
        "the schema of sqlmig's own tables; else the one that has them, or the current one",
        None,
        parsers.text,
        "SQLMIG_HISTORY_SCHEMA",
    )
    lock_timeout: str = _setting(
        "for each statement of a transactional migration",
        "5s",
        parsers.duration,
        "SQLMIG_LOCK_TIMEOUT",
    )
    statement_timeout: str | None = _setting(
        "for each statement; else the server's", None, parsers.duration, "SQLMIG_STATEMENT_TIMEOUT"
    )
    lock_wait: float = _setting(
        "seconds to wait for another runner",
        60.0,
        parsers.seconds,
        "SQLMIG_LOCK_WAIT",
        option="--lock-wait",
    )
    wait_for_database: float = _setting(
        "seconds to wait for a server that does not answer",
        0.0,
        parsers.seconds,
        "SQLMIG_WAIT_FOR_DATABASE",
        option="--wait-for-database",
    )
    lock_tries: int = _setting(
        "how often a migration is tried if it cannot get a lock",
        10,
        parsers.count,
        "SQLMIG_LOCK_TRIES",
    )
    allow_out_of_order: bool = _setting(
        "also apply migrations numbered below an applied one", default=False, parse=parsers.switch
    )
    seeds: Folder = _setting(
        "the folder of the seeds, with one for each tier",
        Path("sql/seeds"),
        parsers.folder,
        "SQLMIG_SEEDS",
    )
    checks: Folder = _setting(
        "the folder of the sanity checks", Path("sql/checks"), parsers.folder, "SQLMIG_CHECKS"
    )
    scratch_script: Folder | None = _setting(
        "a SQL script that prepares each scratch database of `verify`, `drift` and `impact`",
        None,
        parsers.folder,
        "SQLMIG_SCRATCH_SCRIPT",
    )
    tiers: Mapping[Environment, tuple[str, ...]] = _setting(
        "the tiers that each environment gets", parsers.DEFAULT_TIERS, parsers.tiers
    )
    protected_tables: tuple[str, ...] = _setting(
        "tables that keep their rows in production", (), parsers.tables, "SQLMIG_PROTECTED_TABLES"
    )
    forbidden_tables: tuple[str, ...] = _setting(
        "tables that no seed may write to", (), parsers.tables, "SQLMIG_FORBIDDEN_TABLES"
    )
    tier_may_write: Mapping[str, tuple[str, ...]] = _setting(
        "exceptions: forbidden tables that a tier may write to",
        MappingProxyType({}),
        parsers.tables_by_tier,
    )
    large_table: int = _setting(
        "the size above which a table is large for `impact`: bytes, or such as `10MB`",
        10 * 1024**2,
        parsers.size,
        "SQLMIG_LARGE_TABLE",
    )
    changelog: Path = _setting(
        "the changelog, with an entry for every migration",
        Path("docs/CHANGELOG.md"),
        parsers.path,
        "SQLMIG_CHANGELOG",
    )
    changelog_baseline: str | None = _setting(
        "the git revision that counts as merged", None, parsers.text, "SQLMIG_CHANGELOG_BASELINE"
    )
    adr: Path = _setting(
        "the folder of the decision records", Path("docs/adr"), parsers.path, "SQLMIG_ADR"
    )
    squashed: tuple[tuple[str, tuple[str, ...]], ...] = _setting(
        "a migration, and the migrations that it replaced", (), parsers.squashed
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
            f"{place}: {shown} {error}", remedy="Fix or remove that value."
        ) from error


def _refuse_unknown(names: Iterable[str], origin: str) -> None:
    known = [setting.name for setting in _settings()]
    for name in names:
        if name not in known:
            raise ConfigError(
                f"{origin}: unknown setting {name!r}",
                remedy=did_you_mean(nearest(name, known), f"Known: {', '.join(known)}."),
            )
