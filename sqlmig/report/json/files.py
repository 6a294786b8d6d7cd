"""What was read of the files on disk, and what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlmig.model import ScriptFile
from sqlmig.report.json.document import document, place

if TYPE_CHECKING:
    from sqlmig.operations.validation import ProjectFiles
    from sqlmig.plan.comparison import Comparison
    from sqlmig.project.init import Starter
    from sqlmig.project.new import Written


def validated(files: ProjectFiles) -> str:
    """The files on disk."""
    return document(
        migrations=[
            {
                "id": migration.migration_id,
                "path": migration.file.script.path,
                "checksum": migration.file.script.checksum,
                "rollback": migration.rollback.script.path if migration.rollback else None,
                "description": migration.file.description,
            }
            for migration in files.migrations
        ],
        seeds=[_script(seed.name, seed.file) for seed in files.seeds],
        checks=[_script(check.name, check.file) for check in files.checks],
        fixtures=files.fixtures,
    )


def _script(name: str, file: ScriptFile) -> Mapping[str, str]:
    return {"name": name, "path": file.script.path, "description": file.description}


def comparison(result: Comparison) -> str:
    """The differences of one migration."""
    return document(id=result.migration_id, difference=result.difference, notes=list(result.notes))


def repaired(migration_ids: Sequence[str]) -> str:
    """Which records were brought up to the files."""
    return document(repaired=list(migration_ids))


def starter(written: Starter) -> str:
    """Which files a new project got."""
    return document(
        created=[str(path) for path in written.created], kept=[str(path) for path in written.kept]
    )


def written(result: Written) -> str:
    """What was written for a migration."""
    return document(
        id=result.migration_id,
        paths=list(result.paths),
        bullet=result.bullet,
        entry=place(result.entry),
    )
