"""What documents must obey: the schema and references of their collection, the marks of their tier.

`schemas/<collection>.json` holds `{"schema": …, "unique": […], "references": {…}}`, each optional.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema_rs import ReferencingError, ValidationError, Validator, validator_for

from sqlmig.errors import FixtureError
from sqlmig.model import Location
from sqlmig.mongo.document import Document
from sqlmig.mongo.tiers import Tier
from sqlmig.source.json_text import Path as FieldPath

DEMO_FLAG = "is_demo"

_FORM = validator_for(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema": True,
            "unique": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            },
            "references": {
                "type": "object",
                "additionalProperties": {"type": "string", "pattern": r"^[a-z][a-z0-9_]*\._id$"},
            },
        },
    }
)
_ADDRESS = re.compile(r"[^@\s]+@([^@\s]+)")
# Domains that nobody can own: RFC 2606 and RFC 6761.
_RESERVED = re.compile(r"(.*\.)?(example\.(com|net|org)|example|invalid|localhost|test)")
_KINDS = {"str": "text", "int": "a number", "Int64": "a number", "Binary": "a UUID"}


@dataclass(frozen=True, slots=True)
class Rules:
    """A collection's own: `references` maps a field (`class_id`, `guardians.ids`) to the collection
    that its value, or each of its values, is an `_id` of; `unique` has the fields of each key."""

    schema: Validator | None = None
    unique: tuple[tuple[str, ...], ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)


def read_rules(path: Path, collection: str, collections: Sequence[str]) -> Rules:
    """The rules in a file; `collections` are all there are, in the order in which they load.

    Raises FixtureError for a file of another form, for what is no JSON Schema, and for a reference
    to a collection that is not there or loads later.
    """
    try:
        members = json.loads(path.read_bytes())
        _FORM.validate(members)
        schema = validator_for(members.get("schema", True), mask="a value", offline=True)
    except (ValidationError, ReferencingError) as error:
        place = "".join(f"/{step}" for step in getattr(error, "instance_path", ()))
        raise _unusable(path, f"{place or '/'}: {getattr(error, 'message', error)}") from error
    except (OSError, ValueError) as error:
        raise _unusable(path, f"this is not JSON: {error}") from error
    rules = Rules(
        schema,
        tuple(tuple(key) for key in members.get("unique", ())),
        {name: target[: -len("._id")] for name, target in members.get("references", {}).items()},
    )
    for target in rules.references.values():
        if target not in collections:
            raise _unusable(path, f"a reference to {target!r}, for which there are no fixtures")
        if collections.index(target) > collections.index(collection):
            raise _unusable(path, f"a reference to {target}, whose files have higher numbers")
    return rules


def problems(document: Document, rules: Rules) -> Iterator[FixtureError]:
    """What a document alone shows to be wrong."""
    if rules.schema is not None:
        written, _ = json.JSONDecoder().raw_decode(document.source.text, document.offset)
        for error in rules.schema.iter_errors(written):
            yield document.problem(f"the schema says: {error.message}", tuple(error.instance_path))
    yield from _wrong_marks(document)


def dangling_references(
    document: Document, rules: Rules, ids: Mapping[str, Mapping[Any, Document]]
) -> Iterator[FixtureError]:
    """References that lead nowhere, or out of the reference tier; null and nothing refer to none.

    `ids` has the documents of each collection by `_id`, over the tiers in use.
    """
    for name, collection in rules.references.items():
        for path, value in _values_at(document.fields, name.split(".")):
            message = _wrong_reference(document, value, collection, ids.get(collection, {}))
            if value is not None and message:
                yield document.problem(message, path)


def _unusable(path: Path, message: str) -> FixtureError:
    return FixtureError(message, location=Location(str(path)), remedy="Mend that file.")


def _wrong_marks(document: Document) -> Iterator[FixtureError]:
    """Invented documents say so, real ones do not: the flag and the e-mail addresses."""
    invented = document.source.tier is not Tier.REFERENCE
    fields = document.fields
    if invented and fields.get(DEMO_FLAG) is not True:
        remedy = f'Add "{DEMO_FLAG}": true; it is how such a document is found in production.'
        yield document.problem(f"not marked as invented: no {DEMO_FLAG}", (DEMO_FLAG,), remedy)
    if not invented and DEMO_FLAG in fields:
        remedy = "Move it to the tier demo, or remove the mark."
        yield document.problem("a demo document among the reference data", (DEMO_FLAG,), remedy)
    for path, value in _texts(fields):
        address = _ADDRESS.fullmatch(value)
        reserved = address and _RESERVED.fullmatch(address[1].lower())
        if invented and address and not reserved:
            remedy = "Use one at example.com, .net or .org: it may be somebody's."
            yield document.problem(
                "an e-mail address in a domain that is not reserved", path, remedy
            )
        if not invented and reserved:
            remedy = "Reference data reach production: no invented people there."
            yield document.problem("an e-mail address in a reserved domain", path, remedy)


def _wrong_reference(
    document: Document, value: Any, collection: str, targets: Mapping[Any, Document]
) -> str:
    target = targets.get(value) if isinstance(value, Hashable) else None
    if target is not None and _kind(target.id) == _kind(value):
        leaves = document.source.tier is Tier.REFERENCE is not target.source.tier
        where = f"{value} of {collection} is a demo document"
        return f"{where}, which production does not get" if leaves else ""
    kinds = sorted({_kind(each) for each in targets})
    if kinds and _kind(value) not in kinds:
        return f"is {_kind(value)}, and the _ids of {collection} are {' or '.join(kinds)}"
    near = difflib.get_close_matches(str(value), map(str, targets), n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"no _id of {collection} is {value}{hint}"


def _kind(value: Any) -> str:
    name = type(value).__name__
    return _KINDS.get(name, f"an {name}" if name[0] in "AEIOU" else f"a {name}")


def _values_at(
    value: Any, steps: Sequence[str], path: FieldPath = ()
) -> Iterator[tuple[FieldPath, Any]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values_at(item, steps, (*path, index))
    elif not steps:
        yield path, value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _values_at(value[steps[0]], steps[1:], (*path, steps[0]))


def _texts(value: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for step, item in parts:
            yield from _texts(item, (*path, step))
