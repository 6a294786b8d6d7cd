"""Reports of the database in use, and of the state of the embedded servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from sqlmig.report.view import Members, Text, View

if TYPE_CHECKING:
    from sqlmig.embedded import MongoStatus, ServerStatus
    from sqlmig.operations.databases import DatabaseChange

_POSTGRES_PORT = 5432


def servers(postgres: ServerStatus, mongo: MongoStatus, text: Text = ()) -> View:
    """The state of the embedded servers; the lines describe it unless another text is given."""
    return View(
        text or _servers(postgres, mongo),
        {**_members(postgres), "postgres": postgres.version, "mongo": _members(mongo)},
    )


def stopped(postgres: ServerStatus, mongo: MongoStatus, names: Sequence[str]) -> View:
    """Which embedded servers were stopped."""
    done = f"Stopped {' and '.join(names)}; the data is kept."
    line = done if names else "Nothing was running."
    return servers(postgres, mongo, [line])


def thrown_away(postgres: ServerStatus, mongo: MongoStatus) -> View:
    """That the embedded servers were deleted."""
    return servers(postgres, mongo, ["The embedded servers and their data were deleted."])


def url(found: str) -> View:
    """The URL of a database of the embedded server."""
    return View([found], {"url": found})


def created(done: DatabaseChange) -> View:
    """Whether the database was created."""
    words = "was created. Next: sqlmig apply" if done.changed else "exists already."
    return _changed(done, f"The database {done.name} {words}")


def dropped(done: DatabaseChange) -> View:
    """Whether the database was dropped."""
    words = "was dropped." if done.changed else "does not exist."
    return _changed(done, f"The database {done.name} {words}")


def _changed(done: DatabaseChange, line: str) -> View:
    return View([line], {"database": done.name, "changed": done.changed})


def database(parameters: Mapping[str, str], origin: str) -> str:
    """Which database is used, given libpq's parameters, and what named it; "" if that is unknown,
    or if part of a password may have been parsed as something else."""
    if _may_hold_a_password(parameters):
        return ""
    if "service" in parameters:
        return f"Database: service {parameters['service']}, from {origin}"
    name = parameters.get("dbname") or parameters.get("user", "")
    if not name or "@" in name:
        return ""
    return f"Database: {name} on {_addresses(parameters)}, from {origin}"


def embedded_database() -> str:
    """That the project's own server is used."""
    return "Database: the embedded server"


def started(server: str, command: str) -> list[str]:
    """That a server of the project was started, and the command that connects to it."""
    return [
        f"Started {server} for this project; it keeps running until `sqlmig embedded stop`.",
        f"Connect with: {command}",
    ]


def _servers(postgres: ServerStatus, mongo: MongoStatus) -> list[str]:
    """Where the embedded servers are, and how to reach and stop them."""
    lines = _postgres(postgres)
    return lines if mongo.data is None else [*lines, "", *_mongo(mongo)]


def _postgres(found: ServerStatus) -> list[str]:
    if found.data is None:
        return ["There is no embedded server yet. Create one with `sqlmig embedded start`."]
    state = f"running, server pid {found.pid}" if found.running else "stopped"
    lines = [f"PostgreSQL {found.version or '(not created yet)'}: {state}"]
    lines += [f"data  {found.data}", f"log   {found.log}", f"url   {found.url}"]
    if found.running:
        lines += [f"Connect with: psql '{found.url}'", "Stop it with:  sqlmig embedded stop"]
    return lines


def _mongo(found: MongoStatus) -> list[str]:
    state = f"running, server pid {found.pid}" if found.running else "stopped"
    lines = [f"MongoDB (SecantusDB): {state}", f"data  {found.data}", f"log   {found.log}"]
    if found.running:
        lines += [f"url   {found.url}", f"Connect with: mongosh '{found.url}'"]
    return lines


def _members(found: ServerStatus | MongoStatus) -> Members:
    return {
        "running": found.running,
        "pid": found.pid,
        "url": found.url,
        "data": str(found.data) if found.data else None,
        "log": str(found.log) if found.log else None,
    }


def _may_hold_a_password(parameters: Mapping[str, str]) -> bool:
    """Whether a URL was split inside its password, which then extends to the last `@`."""
    ports = parameters.get("port", "").split(",")
    return not all(port.isdecimal() for port in ports if port) or any(
        "@" in value for name, value in parameters.items() if name not in ("user", "password")
    )


def _addresses(parameters: Mapping[str, str]) -> str:
    named = parameters.get("host") or parameters.get("hostaddr")
    if not named:
        return "the local socket"
    hosts, ports = named.split(","), parameters.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    pairs = zip_longest(hosts, ports)
    return ",".join(f"{host}:{port or _POSTGRES_PORT}" for host, port in pairs)
