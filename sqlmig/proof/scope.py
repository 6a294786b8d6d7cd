"""Which schemas a comparison covers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlmig.engine.history.finding import other_histories
from sqlmig.engine.history.reading import History
from sqlmig.engine.server.connection import Connection
from sqlmig.errors import ConfigError

# Those of these schemas that contain something other than what belongs to extensions.
_FILLED = """
SELECT n.nspname::text FROM pg_catalog.pg_namespace n
 WHERE n.nspname = ANY (%s) AND EXISTS (
   SELECT FROM pg_catalog.pg_depend d
    WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
      AND d.classid <> 'pg_catalog.pg_extension'::regclass
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                       WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'))
"""

_ABSENT = """
SELECT name FROM unnest(%s::text[]) name
 WHERE name NOT IN (SELECT nspname FROM pg_catalog.pg_namespace)
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Only those `schemas` and their contents or, if none are named, everything except the schemas
    that are `left_out`."""

    schemas: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters for the queries of a walk."""
        return {"schemas": list(self.schemas) or None, "left_out": list(self.left_out)}


def scope_of(schemas: tuple[str, ...], history: History, replayed: Connection) -> Scope:
    """The named schemas, or else all except those of other histories in which the migrations, which
    ran on a scratch database, created nothing."""
    if schemas:
        return Scope(schemas)
    others = other_histories(history)
    filled = {name for (name,) in replayed.execute(_FILLED, (others,)).fetchall()}
    return Scope(left_out=tuple(name for name in others if name not in filled))


def refuse_absent(schemas: Collection[str], *connections: Connection) -> None:
    """Raises ConfigError for a named schema that none of those databases has: nothing would be
    compared."""
    absent = set(schemas)
    for connection in connections:
        absent &= {name for (name,) in connection.execute(_ABSENT, (list(schemas),)).fetchall()}
    if absent:
        raise ConfigError(
            f"the setting `schemas` names schemas that do not exist: {', '.join(sorted(absent))}",
            remedy="Name schemas that the migrations use.",
        )
