"""Turns what the driver raises into errors of ours; values that the server repeats are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from sqlmig.errors import DatabaseUnavailableError, ExecutionError, FixtureError, SeedFailedError
from sqlmig.mongo.document import Document

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_DUPLICATE_KEY = 11000
_VALIDATION_FAILED = 121


@contextmanager
def translated() -> Iterator[None]:
    """Raises DatabaseUnavailableError or ExecutionError in place of the driver's errors."""
    try:
        yield
    except ConnectionFailure as error:
        reason, _, _ = str(error).partition(" (configured timeouts")
        raise DatabaseUnavailableError(
            f"no connection to MongoDB\n{reason.partition(', Timeout:')[0]}",
            remedy="Check that the server runs and that the MongoDB URL is right.",
        ) from error
    except OperationFailure as error:
        raise ExecutionError(
            f"MongoDB refused: {_words(error)}",
            remedy="Grant this user what it lacks, or mend what the server complains about.",
        ) from error
    except PyMongoError as error:
        raise ExecutionError(f"MongoDB's driver failed: {type(error).__name__}") from error


def raced(error: BulkWriteError, documents: Sequence[Document]) -> list[Document]:
    """The documents that another seeder inserted at the same moment, if that is all that failed.

    Two upserts of one `_id` may both find nothing, and the later one then fails.
    Raises SeedFailedError, with the place of each document, for everything else.
    """
    failures: list[Mapping[str, Any]] = error.details["writeErrors"]
    if not failures:
        raise error
    refused = [failure for failure in failures if not _is_race(failure)]
    if refused:
        raise SeedFailedError(
            f"MongoDB refused {len(refused)} of {len(documents)} documents; the others of this "
            "batch are written, and no later file is loaded",
            errors=[_refusal(failure, documents[failure["index"]]) for failure in refused],
            remedy="Mend the fixtures, or what is in the database, and seed again.",
        ) from error
    return [documents[failure["index"]] for failure in failures]


def _is_race(failure: Mapping[str, Any]) -> bool:
    return failure["code"] == _DUPLICATE_KEY and list(failure.get("keyPattern", ())) == ["_id"]


def _refusal(failure: Mapping[str, Any], document: Document) -> FixtureError:
    if failure["code"] == _DUPLICATE_KEY:
        key = list(failure.get("keyPattern", ()))
        return document.problem(
            f"another document of {document.source.collection} has the same "
            f"{' and '.join(key) or 'key'}, which is unique",
            tuple(key[:1]),
        )
    if failure["code"] == _VALIDATION_FAILED:
        name, rule = _broken_rule(failure)
        message = f"breaks the collection's validator{rule and f': {rule}'}"
        return document.problem(message, (name,) if name else ())
    return document.problem(f"refused with code {failure['code']}")


def _broken_rule(failure: Mapping[str, Any]) -> tuple[str, str]:
    """The field and the rule that the server's validator names; "" for what it does not."""
    details = failure.get("errInfo", {}).get("details", {})
    for rule in details.get("schemaRulesNotSatisfied", ()):
        for field in rule.get("propertiesNotSatisfied", ()):
            broken = field.get("details", [{}])[0].get("operatorName", "")
            return field.get("propertyName", ""), broken
        missing = rule.get("missingProperties", ())
        return "", f"{rule.get('operatorName', '')} {', '.join(missing)}".strip()
    return "", ""


def _words(error: OperationFailure) -> str:
    """What the server said; of a duplicate key, which would show values, only that."""
    if error.code == _DUPLICATE_KEY:
        return "a unique index cannot be made, for documents that are there already share a key"
    message = (error.details or {}).get("errmsg", "no reason given")
    return f"{message} (code {error.code})"
