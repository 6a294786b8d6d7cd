"""What a snapshot leaves out of PostgreSQL's catalogs, and why; everything else is walked.

Source of the meaning of each column: "System Catalogs" in PostgreSQL's manual, 15 to 18.
"""

from __future__ import annotations

from collections.abc import Mapping

OF_THE_CLUSTER = "it belongs to the cluster or the database, not to a schema"
DERIVED = "it is derived from what is compared"
DATA = "it holds data or statistics of data"

# Catalogs that are left out completely.
CATALOGS: Mapping[str, str] = {
    "pg_auth_members": OF_THE_CLUSTER,
    "pg_authid": OF_THE_CLUSTER,
    "pg_database": OF_THE_CLUSTER,
    "pg_db_role_setting": OF_THE_CLUSTER,
    "pg_parameter_acl": OF_THE_CLUSTER,
    "pg_replication_origin": OF_THE_CLUSTER,
    "pg_shdescription": OF_THE_CLUSTER,
    "pg_shseclabel": OF_THE_CLUSTER,
    "pg_tablespace": OF_THE_CLUSTER,
    "pg_init_privs": DERIVED,
    "pg_shdepend": DERIVED,
    "pg_largeobject": DATA,
    "pg_largeobject_metadata": DATA,
    "pg_statistic": DATA,
    "pg_statistic_ext_data": DATA,
    "pg_subscription_rel": DATA,
}

_VOLATILE = "it changes by itself, or says where data is stored"
_IN_THE_DEFINITION = "it is in the definition that the server prints"
_ORDER = "the order of columns, and the columns that were dropped, are not part of the schema"
_IN_THE_NAME = "it is part of the object's identity"

# Columns that are left out of the catalogs that are walked.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "pg_attrdef": {"adrelid": _IN_THE_NAME, "adnum": _ORDER},
    "pg_attribute": {
        "attrelid": _IN_THE_NAME,
        "attnum": _ORDER,
        "attlen": DERIVED,
        "attbyval": DERIVED,
        "attalign": DERIVED,
        "attcacheoff": _VOLATILE,
        "atttypmod": "the type is shown with it",
        "attndims": "the server does not always set it, and never uses it",
        "atthasdef": DERIVED,
        "atthasmissing": DATA,
        "attmissingval": DATA,
        "attisdropped": _ORDER,
        "attinhcount": DERIVED,
    },
    "pg_class": {
        "reltype": DERIVED,
        "relfilenode": _VOLATILE,
        "relpages": _VOLATILE,
        "reltuples": _VOLATILE,
        "relallvisible": _VOLATILE,
        "relallfrozen": _VOLATILE,
        "relhasindex": _VOLATILE,
        "relisshared": DERIVED,
        "relnatts": _ORDER,
        "relchecks": DERIVED,
        "relhasrules": _VOLATILE,
        "relhastriggers": _VOLATILE,
        "relhassubclass": _VOLATILE,
        "relispopulated": DATA,
        "relrewrite": _VOLATILE,
        "relfrozenxid": _VOLATILE,
        "relminmxid": _VOLATILE,
    },
    "pg_constraint": {
        "conrelid": _IN_THE_NAME,
        "contypid": _IN_THE_NAME,
        "coninhcount": DERIVED,
        "conindid": "an index of a constraint has its name; a foreign key needs any that is unique",
        "connoinherit": _IN_THE_DEFINITION,
        "conkey": _IN_THE_DEFINITION,
        "confkey": _IN_THE_DEFINITION,
        "conpfeqop": DERIVED,
        "conppeqop": DERIVED,
        "conffeqop": DERIVED,
        "confdelsetcols": _IN_THE_DEFINITION,
        "conexclop": _IN_THE_DEFINITION,
    },
    "pg_depend": {
        "classid": _IN_THE_NAME,
        "objid": _IN_THE_NAME,
        "objsubid": _IN_THE_NAME,
        "refclassid": "it is shown as what the object depends on",
        "refobjsubid": "it is shown as what the object depends on",
    },
    "pg_description": {
        "objoid": _IN_THE_NAME,
        "classoid": _IN_THE_NAME,
        "objsubid": _IN_THE_NAME,
    },
    "pg_enum": {
        "enumtypid": _IN_THE_NAME,
        "enumsortorder": "the type shows its labels in this order",
        "enumlabel": "the type shows its labels",
    },
    "pg_index": {
        "indexrelid": _IN_THE_NAME,
        "indcheckxmin": _VOLATILE,
        "indnatts": DERIVED,
        "indnkeyatts": DERIVED,
        "indkey": _IN_THE_DEFINITION,
        "indcollation": _IN_THE_DEFINITION,
        "indclass": _IN_THE_DEFINITION,
        "indoption": _IN_THE_DEFINITION,
        "indexprs": _IN_THE_DEFINITION,
    },
    "pg_inherits": {"inhrelid": _IN_THE_NAME, "inhseqno": _ORDER},
    "pg_partitioned_table": {
        "partrelid": _IN_THE_NAME,
        "partdefid": "the default partition says so of itself, and its name may change",
        "partattrs": _IN_THE_DEFINITION,
        "partclass": _IN_THE_DEFINITION,
        "partcollation": _IN_THE_DEFINITION,
    },
    "pg_policy": {"polrelid": _IN_THE_NAME},
    "pg_rewrite": {"ev_class": _IN_THE_NAME, "ev_qual": _IN_THE_DEFINITION},
    "pg_seclabel": {"objoid": _IN_THE_NAME, "classoid": _IN_THE_NAME, "objsubid": _IN_THE_NAME},
    "pg_sequence": {"seqrelid": _IN_THE_NAME},
    "pg_statistic_ext": {"stxrelid": _IN_THE_DEFINITION, "stxkeys": _IN_THE_DEFINITION},
    "pg_subscription": {
        "subdbid": OF_THE_CLUSTER,
        "subskiplsn": _VOLATILE,
    },
    "pg_trigger": {"tgrelid": _IN_THE_NAME, "tgattr": _IN_THE_DEFINITION},
    "pg_ts_config_map": {"mapcfg": _IN_THE_NAME},
    "pg_type": {"typrelid": DERIVED, "typdefault": _IN_THE_DEFINITION},
}
