"""What a scratch database copies from its target: how text is encoded, sorted and compared, and the
settings that sessions start with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from sqlmig.engine.server.connection import Connection, opened, translated

# The columns for locales of other providers than libc have different names in each version.
_KIND = """
SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datlocprovider::text, d.datcollate::text,
       d.datctype::text, coalesce(r ->> 'datlocale', r ->> 'daticulocale'), r ->> 'daticurules'
  FROM pg_catalog.pg_database d, pg_catalog.to_jsonb(d) r
 WHERE d.datname = {name}
"""
_PROVIDERS = {"c": ("libc", None), "i": ("icu", "ICU_LOCALE"), "b": ("builtin", "BUILTIN_LOCALE")}

# The defaults that ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET give this role's
# sessions in the database, such as a search_path. On another server also those of ALTER ROLE … SET,
# which apply by themselves to scratch databases on the target's own server.
_SETTINGS = """
WITH setting AS (
  SELECT s.setrole, s.setdatabase, c.line, split_part(c.line, '=', 1) AS name
    FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c (line)
   WHERE s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
     AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database
                                WHERE datname = current_database()))
), ranked AS (
  SELECT DISTINCT ON (name) * FROM setting ORDER BY name, setdatabase > 0 AND setrole > 0 DESC,
         setrole DESC, setdatabase DESC
)
SELECT line FROM ranked WHERE setdatabase > 0 OR %(elsewhere)s AND NOT name = ANY (%(of_there)s)
 ORDER BY name
"""
# These name objects that another server may not have.
_OF_ITS_SERVER = ["role", "session_authorization", "default_tablespace", "temp_tablespaces"]

# The time zone can decide whether a column has to be rewritten, and may come from postgresql.conf.
# The search_path may come from the URL.
_OF_THE_SESSION = """
SELECT name || '=' || reset_val FROM pg_catalog.pg_settings
 WHERE name = 'TimeZone' OR name = 'search_path' AND source = 'client'
"""

# The settings that this role can set on this server, without those that only superusers can.
_ALLOWED = """
SELECT s.line
  FROM unnest(%s::text[]) WITH ORDINALITY s (line, number), split_part(s.line, '=', 1) n (name)
  LEFT JOIN pg_catalog.pg_settings p ON p.name = n.name
 WHERE CASE WHEN p.name IS NULL THEN n.name LIKE '%%.%%'
            ELSE p.context = 'user' OR pg_catalog.has_parameter_privilege(n.name, 'SET') END
 ORDER BY s.number
"""


@dataclass(frozen=True, slots=True)
class DatabaseKind:
    """How a database encodes, sorts and compares text: columns of pg_database. `locale` is for the
    providers icu and builtin."""

    encoding: str
    provider: str
    collate: str
    ctype: str
    locale: str | None = None
    icu_rules: str | None = None

    @property
    def creation(self) -> sql.Composable:
        """The options of CREATE DATABASE. Only template0 can be copied with any of them."""
        provider, locale_option = _PROVIDERS[self.provider]
        options = {
            "ENCODING": self.encoding,
            "LOCALE_PROVIDER": provider,
            "LC_COLLATE": self.collate,
            "LC_CTYPE": self.ctype,
            locale_option: self.locale,
            "ICU_RULES": self.icu_rules,
        }
        given = [
            sql.SQL(f"{name} {{}}").format(sql.Literal(value))
            for name, value in options.items()
            if name is not None and value is not None
        ]
        return sql.SQL(" TEMPLATE template0 {}").format(sql.SQL(" ").join(given))

    def __str__(self) -> str:
        locale = self.locale or self.collate
        return f"encoding {self.encoding}, locale {locale} of {_PROVIDERS[self.provider][0]}"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What scratch databases are like: their `kind` (None: that of the server's template1), and the
    `settings` that sessions start with, as `name=value`."""

    kind: DatabaseKind | None = None
    settings: Sequence[str] = ()


def likeness_of(url: str, *, elsewhere: bool) -> Likeness:
    """What to copy from that database, for a scratch database on its own server or `elsewhere`.
    Only reads."""
    with opened(url) as connection, translated(connection):
        asked = {"elsewhere": elsewhere, "of_there": _OF_ITS_SERVER}
        settings = [line for (line,) in connection.execute(_SETTINGS, asked).fetchall()]
        if elsewhere:
            settings += [line for (line,) in connection.execute(_OF_THE_SESSION)]
        return Likeness(kind_of(connection), settings)


def creations(connection: Connection, kind: DatabaseKind | None) -> Sequence[sql.Composable]:
    """The options of CREATE DATABASE for that kind on this server, the best first.

    They copy template1, which may contain extensions, if it is of the same kind. Otherwise the
    second are for a server without such a locale, and keep only the encoding.
    """
    usual, as_it_is = kind_of(connection, "template1"), sql.SQL("")
    if kind is None or kind == usual:
        return (as_it_is,)
    if usual is not None and usual.encoding == kind.encoding:
        return kind.creation, as_it_is
    return kind.creation, DatabaseKind(kind.encoding, "c", "C", "C").creation


def kind_of(connection: Connection, name: str | None = None) -> DatabaseKind | None:
    """The kind of the named database, or of the current one; None if it does not exist."""
    asked = sql.SQL("current_database()") if name is None else sql.Literal(name)
    row = connection.execute(sql.SQL(_KIND).format(name=asked)).fetchone()
    return DatabaseKind(*row) if row else None


def allowed_settings(connection: Connection, settings: Sequence[str]) -> list[str]:
    """The settings that sessions of this role can start with on this server."""
    return [line for (line,) in connection.execute(_ALLOWED, (list(settings),)).fetchall()]
