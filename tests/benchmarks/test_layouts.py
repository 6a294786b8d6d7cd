"""Every tool gets the same migrations, each in its own layout."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import layouts
from benchmarks.layouts import Layout
from benchmarks.migrations import migrations
from sqlmig.source.files import read_migrations

Pairs = list[tuple[str, str]]
Reader = Callable[[Path], Pairs]

# More than one table's, so that names that depend on the table are among them.
MIGRATIONS = list(migrations(14))


def paired(folder: Path) -> Pairs:
    """What sqlmig reads."""
    files = read_migrations(folder / "sql" / "migrations", folder / "sql" / "rollbacks")
    return [(f.file.script.text, f.rollback.script.text) for f in files if f.rollback]


def included(folder: Path) -> Pairs:
    """What psql runs, by its scripts."""
    ups = _included(folder, "apply.psql")
    downs = _included(folder, "rollback_one.psql") + _included(folder, "rollback_rest.psql")
    return list(zip(ups, downs[::-1], strict=True))


def suffixed(folder: Path) -> Pairs:
    """What yoyo reads."""
    texts = {path.name: path.read_text() for path in sorted(folder.glob("migrations/*.sql"))}
    ids = [name.removesuffix(".sql") for name in texts if ".rollback" not in name]
    return [(texts[f"{name}.sql"], texts[f"{name}.rollback.sql"]) for name in ids]


def marked(folder: Path) -> Pairs:
    """What dbmate and node-pg-migrate read: both ways in one file, each below its marker."""
    texts = [path.read_text() for path in sorted(folder.glob("migrations/*.sql"))]
    parts = [
        re.split(r"-- (?:migrate:up|Up Migration|migrate:down|Down Migration)\n", t) for t in texts
    ]
    return [(up.removesuffix("\n"), down.removesuffix("\n")) for _, up, down in parts]


def revised(folder: Path) -> Pairs:
    """What Alembic runs, from the revision without an earlier one on."""
    modules = [_constants(path) for path in folder.glob("versions/*.py")]
    next_after = {module["down_revision"]: module for module in modules}
    pairs: Pairs = []
    revision: str | None = None
    while module := next_after.get(revision):
        pairs.append((str(module["UP"]), str(module["DOWN"])))
        revision = module["revision"]
    return pairs


@pytest.mark.parametrize(
    ("layout", "read"),
    [
        (layouts.paired_folders, paired),
        (layouts.psql_scripts, included),
        (layouts.suffixed_files, suffixed),
        (layouts.dbmate_files, marked),
        (layouts.node_pg_migrate_files, marked),
        (layouts.alembic_revisions, revised),
    ],
)
def test_every_layout_holds_the_same_migrations_in_the_same_order(
    layout: Layout, read: Reader, tmp_path: Path
) -> None:
    layout(tmp_path, MIGRATIONS)
    found = [(up.strip(), down.strip()) for up, down in read(tmp_path)]
    assert found == [(m.up.strip(), m.down.strip()) for m in MIGRATIONS]


def _included(folder: Path, script: str) -> list[str]:
    names = re.findall(r"^\\i (.*)$", (folder / script).read_text(), re.MULTILINE)
    return [(folder / name).read_text() for name in names]


def _constants(path: Path) -> dict[str, str | None]:
    """What a module assigns at its top, without running it: Alembic may not be installed."""
    assignments = [
        node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign)
    ]
    return {ast.unparse(node.targets[0]): ast.literal_eval(node.value) for node in assignments}
