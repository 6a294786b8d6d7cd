"""The label of a catalog column: a plainer term if there is one.

Source: "System Catalogs" and the syntax of the commands in PostgreSQL's manual, 15 to 18.
"""

from __future__ import annotations

from collections.abc import Mapping

# By the name of the column, which no two catalogs share. Some labels describe what is written in
# the column's place.
LABELS: Mapping[str, str] = {
    "adbin": "default",
    "attcollation": "collation",
    "attcompression": "compression",
    "attgenerated": "generated",
    "attidentity": "identity",
    "attnotnull": "not null",
    "attoptions": "options",
    "attstattarget": "statistics target",
    "attstorage": "storage",
    "atttypid": "type",
    "conbin": "definition",
    "condeferrable": "deferrable",
    "condeferred": "initially deferred",
    "conenforced": "enforced",
    "confdeltype": "on delete",
    "confmatchtype": "match",
    "confupdtype": "on update",
    "convalidated": "validated",
    "description": "comment",
    "ev_action": "definition",
    "extversion": "version",
    "indisclustered": "clustered",
    "indisprimary": "primary key",
    "indisreplident": "the replica identity",
    "indisunique": "unique",
    "indisvalid": "valid",
    "indnullsnotdistinct": "nulls not distinct",
    "indpred": "definition",
    "inhparent": "inherits",
    "partexprs": "partition key",
    "polcmd": "for",
    "polpermissive": "permissive",
    "polqual": "using",
    "polroles": "to",
    "polwithcheck": "with check",
    "proargdefaults": "argument defaults",
    "proargnames": "argument names",
    "proconfig": "settings",
    "procost": "cost",
    "proisstrict": "strict",
    "prolang": "language",
    "proleakproof": "leakproof",
    "proparallel": "parallel",
    "prorettype": "returns",
    "prorows": "rows",
    "prosecdef": "security definer",
    "prosqlbody": "body",
    "prosrc": "source",
    "provolatile": "volatility",
    "refobjid": "depends on",
    "relam": "access method",
    "relforcerowsecurity": "row level security forced",
    "relkind": "kind",
    "reloptions": "options",
    "relpartbound": "partition bound",
    "relpersistence": "persistence",
    "relreplident": "replica identity",
    "relrowsecurity": "row level security",
    "reltoastrelid": "toast options",
    "seqcache": "cache",
    "seqcycle": "cycle",
    "seqincrement": "increment",
    "seqmax": "maximum",
    "seqmin": "minimum",
    "seqstart": "start",
    "seqtypid": "type",
    "stxexprs": "definition",
    "tgdeferrable": "deferrable",
    "tgenabled": "state",
    "tginitdeferred": "initially deferred",
    "tgqual": "definition",
    "typarray": "labels",
    "typcollation": "collation",
    "typdefaultbin": "default",
    "typnotnull": "not null",
}

_ACTIONS = {"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}

# The meaning of the letter in a column; a letter that a later PostgreSQL adds is shown as it is.
WORDS: Mapping[str, Mapping[str, str]] = {
    "attcompression": {"p": "pglz", "l": "lz4"},
    "attgenerated": {"s": "stored", "v": "virtual"},
    "attidentity": {"a": "always", "d": "by default"},
    "attstorage": {"p": "plain", "e": "external", "m": "main", "x": "extended"},
    "confdeltype": _ACTIONS,
    "confmatchtype": {"f": "full", "p": "partial", "s": "simple"},
    "confupdtype": _ACTIONS,
    "polcmd": {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"},
    "proparallel": {"s": "safe", "r": "restricted", "u": "unsafe"},
    "provolatile": {"i": "immutable", "s": "stable", "v": "volatile"},
    "relpersistence": {"p": "permanent", "u": "unlogged", "t": "temporary"},
    "relreplident": {"d": "default", "n": "nothing", "f": "full", "i": "index"},
    "tgenabled": {
        "O": "enabled",
        "D": "disabled",
        "R": "enabled replica",
        "A": "enabled always",
    },
}


def label(column: str, kind: str) -> str:
    """The label for a column of that type."""
    if kind == "_aclitem":
        return "privileges"
    return "owner" if column.endswith("owner") else LABELS.get(column, column)
