"""Builds the one query that walks all of PostgreSQL's catalogs.

No kind of object is listed: the server's own list of catalogs, columns and references
(`pg_get_catalog_foreign_keys()`) says what there is, so that a kind that a later PostgreSQL adds is
included. Each row of a catalog gives lines `column: value` to the object that it belongs to, with
the numbers of other objects replaced by their names. `omissions.py` has what is left out, and
`writing.py` how a value is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmig.proof.exclusion import EXCLUDED, IS_EXCLUDED, IS_OF_AN_EXCLUDED
from sqlmig.proof.omissions import CATALOGS, COLUMNS
from sqlmig.proof.wording import label
from sqlmig.proof.writing import WRITTEN, expression, named

# The server's description of itself: each catalog with its columns and their types, as far as this
# role can read them, and what each column references.
SURVEY = """
SELECT c.relname,
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

# The objects to which rows belong that are not objects themselves: (class, object, sub-object).
_PARTS: Mapping[str, tuple[str, str, str]] = {
    "pg_aggregate": ("'pg_proc'::regclass", "t.aggfnoid", "0"),
    "pg_attrdef": ("'pg_class'::regclass", "t.adrelid", "t.adnum"),
    "pg_attribute": ("'pg_class'::regclass", "t.attrelid", "t.attnum"),
    "pg_depend": ("t.classid", "t.objid", "t.objsubid"),
    "pg_description": ("t.classoid", "t.objoid", "t.objsubid"),
    "pg_enum": ("'pg_type'::regclass", "t.enumtypid", "0"),
    "pg_foreign_table": ("'pg_class'::regclass", "t.ftrelid", "0"),
    "pg_index": ("'pg_class'::regclass", "t.indexrelid", "0"),
    "pg_inherits": ("'pg_class'::regclass", "t.inhrelid", "0"),
    "pg_partitioned_table": ("'pg_class'::regclass", "t.partrelid", "0"),
    "pg_range": ("'pg_type'::regclass", "t.rngtypid", "0"),
    "pg_seclabel": ("t.classoid", "t.objoid", "t.objsubid"),
    "pg_sequence": ("'pg_class'::regclass", "t.seqrelid", "0"),
    "pg_trigger": (
        "CASE WHEN t.tgisinternal THEN 'pg_class'::regclass ELSE 'pg_trigger'::regclass END",
        "CASE WHEN t.tgisinternal THEN t.tgrelid ELSE t.oid END",
        "0",
    ),
    "pg_ts_config_map": ("'pg_ts_config'::regclass", "t.mapcfg", "0"),
}

# The rows that show every column; other rows of these catalogs show only the columns in WRITTEN.
_WHOLE: Mapping[str, str] = {"pg_trigger": "NOT t.tgisinternal"}

_IS_NO_LARGE_OBJECT = "t.classoid <> 'pg_largeobject'::regclass"

# The rows that count. Of the dependencies, only two are not written elsewhere: the column that owns
# a sequence, and the extension with which an object is dropped (ALTER … DEPENDS ON EXTENSION). The
# types of arrays and of a table's rows follow from their element or table, and so do the columns of
# an index, except for their statistics target. A foreign key to a partitioned table has another row
# for each partition, with a number in its name. Internal triggers follow from their constraint,
# unless a table has them disabled. Large objects are data, whatever comments they have.
_CONDITIONS: Mapping[str, str] = {
    "pg_attribute": "t.attnum > 0 AND NOT t.attisdropped AND (coalesce(t.attstattarget, -1) <> -1 "
    "OR t.attrelid NOT IN (SELECT indexrelid FROM pg_index))",
    "pg_constraint": "(t.conparentid = 0 OR t.conrelid <> "
    "(SELECT p.conrelid FROM pg_constraint p WHERE p.oid = t.conparentid))",
    "pg_depend": "(t.deptype IN ('x', 'e') OR t.classid = 'pg_class'::regclass "
    "AND t.refobjsubid > 0 AND t.deptype IN ('a', 'i') "
    "AND t.objid IN (SELECT seqrelid FROM pg_sequence))",
    "pg_description": _IS_NO_LARGE_OBJECT,
    "pg_seclabel": _IS_NO_LARGE_OBJECT,
    "pg_trigger": "(NOT t.tgisinternal OR t.tgenabled <> 'O')",
    "pg_type": "(t.typacl IS NOT NULL OR NOT ("
    "t.typlen = -1 AND t.typsubscript = 'array_subscript_handler'::regproc "
    "OR t.typrelid <> 0 AND t.typrelid NOT IN (SELECT oid FROM pg_class WHERE relkind = 'c')))",
    "pg_subscription": "t.subdbid = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())",
}

# System objects have numbers below 16384, except the schema public, which is the user's own.
_IS_OF_THE_USER = "({object}::oid >= 16384 OR {object}::oid = 2200)"

_QUERY = """
WITH RECURSIVE {with_excluded}line (classid, objid, objsubid, text) AS (
{branches}
)
SELECT l.objid::bigint, l.rows, o.type, {identity}, l.text
  FROM (SELECT classid, objid, objsubid, count(*) AS rows,
               string_agg(text, E'\\n' ORDER BY text COLLATE "C") AS text
          FROM line GROUP BY classid, objid, objsubid) l
  LEFT JOIN pg_class t ON l.classid = 'pg_class'::regclass AND t.oid = l.objid
   AND t.relnamespace = 'pg_toast'::regnamespace
  LEFT JOIN LATERAL pg_identify_object(l.classid, l.objid, l.objsubid) o
    ON t.oid IS NULL AND NOT {is_excluded}
"""

