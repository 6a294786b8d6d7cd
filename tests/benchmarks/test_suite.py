"""The benchmark runs, without its peers, and tells what it measured; no time is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import psycopg
import pytest

from benchmarks.__main__ import main
from benchmarks.figures import Figures
from benchmarks.large import (
    HUGE,
    ROWS,
    START_UP,
    LargeFile,
    many_bytes,
    rows_in_one_insert,
    table_alone,
)
from benchmarks.link import slow_link
from benchmarks.migrations import migrations
from benchmarks.peers import Peers
from benchmarks.race import Race
from benchmarks.results import Results
from benchmarks.server import Flushing, Server
from benchmarks.suite import Part, Scale
from benchmarks.tools import FLOOR, LOOP, OURS, Phase, own_tools
from sqlmig.embedded.programs import chosen_folder, find_programs
from tests.database import Database

TINY = Scale(
    link=2,
    commands=2,
    imported=2,
    files={
        START_UP: LargeFile(table_alone),
        ROWS: LargeFile(partial(rows_in_one_insert, 20_000)),
        HUGE: LargeFile(partial(many_bytes, 1_000), for_all=False),
    },
    current=2,
    behind=2,
    read=3,
    written=3,
    rows=10,
    many=2,
)
RACES = {
    "sizes": ["## Apply from empty, fsync off"],
    "link": ["## 2 migrations over a link", "| round trips per migration"],
    "files": [
        "## One large file",
        "| 100,000 rows in one INSERT: relative to psql",
        "| 300 MB: memory, as a multiple",
    ],
}
OTHERS = {
    "commands": [
        "## Commands over 2 migrations",
        "| `verify --rows` |",
        "| verify, 2 migrations",
        "| impact --all, 2 migrations",
    ],
    "import": ["## Import of 2 migrations", "| prisma |", "| import 2 of "],
    "fleet": [
        "## A fleet",
        "| `fleet status`, nothing to do, 2 tenants |",
        "| fleet apply, 2 tenants",
    ],
    "mongo": [
        "## 3 MongoDB documents",
        "3 documents, written:",
        "| 3 MongoDB documents, read and checked: processor time",
        "| 3 MongoDB documents, read and checked: peak memory",
    ],
    "lexer": ["## The lexer"],
    "calls": ["| expect_current over 2 migrations |"],
}
ALL_PHASES = [*Phase]
WITH_ROLLBACKS = [Phase.APPLY, Phase.ROLLBACK_ONE, Phase.ROLLBACK_REST]


@pytest.fixture
def server(database: Database) -> Server:
    """The server of the tests."""
    info = database.connection.info
    programs = find_programs(chosen=chosen_folder())
    return Server(Path(info.host), info.port, programs.folder, programs.version)


def test_a_tool_that_fails_is_named_and_out_of_the_race(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = [next(migrations(1))] * 2  # the same table again
    tools = [tool for tool in own_tools(server) if tool.name == FLOOR]
    figures = Race(tools, server, rounds=2, folder=tmp_path).run([*twice, *migrations(3)])
    assert not figures.has(FLOOR, Phase.APPLY)
    assert "failed" in figures.failures[FLOOR, Phase.APPLY]
    assert "already exists" in capsys.readouterr().err


def test_the_link_counts_what_the_client_waits_for(database: Database) -> None:
    info = database.connection.info
    socket = Path(info.host, f".s.PGSQL.{info.port}")
    with slow_link(socket, delay=0) as link:
        url = database.url.replace(info.host, str(link.folder))
        with psycopg.connect(url, autocommit=True) as connection:
            before = link.round_trips
            for _ in range(5):
                connection.execute("SELECT repeat('many bytes ', 100000)")
        assert link.round_trips == before + 5


def test_the_parts_that_compare_tools_are_measured_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    results = measure(RACES, page)
    assert untold(RACES, page) == []
    assert page.with_name("benchmarks.svg").read_text().count("<polyline") == 3
    missing = ", ".join(Peers(tmp_path / "nowhere").absent())
    assert missing == "yoyo, Alembic, dbmate, node-pg-migrate"
    assert missing in capsys.readouterr().err
    assert missing in page.read_text()
    assert_every_tool_went_through_its_phases(results.sizes[Flushing.OFF, 2])


def test_all_other_parts_are_measured_and_told(tmp_path: Path) -> None:
    assert {*RACES, *OTHERS} == {*Part}
    measure(OTHERS, tmp_path / "page.md")
    assert untold(OTHERS, tmp_path / "page.md") == []


def measure(parts: Iterable[str], page: Path) -> Results:
    """The results of those parts without peers, in their tiny form."""
    nowhere = ["--no-install", "--peers", str(page.with_name("nowhere"))]
    small = ["--sizes", "2", "--rounds", "1", "--fsync", "off"]
    return main([*nowhere, "--parts", *parts, *small, "--page", str(page)], TINY)


def untold(parts: Mapping[str, list[str]], page: Path) -> list[str]:
    """What is not on the page, of what should be there."""
    text = page.read_text()
    return [words for expected in parts.values() for words in expected if words not in text]


def assert_every_tool_went_through_its_phases(figures: Figures) -> None:
    assert figures.failures == {}
    for tool, phases in ((OURS, ALL_PHASES), (LOOP, WITH_ROLLBACKS), (FLOOR, WITH_ROLLBACKS)):
        assert [phase for phase in Phase if figures.has(tool, phase)] == phases
    assert figures.seconds(OURS, Phase.APPLY) > figures.seconds(LOOP, Phase.APPLY) > 0
    assert figures.peak_bytes(OURS, Phase.APPLY) > figures.peak_bytes(FLOOR, Phase.APPLY) > 1e6
