"""The environment that a database is stamped with, `{_id: "environment", value: "testing"}`."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pymongo.errors import DuplicateKeyError

from sqlmig.errors import EnvironmentMismatchError
from sqlmig.model import Environment
from sqlmig.mongo.connection import AsyncDatabase, confirmed
from sqlmig.mongo.refusals import translated


async def read_stamp(database: AsyncDatabase, named: Environment | None) -> Environment | None:
    """The stamp, or None if there is none; reads only.

    `named` is the requested environment, if any: raises EnvironmentMismatchError if it differs from
    the stamp.
    """
    with translated():
        found = await _state(database).find_one({"_id": "environment"})
    value = found["value"] if found else None
    stamp = next((each for each in Environment if each.value == value), None)
    if value is not None and (stamp is None or named not in (None, stamp)):
        asked = f"but {named.value} was requested" if named else "which is not an environment"
        raise EnvironmentMismatchError(
            f"this MongoDB database is stamped as {value}, {asked}",
            remedy="Nothing was written. If that is what it is now (a restored dump, for example): "
            f"sqlmig environment set {named.value if named else 'NAME'}.",
        )
    return stamp


async def claim(database: AsyncDatabase, environment: Environment) -> None:
    """Stamps the database if it has no stamp; if two processes set different ones, the second is
    refused.

    Raises EnvironmentMismatchError.
    """
    if await read_stamp(database, environment) is None:
        with translated():
            await insert_if_absent(_state(database), "environment", {"value": environment.value})
        await read_stamp(database, environment)


async def write_stamp(database: AsyncDatabase, environment: Environment) -> None:
    """Stamps the database, whatever its previous stamp: for example, after a dump was restored into
    it."""
    stamp = {"value": environment.value}
    with translated():
        await _state(database).update_one({"_id": "environment"}, {"$set": stamp}, upsert=True)


async def insert_if_absent(collection: Any, name: str, fields: dict[str, Any]) -> None:
    """Inserts the document with that `_id` unless it exists; another process may insert it
    first."""
    with suppress(DuplicateKeyError):
        await collection.update_one({"_id": name}, {"$setOnInsert": fields}, upsert=True)


def _state(database: AsyncDatabase) -> Any:
    return confirmed(database)["_sqlmig_state"]
