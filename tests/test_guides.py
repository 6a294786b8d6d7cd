"""The guides are true: every command and every block of Python in them runs, in their order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from sqlmig.source.directives import DIRECTIVES, FileKind
from tests.database import Database
from tests.guide import Reader, steps
from tests.repository import Repository

ROOT = Path(__file__).parent.parent
GUIDES = sorted(
    path
    for path in (ROOT / "docs").glob("*.md")
    if path.name not in ("CHANGELOG.md", "changelog-rules.md", "reference.md")
)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_can_be_followed(
    guide: Path,
    repository: Repository,
    programs: Path,
    database: Database,
    mongo_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = list(steps(guide))
    if not (found and found[0].text.startswith("sqlmig init")):
        for name in ("sql", "mongo_seeds", "docs"):
            shutil.copytree(ROOT / name, repository.root / name)
        shutil.copy(ROOT / "pyproject.toml", repository.root)
        repository.commit()
    monkeypatch.chdir(repository.root)
    for name, value in {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "SQLMIG_DATABASE_URL": database.url,
        "SQLMIG_MONGO_URL": mongo_url,
    }.items():
        monkeypatch.setenv(name, value)
    reader = Reader(repository.root)
    for step in found:
        reader.follow(step)


def test_the_guides_have_much_to_follow() -> None:
    kinds = [step.kind for guide in GUIDES for step in steps(guide)]
    assert kinds.count("run") > 40
    assert kinds.count("python") >= 9
    assert kinds.count("write") >= 5


def test_every_guide_is_in_the_table_of_contents() -> None:
    contents = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    names = [*(path.name for path in GUIDES), "reference.md", "changelog-rules.md"]
    assert [name for name in names if name != "README.md" and f"({name})" not in contents] == []


def test_each_guide_leads_to_the_next_of_the_table_of_contents() -> None:
    contents = (ROOT / "docs/README.md").read_text(encoding="utf-8").partition("## Begin")[2]
    order = re.findall(r"^- \[[^]]*\]\((\w[\w-]*\.md)\)", contents.partition("## Look up")[0], re.M)
    following = {
        name: re.findall(r"^Next: \[[^]]+\]\(([\w-]+\.md)\)\.\n\Z", page, re.M)
        for name in order
        for page in [(ROOT / "docs" / name).read_text(encoding="utf-8")]
    }
    assert list(following.values()) == [[name] for name in [*order[1:], "reference.md"]]


def test_no_cell_of_the_comparison_is_empty() -> None:
    lines = (ROOT / "docs/comparison.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("|").split("|")[1:] for line in lines if line.startswith("|")]
    assert len(rows) > 50
    assert [row for row in rows if not all(cell.strip() for cell in row)] == []


@pytest.mark.parametrize("page", [*GUIDES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\((?!http)([^)#]*)(?:#[^)]*)?\)", text)
    assert [t for t in targets if t and not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", [*GUIDES, ROOT / "README.md"], ids=lambda path: path.stem)
def test_links_to_sections_lead_to_a_heading(page: Path) -> None:
    links = re.findall(r"\]\(([\w./-]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    named = ((page.parent / file if file else page, anchor) for file, anchor in links)
    assert [link for link in named if link[1] not in anchors(link[0])] == []


def anchors(page: Path) -> set[str]:
    """The anchors that code hosts give to the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }


def test_the_reference_is_what_the_code_says() -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "docs/make_reference.py"), "--check"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )


def test_the_settings_shown_are_settings_in_either_file(tmp_path: Path) -> None:
    guide = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    for settings, name in zip(blocks, ("pyproject.toml", "sqlmig.toml"), strict=True):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(settings)
        config = Config.load(folder, environ={})
        assert config == Config(project=folder)
        assert set(config.origins) == {"migrations", "lock_timeout"}


def test_the_directives_in_the_guide_are_all_that_there_are() -> None:
    guide = (ROOT / "docs/migrations.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `-- (\w+): ", guide, re.MULTILINE)
    kinds = {spec.name: spec.kinds for spec in DIRECTIVES}
    assert shown == [name for name in kinds if FileKind.MIGRATION in kinds[name]]


def test_what_is_said_to_be_kept_in_the_database_is_kept(
    tmp_path: Path, database: Database
) -> None:
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    Migrator(Config.load(tmp_path, {"database": database.url})).apply("001")
    ours = {name for _, name, kind in database.relations() if kind == "r"}
    guide = (ROOT / "docs/states.md").read_text(encoding="utf-8")
    section = guide.partition("## What is kept")[2].partition("created by")[0]
    assert set(re.findall(r"`(\w+)`", section)) == ours
