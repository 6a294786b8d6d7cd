"""The settings, in layers; each remembers where it came from.

Defaults < `[tool.sqlmig]` of pyproject.toml, or sqlmig.toml < the variables of an env file <
environment variables < arguments.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from sqlmig.config import parsers
from sqlmig.config.env_file import IGNORED, read_env_file
from sqlmig.config.files import SETTINGS_FILES, existing_folder, find_project, read_settings
from sqlmig.config.fleet import FleetSettings, parse_fleet
from sqlmig.config.layers import Found, Layers
from sqlmig.config.package import Folder, folder_in
from sqlmig.errors import ConfigError
from sqlmig.model import Environment
from sqlmig.model.suggestions import did_you_mean, nearest

EMBEDDED = "embedded"


def _setting(
    meaning: str,
    default: object,
    parse: Callable[[object], object],
    *variables: str,
    option: str = "",
    show: bool = True,
    names_target: bool = False,
) -> Any:
    """A field of Config: its meaning, its default, how a value is read, and what can give it
    (variables, and an option of the command line).

    A setting that `names_target`, a database or its environment, may be missing but not empty: an
    empty value is a missing secret, and the next layer would name another database.
    """
    metadata = {
        "parse": parse,
        "variables": variables,
        "option": option,
        "meaning": meaning,
        "names_target": names_target,
    }
    if isinstance(default, Mapping):  # dataclasses would reject it as mutable
        return field(default_factory=lambda: default, metadata=metadata, repr=show, hash=False)
    return field(default=default, metadata=metadata, repr=show)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a project.

    `project` is the folder that relative paths start from, as it was named (so that messages name
    files as the user would); `migrations`, `rollbacks`, `seeds` and `checks` may also be folders of
    a package, as in `package:billing/sql/migrations`. `database` is a libpq URL or key=value
    string, "" for what libpq finds by itself, `embedded`, or None if nothing was given; `mongo` is
    a MongoDB URL, `embedded`, or None; neither is ever shown in `repr`. Timeouts are PostgreSQL
    durations, waits are seconds. `squashed` has migrations, each with those that it replaced;
    `changelog` is None if it is turned off; `changelog_baseline` is a git revision; `large_table`
    is in bytes. `tiers` are those whose seeds an environment gets, in order; `tier_may_write` has
    the exceptions: forbidden tables that a tier may write to. `fleet` has the settings of `sqlmig
    fleet`. `origins` says where each given setting comes from: an option, a variable, or a file.
    `warnings` name what was given and ignored.
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
        "`motor` or `pymongo`; by default, motor if it is installed",
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
    embedded_port: int | None = _setting(
        "a port on 127.0.0.1 for the embedded server, with a password; by default, only a socket",
        None,
        parsers.port,
        "SQLMIG_EMBEDDED_PORT",
    )
    embedded_version: int | None = _setting(
        "the major version of the embedded server; any other is refused",
        None,
        parsers.count,
        "SQLMIG_EMBEDDED_VERSION",
    )
    history_schema: str | None = _setting(
        "the schema of sqlmig's own tables; by default, the current schema",
        None,
        parsers.text,
        "SQLMIG_HISTORY_SCHEMA",
    )
    schemas: tuple[str, ...] = _setting(
        "the schemas that `verify` and `drift` compare; by default, all except other histories'",
        (),
        parsers.schemas,
        "SQLMIG_SCHEMAS",
    )
    lock_timeout: str = _setting(
        "for each statement of a transactional migration",
        "5s",
        parsers.duration,
        "SQLMIG_LOCK_TIMEOUT",
    )
    statement_timeout: str | None = _setting(
        "for each statement; by default, the server's",
        None,
        parsers.duration,
        "SQLMIG_STATEMENT_TIMEOUT",
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
        "how many times a migration is tried if it cannot get a lock",
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
        "a SQL script that prepares each scratch database of `verify`, `drift`, `impact`, `schema`",
        None,
        parsers.folder,
        "SQLMIG_SCRATCH_SCRIPT",
    )
    schema_document: Path = _setting(
        "the file that `sqlmig schema` writes",
        Path("docs/schema.md"),
        parsers.path,
        "SQLMIG_SCHEMA_DOCUMENT",
    )
    schema_picture_without: tuple[str, ...] = _setting(
        "tables that the picture of `sqlmig schema` leaves out; `*` stands for any characters",
        (),
        parsers.tables,
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
        "the size above which a table is large for `impact`, in bytes or with a unit: `10MB`",
        10 * 1024**2,
        parsers.size,
        "SQLMIG_LARGE_TABLE",
    )
    changelog: Path | None = _setting(
        'the changelog, with an entry for every migration; `""` for none',
        Path("docs/CHANGELOG.md"),
        parsers.path_or_none,
        "SQLMIG_CHANGELOG",
    )
    timestamps: bool = _setting(
        "`sqlmig new` numbers migrations with timestamps", default=False, parse=parsers.switch
    )
    changelog_types: tuple[str, ...] = _setting(
        "types of change besides those of Keep a Changelog", (), parsers.words
    )
    changelog_ignore: tuple[str, ...] = _setting(
        "rules of `changelog lint` that are turned off, such as `CL012`", (), parsers.words
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
    fleet: FleetSettings = _setting(
        "a table: many databases or schemas, migrated together", FleetSettings(), parse_fleet
    )
    env_file: Path | None = _setting(
        "a file of variables for development, such as `.env`; environment variables override it",
        None,
        parsers.path,
    )
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    warnings: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def load(
        cls,
        project: Path | None = None,
        arguments: Mapping[str, object] = MappingProxyType({}),
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """The settings in force; `arguments` take precedence, and None counts as not given.

        Without `project`, the nearest folder with settings is used, the current one or a parent, or
        else the current folder; without `environ`, the variables of this process. Writes nothing.
        Raises ConfigError, which names the place of the value, for settings that are unknown or
        cannot be read, and for an empty argument or variable that should name a database or an
        environment.
        """
        variables = os.environ if environ is None else environ
        _refuse_unknown(arguments, "arguments")
        root = find_project() if project is None else existing_folder(project)
        from_file, file_name = read_settings(root)
        _refuse_unknown(from_file, file_name)
        layers = Layers(
            arguments=arguments, variables=variables, settings=from_file, settings_file=file_name
        )
        layers = _with_env_file(layers, root)
        values: dict[str, Any] = {"project": root}
        origins: dict[str, str] = {}
        for setting in _settings():
            found = layers.find(setting)
            if found is not None:
                origins[setting.name] = found.origin
                values[setting.name] = _parsed(setting, found)
        return cls(**values, origins=origins, warnings=_warnings(layers, origins))

    @property
    def is_embedded(self) -> bool:
        """Whether the database is the project's own embedded server."""
        return self.database == EMBEDDED

    @property
    def explicit_environment(self) -> Environment | None:
        """The environment that an argument or a variable names; one from a settings file is weaker
        than the database's stamp."""
        place = self.origins.get("environment")
        return None if place and Path(place).name in SETTINGS_FILES else self.environment

    @property
    def expected_environment(self) -> Environment:
        """The environment as far as it is known without the database: production unless one is
        named; on an embedded server, development."""
        return self._expected_on(self.database)

    @property
    def expected_mongo_environment(self) -> Environment:
        """Like `expected_environment`, for the MongoDB database."""
        return self._expected_on(self.mongo)

    def _expected_on(self, server: str | None) -> Environment:
        unnamed = Environment.DEVELOPMENT if server == EMBEDDED else Environment.PRODUCTION
        return self.environment or unnamed

    @property
    def migrations_folder(self) -> Traversable:
        """Where the migrations are."""
        return folder_in(self.project, self.migrations)

    @property
    def all_tiers(self) -> tuple[str, ...]:
        """The tiers of all environments, without duplicates."""
        return tuple(dict.fromkeys(tier for tiers in self.tiers.values() for tier in tiers))

    @property
    def seeds_folder(self) -> Traversable:
        """Where the SQL seeds are, in a folder for each tier."""
        return folder_in(self.project, self.seeds)

    @property
    def mongo_seeds_folder(self) -> Path:
        """Where the fixtures of MongoDB are, in a folder for each tier."""
        return self.project / self.mongo_seeds

    @property
    def checks_folder(self) -> Traversable:
        """Where the sanity checks are."""
        return folder_in(self.project, self.checks)

    @property
    def schema_document_file(self) -> Path:
        """Where the document of the schema is."""
        return self.project / self.schema_document

    @property
    def scratch_script_file(self) -> Traversable | None:
        """The script that prepares scratch databases, if there is one."""
        script = self.scratch_script
        return None if script is None else folder_in(self.project, script)

    @property
    def preparation_file(self) -> Traversable | None:
        """The script that prepares the databases of a fleet, if there is one."""
        script = self.fleet.preparation
        return None if script is None else folder_in(self.project, script)

    @property
    def rollbacks_folder(self) -> Traversable:
        """Where the rollback scripts are."""
        return folder_in(self.project, self.rollbacks)


