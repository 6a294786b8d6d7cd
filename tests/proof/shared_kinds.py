"""Statements that change what all databases of a server share, in their various spellings."""

from __future__ import annotations

from collections.abc import Callable, Mapping

# The objects that the statements below expect, in a separate server; `maker` may create databases
# and owns some objects, `victim` and `friend` have no privileges.
GIVEN = (
    "CREATE ROLE maker LOGIN CREATEDB",
    "CREATE ROLE victim",
    "CREATE ROLE friend",
    "CREATE ROLE loner VALID UNTIL '2035-01-01'",
    "CREATE ROLE team",
    "GRANT team TO maker WITH ADMIN OPTION",
    "GRANT team TO victim",
    "SET ROLE maker; GRANT team TO victim; RESET ROLE",  # since 16, each role revokes its own grant
    "ALTER ROLE victim SET work_mem = '5MB'",
    "CREATE DATABASE live OWNER maker",
    "CREATE DATABASE theirs OWNER victim",
    "GRANT CONNECT ON DATABASE live TO victim",
    "COMMENT ON ROLE victim IS 'is there'",
    "SET allow_in_place_tablespaces = on",
    "CREATE TABLESPACE space OWNER maker LOCATION ''",
    "GRANT SET ON PARAMETER track_io_timing TO victim",
    "GRANT SET ON PARAMETER track_counts TO maker WITH GRANT OPTION",
)

BY_AN_OWNER = {
    "comment on a database": "COMMENT ON DATABASE live IS 'x'",
    "rights on a database": "REVOKE CONNECT ON DATABASE live FROM PUBLIC",
    "options of a database": "ALTER DATABASE live CONNECTION LIMIT 5",
    "settings of a database": "ALTER DATABASE live SET work_mem = '1MB'",
    "settings of a role in a database": "ALTER ROLE maker IN DATABASE live SET work_mem = '1MB'",
    "settings of a role": "ALTER ROLE maker SET work_mem = '1MB'",
    "password": "ALTER ROLE maker PASSWORD 'x'",
    "password, uncounted": "SET track_counts = off; ALTER ROLE maker PASSWORD 'x'",
    "membership": "GRANT team TO friend",
    "membership, revoked": "REVOKE team FROM victim",
    "rights on a parameter": "GRANT SET ON PARAMETER track_counts TO friend",
    "comment on a tablespace": "COMMENT ON TABLESPACE space IS 'x'",
    "rights on a tablespace": "GRANT CREATE ON TABLESPACE space TO friend",
    "options of a tablespace": "ALTER TABLESPACE space SET (random_page_cost = 2)",
}

BY_A_SUPERUSER = BY_AN_OWNER | {
    "owner of a database": "ALTER DATABASE live OWNER TO victim",
    "name of a database": "ALTER DATABASE theirs RENAME TO ours",
    "template": "ALTER DATABASE live IS_TEMPLATE true",
    "owner of a tablespace": "ALTER TABLESPACE space OWNER TO victim",
    "name of a tablespace": "ALTER TABLESPACE space RENAME TO room",
    "settings of all": "ALTER ROLE ALL SET work_mem = '1MB'",
    "settings, reset": "ALTER ROLE victim RESET ALL",
    "comment on a role": "COMMENT ON ROLE friend IS 'x'",
    "comment, removed": "COMMENT ON ROLE victim IS NULL",
    "new role": "CREATE ROLE newcomer",
    "rights of a role": "ALTER ROLE victim CREATEROLE",
    "name of a role": "ALTER ROLE victim RENAME TO other",
    "role, dropped": "DROP ROLE loner",
    "rights on a parameter, revoked": "REVOKE SET ON PARAMETER track_io_timing FROM victim",
    "revoked, uncounted": "SET track_counts = off; "
    "REVOKE SET ON PARAMETER track_io_timing FROM victim; RESET track_counts",
    "uncounted": "SET track_counts = off; GRANT CREATE ON DATABASE live TO victim",
    "all that a role owns": "REASSIGN OWNED BY victim TO friend",
    "all rights of a role": "DROP OWNED BY victim",
    "label": "INSERT INTO pg_shseclabel SELECT oid, 1260, 'x', 'y' FROM pg_authid LIMIT 1",
    "catalogue by hand": "UPDATE pg_database SET datconnlimit = 3 WHERE datname = 'live'",
    "replication origin": "SELECT pg_replication_origin_create('o')",
}

