"""Builds the queries that walk PostgreSQL's catalogs.

No kind of object is listed: the server's own list of catalogs, columns and references
(`pg_get_catalog_foreign_keys()`) says what there is, so that a kind that a later PostgreSQL adds is
included. Each row of a catalog gives lines `column: value` to the object that it belongs to, with
the numbers of other objects replaced by their names. `omissions.py` has what is left out, and
`writing.py` how a value is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmig.proof.belonging import Belonging, belongings
from sqlmig.proof.exclusion import EXCLUDED, EXCLUDED_ROOTS, IS_EXCLUDED, IS_ONE_OF_THE_EXCLUDED
from sqlmig.proof.omissions import CATALOGS, COLUMNS
from sqlmig.proof.wording import label
from sqlmig.proof.writing import expression, named

# The server's description of itself: each catalog with its columns and their types, as far as this
# role can read them, and what each column references.
SURVEY = """
SELECT c.oid::bigint, c.relname,
       array_agg(ARRAY[a.attname, t.typname]::text[] ORDER BY a.attnum),
       (SELECT coalesce(array_agg(ARRAY[fkcols[1], pktable::regclass::text] ORDER BY fkcols), '{}')
          FROM pg_catalog.pg_get_catalog_foreign_keys()
         WHERE fktable = c.oid AND cardinality(fkcols) = 1),
       pg_catalog.has_table_privilege(c.oid, 'SELECT')
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid < 16384
   AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
 GROUP BY c.oid, c.relname ORDER BY c.relname
"""

_QUERY = """
WITH RECURSIVE {with_excluded}line (classid, objid, objsubid, text) AS (
{branches}
)
SELECT l.classid::bigint, l.objid::bigint, l.rows, o.type, {identity}, l.text
  FROM (SELECT classid, objid, objsubid, count(*) AS rows,
               string_agg(text, E'\\n' ORDER BY text COLLATE "C") AS text
          FROM line GROUP BY classid, objid, objsubid) l
  LEFT JOIN LATERAL pg_identify_object(l.classid, l.objid, l.objsubid) o
    ON NOT {is_excluded} AND (SELECT t.relnamespace FROM pg_class t
        WHERE l.classid = 'pg_class'::regclass AND t.oid = l.objid)
       IS DISTINCT FROM 'pg_toast'::regnamespace
"""

# How many rows there are in all, which objects have rows that are as new as the transaction
# `since`, and the transaction from which later rows will be new: transactions that are still open
# now are in other databases. Then what the definition or the absence of any object may depend on.
_NEWS = """
SELECT count(*), pg_snapshot_xmax(pg_current_snapshot())::xid::text,
       array_agg(ARRAY[classid::bigint, objid::bigint])
         FILTER (WHERE age(xmin) <= (SELECT age(%(since)s::xid))),
       (SELECT md5(string_agg(oid::text || rolname, ',' ORDER BY oid)) FROM pg_roles),
       {roots}
  FROM (
{branches}
  ) r (classid, objid, xmin)
