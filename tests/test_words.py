"""What a user reads is plain, modern technical English: phrases that were replaced stay away."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sqlmig.cli import main

ROOT = Path(__file__).resolve().parents[1]
REPLACED = re.compile(
    r"""\b(?:
    mend | wanted\ a\ yes\ and\ got\ none | nobody\ agreed\ to\ that
    | its\ first\ \d+\ statements?\ stay\ done | nobody\ knows\ yet\ whether
    | without\ which\ nobody\ sees\ what\ becomes\ of | is\ no\ text | is\ no\ path
    | that\ is\ no\ protected\ table | which\ is\ no\ migration\ here | which\ nobody\ would\ run
    | something\ stands\ behind\ the\ array | stands\ below\ the\ first\ statement
    | passed\ it\ over | look\ whether\ it\ is | keeps\ the\ record\ away
    | apply\ also\ below\ an\ applied\ one
    | prove\ that\ a\ second\ run\ changes\ nothing;\ keep\ none | enter\ a\ migration
    | died\ in\ the\ midst\ of\ one\ that\ nobody\ can\ look\ up\ afterwards | goes\ on\ with
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)


def replaced(text: str) -> list[str]:
    return REPLACED.findall(" ".join(text.split()))


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from commands(found, f"{name} {each}")


def strings(source: str) -> Iterator[tuple[int, str]]:
    """Every string of a module but for its docstrings, with its line."""
    tree = ast.parse(source)
    alone = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }  # a docstring is a statement by itself
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "1" for p in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and id(node) not in alone:
            yield node.lineno, str(node.value)


def test_no_string_of_the_package_has_a_replaced_phrase() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {phrase}"
        for path in sorted((ROOT / "sqlmig").rglob("*.py"))
        for line, text in strings(path.read_text("utf-8"))
        for phrase in replaced(text)
    ]
    assert found == []


def test_no_help_text_has_a_replaced_phrase() -> None:
    found = {
        name: phrases
        for name, command in commands(main, "sqlmig")
        if (phrases := replaced(command.get_help(click.Context(command, info_name=name))))
    }
    assert found == {}


@pytest.mark.parametrize(
    "guide", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_no_guide_has_a_replaced_phrase(guide: Path) -> None:
    assert replaced(guide.read_text("utf-8")) == []


def test_a_replaced_phrase_is_found_across_lines_and_in_any_case() -> None:
    assert replaced("Mend it. Something\n  stands behind the array. Amended.") == [
        "Mend",
        "Something stands behind the array",
    ]
