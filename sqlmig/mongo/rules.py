"""What documents must obey: the schema and references of their collection, the marks of their tier.

`schemas/<collection>.json` holds `{"schema": …, "unique": […], "references": {…}}`, each optional.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from bson.binary import ALL_UUID_SUBTYPES, Binary
from bson.dbref import DBRef
from bson.int64 import Int64
from bson.objectid import ObjectId
from jsonschema_rs import ReferencingError, ValidationError, Validator, validator_for

from sqlmig.errors import FixtureError
from sqlmig.model import Location
from sqlmig.model.suggestions import did_you_mean, nearest
from sqlmig.mongo.document import Document
from sqlmig.mongo.files import Tier
from sqlmig.mongo.json_text import Path as FieldPath

DEMO_FLAG = "is_demo"
_KINDS = {str: "text", int: "a number", Int64: "a number", ObjectId: "an ObjectId"}
# The documents of each collection by `_id`: one, or those of tiers that never meet in a database.
Ids = Mapping[str, Mapping[Any, Sequence[Document]]]

_FORM = validator_for(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema": True,
            "unique": {"items": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
            "references": {"additionalProperties": {"type": "string"}},
        },
    }
)
_ADDRESS = re.compile(r"(?<=[^\s@])@((?:[\w-]+\.)+[\w-]+)")
_UUID_BYTES = 16
_MOST_COMPARED = 1_000  # ids, to find the one that was meant
# Domains that nobody can own: RFC 2606 and RFC 6761.
_RESERVED = re.compile(r"(.*\.)?(example\.(com|net|org)|example|invalid|localhost|test)")


@dataclass(frozen=True, slots=True)
class CollectionRules:
    """A collection's own: `references` maps a field (`class_id`, `guardians.ids`) to the collection
    that its value, or each of its values, is an `_id` of; `unique` has the fields of each key."""

    schema: Validator | None = None
    unique: Sequence[Sequence[str]] = ()
    references: Mapping[str, str] = field(default_factory=dict)


def kind_of(value: Any) -> str | None:
    """What errors call a value that can be an `_id`; None for any other."""
    if isinstance(value, Binary):
        return (
            "a UUID" if value.subtype in ALL_UUID_SUBTYPES and len(value) == _UUID_BYTES else None
        )
    return _KINDS.get(type(value))


def read_rules(path: Path, targets: Sequence[str]) -> CollectionRules:
    """The rules in a file; `targets` are the collections that references may lead to.

    Raises FixtureError for a file of another form, and for what is no JSON Schema.
    """
    try:
        members = json.loads(path.read_bytes())
        _FORM.validate(members)
        schema = validator_for(members.get("schema", True), mask="a value", offline=True)
    except (ValidationError, ReferencingError) as error:
        place = "".join(f"/{step}" for step in getattr(error, "instance_path", ())) or "/"
        raise _unusable(path, f"{place}: {getattr(error, 'message', error)}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(path, f"this is not JSON: {error}") from error
    references = {}
    for name, target in members.get("references", {}).items():
        references[name] = target.removesuffix("._id")
        if target not in [f"{collection}._id" for collection in targets]:
            raise _unusable(path, f"{name} refers to {target}, not to an _id that loads earlier")
    return CollectionRules(schema, members.get("unique", ()), references)


def problems(document: Document, rules: CollectionRules) -> Iterator[FixtureError]:
    """What a document alone shows to be wrong: by its schema, or by the marks of its tier."""
    if rules.schema is not None:
        written, _ = json.JSONDecoder().raw_decode(document.source.text, document.offset)
        for error in rules.schema.iter_errors(written):
            yield document.problem(f"the schema says: {error.message}", tuple(error.instance_path))
    invented = document.source.tier is not Tier.REFERENCE
    fields = document.fields
    if invented and fields.get(DEMO_FLAG) is not True:
        remedy = f'Add "{DEMO_FLAG}": true; sqlmig finds such documents in production by it.'
        yield document.problem(f"not marked as invented: no {DEMO_FLAG}", (DEMO_FLAG,), remedy)
    if not invented and DEMO_FLAG in fields:
        remedy = "Move it to the tier demo, or remove the mark."
        yield document.problem("a demo document among the reference data", (DEMO_FLAG,), remedy)
    for path, value in _parts(fields):
        for address in _ADDRESS.finditer(value) if isinstance(value, str) else ():
            if (_RESERVED.fullmatch(address[1].lower()) is not None) is not invented:
                which = "a domain that is not reserved" if invented else "a reserved domain"
                remedy = "Use a domain such as example.org for invented people, and only for them."
                yield document.problem(f"an e-mail address in {which}", path, remedy)


def dangling_references(
    document: Document, rules: CollectionRules, ids: Ids
) -> Iterator[FixtureError]:
    """References that lead nowhere, or to a document that some environment does not get along with
    this one; null, and no field, refer to none."""
    for path, value in _parts(document.fields) if rules.references else ():
        name = ".".join(step for step in path if isinstance(step, str))
        collection = rules.references.get(name)
        if collection and value is not None and not isinstance(value, list):
            targets = ids.get(collection, {})
            message, remedy = _wrong_reference(document, value, collection, targets)
            if message:
                yield document.problem(message, path, remedy)


def _wrong_reference(
    document: Document, value: Any, collection: str, targets: Mapping[Any, Sequence[Document]]
) -> tuple[str, str]:
    """What is wrong with it, and a remedy; "" and "" where nothing is."""
    kind = kind_of(value)
    found = targets.get(value, ()) if kind else ()
    tiers = [target.source.tier for target in found if kind_of(target.id) == kind]
    if any(tier in (Tier.REFERENCE, document.source.tier) for tier in tiers):
        return "", ""
    if tiers:
        tier = tiers[0].value
        return f"{value} of {collection} is a {tier} document: this one loads without it", ""
    kinds = {kind_of(target) or "" for target in targets}
    if kinds and kind not in kinds:
        kind = kind or f"a {type(value).__name__}"
        return f"is {kind}, and the _ids of {collection} are {' or '.join(sorted(kinds))}", ""
    near = nearest(str(value), map(str, islice(targets, _MOST_COMPARED)))
    return f"no _id of {collection} is {value}", did_you_mean(near, "")


def _unusable(path: Path, message: str) -> FixtureError:
    return FixtureError(message, location=Location(str(path)), remedy="Fix that file.")


def _parts(value: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """The value and all values in it, each with its path."""
    yield path, value
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, DBRef):  # what the driver makes of an object with $ref and $id
        value = value.as_doc()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for step, item in inner:
        yield from _parts(item, (*path, step))
