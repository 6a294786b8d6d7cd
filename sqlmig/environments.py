"""Which environment's rules hold: what is asked for against what the database is stamped as.

An argument or a variable > the database's stamp > the project's settings > production; on an
embedded server the last is development.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmig.config import Config
from sqlmig.errors import ConfigError, EnvironmentMismatchError
from sqlmig.model import Environment


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all that sqlmig runs in a database.

    `origin` says what named the environment. `protected` are the tables whose rows are kept, none
    outside production; `allowed` are those of them of which a person said --allow-protected.
    `new_stamp` is the environment to stamp the database with; None where it has a stamp, or nobody
    named one. `is_named` says that somebody did, or that there is a stamp.
    """

    environment: Environment
    origin: str
    protected: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()
    new_stamp: Environment | None = None
    is_named: bool = False

    @property
    def is_production(self) -> bool:
        """Whether rows are kept unless somebody says otherwise."""
        return self.environment is Environment.PRODUCTION


def rules_for(config: Config, stamp: Environment | None, allowed: Collection[str] = ()) -> Rules:
    """The rules for a database with that stamp.

    Raises EnvironmentMismatchError where another environment is asked for than it is stamped as,
    and ConfigError where a table is allowed that is not protected.
    """
    _refuse_disagreement(config, stamp)
    _refuse_unprotected(config, allowed)
    environment, origin = _in_force(config, stamp)
    is_production = environment is Environment.PRODUCTION
    return Rules(
        environment,
        origin,
        config.protected_tables if is_production else (),
        frozenset(allowed),
        None if stamp else config.explicit_environment,
        is_named=bool(stamp or config.explicit_environment),
    )


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
            f"this database is stamped as {stamp.value}, and {place} says {asked.value}",
            remedy="Nothing was touched. If that is what it is now (a restored dump, say): "
            f"sqlmig environment set {asked.value}.",
        )


def _refuse_unprotected(config: Config, allowed: Collection[str]) -> None:
    for table in allowed:
        if table not in config.protected_tables:
            raise ConfigError(
                f"--allow-protected {table}: that is no protected table",
                remedy=f"Protected are: {', '.join(config.protected_tables) or 'none'} (the "
                "setting `protected_tables`).",
            )
