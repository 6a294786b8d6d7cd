"""Writes the document of a schema as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlmig.document.blocks import bullet, bullets, section, table
from sqlmig.document.escaping import cell_code, code, one_line, prose
from sqlmig.document.model import DataType, Listed, Routine, Schema
from sqlmig.document.picture import Pictures
from sqlmig.document.relations import SECTIONS, Relations
from sqlmig.model.printable import counted


def markdown(schema: Schema, pictures: Pictures) -> str:
    """The text of the document, which ends with a newline."""
    relations = Relations(schema.tables, schema.views)
    contents = (
        (block for each in schema.tables for block in relations.table(each)),
        (block for each in schema.views for block in relations.view(each)),
        _types(schema.types),
        _routines(schema.routines),
        bullets(map(_listed, schema.sequences)),
        bullets(map(_listed, schema.schemas)),
        bullets(map(_listed, schema.extensions)),
        bullets(map(_other, schema.others)),
    )
    blocks = [
        "# Schema",
        _summary(schema),
        *_pictures(pictures, relations),
        *(
            block
            for title, each in zip(SECTIONS, contents, strict=True)
            for block in section(title, each)
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _summary(schema: Schema) -> str:
    partitions = sum(table.parent is not None for table in schema.tables)
    counts = {
        "table": len(schema.tables) - partitions,
        "partition": partitions,
        "view": len(schema.views),
        "type": len(schema.types),
        "function": len(schema.routines),
    }
    told = [counted(count, noun) for noun, count in counts.items() if count]
    return f"{', '.join(told) or 'No tables'}."


def _pictures(pictures: Pictures, relations: Relations) -> Iterator[str]:
    yield from (f"```mermaid\n{diagram}\n```" for diagram in pictures.diagrams)
    if pictures.alone:
        yield f"Tables without references: {', '.join(map(relations.link, pictures.alone))}."


def _types(types: Sequence[DataType]) -> Iterator[str]:
    if types:
        rows = (
            (
                cell_code(each.name.sql),
                each.kind,
                ", ".join(cell_code(one_line(part)) for part in each.definition),
                prose(each.note),
            )
            for each in types
        )
        yield table(("type", "kind", "definition", "notes"), rows)


def _routines(routines: Sequence[Routine]) -> Iterator[str]:
    if routines:
        rows = (
            (
                cell_code(f"{each.name.sql}({one_line(each.arguments)})"),
                cell_code(each.returns),
                prose(each.properties),
                prose(each.note),
            )
            for each in routines
        )
        yield table(("function", "returns", "properties", "notes"), rows)


def _listed(each: Listed) -> str:
    name = code(each.name)
    return bullet(f"{name}:" if each.definition else name, code(each.definition), note=each.note)


def _other(each: Listed) -> str:
    return bullet(each.definition, code(each.name), note=each.note)
