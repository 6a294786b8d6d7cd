"""The history tables of other tools, as parts of queries: they do not belong to a compared schema.

Each is recognised by its name and its columns. A tool with several tables keeps them in a schema of
its own, which is left out with them if nothing else is in it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmig.adoption.registry import TOOLS


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_TABLES = [tool.table for tool in TOOLS]
_WITH_COMPANIONS = [table for table in _TABLES if table.companions]
_COMPANIONS = _quoted(sorted(name for table in _WITH_COMPANIONS for name in table.companions))
_SIGNATURES = _quoted(f"{table.name}: {','.join(sorted(table.columns))}" for table in _TABLES)

_FITS = f"""relname IN ({_quoted(table.name for table in _TABLES)})
       AND relname || ': ' || (SELECT string_agg(attname, ',' ORDER BY attname COLLATE "C")
                                 FROM pg_attribute
                                WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped)
           IN ({_SIGNATURES})"""
_REGISTRIES = f"""(SELECT relnamespace FROM pg_class
     WHERE relname IN ({_quoted(table.name for table in _WITH_COMPANIONS)}) AND {_FITS})"""

# Whether a row of pg_class is such a table.
IS_HISTORY = f"({_FITS} OR relname IN ({_COMPANIONS}) AND relnamespace IN {_REGISTRIES})"
# Whether a row of pg_namespace is the schema of such tables.
IS_REGISTRY = f"""nspname IN (SELECT r.nspname FROM pg_namespace r
    WHERE r.oid IN {_REGISTRIES}
      AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = r.oid)
      AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = r.oid
                         AND relkind IN ('r', 'p', 'v', 'm') AND NOT {IS_HISTORY}))"""
