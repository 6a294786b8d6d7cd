"""Writes the same migrations in the layout of each tool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.migrations import Migration

Layout = Callable[[Path, Sequence[Migration]], None]

# Some tools read a number as a time of creation and sort files by it.
_FIRST_MILLISECOND = 1_700_000_000_000

_ALEMBIC_INI = "[alembic]\nscript_location = .\n"
_ALEMBIC_ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine, pool

with create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
_ALEMBIC_REVISION = '''\
from alembic import op

revision = {revision!r}
down_revision = {before!r}

UP = """\\
{up}"""

DOWN = """\\
{down}"""


def upgrade():
    op.execute(UP)


def downgrade():
    op.execute(DOWN)
'''


def paired_folders(folder: Path, migrations: Sequence[Migration]) -> None:
    """sqlmig's: sql/migrations and sql/rollbacks, with the same name for both files."""
    for migration in migrations:
        _write(folder / "sql" / "migrations" / f"{_name(migration)}.sql", migration.up)
        _write(folder / "sql" / "rollbacks" / f"{_name(migration)}.sql", migration.down)


def psql_scripts(folder: Path, migrations: Sequence[Migration]) -> None:
    """The same files, and scripts for psql that run each in its own transaction."""
    paired_folders(folder, migrations)
    names = [f"{_name(migration)}.sql" for migration in migrations]
    newest, *others = reversed(names)
    _write(folder / "apply.psql", _psql_script("migrations", names))
    _write(folder / "rollback_one.psql", _psql_script("rollbacks", [newest]))
    _write(folder / "rollback_rest.psql", _psql_script("rollbacks", others))


def suffixed_files(folder: Path, migrations: Sequence[Migration]) -> None:
    """yoyo's: one folder, the rollback beside the migration."""
    for migration in migrations:
        _write(folder / "migrations" / f"{_name(migration)}.sql", migration.up)
        _write(folder / "migrations" / f"{_name(migration)}.rollback.sql", migration.down)


def dbmate_files(folder: Path, migrations: Sequence[Migration]) -> None:
    """dbmate's: one file for both directions, each below its marker."""
    for migration in migrations:
        text = f"-- migrate:up\n{migration.up}\n-- migrate:down\n{migration.down}"
        _write(folder / "migrations" / f"{_name(migration)}.sql", text)


def node_pg_migrate_files(folder: Path, migrations: Sequence[Migration]) -> None:
    """node-pg-migrate's: one file for both directions, named after a time in milliseconds."""
    for migration in migrations:
        time = _FIRST_MILLISECOND + migration.number
        text = f"-- Up Migration\n{migration.up}\n-- Down Migration\n{migration.down}"
        _write(folder / "migrations" / f"{time}_{migration.slug}.sql", text)


def alembic_revisions(folder: Path, migrations: Sequence[Migration]) -> None:
    """Alembic's: a Python module for each migration, which executes its SQL as one string."""
    _write(folder / "alembic.ini", _ALEMBIC_INI)
    _write(folder / "env.py", _ALEMBIC_ENV)
    before = None
    for migration in migrations:
        revision = _name(migration)
        text = _ALEMBIC_REVISION.format(
            revision=revision, before=before, up=migration.up, down=migration.down
        )
        _write(folder / "versions" / f"{revision}.py", text)
        before = revision


def _name(migration: Migration) -> str:
    return f"{migration.number:05}_{migration.slug}"


def _psql_script(kind: str, names: Sequence[str]) -> str:
    return "".join(f"BEGIN;\n\\i sql/{kind}/{name}\nCOMMIT;\n" for name in names)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
