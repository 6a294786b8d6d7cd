"""The rules for documents: the schema and references of their collection, and the marks of their
tier.

`schemas/<collection>.json` holds `{"schema": …, "unique": […], "references": {…}}`, each optional.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from jsonschema_rs import ReferencingError, ValidationError, Validator, validator_for

from sqlmig.errors import FixtureError
from sqlmig.model import Location
from sqlmig.model.suggestions import did_you_mean, nearest
from sqlmig.mongo.document import Document, kind_of
from sqlmig.mongo.files import Source, Tier
from sqlmig.mongo.place import Path as FieldPath

DEMO_FLAG = "is_demo"
# The `_id`s of each collection, by file.
Ids = Mapping[str, Mapping[Source, Mapping[Any, object]]]

_FORM = validator_for(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema": True,
            "id_from": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "unique": {"items": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
            "references": {"additionalProperties": {"type": "string"}},
        },
    }
)
_ADDRESS = re.compile(r"@(?<=[^\s@]@)((?:[\w-]+\.)+[\w-]+)")
_MOST_COMPARED = 1_000  # ids, to suggest the intended one
# Domains that cannot be registered: RFC 2606 and RFC 6761.
_RESERVED = re.compile(r"(.*\.)?(example\.(com|net|org)|example|invalid|localhost|test)")


@dataclass(frozen=True, slots=True)
class CollectionRules:
    """The rules of a collection. `references` maps a field (`guardians`, `ids`) to the collection
    whose `_id` its value, or each of its values, must be; `unique` has the fields of each unique
    key, and `id_from` those that identify a document without `_id`."""

    schema: Validator | None = None
    unique: Sequence[Sequence[str]] = ()
    references: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    id_from: Sequence[str] = ()


def read_rules(path: Path, targets: Sequence[str]) -> CollectionRules:
    """The rules in a file; references may only lead to the collections in `targets`.

    Raises FixtureError for a file of another form or with an invalid JSON Schema.
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
    ids = {f"{target}._id": target for target in targets}
    references: dict[tuple[str, ...], str] = {}
    for name, target in members.get("references", {}).items():
        if target not in ids:
            raise _unusable(path, f"{name} refers to {target}, not to an _id that loads earlier")
        references[tuple(name.split("."))] = ids[target]
    return CollectionRules(
        schema, members.get("unique", ()), references, members.get("id_from", ())
    )


def problems(document: Document, rules: CollectionRules) -> Iterator[FixtureError]:
    """The errors that a document alone shows: against its schema, or in the marks of its tier."""
    if rules.schema is not None:
        is_written = document.place.is_plain and not rules.id_from
        written = document.fields if is_written else json.loads(document.place.text)
        for error in () if rules.schema.is_valid(written) else rules.schema.iter_errors(written):
            message = f"the schema says: {error.message}"
            yield document.place.problem(message, tuple(error.instance_path))
    invented = document.place.source.tier is not Tier.REFERENCE
    fields = document.fields
    if invented and fields.get(DEMO_FLAG) is not True:
        remedy = f'Add "{DEMO_FLAG}": true; sqlmig finds such documents in production by it.'
        yield document.place.problem(
            f"not marked as invented: no {DEMO_FLAG}", (DEMO_FLAG,), remedy
        )
    if not invented and DEMO_FLAG in fields:
        remedy = "Move it to the tier demo, or remove the mark."
        yield document.place.problem(
            "a demo document among the reference data", (DEMO_FLAG,), remedy
        )
    for path, value in _values(fields, "@"):
        for domain in _ADDRESS.findall(value):
            if (_RESERVED.fullmatch(domain.lower()) is not None) is not invented:
                which = "a domain that is not reserved" if invented else "a reserved domain"
                remedy = "Use a domain such as example.org for invented people, and only for them."
                yield document.place.problem(f"an e-mail address in {which}", path, remedy)


def dangling_references(
    document: Document, rules: CollectionRules, ids: Ids
) -> Iterator[FixtureError]:
    """References that lead nowhere, or to a document that is missing in an environment that has
    this one; null and missing fields are not references."""
    for steps, collection in rules.references.items():
        for path, value in _referring(document.fields, steps):
            targets, kind = ids[collection], kind_of(value)
            tiers = [source.tier for source, known in targets.items() if kind and value in known]
            if Tier.REFERENCE in tiers or document.place.source.tier in tiers:
                continue
            if tiers:
                which = f"{value} of {collection} is a {tiers[0].value} document"
                yield document.place.problem(f"{which}: this one loads without it", path)
                continue
            some = list(islice(chain.from_iterable(targets.values()), _MOST_COMPARED))
            message, remedy = _missing(value, collection, some)
            yield document.place.problem(message, path, remedy)


def _missing(value: Any, collection: str, some: Sequence[Any]) -> tuple[str, str]:
    """What is wrong with a reference, and a remedy; `some` has `_id`s of the collection."""
    kind, kinds = kind_of(value), sorted({kind_of(target) or "" for target in some})
    if kinds and kind not in kinds:
        kind = kind or f"a {type(value).__name__}"
        return f"is {kind}, but the _ids of {collection} are {' or '.join(kinds)}", ""
    near = nearest(str(value), map(str, some))
    return f"no _id of {collection} is {value}", did_you_mean(near, "")


def _unusable(path: Path, message: str) -> FixtureError:
    return FixtureError(message, location=Location(str(path)), remedy="Fix that file.")


def _values(value: Any, part: str, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """The texts anywhere in an object or an array that contain that part, each with its path."""
    for step, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, str):
            if part in item:
                yield (*path, step), item
        elif isinstance(item, (dict, list)):
            yield from _values(item, part, (*path, step))


def _referring(
    value: Any, steps: Sequence[str], path: FieldPath = ()
) -> Iterator[tuple[FieldPath, Any]]:
    """The values at the end of the steps, through all items of arrays, each with its path."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _referring(item, steps, (*path, index))
    elif not steps:
        if value is not None:
            yield path, value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _referring(value[steps[0]], steps[1:], (*path, steps[0]))
