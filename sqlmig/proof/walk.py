"""Writes the one query that walks all of PostgreSQL's catalogues.

No kind of object is listed: the server's own list of catalogues, columns and references
(`pg_get_catalog_foreign_keys()`) says what there is, so that a kind that a later PostgreSQL adds is
seen too. Each row of a catalogue gives lines `column: value` to the object that it belongs to, with
the numbers of other objects replaced by their names. What is left out is in `omissions.py`; what
the server can write better than its columns show is below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmig.proof.omissions import CATALOGS, COLUMNS

# What the server says of itself: each catalogue with its columns and their types, as far as this
# role may read them, and what each column refers to.
SURVEY = """
SELECT c.relname,
       array_agg(ARRAY[a.attname, t.typname]::text[] ORDER BY a.attnum),
       (SELECT coalesce(array_agg(ARRAY[fkcols[1], pktable::regclass::text] ORDER BY fkcols), '{}')
          FROM pg_catalog.pg_get_catalog_foreign_keys()
         WHERE fktable = c.oid AND cardinality(fkcols) = 1)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid < 16384
   AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
 GROUP BY c.oid, c.relname ORDER BY c.relname
"""

# Where the rows belong that are no objects by themselves: (class, object, sub-object).
_PARTS: Mapping[str, tuple[str, str, str]] = {
    "pg_aggregate": ("'pg_proc'::regclass", "t.aggfnoid", "0"),
    "pg_attrdef": ("'pg_class'::regclass", "t.adrelid", "t.adnum"),
    "pg_attribute": ("'pg_class'::regclass", "t.attrelid", "t.attnum"),
    "pg_depend": ("t.classid", "t.objid", "t.objsubid"),
    "pg_description": ("t.classoid", "t.objoid", "t.objsubid"),
    "pg_foreign_table": ("'pg_class'::regclass", "t.ftrelid", "0"),
    "pg_index": ("'pg_class'::regclass", "t.indexrelid", "0"),
    "pg_inherits": ("'pg_class'::regclass", "t.inhrelid", "0"),
    "pg_partitioned_table": ("'pg_class'::regclass", "t.partrelid", "0"),
    "pg_range": ("'pg_type'::regclass", "t.rngtypid", "0"),
    "pg_seclabel": ("t.classoid", "t.objoid", "t.objsubid"),
    "pg_sequence": ("'pg_class'::regclass", "t.seqrelid", "0"),
    "pg_ts_config_map": ("'pg_ts_config'::regclass", "t.mapcfg", "0"),
}

# Rows that do not count. Of the dependencies only two are not written elsewhere: the column that
# owns a sequence, and the extension that takes an object along (ALTER … DEPENDS ON EXTENSION). The
# types of arrays and of the rows of a table follow from what they are of.
_CONDITIONS: Mapping[str, str] = {
    "pg_attribute": "t.attnum > 0 AND NOT t.attisdropped",
    "pg_depend": "(t.deptype = 'x' OR t.deptype IN ('a', 'i') AND t.refobjsubid > 0 AND EXISTS "
    "(SELECT FROM pg_class s WHERE s.oid = t.objid AND s.relkind = 'S' "
    "AND t.classid = 'pg_class'::regclass))",
    "pg_type": "(t.typacl IS NOT NULL OR NOT (t.typsubscript = 'array_subscript_handler'::regproc "
    "AND t.typlen = -1 OR t.typrelid <> 0 AND EXISTS "
    "(SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')))",
    "pg_subscription": "t.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
}

# What the server writes of a column, where that says more than the column.
WRITTEN: Mapping[str, Mapping[str, str]] = {
    "pg_attrdef": {"adbin": "pg_get_expr(t.adbin, t.adrelid)"},
    "pg_attribute": {
        "atttypid": "format_type(t.atttypid, t.atttypmod)",
        "attstattarget": "nullif(t.attstattarget, -1)::text",  # the default until PostgreSQL 16
    },
    "pg_class": {
        "relpartbound": "pg_get_expr(t.relpartbound, t.oid)",
        "reltoastrelid": "(SELECT array_to_string(c.reloptions, ', ') FROM pg_class c "
        "WHERE c.oid = t.reltoastrelid)",
    },
    "pg_constraint": {"conbin": "pg_get_constraintdef(t.oid)"},
    "pg_depend": {"refobjid": "pg_describe_object(t.refclassid, t.refobjid, t.refobjsubid)"},
    "pg_index": {"indpred": "pg_get_indexdef(t.indexrelid)"},
    "pg_partitioned_table": {"partexprs": "pg_get_partkeydef(t.partrelid)"},
    "pg_policy": {
        "polqual": "pg_get_expr(t.polqual, t.polrelid)",
        "polwithcheck": "pg_get_expr(t.polwithcheck, t.polrelid)",
    },
    "pg_proc": {
        "proargdefaults": "pg_get_expr(t.proargdefaults, 0)",
        "prosqlbody": "pg_get_function_sqlbody(t.oid)",
    },
    "pg_publication_rel": {"prqual": "pg_get_expr(t.prqual, t.prrelid)"},
    "pg_rewrite": {"ev_action": "pg_get_ruledef(t.oid)"},
    "pg_statistic_ext": {"stxexprs": "pg_get_statisticsobjdef(t.oid)"},
    "pg_subscription": {"subconninfo": "'md5 ' || md5(t.subconninfo)"},
    "pg_trigger": {"tgqual": "CASE WHEN NOT t.tgisinternal THEN pg_get_triggerdef(t.oid) END"},
    "pg_type": {
        "typdefaultbin": "coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault)",
        "typarray": "(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) "
        "FROM pg_enum e WHERE e.enumtypid = t.oid AND t.typtype = 'e')",
    },
    # It may hold a password.
    "pg_user_mapping": {"umoptions": "'md5 ' || md5(array_to_string(t.umoptions, ','))"},
}

# Names of what is written that say more than those of the columns it takes the place of.
LABELS: Mapping[tuple[str, str], str] = {
    ("pg_attrdef", "adbin"): "default",
    ("pg_attribute", "atttypid"): "type",
    ("pg_class", "reltoastrelid"): "toast options",
    ("pg_constraint", "conbin"): "definition",
    ("pg_depend", "refobjid"): "depends on",
    ("pg_description", "description"): "comment",
    ("pg_index", "indpred"): "definition",
    ("pg_inherits", "inhparent"): "inherits",
    ("pg_partitioned_table", "partexprs"): "partition key",
    ("pg_rewrite", "ev_action"): "definition",
    ("pg_statistic_ext", "stxexprs"): "definition",
    ("pg_trigger", "tgqual"): "definition",
    ("pg_type", "typarray"): "labels",
}

# The letter by which acldefault() knows what stands in a catalogue.
_PRIVILEGED: Mapping[str, str] = {
    "pg_class": "CASE WHEN t.relkind = 'S' THEN 's'::\"char\" ELSE 'r' END",
    "pg_foreign_data_wrapper": "'F'",
    "pg_foreign_server": "'S'",
    "pg_language": "'l'",
    "pg_namespace": "'n'",
    "pg_proc": "'f'",
    "pg_type": "'T'",
}

# Types whose own text names an object, faster than pg_identify_object does.
_NAMING_TYPES: Mapping[str, str] = {
    "pg_class": "regclass",
    "pg_collation": "regcollation",
    "pg_namespace": "regnamespace",
    "pg_operator": "regoperator",
    "pg_proc": "regprocedure",
    "pg_ts_config": "regconfig",
    "pg_ts_dict": "regdictionary",
    "pg_type": "regtype",
}
_IN_ORDER = ("proargnames", "extcondition")
_ARRAYS = ("_oid", "oidvector", "_regtype")

# System objects have numbers below 16384, but for the schema public, which is the user's own.
# What a left-out object has for its own (indexes, constraints, types, …) is left out with it.
_QUERY = """
WITH RECURSIVE excluded AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
   UNION
  SELECT 'pg_class'::regclass, oid FROM pg_class
   WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast|temp)')
      OR relname ~ '^_(sqlmig|yoyo)_' OR relname = 'yoyo_lock'
   UNION
  SELECT d.classid, d.objid
    FROM excluded e
    JOIN pg_depend d ON d.refclassid = e.classid AND d.refobjid = e.objid
    LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
   WHERE d.deptype IN ('a', 'i') AND coalesce(c.relkind IN ('i', 'I', 't', 'S'), true)
), line (classid, objid, objsubid, text) AS (
{branches}
)
SELECT o.type, {identity}, l.text
  FROM (SELECT classid, objid, objsubid, string_agg(text, E'\\n' ORDER BY text COLLATE "C") AS text
          FROM line
         WHERE (objid >= 16384 OR classid = 'pg_namespace'::regclass AND objid = 2200)
           AND (classid, objid) NOT IN (SELECT classid, objid FROM excluded)
         GROUP BY classid, objid, objsubid) l
 CROSS JOIN LATERAL pg_identify_object(l.classid, l.objid, l.objsubid) o
