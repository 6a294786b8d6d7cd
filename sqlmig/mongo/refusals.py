"""Turns the driver's errors into sqlmig's; leaves out values that the server repeats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from sqlmig.errors import (
    DatabaseUnavailableError,
    DocumentsRefusedError,
    ExecutionError,
    FixtureError,
)
from sqlmig.mongo.document import Document

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_REASONS = {
    11000: "another document of the collection has the same unique value",
    121: "breaks the collection's validator",
}
_REMEDIES = {
    13: "Grant this user the missing privileges.",
    18: "Check the user, the password and authSource in the MongoDB URL.",
}
# What the driver adds to the reason for each server.
_DOCUMENT = re.compile(r"\{.*\}", re.DOTALL)
_TIMEOUTS = re.compile(r" \(configured timeouts:[^)]*\)")


@contextmanager
def translated() -> Iterator[None]:
    """Raises DatabaseUnavailableError or ExecutionError instead of the driver's errors."""
    try:
        yield
    except (ConnectionFailure, ConfigurationError) as error:  # the latter for unknown host names
        reasons = _TIMEOUTS.sub("", str(error)).partition(", Timeout:")[0]
        raise DatabaseUnavailableError(
            f"no connection to MongoDB\n{reasons}",
            remedy="Check that the server runs and that the MongoDB URL is right.",
        ) from error
    except PyMongoError as error:
        if unconfirmed := _unconfirmed(error):
            raise ExecutionError(
                f"no majority of MongoDB's members has confirmed a write: {unconfirmed}",
                remedy="It may persist or be undone. Check the replica set (`rs.status()`), and "
                "run this again: nothing is added twice.",
            ) from error
        raise ExecutionError(
            f"MongoDB refused: {_words(error)}",
            remedy=_REMEDIES.get(getattr(error, "code", 0), "Fix that, and run it again."),
        ) from error


def raced(error: BulkWriteError, documents: Sequence[Document]) -> list[Document]:
    """The documents that another seeder inserted at the same moment, if nothing else failed.

    Two upserts of the same `_id` may both find nothing, and then the later one fails. Raises
    DocumentsRefusedError, with the place of each document, for other refusals, and the error itself
    if the write is not confirmed.
    """
    failures: list[Mapping[str, Any]] = error.details["writeErrors"]
    refused = [each for each in failures if list(each.get("keyPattern", ())) != ["_id"]]
    if refused:
        raise DocumentsRefusedError(
            f"MongoDB refused {len(refused)} of {len(documents)} documents; the others of this "
            "batch are written, and no later file is loaded",
            errors=[_refusal(failure, documents[failure["index"]]) for failure in refused],
            remedy="Fix the fixtures or the documents in the database, and seed again.",
        ) from error
    if error.details["writeConcernErrors"]:
        raise error
    return [documents[failure["index"]] for failure in failures]


def _refusal(failure: Mapping[str, Any], document: Document) -> FixtureError:
    """The server's refusal of a document, at the first field that it names."""
    rules = failure.get("errInfo", {}).get("details", {}).get("schemaRulesNotSatisfied", ())
    broken = [field for rule in rules for field in rule.get("propertiesNotSatisfied", ())]
    missing = [field for rule in rules for field in rule.get("missingProperties", ())]
    fields = [*failure.get("keyPattern", ()), *(each["propertyName"] for each in broken), *missing]
    reason = _REASONS.get(failure["code"], _reported(failure))
    return document.place.problem(
        ": ".join([reason, *[", ".join(fields)][: len(fields)]]), tuple(fields[:1])
    )


def _unconfirmed(error: PyMongoError) -> str:
    """Why a completed write may not last; "" for other errors."""
    details = getattr(error, "details", None) or {}
    alone = isinstance(error, WriteConcernError)
    reasons = [details] if alone else details.get("writeConcernErrors", ())
    return "; ".join(dict.fromkeys(reason["errmsg"] for reason in reasons))


def _words(error: PyMongoError) -> str:
    """The server's message; for a duplicate key, whose message would show values, only that
    fact."""
    if not isinstance(error, OperationFailure):
        return f"{type(error).__name__}: {_DOCUMENT.sub('{ … }', str(error))}"
    if error.code in _REASONS:
        return "a unique index cannot be created because existing documents share a key"
    return _reported({"errmsg": "no reason given", "code": error.code, **(error.details or {})})


def _reported(failure: Mapping[str, Any]) -> str:
    """The server's message, without the documents that some messages repeat."""
    return f"{_DOCUMENT.sub('{ … }', failure['errmsg'])} (code {failure['code']})"
