"""Which objects a snapshot leaves out: those of extensions, temporary ones, sqlmig's own tables,
those of other tools, and everything outside the compared schemas.

In the conditions, `l` is the object in question. The parameters are those of a Scope, and those
that a comment names.
"""

from __future__ import annotations

from sqlmig.engine.history.tables import MIGRATIONS, OWN_TABLES
from sqlmig.proof.histories import IS_HISTORY, IS_REGISTRY

_IS_TEMPORARY = "nspname ~ '^pg_(toast_)?temp_'"
_IS_LEFT_OUT = f"({_IS_TEMPORARY} OR nspname = ANY (%(left_out)s::text[]) OR {IS_REGISTRY})"
_IS_NAMED = "nspname = ANY (%(schemas)s::text[])"
_SOME_ARE_NAMED = "%(schemas)s::text[] IS NOT NULL"

_OWN_TABLES = ", ".join(f"'{name}'" for name in OWN_TABLES)

# A temporary object, or a table that sqlmig, yoyo or another tool keeps, which is not part of the
# schema. The names of sqlmig and yoyo count only beside the table of marks.
_IS_FOREIGN_TABLE = f"""(relname IN ({_OWN_TABLES}) AND relnamespace IN (
        SELECT relnamespace FROM pg_class WHERE relname = '{MIGRATIONS}' AND relkind IN ('r', 'p'))
      OR {IS_HISTORY}
      OR relnamespace IN (SELECT oid FROM pg_namespace WHERE {_IS_TEMPORARY}))"""

# What belongs to a left-out object (indexes, constraints, types, …) is left out with it.
_OWN = """d.deptype IN ('a', 'i') AND coalesce((SELECT c.relkind FROM pg_class c
     WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid) IN ('i', 'I', 't', 'S'), true)"""


# The objects that are left out for their name or their contents, apart from temporary ones. If they
# change, others may be left out that have not changed.
EXCLUDED_ROOTS = f"""(SELECT string_agg(root, ' ' ORDER BY root) FROM (
       SELECT oid::text FROM pg_namespace
        WHERE nspname = ANY (%(left_out)s::text[]) OR {IS_REGISTRY}
        UNION ALL
       SELECT concat(relnamespace, '.', oid) FROM pg_class
        WHERE relname IN ({_OWN_TABLES}) OR {IS_HISTORY}) r (root))"""


def _closure(name: str, is_root: str, others: str = "") -> str:
    """The schemas that `is_root` finds, their contents, `others`, and what belongs to these."""
    return f"""{name} AS (
  SELECT 'pg_namespace'::regclass::oid AS classid, oid AS objid FROM pg_namespace WHERE {is_root}
   UNION
  SELECT d.classid, d.objid FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid
   WHERE d.refclassid = 'pg_namespace'::regclass AND {is_root}
   {others}
   UNION
  SELECT d.classid, d.objid
    FROM {name} r
    JOIN pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid
   WHERE {_OWN}
), """


_OTHERS = f"""UNION
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
   UNION
  SELECT 'pg_class'::regclass, oid FROM pg_class WHERE {_IS_FOREIGN_TABLE}"""

# All objects that are left out, found from the few that are excluded themselves.
EXCLUDED = _closure("excluded", _IS_LEFT_OUT, _OTHERS) + _closure("included", _IS_NAMED)
IS_EXCLUDED = f"""((l.classid, l.objid) IN (SELECT classid, objid FROM excluded)
    OR {_SOME_ARE_NAMED} AND (l.classid, l.objid) NOT IN (SELECT classid, objid FROM included))"""


def _is_within(schemas: str) -> str:
    """Whether the whole that an object belongs to is one of the schemas, or lies in one."""
    return f"""bool_or(EXISTS (SELECT FROM {schemas} s
        WHERE w.classid = 'pg_namespace'::regclass AND w.objid = s.oid)
       OR EXISTS (SELECT FROM pg_depend d JOIN {schemas} s ON s.oid = d.refobjid
                   WHERE d.classid = w.classid AND d.objid = w.objid
                     AND d.refclassid = 'pg_namespace'::regclass))"""


# Which of the objects with these `classes` and numbers (`objects`) are left out, found from the
# objects upwards: faster for a few.
EXCLUDED_OF = f"""
WITH RECURSIVE left_out AS MATERIALIZED (SELECT oid FROM pg_namespace WHERE {_IS_LEFT_OUT}),
named AS MATERIALIZED (SELECT oid FROM pg_namespace WHERE {_IS_NAMED}),
whole (of_class, number, classid, objid) AS (
  SELECT *, * FROM unnest(%(classes)s::oid[], %(objects)s::oid[]) o
   UNION
  SELECT w.of_class, w.number, d.refclassid, d.refobjid
    FROM whole w
    JOIN pg_depend d ON d.classid = w.classid AND d.objid = w.objid
   WHERE {_OWN}
)
SELECT of_class::bigint, number::bigint
  FROM whole w
 GROUP BY of_class, number
HAVING {_is_within("left_out")}
    OR bool_or('e' = ANY (SELECT d.deptype FROM pg_depend d
                           WHERE d.classid = w.classid AND d.objid = w.objid))
    OR bool_or(w.classid = 'pg_class'::regclass
               AND EXISTS (SELECT FROM pg_class WHERE oid = w.objid AND {_IS_FOREIGN_TABLE}))
    OR {_SOME_ARE_NAMED} AND NOT {_is_within("named")}
"""
# Whether an object is one of those that this query found, which are the parameter `excluded`.
IS_ONE_OF_THE_EXCLUDED = "l.objid = ANY (%(excluded)s::oid[])"
