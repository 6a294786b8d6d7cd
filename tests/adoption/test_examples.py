"""Every tool's layout and history, by the commands of the guide: what it has applied is taken over,
and nothing changes."""

from __future__ import annotations

import re

import pytest

from sqlmig.adoption.registry import NAMES
from tests.adoption.examples import EFFECTS, EXAMPLES
from tests.adoption.move import ROOT, Move, dump, guided
from tests.database import Database
from tests.project import Project

# sqitch's history has hashes of its plan, so its own program makes it: test_real_tools.py.
_BY_HAND = sorted(set(EXAMPLES) - {"sqitch"})


def test_there_is_an_example_of_each_tool() -> None:
    assert tuple(EXAMPLES) == NAMES


@pytest.mark.parametrize("tool", _BY_HAND)
def test_what_a_tool_has_applied_is_taken_over(
    tool: str, project: Project, database: Database
) -> None:
    example = EXAMPLES[tool]()
    move = Move(project, database, tool)
    move.write(example)
    for statement in (*EFFECTS, example.table, example.rows):
        database.execute(statement)
    move.take_over(example)
    move.redo_the_last()
    assert move.apply_from_empty() == dump(database)


def test_the_readme_has_the_commands_of_the_guide() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Come from another tool")[2].partition("\n## ")[0]
    block = section.partition("```text\n")[2].partition("```")[0]
    shown = re.findall(r"^sqlmig ([^#\n]*)", block, re.MULTILINE)
    settings, *others = [line.split() for line in shown]
    assert settings == ["init", "--empty"]
    assert others == guided("dbmate")
