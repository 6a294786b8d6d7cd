"""The documents of a fixture, read one at a time, with the place of any error in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import bson
from bson import ALL_UUID_SUBTYPES, Binary, Int64, ObjectId

from sqlmig.errors import FixtureError
from sqlmig.model import Location
from sqlmig.mongo.extended_json import RefusedValueError, converted, refuse_bad_text
from sqlmig.mongo.files import Source
from sqlmig.mongo.json_text import written_documents
from sqlmig.mongo.place import Path as FieldPath
from sqlmig.mongo.place import Place

_LARGEST_BYTES = 16 * 1024 * 1024  # "MongoDB Limits and Thresholds"
_SURELY_FITS = 1024 * 1024  # characters: `0,`, which becomes at most 13 bytes, grows the most
_KINDS = {str: "text", int: "a number", Int64: "a number", ObjectId: "an ObjectId"}
_ANY_KIND = "text, a whole number, an ObjectId or a UUID"
_UUID_BYTES = 16


class Document(NamedTuple):
    """A document that can be stored."""

    place: Place
    id: Any
    fields: dict[str, Any]


class Documents:
    """The documents of one file, read again by each iteration; `len` is the count of the last one.

    Iterating raises FixtureError for what cannot be stored, and if the file has changed since it
    was first read. A document without `_id` gets one from the fields in `id_from`.
    """

    def __init__(self, source: Source, id_from: Sequence[str] = ()) -> None:
        self.source = source
        self._id_from = id_from
        self._count = 0
        self._version: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Document]:
        for found in self.read():
            if isinstance(found, FixtureError):
                raise found
            yield found

    def read(self) -> Iterator[Document | FixtureError]:
        """Each document, or an error in it; at the end, an error in the file, if any."""
        path = self.source.path
        try:
            with Path(path).open("rb") as file:
                self._refuse_changed(file.fileno())
                count = 0
                for place, value in written_documents(self.source, file):
                    count += 1
                    yield self._document(place, value)
                self._refuse_changed(file.fileno())
                self._count = count
        except FixtureError as error:
            yield error
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            remedy = "Check that the file is there and readable."
            yield FixtureError(message, location=Location(path), remedy=remedy)

    def _refuse_changed(self, file: int) -> None:
        status = os.fstat(file)
        version = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
        if self._version not in (None, version):
            message = "the file has changed since it was checked"
            raise FixtureError(message, location=Location(self.source.path), remedy="Run it again.")
        self._version = version

    def _document(self, place: Place, value: Any) -> Document | FixtureError:
        try:
            fields = converted(value)
            if not isinstance(fields, dict):
                raise RefusedValueError("not a document: each is an object, { … }")
            if "_id" not in fields:
                fields = {"_id": self._derived_id(fields), **fields}
            _refuse_unstorable(fields, place)
            return Document(place, fields["_id"], fields)
        except RefusedValueError as error:
            return place.problem(str(error), error.path, error.remedy)

    def _derived_id(self, fields: dict[str, Any]) -> Any:
        """The value of the single identifying field, with its type, or the values of several as
        text: `a/b`, with %2F for a slash in a value and %25 for a percent sign."""
        if not self._id_from:
            remedy = (
                "Add one, or name the fields that identify a document in "
                f'schemas/{self.source.collection}.json: "id_from": ["code"].'
            )
            raise RefusedValueError("no _id: each run would add the document again", remedy)
        values = [_identifying(fields, tuple(name.split("."))) for name in self._id_from]
        if len(values) == 1:
            return values[0]
        texts = (UUID(bytes=each) if isinstance(each, Binary) else each for each in values)
        return "/".join(str(text).replace("%", "%25").replace("/", "%2F") for text in texts)


def kind_of(value: Any) -> str | None:
    """What errors call a value that can be an `_id`; None for other values."""
    if isinstance(value, Binary):
        is_uuid = value.subtype in ALL_UUID_SUBTYPES and len(value) == _UUID_BYTES
        return "a UUID" if is_uuid else None
    return _KINDS.get(type(value))


def _identifying(fields: dict[str, Any], path: FieldPath) -> Any:
    value: Any = fields
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    if kind_of(value) is None:
        message = f"the _id comes from this field, which is not {_ANY_KIND}"
        raise RefusedValueError(message, "Fill it, or add an _id.", path)
    return value


def _refuse_unstorable(fields: dict[str, Any], place: Place) -> None:
    """Raises RefusedValueError for what an update cannot store."""
    if "" in fields or "." in (names := " ".join(fields)) or "$" in names:
        for name in fields:
            if not name or name.startswith("$") or "." in name:
                message = "a top-level field name must not be empty, begin with $ or contain a dot"
                raise RefusedValueError(message, "Rename it: no update could name it.", (name,))
    if kind_of(fields["_id"]) is None:
        raise RefusedValueError(f"an _id is {_ANY_KIND}", path=("_id",))
    if place.is_plain and len(place.text) < _SURELY_FITS:
        return
    refuse_bad_text(fields)
    if (size := len(bson.encode(fields))) > _LARGEST_BYTES:
        raise RefusedValueError(f"{size:,} bytes, and MongoDB stores at most {_LARGEST_BYTES:,}")
