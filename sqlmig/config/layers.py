"""The layers that settings come from, in order of precedence.

Arguments > variables > the variables of the env file > the file with settings > defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field
from typing import Any

from sqlmig.errors import ConfigError

# Variables that name a database to libpq without a URL of sqlmig; see "Environment Variables" of
# libpq. PGUSER and PGPORT alone, which many people set permanently, do not choose a database.
LIBPQ_VARIABLES = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The value of a setting; `origin`, what gave it; and `place`, how a message names it."""

    value: object
    origin: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Everything that can give a setting a value; files come with their names.

    `ignored_environment` is what the env file names, which gives none.
    """

    arguments: Mapping[str, object]
    variables: Mapping[str, str]
    settings: Mapping[str, object]
    settings_file: str
    env_file: Mapping[str, str] = field(default_factory=dict)
    env_file_name: str = ""
    ignored_environment: str = ""

    def find(self, setting: Field[Any]) -> Found | None:
        """What the strongest layer says about a setting; None if no layer has it.

        Raises ConfigError for an empty value that would name a database or an environment.
        """
        return next(self._values(setting), None)

    def _values(self, setting: Field[Any]) -> Iterator[Found]:
        name, metadata = setting.name, setting.metadata
        if (argument := self.arguments.get(name)) is not None:
            origin = metadata["option"] or f"the argument {name}"
            if metadata["names_target"]:
                refuse_empty(argument, origin)
            yield Found(value=argument, origin=origin, place=origin)
        yield from _set(metadata, self.variables)
        if name == "database":
            yield from (
                Found(value="", origin=variable, place=variable)
                for variable in LIBPQ_VARIABLES
                if self.variables.get(variable)
            )
        yield from _set(metadata, self.env_file, f" in {self.env_file_name}")
        if name in self.settings:
            place = f"{self.settings_file}: {name}"
            yield Found(value=self.settings[name], origin=self.settings_file, place=place)


def refuse_empty(value: object, origin: str) -> None:
    """Raises ConfigError for an empty or blank value that should name a database or an
    environment."""
    if isinstance(value, str) and not value.strip():
        raise ConfigError(
            f"{origin} is empty",
            remedy="Give it a value, or leave it out: perhaps a variable or a secret is not set.",
        )


def _set(
    metadata: Mapping[str, Any], variables: Mapping[str, str], where: str = ""
) -> Iterator[Found]:
    """The values of the setting's variables that are set.

    An empty variable counts as not set, unless the setting names a database or an environment: a
    secret may be missing, and the next layer would name another database.
    """
    for variable in metadata["variables"]:
        origin = f"{variable}{where}"
        if metadata["names_target"] and variable in variables:
            refuse_empty(variables[variable], origin)
        if variables.get(variable):
            yield Found(value=variables[variable], origin=origin, place=origin)