"""

_NEWEST = "pg_snapshot_xmax(pg_current_snapshot())::xid"

_COUNTS = """
SELECT classid::bigint, objid::bigint, count(*) FROM (
{branches}
) r (classid, objid, xmin) GROUP BY classid, objid
"""

# The server's own names for these contain numbers, or a role.
_IDENTITY = """CASE l.classid
       WHEN 'pg_trigger'::regclass THEN coalesce(
            (SELECT format('%s of %s', g.tgfoid::regproc, pg_describe_object(
                    'pg_constraint'::regclass, g.tgconstraint, 0))
               FROM pg_trigger g WHERE g.oid = l.objid AND g.tgisinternal), o.identity)
       WHEN 'pg_default_acl'::regclass THEN
            (SELECT format('of %s in %s on %s', {role}, coalesce(nullif(d.defaclnamespace, 0)
                    ::regnamespace::text, 'every schema'), d.defaclobjtype)
               FROM pg_default_acl d WHERE d.oid = l.objid)
       WHEN 'pg_user_mapping'::regclass THEN
            (SELECT format('for %s on server %I', {role_mapped}, u.srvname)
               FROM pg_user_mappings u WHERE u.umid = l.objid)
       ELSE o.identity END"""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A catalog: its number and columns with their types, and the catalogs that columns reference.

    `is_open` says that this role can read all of it, and not only some columns.
    """

    number: int
    name: str
    columns: Mapping[str, str]
    references: Mapping[str, str]
    is_open: bool

    @classmethod
    def of(cls, row: Sequence[Any]) -> Catalog:
        """The catalog from a row of the survey."""
        number, name, columns, references, is_open = row
        return cls(number, name, dict(columns), dict(references), is_open)

    @property
    def is_walked(self) -> bool:
        """Whether a snapshot includes its rows."""
        return self.name not in CATALOGS

    def values(self, compared: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
        """Each label with the SQL expression of its value, a text or NULL; those of the `compared`
        columns, if not of all."""
        left_out = COLUMNS.get(self.name, {})
        names = [column for column, kind in self.columns.items() if kind == "name"]
        own_name = names[0] if "oid" in self.columns and names else None
        for column, kind in self.columns.items():
            is_compared = compared is None or column in compared
            if is_compared and column not in left_out and column not in ("oid", own_name):
                value = expression(self.name, column, kind, self.references)
                yield label(column, kind), value

    def queries(self) -> Iterator[str]:
        """The queries for its rows: the address of the object, and the lines."""
        for belonging in belongings(self.name):
            yield self._lines(belonging, "true")

    def queries_of(self, of_class: int, catalog: str | None) -> Iterator[str]:
        """The queries for its rows that belong to objects of the catalog with that number and name;
        the numbers of these objects are the parameter `objects`."""
        for belonging in belongings(self.name):
            within = belonging.within(of_class, catalog)
            if within is not None:
                chosen = f"{within} AND {belonging.number}::oid = ANY(%(objects)s::oid[])"
                yield self._lines(belonging, chosen)

    def rows(self) -> Iterator[str]:
        """The queries for its rows: class and number of the object, and the row's transaction, or
        the newest one if that cannot be read."""
        transaction = "t.xmin" if self.is_open else _NEWEST
        for belonging in belongings(self.name):
            yield (
                f"SELECT {belonging.of_class}::oid, {belonging.number}::oid, {transaction} "
                f"FROM {self.name} t WHERE {belonging.condition}"
            )

    def _lines(self, belonging: Belonging, chosen: str) -> str:
        lines = ",\n    ".join(
            f"'{name}: ' || replace({value}, E'\\n', E'\\n  ')"
            for name, value in self.values(belonging.columns)
        )
        return (
            f"SELECT {belonging.of_class}::oid, {belonging.number}::oid, {belonging.part}::int, "
            f"nullif(concat_ws(E'\\n',\n    {lines or 'NULL'}), '')\n  FROM {self.name} t\n"
            f" WHERE {belonging.condition} AND {chosen}"
        )


def walk(catalogs: Sequence[Catalog]) -> str:
    """The query for all objects; each row has class, number, count of rows, kind, identity, and
    definition.

    An object that is left out has no kind. The parameter `own_role` is the number of the role whose
    name does not matter.
    """
    branches = (query for each in _walked(catalogs) for query in each.queries())
    return _walk(branches, EXCLUDED, IS_EXCLUDED)


def walk_some(catalogs: Sequence[Catalog], of_class: int) -> str:
    """The query for the objects of the catalog with that number whose own numbers are in the
    parameter `objects`; those in the parameter `excluded`, which EXCLUDED_OF found, are left out.

    It reads only the catalogs that can have rows of them: starting a query over all of them takes
    longer than reading a few objects."""
    name = next((each.name for each in catalogs if each.number == of_class), None)
    branches = (q for each in _walked(catalogs) for q in each.queries_of(of_class, name))
    return _walk(branches, "", IS_ONE_OF_THE_EXCLUDED)


def news(catalogs: Sequence[Catalog]) -> str:
    """The query for what is new since the transaction in the parameter `since`: the count of all
    rows, the transaction to ask with next, the objects (class and number), a hash of all roles, and
    the roots of what is left out."""
    return _NEWS.format(branches=_all_rows(catalogs), roots=EXCLUDED_ROOTS)


def counts(catalogs: Sequence[Catalog]) -> str:
    """The query for the count of rows of each object, by its class and number."""
    return _COUNTS.format(branches=_all_rows(catalogs))


def _walked(catalogs: Iterable[Catalog]) -> Iterator[Catalog]:
    return (catalog for catalog in catalogs if catalog.is_walked)


def _all_rows(catalogs: Sequence[Catalog]) -> str:
    return " UNION ALL\n".join(rows for each in _walked(catalogs) for rows in each.rows())


def _walk(branches: Iterable[str], with_excluded: str, is_excluded: str) -> str:
    identity = _IDENTITY.format(
        role=named("pg_authid", "d.defaclrole"), role_mapped=named("pg_authid", "u.umuser")
    )
    identity = identity.replace("%s", "%%s").replace("%I", "%%I")
    return _QUERY.format(
        branches=" UNION ALL\n".join(branches),
        identity=identity,
        with_excluded=with_excluded,
        is_excluded=is_excluded,
    )