# How many rows there are in all, which objects have rows that are as new as the transaction
# `since`, and the transaction from which later rows will be new: transactions that are still open
# now are in other databases.
_NEWS = """
SELECT count(*), pg_snapshot_xmax(pg_current_snapshot())::text,
       array_agg(ARRAY[classid::bigint, objid::bigint])
         FILTER (WHERE age(xmin) <= age(%(since)s::xid)),
       (SELECT md5(string_agg(oid::text || rolname, ',' ORDER BY oid)) FROM pg_roles)
  FROM (
{branches}
  ) r (classid, objid, xmin)
"""

_NEWEST = "pg_snapshot_xmax(pg_current_snapshot())::xid"

_COUNTS = """
SELECT objid::bigint, count(*) FROM (
{branches}
) r (classid, objid, xmin) GROUP BY objid
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
    """A catalog: its columns with their types, and the catalogs that columns reference.

    `is_open` says that this role can read all of it, and not only some columns.
    """

    name: str
    columns: Mapping[str, str]
    references: Mapping[str, str]
    is_open: bool

    @classmethod
    def of(cls, row: Sequence[object]) -> Catalog:
        """The catalog from a row of the survey."""
        name, columns, references, is_open = row
        return cls(str(name), dict(columns), dict(references), bool(is_open))  # type: ignore[call-overload]

    @property
    def is_walked(self) -> bool:
        """Whether a snapshot includes its rows."""
        return self.name not in CATALOGS

    def values(self) -> Iterator[tuple[str, str]]:
        """Each label with the SQL expression of its value, a text or NULL."""
        left_out = COLUMNS.get(self.name, {})
        names = [column for column, kind in self.columns.items() if kind == "name"]
        own_name = names[0] if "oid" in self.columns and names else None
        for column, kind in self.columns.items():
            if column not in left_out and column not in ("oid", own_name):
                yield label(column, kind), self._value(column, kind)

    def lines(self, condition: str = "true") -> str:
        """The query for its rows: the address of the object, and the lines."""
        of_class, of_object, sub_object = self._address
        lines = ",\n    ".join(
            f"'{name}: ' || replace({value}, E'\\n', E'\\n  ')" for name, value in self.values()
        )
        return (
            f"SELECT {of_class}::oid, {of_object}::oid, {sub_object}::int, "
            f"nullif(concat_ws(E'\\n',\n    {lines or 'NULL'}), '')\n  FROM {self.name} t\n"
            f" WHERE {self._condition} AND {condition.format(object=of_object)}"
        )

    def rows(self) -> str:
        """The query for its rows: class and number of the object, and the row's transaction, or the
        newest one if that cannot be read."""
        of_class, of_object, _ = self._address
        transaction = "t.xmin" if self.is_open else _NEWEST
        return (
            f"SELECT {of_class}::oid, {of_object}::oid, {transaction} FROM {self.name} t "
            f"WHERE {self._condition}"
        )

    def _value(self, column: str, kind: str) -> str:
        value = expression(self.name, column, kind, self.references)
        if self.name not in _WHOLE or column in WRITTEN[self.name]:
            return value
        return f"CASE WHEN {_WHOLE[self.name]} THEN {value} END"

    @property
    def _address(self) -> tuple[str, str, str]:
        return _PARTS.get(self.name, (f"'{self.name}'::regclass", "t.oid", "0"))

    @property
    def _condition(self) -> str:
        is_of_the_user = _IS_OF_THE_USER.format(object=self._address[1])
        return f"{is_of_the_user} AND {_CONDITIONS.get(self.name, 'true')}"


def walk(catalogs: Sequence[Catalog]) -> str:
    """The query for all objects; each row has number, count of rows, kind, identity, definition.

    An object that is left out has no kind. The parameter `own_role` is the number of the role whose
    name does not matter.
    """
    return _walk((c.lines() for c in catalogs if c.is_walked), EXCLUDED, IS_EXCLUDED)


def walk_some(catalogs: Sequence[Catalog]) -> str:
    """The query for the objects whose numbers are in the parameter `objects`."""
    chosen = "{object}::oid = ANY(%(objects)s::oid[])"
    return _walk((c.lines(chosen) for c in catalogs if c.is_walked), "", IS_OF_AN_EXCLUDED)


def news(catalogs: Sequence[Catalog]) -> str:
    """The query for what is new since the transaction in the parameter `since`: the count of all
    rows, the transaction to ask with next, the objects (class and number), and a hash of all
    roles."""
    return _NEWS.format(branches=_all_rows(catalogs))


def counts(catalogs: Sequence[Catalog]) -> str:
    """The query for the count of rows of each object, by its number."""
    return _COUNTS.format(branches=_all_rows(catalogs))


def _all_rows(catalogs: Sequence[Catalog]) -> str:
    return " UNION ALL\n".join(c.rows() for c in catalogs if c.is_walked)


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
