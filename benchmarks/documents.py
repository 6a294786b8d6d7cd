"""MongoDB documents for the benchmark, and the fixtures of a project that has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_CLASSES = 13
_SCHEMA = {
    "schema": {
        "type": "object",
        "required": ["_id", "name", "class_id", "email"],
        "properties": {
            "_id": {"type": "string", "pattern": "^student-"},
            "name": {"type": "string", "minLength": 1},
            "class_id": {"type": "string"},
            "email": {"type": "string"},
        },
    },
    "references": {"class_id": "classes._id"},
}

Form = Callable[[Iterable[str]], Iterator[str]]


def students(count: int) -> Iterator[dict[str, Any]]:
    """That many students, each in one of the classes."""
    for number in range(count):
        yield {
            "_id": f"student-{number:06}",
            "is_demo": True,
            "name": f"Student Number {number}",
            "class_id": f"class-{number % _CLASSES}",
            "email": f"student-{number}@example.org",
            "roll": number,
        }


def _array(documents: Iterable[str]) -> Iterator[str]:
    yield "["
    for number, document in enumerate(documents):
        yield f"{',' if number else ''}{document}\n"
    yield "]\n"


def _lines(documents: Iterable[str]) -> Iterator[str]:
    return (f"{document}\n" for document in documents)


ARRAY = "an array"
FORMS: Mapping[str, Form] = {ARRAY: _array, "a document on each line": _lines}


def write_fixtures(project: Path, count: int, form: str = ARRAY) -> Path:
    """Writes the classes, and that many students that refer to them; returns the students' file."""
    folder = project / "mongo_seeds"
    for name in ("reference", "demo", "schemas"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    classes = [{"_id": f"class-{number}"} for number in range(_CLASSES)]
    (folder / "reference/10_classes.json").write_text(json.dumps(classes))
    (folder / "schemas/students.json").write_text(json.dumps(_SCHEMA))
    file = folder / "demo/20_students.demo.json"
    with file.open("w") as stream:
        stream.writelines(FORMS[form](json.dumps(student) for student in students(count)))
    return file
