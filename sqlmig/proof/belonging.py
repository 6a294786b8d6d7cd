"""To which object each row of a catalog belongs, and which rows count.

Most rows are objects themselves. Others are parts of one (a column, a label of an enum), and some
name their object in columns (a comment, a dependency).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# System objects have numbers below 16384, except the schema public, which is the user's own.
_IS_OF_THE_USER = "({number}::oid >= 16384 OR {number}::oid = 2200)"


@dataclass(frozen=True, slots=True)
class Belonging:
    """The objects to which the rows `t` that meet the condition `counts` belong: those of one
    `catalog`, or of the catalog whose number is in the column `class_column`. `number` and `part`
    are SQL expressions: the object's number, and the number of its part.

    If `columns` are given, no others of these rows are compared.
    """

    catalog: str | None
    number: str = "t.oid"
    part: str = "0"
    counts: str = "true"
    columns: Sequence[str] | None = None
    class_column: str = ""

    @property
    def of_class(self) -> str:
        """The number of the objects' catalog, as SQL."""
        return f"'{self.catalog}'::regclass" if self.catalog else self.class_column

    @property
    def condition(self) -> str:
        """The rows that count, without those of the system's objects."""
        return f"{_IS_OF_THE_USER.format(number=self.number)} AND {self.counts}"

    def within(self, number: int, catalog: str | None) -> str | None:
        """The condition on rows that belong to objects of the catalog with that number and name
        (None if it is not known); None if none does."""
        if self.catalog is None:
            return f"{self.class_column} = {number}"
        return "true" if self.catalog == catalog else None


def belongings(catalog: str) -> Sequence[Belonging]:
    """To which objects the rows of that catalog belong."""
    return _BELONGINGS.get(catalog) or (
        Belonging(catalog, counts=_CONDITIONS.get(catalog, "true")),
    )


# Large objects are data, whatever comments they have.
_OF_A_COMMENT = Belonging(
    None,
    "t.objoid",
    "t.objsubid",
    "t.classoid <> 'pg_largeobject'::regclass",
    class_column="t.classoid",
)

# The rows of these catalogs that count. The types of arrays and of a table's rows follow from their
# element or table. A foreign key to a partitioned table has another row for each partition, with a
# number in its name.
_CONDITIONS: Mapping[str, str] = {
    "pg_constraint": "(t.conparentid = 0 OR t.conrelid <> "
    "(SELECT p.conrelid FROM pg_constraint p WHERE p.oid = t.conparentid))",
    "pg_type": "(t.typacl IS NOT NULL OR NOT ("
    "t.typlen = -1 AND t.typsubscript = 'array_subscript_handler'::regproc "
    "OR t.typrelid <> 0 AND NOT EXISTS "
    "(SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')))",
    "pg_subscription": "t.subdbid = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())",
}

# The catalogs whose rows are not objects, or not only. The columns of an index follow from it,
# except for their statistics target. Of the dependencies, only two are not written elsewhere: the
# column that owns a sequence, and the extension with which an object is dropped (ALTER … DEPENDS ON
# EXTENSION). Internal triggers follow from their constraint, unless a table has them disabled.
_BELONGINGS: Mapping[str, Sequence[Belonging]] = {
    "pg_aggregate": [Belonging("pg_proc", "t.aggfnoid")],
    "pg_attrdef": [Belonging("pg_class", "t.adrelid", "t.adnum")],
    "pg_attribute": [
        Belonging(
            "pg_class",
            "t.attrelid",
            "t.attnum",
            "t.attnum > 0 AND NOT t.attisdropped AND (coalesce(t.attstattarget, -1) <> -1 "
            "OR NOT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = t.attrelid))",
        )
    ],
    "pg_depend": [
        Belonging(
            None,
            "t.objid",
            "t.objsubid",
            "t.refclassid = 'pg_extension'::regclass AND t.deptype IN ('x', 'e')",
            class_column="t.classid",
        ),
        Belonging(
            "pg_class",
            "t.objid",
            "t.objsubid",
            "t.classid = 'pg_class'::regclass AND t.refobjsubid > 0 AND t.deptype IN ('a', 'i') "
            "AND t.objid IN (SELECT seqrelid FROM pg_sequence)",
        ),
    ],
    "pg_description": [_OF_A_COMMENT],
    "pg_enum": [Belonging("pg_type", "t.enumtypid")],
    "pg_foreign_table": [Belonging("pg_class", "t.ftrelid")],
    "pg_index": [Belonging("pg_class", "t.indexrelid")],
    "pg_inherits": [Belonging("pg_class", "t.inhrelid")],
    "pg_partitioned_table": [Belonging("pg_class", "t.partrelid")],
    "pg_range": [Belonging("pg_type", "t.rngtypid")],
    "pg_seclabel": [_OF_A_COMMENT],
    "pg_sequence": [Belonging("pg_class", "t.seqrelid")],
    "pg_trigger": [
        Belonging("pg_trigger", counts="NOT t.tgisinternal"),
        Belonging(
            "pg_class",
            "t.tgrelid",
            counts="t.tgisinternal AND t.tgenabled <> 'O'",
            columns=["tgenabled"],
        ),
    ],
    "pg_ts_config_map": [Belonging("pg_ts_config", "t.mapcfg")],
}