"""

# The names of these have numbers in them, or a role.
_IDENTITY = """CASE l.classid
       WHEN 'pg_trigger'::regclass THEN coalesce(
            (SELECT format('%s of %s', t.tgfoid::regproc, pg_describe_object(
                    'pg_constraint'::regclass, t.tgconstraint, 0))
               FROM pg_trigger t WHERE t.oid = l.objid AND t.tgisinternal), o.identity)
       WHEN 'pg_default_acl'::regclass THEN
            (SELECT format('of %s in %s on %s', {role}, coalesce(nullif(d.defaclnamespace, 0)
                    ::regnamespace::text, 'every schema'), d.defaclobjtype)
               FROM pg_default_acl d WHERE d.oid = l.objid)
       WHEN 'pg_user_mapping'::regclass THEN
            (SELECT format('for %s on server %I', {role_mapped}, s.srvname)
               FROM pg_user_mapping u JOIN pg_foreign_server s ON s.oid = u.umserver
              WHERE u.oid = l.objid)
       ELSE o.identity END"""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A catalogue: its columns with their types, and the catalogues that columns refer to."""

    name: str
    columns: Mapping[str, str]
    references: Mapping[str, str]

    @classmethod
    def of(cls, row: Sequence[object]) -> Catalog:
        """The catalogue from a row of the survey."""
        name, columns, references = row
        return cls(str(name), dict(columns), dict(references))  # type: ignore[call-overload]

    @property
    def is_walked(self) -> bool:
        """Whether a snapshot has its rows."""
        return self.name not in CATALOGS

    def values(self) -> Iterator[tuple[str, str]]:
        """Each label with the SQL expression of its value, a text or NULL."""
        written = WRITTEN.get(self.name, {})
        left_out = COLUMNS.get(self.name, {})
        names = [column for column, kind in self.columns.items() if kind == "name"]
        own_name = names[0] if "oid" in self.columns and names else None
        for column, kind in self.columns.items():
            if column in written:
                expression = written[column]
            elif column in ("oid", own_name) or column in left_out:
                continue
            else:
                expression = self._value(column, kind)
            yield LABELS.get((self.name, column), column), expression

    def branch(self) -> str:
        """The query of its rows: the address of the object, and the lines."""
        of_class, of_object, sub_object = _PARTS.get(
            self.name, (f"'{self.name}'::regclass", "t.oid", "0")
        )
        lines = ",\n    ".join(
            f"'{label}: ' || replace({value}, E'\\n', E'\\n  ')" for label, value in self.values()
        )
        condition = _CONDITIONS.get(self.name, "true")
        return (
            f"SELECT {of_class}::oid, {of_object}::oid, {sub_object}::int, concat_ws(E'\\n',\n"
            f"    {lines})\n  FROM {self.name} t\n"
            f" WHERE ({of_object}::oid >= 16384 OR {of_object}::oid = 2200) AND {condition}"
        )

    def _value(self, column: str, kind: str) -> str:
        value = f"t.{column}"
        if kind == "_aclitem":
            return self._privileges(value)
        if column in self.references:
            return self._reference(value, kind, self.references[column])
        if kind == "bool":
            return f"CASE WHEN {value} THEN 'true' END"
        if kind == "_text" and column not in _IN_ORDER:
            return f"(SELECT string_agg(x, ', ' ORDER BY x COLLATE \"C\") FROM unnest({value}) x)"
        return f"nullif({value}::text, '')"

    def _reference(self, value: str, kind: str, target: str) -> str:
        if kind not in _ARRAYS:
            return named(target, value)
        order = named(target, "x") if target == "pg_authid" else "n"
        return (
            f"(SELECT string_agg({named(target, 'x')}, ', ' ORDER BY {order}) "
            f"FROM unnest({value}::oid[]) WITH ORDINALITY u(x, n))"
        )

    def _privileges(self, value: str) -> str:
        """One entry for each grantee; NULL where the privileges are those of a new object."""
        item = (
            f"CASE grantee WHEN 0 THEN 'public' ELSE {named('pg_authid', 'grantee')} END || ' has ' || "
            "string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ' ' "
            "ORDER BY privilege_type) || ' from ' || " + named("pg_authid", "grantor")
        )
        entries = (
            f"(SELECT string_agg(x, ', ' ORDER BY x COLLATE \"C\") FROM (SELECT {item} "
            f"FROM aclexplode({value}) GROUP BY grantee, grantor) g(x))"
        )
        if self.name not in _PRIVILEGED:
            return entries
        owner = next(c for c, target in self.references.items() if target == "pg_authid")
        usual = f"acldefault({_PRIVILEGED[self.name]}, t.{owner})"
        return f"CASE WHEN NOT ({value} @> {usual} AND {value} <@ {usual}) THEN coalesce({entries}, 'none') END"


def named(catalog: str, value: str) -> str:
    """The expression of the name of that object of the catalogue; NULL for 0, which is none."""
    if catalog == "pg_authid":
        return (
            f"CASE {value}::oid WHEN 0 THEN 'public' "
            f"WHEN %(own_role)s::oid THEN '(own role)' ELSE {value}::oid::regrole::text END"
        )
    if catalog in _NAMING_TYPES:
        return f"nullif({value}::oid, 0)::{_NAMING_TYPES[catalog]}::text"
    return f"(pg_identify_object('{catalog}'::regclass, nullif({value}::oid, 0), 0)).identity"


def walk(catalogs: Sequence[Catalog]) -> str:
    """The query; its rows are kind, identity and definition of each object.

    Its parameter `own_role` is the number of the role whose name does not matter.
    """
    branches = " UNION ALL\n".join(c.branch() for c in catalogs if c.is_walked)
    identity = _IDENTITY.format(
        role=named("pg_authid", "d.defaclrole"), role_mapped=named("pg_authid", "u.umuser")
    )
    return _QUERY.format(branches=branches, identity=identity.replace("%s", "%%s").replace("%I", "%%I"))
