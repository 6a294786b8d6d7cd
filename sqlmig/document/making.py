"""Makes the document of a project: runs its migrations on a scratch database and reads the
result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlmig.config import Config
from sqlmig.document.file import SchemaDocument, with_digest
from sqlmig.document.markdown import markdown
from sqlmig.document.picture import draw
from sqlmig.document.reading import read_schema
from sqlmig.engine.server.connection import Connection, opened
from sqlmig.plan import PlannedMigration
from sqlmig.proof.catalog import ObjectName, session_role, snapshot
from sqlmig.proof.difference import names_of_wholes
from sqlmig.proof.given import Given
from sqlmig.proof.replay import staged
from sqlmig.proof.scratch import scratch_beside


def document_of(
    connection: Connection, left_out: Sequence[str] = (), given: Given | None = None
) -> SchemaDocument:
    """The document of that database's schema; writes nothing.

    Leaves out what sqlmig and extensions made, and what was `given`. `left_out` has patterns of
    tables that the picture leaves out.
    """
    objects = snapshot(connection, session_role(connection)).objects
    schema = read_schema(connection, _made(objects, given.objects if given else {}))
    pictures = draw(schema.tables, left_out)
    warnings = tuple(
        f"`schema_picture_without` has {pattern!r}, which matches no table"
        for pattern in pictures.unknown
    )
    return SchemaDocument(with_digest(markdown(schema, pictures)), warnings)


def _made(
    objects: Mapping[ObjectName, str], given: Mapping[ObjectName, str]
) -> frozenset[ObjectName]:
    """The objects that differ from those given, and the objects with such a part."""
    made = {name for name, definition in objects.items() if given.get(name) != definition}
    wholes = {whole for name in made for whole in names_of_wholes(name, objects[name])}
    return frozenset(made) | {name for name in objects if name.name in wholes}


def make_document(
    config: Config, planned: Sequence[PlannedMigration], *, scratch_url: str | None = None
) -> SchemaDocument:
    """The document of the schema that those migrations make, in a scratch database that is dropped
    at the end; writes nothing else.

    Raises MigrationFailedError if a migration fails, and BeyondDatabaseError if a script reached
    beyond its database and was undone.
    """
    with scratch_beside(config, scratch_url) as server, staged(server, config) as stage:
        for migration in planned:
            stage.run(migration)
        with opened(stage.url) as connection:
            document = document_of(connection, config.schema_picture_without, stage.given)
    return replace(document, warnings=document.warnings + server.warnings)
