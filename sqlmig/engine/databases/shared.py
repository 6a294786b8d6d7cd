"""What a transaction changes in the catalogs that all databases of a server share.

The server itself says which catalogs these are. Two sessions read them at the same time: the
session with the open transaction sees its changes, the other does not, and both see what further
sessions commit meanwhile. This needs no counters or locks, which a script could disable or release.
Changes without a net effect do not count, such as granting a privilege again, or creating and
dropping a role.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlmig.engine.server.connection import Connection, translated

SUBSCRIPTIONS = "pg_subscription"

# Each shared catalog, and pg_roles, with the columns that this role can read, in a form that does
# not depend on settings (the text of a timestamp depends on TimeZone and DateStyle).
_SURVEY = """
SELECT c.relname::text, pg_catalog.array_agg(
         pg_catalog.format(CASE WHEN a.atttypid = 'pg_catalog.timestamptz'::pg_catalog.regtype
                                THEN 'pg_catalog.encode(pg_catalog.timestamptz_send(t.%I), ''hex'')'
                                ELSE 't.%I' END, a.attname) ORDER BY a.attnum)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE (c.relisshared AND c.relkind = 'r' OR c.oid = 'pg_catalog.pg_roles'::pg_catalog.regclass)
   AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
 GROUP BY c.relname
"""
_HERE = "SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"

# Rows that affect no other database are left out: those of the scratch database itself, and those
# about objects within one database.
_IS_HERE = (
    "(t.classoid OPERATOR(pg_catalog.=) 1262::pg_catalog.oid"
    " AND t.objoid OPERATOR(pg_catalog.=) {here}::pg_catalog.oid)"
)
_CONDITIONS: Mapping[str, str] = {
    "pg_database": "t.oid OPERATOR(pg_catalog.<>) {here}::pg_catalog.oid",
    "pg_db_role_setting": "t.setdatabase OPERATOR(pg_catalog.<>) {here}::pg_catalog.oid",
    "pg_shdescription": f"NOT {_IS_HERE}",
    "pg_shseclabel": f"NOT {_IS_HERE}",
    "pg_shdepend": "t.dbid OPERATOR(pg_catalog.=) 0::pg_catalog.oid AND NOT "
    + _IS_HERE.replace("classoid", "classid").replace("objoid", "objid"),
}

# These use no operators, casts or functions of a user, whatever the search_path.
_ROWS = "SELECT pg_catalog.format('%s %s', '{name}', ROW({columns})) FROM pg_catalog.{name} t"
_FINGERPRINT = (
    "SELECT pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtextextended(line, 0))"
    " FROM ({rows}) r (line)"
)

# Only superusers can read pg_authid, and pg_roles hides passwords. A transaction that changes a row
# of pg_authid holds this lock until it ends.
_ROLES, _SHOWN_ROLES = "pg_authid", "pg_roles"
_HAS_ROLES_LOCKED = """
SELECT FROM pg_catalog.pg_locks
 WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND locktype = 'relation'
   AND relation OPERATOR(pg_catalog.=) 1260::pg_catalog.oid AND mode = 'RowExclusiveLock'
"""

# The isolation levels at which a transaction sees only what was committed before its first query.
_KEEPING = ("repeatable read", "serializable")
_AS_OF = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;SET TRANSACTION SNAPSHOT '{name}'"
)

# What others commit during a comparison may look like a difference, but not in every comparison.
_LOOKS = 4

# Another session may wait for the transaction, and `outside` behind that session: a deadlock that
# the server cannot see.
_LONGEST_WAIT = "5s"


class SharedCatalogs:
    """The shared catalogs as two sessions of one role see them: `inside`, whose transactions are
    examined, and `outside`, which has none open and from now on waits for a lock for at most five
    seconds. `names` restricts them to those catalogs.
    """

    def __init__(
        self, inside: Connection, outside: Connection, names: Collection[str] | None = None
    ) -> None:
        self._inside = inside
        self._outside = outside
        with translated():
            outside.execute(f"SET lock_timeout = '{_LONGEST_WAIT}'".encode())
            columns = {
                catalog: found
                for catalog, found in outside.execute(_SURVEY).fetchall()
                if names is None or catalog in names
            }
            ((here,),) = outside.execute(_HERE).fetchall()
        self._are_roles_hidden = names is None and _ROLES not in columns
        if not self._are_roles_hidden:
            columns.pop(_SHOWN_ROLES, None)
        self._rows = _rows_of(columns, here).encode()
        self._fingerprint = _FINGERPRINT.format(rows=self._rows.decode()).encode()

    def changed(self) -> frozenset[str]:
        """The catalogs that a commit of the open transaction would change for others. Raises
        ServerError if they cannot be read, or if others have one locked for more than five seconds,
        and DatabaseUnavailableError."""
        with translated():
            if self._are_roles_hidden and self._inside.execute(_HAS_ROLES_LOCKED).fetchall():
                return frozenset({_ROLES})
            seen = [c.execute(self._fingerprint).fetchone() for c in (self._outside, self._inside)]
            if seen[0] == seen[1]:
                return frozenset()
            if self._keeps_its_snapshot():
                return _catalogs(self._differences_in_its_snapshot())
            found = self._differences()
            for _ in range(_LOOKS - 1):
                found = found and found & self._differences()
        return _catalogs(found)

    def _keeps_its_snapshot(self) -> bool:
        ((level,),) = self._inside.execute("SHOW transaction_isolation").fetchall()
        return level in _KEEPING

    def _differences_in_its_snapshot(self) -> frozenset[str]:
        """The rows that the transaction has changed, if it does not see what others have committed
        since its first query. Such a transaction has no savepoint: it could not set its level in
        one."""
        ((name,),) = self._inside.execute("SELECT pg_catalog.pg_export_snapshot()").fetchall()
        with self._outside.transaction():
            self._outside.execute(_AS_OF.format(name=name).encode())
            return self._lines(self._outside) ^ self._lines(self._inside)

    def _differences(self) -> frozenset[str]:
        """The rows that only one of the sessions sees, except those that others wrote or removed
        meanwhile."""
        before, changed, after = map(self._lines, (self._outside, self._inside, self._outside))
        return (changed - before - after) | ((before & after) - changed)

    def _lines(self, connection: Connection) -> frozenset[str]:
        return frozenset(line for (line,) in connection.execute(self._rows).fetchall())


def _catalogs(lines: Collection[str]) -> frozenset[str]:
    return frozenset(line.partition(" ")[0] for line in lines)


def _rows_of(columns: Mapping[str, Sequence[str]], here: int) -> str:
    """The query for all rows, each as a line that starts with the catalog's name."""
    queries = []
    for catalog, found in columns.items():
        rows = _ROWS.format(name=catalog, columns=", ".join(found))
        condition = _CONDITIONS.get(catalog, "true").format(here=here)
        queries.append(f"{rows} WHERE {condition}")
    return " UNION ALL ".join(queries)