HARMLESS = {
    "table": "CREATE TABLE t (id int PRIMARY KEY, x text)",
    "rights on a table": "GRANT SELECT ON t TO PUBLIC",
    "owner": "CREATE TABLE u (); ALTER TABLE u OWNER TO CURRENT_USER",
    "policy": "ALTER TABLE t ENABLE ROW LEVEL SECURITY; "
    "CREATE POLICY p ON t TO PUBLIC USING (true)",
    "extension": "CREATE EXTENSION citext",
    "default privileges": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "schema": "CREATE SCHEMA s; COMMENT ON SCHEMA s IS 'x'",
    "words in a comment": "CREATE TABLE w (seen timestamptz) -- drop user data after a year",
    "words in a string": "CREATE TABLE v (x text); "
    "INSERT INTO v VALUES ('create user'), ('; drop role a')",
    "routine": "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP ROLE IF EXISTS nobody'",
    "undone in a block": "DO $$ BEGIN COMMENT ON DATABASE live IS 'x'; RAISE 'no'; "
    "EXCEPTION WHEN OTHERS THEN NULL; END $$",
    "undone by a savepoint": "SAVEPOINT a; COMMENT ON DATABASE live IS 'x'; "
    "ROLLBACK TO SAVEPOINT a",
    "nothing new": "GRANT CONNECT, TEMPORARY ON DATABASE live TO PUBLIC",
    "there and back": "ALTER DATABASE live CONNECTION LIMIT 5; "
    "ALTER DATABASE live CONNECTION LIMIT -1",
    "its own database": "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', "
    "current_database(), '5MB'); EXECUTE format('COMMENT ON DATABASE %I IS %L', "
    "current_database(), 'x'); EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', "
    "current_database()); END $$",
}


def _in_a_block(sql: str) -> str:
    return f"DO $do$ BEGIN {'; '.join(map(_executed, sql.split('; ')))}; END $do$"


def _executed(sql: str) -> str:
    return f"EXECUTE $q$ {sql} $q$"


def _with_exception(sql: str) -> str:
    commands = "; ".join(map(_executed, sql.split("; ")))
    return (
        f"DO $do$ BEGIN BEGIN {commands}; EXCEPTION WHEN division_by_zero THEN NULL; END; "
        "BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END; END $do$"
    )


def _in_a_function(sql: str) -> str:
    commands = "; ".join(map(_executed, sql.split("; ")))
    return (
        "CREATE FUNCTION pg_temp.change() RETURNS void LANGUAGE plpgsql AS "
        f"$f$ BEGIN {commands}; END $f$; SELECT pg_temp.change()"
    )


def _deferred(sql: str) -> str:
    commands = "; ".join(map(_executed, sql.split("; ")))
    return (
        "CREATE FUNCTION pg_temp.late() RETURNS trigger LANGUAGE plpgsql AS "
        f"$f$ BEGIN {commands}; RETURN NULL; END $f$; CREATE TEMP TABLE late (); "
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION pg_temp.late(); INSERT INTO late DEFAULT VALUES"
    )


def _as_it_stands(sql: str) -> str:
    return sql


WAYS: Mapping[str, Callable[[str], str]] = {
    "as it stands": _as_it_stands,
    "in a block": _in_a_block,
    "with an exception": _with_exception,
    "in a function": _in_a_function,
    "deferred": _deferred,
}
