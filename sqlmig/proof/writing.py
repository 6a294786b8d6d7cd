"""Writes the value of a catalog column as SQL: a text that contains no object's number."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmig.proof.wording import WORDS


def _in_words(column: str) -> str:
    cases = " ".join(f"WHEN '{letter}' THEN '{word}'" for letter, word in WORDS[column].items())
    return f"CASE t.{column} {cases} ELSE nullif(t.{column}::text, '') END"


# What the server prints for a column, if that says more than the column.
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
    "pg_publication_rel": {
        "prattrs": "(SELECT string_agg(a.attname, ', ' ORDER BY a.attname) FROM pg_attribute a "
        "WHERE a.attrelid = t.prrelid AND a.attnum = ANY (t.prattrs))",
        "prqual": "pg_get_expr(t.prqual, t.prrelid)",
    },
    "pg_rewrite": {"ev_action": "pg_get_ruledef(t.oid)"},
    "pg_statistic_ext": {"stxexprs": "pg_get_statisticsobjdef(t.oid)"},
    "pg_subscription": {"subconninfo": "'md5 ' || md5(t.subconninfo)"},
    "pg_trigger": {
        "tgenabled": "CASE WHEN t.tgisinternal THEN t.tgfoid::regproc || ' ' ELSE '' END || "
        + _in_words("tgenabled"),
        "tgqual": "pg_get_triggerdef(t.oid)",
    },
    "pg_type": {
        "typdefaultbin": "coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault)",
        "typarray": "(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) "
        "FROM pg_enum e WHERE e.enumtypid = t.oid AND t.typtype = 'e')",
    },
    # It may hold a password.
    "pg_user_mapping": {"umoptions": "'md5 ' || md5(array_to_string(t.umoptions, ','))"},
}

# The letter by which acldefault() knows the objects of a catalog.
_PRIVILEGED: Mapping[str, str] = {
    "pg_class": "CASE WHEN t.relkind = 'S' THEN 's'::\"char\" ELSE 'r' END",
    "pg_foreign_data_wrapper": "'F'",
    "pg_foreign_server": "'S'",
    "pg_language": "'l'",
    "pg_namespace": "'n'",
    "pg_proc": "'f'",
    "pg_type": "'T'",
}

# Types whose text form names an object, which is faster than pg_identify_object.
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
_SORTED = "string_agg(x, ', ' ORDER BY x COLLATE \"C\")"
# Arrays of text whose order matters.
_IN_ORDER = ("proargnames", "extcondition")
_ARRAYS = ("_oid", "oidvector", "_regtype")


def named(catalog: str, value: str) -> str:
    """The expression for the name of that object of the catalog; for 0, NULL, or `public` for a
    role."""
    if catalog == "pg_authid":
        return (
            f"CASE {value}::oid WHEN 0 THEN 'public' "
            f"WHEN %(own_role)s::oid THEN '(own role)' ELSE {value}::oid::regrole::text END"
        )
    if catalog in _NAMING_TYPES:
        return f"nullif({value}::oid, 0)::{_NAMING_TYPES[catalog]}::text"
    return f"(pg_identify_object('{catalog}'::regclass, nullif({value}::oid, 0), 0)).identity"


def expression(catalog: str, column: str, kind: str, references: Mapping[str, str]) -> str:
    """The value of a column of that type, a text or NULL, in a query where the row is `t`.

    `references` says which catalogs the columns of this one reference.
    """
    value = f"t.{column}"
    if column in WRITTEN.get(catalog, {}):
        return WRITTEN[catalog][column]
    if kind == "_aclitem":
        return _privileges(value, catalog, references)
    if column in references:
        return _reference(value, kind, references[column])
    if column in WORDS:
        return _in_words(column)
    if kind == "bool":
        return f"CASE WHEN {value} THEN 'true' END"
    if kind == "_text" and column not in _IN_ORDER:
        return f"(SELECT {_SORTED} FROM unnest({value}) x)"
    return f"nullif({value}::text, '')"


def _reference(value: str, kind: str, target: str) -> str:
    if kind not in _ARRAYS:
        return named(target, value)
    order = named(target, "x") if target == "pg_authid" else "n"
    return (
        f"(SELECT string_agg({named(target, 'x')}, ', ' ORDER BY {order}) "
        f"FROM unnest({value}::oid[]) WITH ORDINALITY u(x, n))"
    )


def _privileges(value: str, catalog: str, references: Mapping[str, str]) -> str:
    """One entry for each grantee and grantor; NULL if the privileges are those of a new object."""
    entry = (
        f"{named('pg_authid', 'grantee')} || ' has ' || string_agg(privilege_type || "
        "CASE WHEN is_grantable THEN '*' ELSE '' END, ' ' ORDER BY privilege_type) || ' from ' || "
        + named("pg_authid", "grantor")
    )
    entries = (
        f"(SELECT {_SORTED} FROM "
        f"(SELECT {entry} FROM aclexplode({value}) GROUP BY grantee, grantor) g(x))"
    )
    if catalog not in _PRIVILEGED:
        return entries
    owner = next(column for column, target in references.items() if target == "pg_authid")
    usual = f"acldefault({_PRIVILEGED[catalog]}, t.{owner})"
    is_usual = f"{value} @> {usual} AND {value} <@ {usual}"
    return f"CASE WHEN NOT ({is_usual}) THEN coalesce({entries}, 'none') END"
