"""Which environment's rules apply: compares the requested environment with the database's stamp.

An argument or a variable > the database's stamp > the project's settings > production; on an
embedded server, the last is development. A database with a history but no stamp may be a production
database, so only a stamp makes it anything weaker.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlmig.config import Config
from sqlmig.errors import ConfigError, EnvironmentMismatchError
from sqlmig.model import Directives, Environment


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for everything that sqlmig runs in a database.

    `origin` says what named the environment. `protected` are the tables whose rows are kept, none
    outside production; `allowed` are those that --allow-protected names. `new_stamp` is the
    environment to stamp the database with; None if it has a stamp, or no environment was named.
    `is_named` says whether an environment was named or the database has a stamp. `refusal` says why
    the request was refused; a read-only command continues with production's rules.
    `passing` warns that the environment ends with the first migration, and says how to keep it.
    """

    environment: Environment
    origin: str
    protected: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()
    new_stamp: Environment | None = None
    is_named: bool = False
    refusal: EnvironmentMismatchError | None = None
    passing: str = ""

    @property
    def is_production(self) -> bool:
        """Whether rows are kept unless the user decides otherwise."""
        return self.environment is Environment.PRODUCTION

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings for a read-only command."""
        return (warning_of(self.refusal),) if self.refusal else ()

    def kept_from(self, directives: Directives) -> list[str]:
        """The protected tables, except those that the script declares and the user allowed."""
        declared = {table for table, _ in directives.touches}
        return [name for name in self.protected if name not in declared & self.allowed]

    def refuse_unproven(self) -> None:
        """Raises EnvironmentMismatchError if the requested environment was refused."""
        if self.refusal:
            raise self.refusal


def rules_for(
    config: Config,
    stamp: Environment | None,
    allowed: Collection[str] = (),
    *,
    has_history: Callable[[], bool] = lambda: False,
) -> Rules:
    """The rules for a database with that stamp; without one, `has_history` may be called.

    Raises EnvironmentMismatchError if the requested environment differs from the stamp, and
    ConfigError if an allowed table is not protected.
    """
    _refuse_disagreement(config, stamp)
    _refuse_unprotected(config, allowed)
    environment, origin = _in_force(config, stamp)
    is_weaker = environment is not Environment.PRODUCTION
    if stamp is None and is_weaker and not config.is_embedded and has_history():
        refusal = unproven("database", environment, origin)
        return _production(config, allowed, refusal)
    new_stamp = None if stamp else _stamp_for(config)
    is_named = bool(stamp or new_stamp)
    is_passing = is_weaker and not is_named and not config.is_embedded
    return Rules(
        environment,
        origin,
        () if is_weaker else config.protected_tables,
        frozenset(allowed),
        new_stamp,
        is_named=is_named,
        passing=_passing(environment, origin) if is_passing else "",
    )


def unproven(database: str, asked: Environment, origin: str) -> EnvironmentMismatchError:
    """The error for a database with a history but no stamp, which may not be of the requested
    environment."""
    return EnvironmentMismatchError(
        f"{origin} says {asked.value}, but this {database} has a history and has no stamp: it may "
        "be a production database",
        remedy="Nothing was touched. If it is not production, set its environment once: "
        f"sqlmig environment set {asked.value}.",
    )


def _passing(environment: Environment, origin: str) -> str:
    return (
        f"This database has no stamp. {origin} says {environment.value}; to keep that for this "
        f"database: sqlmig environment set {environment.value}"
    )


def warning_of(refusal: EnvironmentMismatchError) -> str:
    """The warning that a read-only command gives instead of a refusal."""
    return f"{refusal.message}; commands that write are refused. {refusal.remedy}"


def _production(
    config: Config, allowed: Collection[str], refusal: EnvironmentMismatchError
) -> Rules:
    return Rules(
        Environment.PRODUCTION,
        "the default",
        config.protected_tables,
        frozenset(allowed),
        refusal=refusal,
    )


def _stamp_for(config: Config) -> Environment | None:
    """The stamp for an unstamped database; a settings file is about the project, not about one
    database."""
    if config.is_embedded and config.environment is None:
        return config.expected_environment
    return config.explicit_environment


def _in_force(config: Config, stamp: Environment | None) -> tuple[Environment, str]:
    explicit = config.explicit_environment
    if explicit is not None:
        return explicit, config.origins.get("environment", "the argument environment")
    if stamp is not None:
        return stamp, "the database's stamp"
    if config.environment is not None:
        return config.environment, config.origins["environment"]
    unnamed = "the embedded server" if config.is_embedded else "the default"
    return config.expected_environment, unnamed


def _refuse_disagreement(config: Config, stamp: Environment | None) -> None:
    asked = config.explicit_environment
    if stamp is not None and asked not in (stamp, None):
        place = config.origins.get("environment", "the argument environment")
        raise EnvironmentMismatchError(
            f"this database is stamped as {stamp.value}, but {place} says {asked.value}",
            remedy=f"Nothing was touched. If it is {asked.value} now (a restored dump, for "
            f"example): sqlmig environment set {asked.value}.",
        )


def _refuse_unprotected(config: Config, allowed: Collection[str]) -> None:
    for table in allowed:
        if table not in config.protected_tables:
            raise ConfigError(
                f"--allow-protected {table}: it is not listed in protected_tables",
                remedy=f"Protected tables: {', '.join(config.protected_tables) or 'none'} (the "
                "setting `protected_tables`).",
            )
