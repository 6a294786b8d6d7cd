"""The real Mermaid draws the pictures: every box and every edge, with the names as they are.

It needs Mermaid's command line (`npm install @mermaid-js/mermaid-cli`) on the PATH or in the
variable SQLMIG_TEST_MMDC, and a Chromium.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sqlmig.document.model import Kind, QualifiedName, Relation
from sqlmig.document.picture import draw
from tests.database import Database
from tests.document import pages
from tests.document.test_document import document
from tests.document.test_picture import table

MMDC = os.environ.get("SQLMIG_TEST_MMDC") or shutil.which("mmdc")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.long_form,
    pytest.mark.skipif(MMDC is None, reason="Mermaid's command line, mmdc, is not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@dataclass(frozen=True)
class Drawn:
    """What Mermaid drew of a diagram, as SVG: the texts of the labels, and how many edges."""

    labels: list[str]
    edges: int


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures are made: SQLMIG_TEST_PICTURES, to look at them, or a new folder."""
    chosen = Path(os.environ.get("SQLMIG_TEST_PICTURES", tmp_path))
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def drawn(folder: Path, name: str, diagram: str) -> Drawn:
    """Has the diagram drawn, as SVG and as PNG."""
    source, settings = folder / f"{name}.mmd", folder / "puppeteer.json"
    source.write_text(diagram, encoding="utf-8")
    settings.write_text(json.dumps({"executablePath": CHROMIUM, "args": ["--no-sandbox"]}))
    for form in ("png", "svg"):
        command = [MMDC or "", "-q", "-p", str(settings), "-i", str(source), "-s", "2"]
        done = subprocess.run(
            [*command, "-o", str(folder / f"{name}.{form}")],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr + diagram
    return read(folder / f"{name}.svg")


def read(path: Path) -> Drawn:
    """The labels of an SVG, and its lines between boxes."""
    text = path.read_text(encoding="utf-8")
    labels = re.findall(r"<span class=\"(?:nodeLabel|edgeLabel)[^\"]*\"[^>]*>(.*?)</span>", text)
    shown = [html.unescape(re.sub("<[^>]+>", "", label)) for label in labels]
    return Drawn(shown, len(re.findall(r"class=\"[^\"]*relationshipLine", text)))


def expected(diagram: str) -> tuple[set[str], int]:
    """The names and words of a diagram that must be seen, and how many edges."""
    words = set(re.findall(r'"([^"]+)"', diagram))
    for line in re.findall(r"^    (.*)$", diagram, re.MULTILINE):
        words.update(line.split(" ")[:2])
    return words, diagram.count("--o")


def test_the_pictures_of_the_samples_have_every_name_and_edge(
    sample: Database, folder: Path, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    (diagram,) = pages.diagrams(document(sample))
    seen = drawn(folder, name, diagram)
    words, edges = expected(diagram)
    assert words - set(seen.labels) == set()
    assert seen.edges == edges


@pytest.mark.parametrize("count", [10, 40, 41])
def test_a_picture_of_many_tables_is_drawn(folder: Path, count: int) -> None:
    tables = [
        table(f"table_{n:02}", *{f"table_{n // 3:02}", f"table_{n // 7:02}"} - {f"table_{n:02}"})
        for n in range(count)
    ]
    (diagram,) = draw(tables, ()).diagrams
    seen = drawn(folder, f"many_{count}", diagram)
    words, edges = expected(diagram)
    assert words - set(seen.labels) == set()
    assert seen.edges == edges > count


WORDS = (
    *("end", "style", "classDef", "class", "subgraph", "title", "accTitle", "direction", "click"),
    *("one", "many", "zero", "only", "to", "optionally", "u", "o", "1", "erDiagram", "graph"),
    *("__proto__", "constructor", "toString", "undefined", "null", "_", "__", "default", "init"),
    *(
        "direction TB",
        "accDescr: x",
        "%%{init: {}}%%",
        "---",
        "one or more",
        "a:::b",
        "a~b~",
        "$$x$$",
    ),
)


def test_no_word_of_mermaid_in_a_name_means_anything(folder: Path) -> None:
    tables = [table(word, *WORDS[n - 1 : n]) for n, word in enumerate(WORDS)]
    (diagram,) = draw(tables, ()).diagrams
    seen = drawn(folder, "words", diagram)
    words, edges = expected(diagram)
    assert words - set(seen.labels) == set()
    assert seen.edges == edges


def test_the_longest_text_that_is_made_is_drawn(folder: Path) -> None:
    wide = [table(f"t{n}", "t0", columns=12, width=60) for n in range(40)]
    (diagram,) = draw(wide, ()).diagrams
    assert 30_000 < len(diagram) <= 50_000
    assert drawn(folder, "longest", diagram).edges == 40


def test_a_table_without_columns_is_drawn(folder: Path) -> None:
    (diagram,) = draw([Relation(QualifiedName("public", "bare"), Kind.TABLE, "")], ()).diagrams
    assert drawn(folder, "bare", diagram).labels == ["bare"]
