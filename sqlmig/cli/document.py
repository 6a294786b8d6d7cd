"""The command that writes the schema as a document."""

from __future__ import annotations

from pathlib import Path

import click

from sqlmig.cli.command import Command
from sqlmig.cli.options import scratch_url_option
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for_scratch
from sqlmig.config import refuse_empty
from sqlmig.report import document as report


@click.command(cls=Command, short_help="Write the schema as Markdown with a picture.")
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file (default: the setting `schema_document`).",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the file is not current.")
@scratch_url_option
def schema(output: Output, file: Path | None, check: bool, scratch_url: str | None) -> bool:
    """Write the schema that the migrations make: Markdown with an entity-relationship picture.
    Runs the migrations on a scratch database. The database itself is not touched.
    """
    refuse_empty(scratch_url, "--scratch-url")
    migrator = migrator_for_scratch(output, scratch_url)
    path = file or migrator.config.schema_document_file
    document = migrator.schema_document(scratch_url=scratch_url)
    if check:
        found = document.compare(path)
        output.show(report.checked(document, found))
        return not found.is_current
    output.show(report.written(document, document.write(path)))
    return False