def _settings() -> list[Field[Any]]:
    return [setting for setting in fields(Config) if "parse" in setting.metadata]


def _with_env_file(layers: Layers, root: Path) -> Layers:
    """The layers with the variables of the env file, if another layer names one."""
    (setting,) = (setting for setting in _settings() if setting.name == "env_file")
    if (found := layers.find(setting)) is None:
        return layers
    path = root / str(_parsed(setting, found))
    variables = dict(read_env_file(path))
    ignored = variables.pop(IGNORED, "")
    return replace(layers, env_file=variables, env_file_name=str(path), ignored_environment=ignored)


def _warnings(layers: Layers, origins: Mapping[str, str]) -> tuple[str, ...]:
    """That the env file names an environment, where nothing stronger than it does."""
    is_named = Path(origins.get("environment", SETTINGS_FILES[0])).name not in SETTINGS_FILES
    if is_named or not layers.ignored_environment:
        return ()
    return (
        f"{layers.env_file_name}: {IGNORED} in this file is ignored. Set the variable itself, or "
        "stamp the database: sqlmig environment set NAME",
    )


def _parsed(setting: Field[Any], found: Found) -> object:
    try:
        return setting.metadata["parse"](found.value)
    except ValueError as error:
        shown = repr(found.value) if setting.repr else "the value"
        raise ConfigError(
            f"{found.place}: {shown} {error}", remedy="Fix or remove that value."
        ) from error


def _refuse_unknown(names: Iterable[str], origin: str) -> None:
    known = [setting.name for setting in _settings()]
    for name in names:
        if name not in known:
            raise ConfigError(
                f"{origin}: unknown setting {name!r}",
                remedy=did_you_mean(nearest(name, known), f"Known: {', '.join(known)}."),
            )
