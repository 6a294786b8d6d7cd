"""The map of the code in docs/how-it-works.md has every room, and leads to what is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/how-it-works.md").read_text(encoding="utf-8")
LOOSE_FILES = {"__init__.py", "__main__.py", "py.typed"}


def rooms() -> set[str]:
    """The folders of the package, and the files that stand beside them."""
    package = ROOT / "sqlmig"
    folders = {
        f"{folder.relative_to(ROOT)}/"
        for folder in package.rglob("*/")
        if "__pycache__" not in folder.parts
    }
    files = {f"sqlmig/{file.name}" for file in package.iterdir() if file.is_file()}
    return folders | files - {f"sqlmig/{name}" for name in LOOSE_FILES}


def test_the_table_names_every_room() -> None:
    assert set(re.findall(r"^\| `(sqlmig/[^`]+)` \|", PAGE, re.MULTILINE)) == rooms()


def test_the_drawing_has_every_room_at_the_top() -> None:
    drawn = set(re.findall(r"^  (\w+)\[", PAGE, re.MULTILINE))
    top = {Path(room.rstrip("/")).stem for room in rooms() if room.rstrip("/").count("/") == 1}
    assert drawn == top - {"errors"}


def test_the_steps_to_add_something_name_files_that_exist() -> None:
    steps = PAGE[PAGE.index("### Add a command") : PAGE.index("## A migration and its record")]
    named = re.findall(r"`((?:sqlmig|docs|tests)/[\w./-]+)`", steps)
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []
