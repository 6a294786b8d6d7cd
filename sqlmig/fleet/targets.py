"""The targets of a fleet: no two have the same name or the same address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlmig.engine.server.url import parameters_of
from sqlmig.errors import ConfigError
from sqlmig.model.suggestions import did_you_mean, nearest

_DEFAULT_PORT = "5432"
# Marks of a URL or a key=value string: a password must not be shown as a name.
_OF_ADDRESSES = ("://", "=")


@dataclass(frozen=True, slots=True)
class FleetTarget:
    """A database of its own, which `url` names, or one `schema` of the project's database.

    `origin` is where it was named, for messages. The URL is never shown.
    """

    name: str
    url: str | None = field(default=None, repr=False)
    schema: str | None = None
    origin: str = field(default="", compare=False, repr=False)

    @property
    def database(self) -> Hashable:
        """The identity of its database. Raises ConfigError for a URL that cannot be read."""
        if self.url is None:
            return ()
        given = parameters_of(self.url)
        host = given.get("host") or given.get("hostaddr")
        name = given.get("dbname") or given.get("user")
        return given.get("service"), host, given.get("port") or _DEFAULT_PORT, name

    @property
    def address(self) -> Hashable:
        """The identity of the target, whichever role connects: the database, the schema, and the
        session options, which may name a schema."""
        options = parameters_of(self.url).get("options") if self.url is not None else None
        return self.database, self.schema, options


def is_name(text: str) -> bool:
    """Whether it can be the name of a target, and is not part of an address."""
    return bool(text.strip()) and not any(mark in text for mark in _OF_ADDRESSES)


def refuse_ambiguous(targets: Sequence[FleetTarget]) -> None:
    """Raises ConfigError for two targets with the same name or the same address."""
    _refuse_twice(targets, lambda target: target.name, "name")
    _refuse_twice(targets, lambda target: target.address, "address")


def chosen(targets: Sequence[FleetTarget], only: Collection[str]) -> tuple[FleetTarget, ...]:
    """The targets with these names, or all if no name is given. Raises ConfigError for an unknown
    name."""
    known = {target.name: target for target in targets}
    for name in only:
        if name not in known:
            raise ConfigError(
                f"no target has the name {name!r}",
                remedy=did_you_mean(nearest(name, known), "Give the name of a target."),
            )
    return tuple(target for target in targets if not only or target.name in only)


def _refuse_twice(
    targets: Iterable[FleetTarget], key: Callable[[FleetTarget], Hashable], what: str
) -> None:
    seen: dict[Hashable, FleetTarget] = {}
    for target in targets:
        other = seen.setdefault(key(target), target)
        if other is not target:
            raise ConfigError(
                f"{target.origin}: the target {target.name} has the same {what} as "
                f"{other.name} ({other.origin})",
                remedy="Nothing was touched. Name each target once.",
            )
