"""Where the targets of a fleet come from: a file, a query, or the names of schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlmig.config import Config
from sqlmig.config.fleet import SOURCES
from sqlmig.config.parsers import database as as_database
from sqlmig.engine.database import Database
from sqlmig.engine.server.connection import Connection, translated
from sqlmig.engine.server.url import parameters_of
from sqlmig.errors import ConfigError, SourceError
from sqlmig.fleet.targets import FleetTarget, is_name, refuse_ambiguous
from sqlmig.model import Location, Script
from sqlmig.model.places import Position
from sqlmig.source.files import read_script
from sqlmig.source.folders import raise_all

_FORM = "Write the name of the target, white space, and its URL: berlin postgresql://…/berlin"
_SCHEMAS = """
SELECT nspname::text FROM pg_catalog.pg_namespace
 WHERE nspname LIKE %s AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
 ORDER BY nspname
"""
_COLUMNS = ({"name", "url"}, {"name", "schema"})


def list_targets(config: Config) -> tuple[FleetTarget, ...]:
    """All targets that the settings name, in their order.

    Reads only. Raises ConfigError if not exactly one setting names them, if the list is empty or
    has a name or an address twice, and if a query does not return the two columns; SourceError for
    a file that cannot be read; and what the database raises.
    """
    readers: Mapping[str, Callable[[Config], Sequence[FleetTarget]]] = {
        "targets": _in_file,
        "query": _of_query,
        "schemas": _of_pattern,
    }
    given = [name for name in SOURCES if getattr(config.fleet, name) is not None]
    if len(given) != 1:
        how_many = "more than one setting names" if given else "no setting names"
        raise ConfigError(
            f"{how_many} the targets of the fleet",
            remedy="Give one of --targets FILE, --query SQL and --schemas PATTERN, or of the "
            "settings `targets`, `query` and `schemas` in [tool.sqlmig.fleet].",
        )
    found = tuple(readers[given[0]](config))
    if not found:
        raise ConfigError(
            f"the fleet has no targets: `{given[0]}` names none", remedy="Nothing was touched."
        )
    refuse_ambiguous(found)
    return found


def _in_file(config: Config) -> Sequence[FleetTarget]:
    assert config.fleet.targets is not None
    script = read_script(config.project / config.fleet.targets)
    found: list[FleetTarget] = []
    errors: list[SourceError] = []
    for number, line in enumerate(script.text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append(_of_line(script, number, line))
            except SourceError as error:
                errors.append(error)
    raise_all(errors)
    return found


def _of_line(script: Script, number: int, line: str) -> FleetTarget:
    """The target of a line. An error does not show the line, which may contain a password."""
    name, _, url = (part.strip() for part in line.strip().replace("\t", " ").partition(" "))
    place = Location(script.path, Position(number, 1))
    if not url or not is_name(name):
        raise SourceError("expected a name and a URL", location=place, remedy=_FORM)
    target = FleetTarget(name, as_database(url), origin=f"{script.path}:{number}")
    try:
        parameters_of(target.url or "")
    except ConfigError as error:
        place = Location(script.path, Position(number, line.index(url) + 1))
        raise SourceError(error.message, location=place, remedy=error.remedy) from None
    return target


def _of_query(config: Config) -> Sequence[FleetTarget]:
    query = config.fleet.query or ""
    remedy = "Fix the query of the fleet: it returns `name, url` or `name, schema`."
    database = Database(config)
    with (
        database.connect() as connection,
        translated(connection, "the database refused the query of the fleet", remedy),
    ):
        connection.execute("SET default_transaction_read_only = on")
        columns, rows = _answer(connection, query)
    if set(columns) not in _COLUMNS or len(columns) != len(set(columns)):
        raise ConfigError(
            f"the query of the fleet returns {', '.join(columns) or 'no columns'}, not `name, url` "
            "or `name, schema`",
            remedy="Name its columns like this, and select no others: "
            "SELECT id AS name, schema FROM …",
        )
    return [_of_row(number, dict(zip(columns, row, strict=True))) for number, row in rows]


def _answer(
    connection: Connection, query: str
) -> tuple[list[str], Iterable[tuple[int, Sequence[Any]]]]:
    cursor = connection.execute(query.encode())
    if cursor.description is None:
        return [], ()
    return [column.name for column in cursor.description], list(enumerate(cursor.fetchall(), 1))


def _of_row(number: int, row: Mapping[str, Any]) -> FleetTarget:
    texts = {column: "" if value is None else str(value) for column, value in row.items()}
    origin = f"row {number} of the query"
    if not is_name(texts["name"]):
        raise ConfigError(f"{origin}: the name is empty or an address", remedy="Give it a name.")
    for column in ("url", "schema"):
        if column in texts and not texts[column].strip():
            raise ConfigError(
                f"{origin}: the {column} of {texts['name']} is empty",
                remedy="Leave the row out, or give it a value.",
            )
    if "schema" in texts:
        return FleetTarget(texts["name"], schema=texts["schema"], origin=origin)
    target = FleetTarget(texts["name"], as_database(texts["url"]), origin=origin)
    try:
        parameters_of(target.url or "")
    except ConfigError as error:
        raise ConfigError(
            f"{origin}, {target.name}: {error.message}", remedy=error.remedy
        ) from None
    return target


def _of_pattern(config: Config) -> Sequence[FleetTarget]:
    pattern = config.fleet.schemas
    with Database(config).connect() as connection, translated(connection):
        rows = connection.execute(_SCHEMAS, (pattern,)).fetchall()
    return [FleetTarget(name, schema=name, origin="its schema") for (name,) in rows]
