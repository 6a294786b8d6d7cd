"""The benchmark runs, without its peers, and tells what it measured; no time is judged."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from benchmarks.__main__ import main
from benchmarks.link import slow_link
from benchmarks.migrations import migrations
from benchmarks.peers import Peers
from benchmarks.race import Race
from benchmarks.server import Server
from benchmarks.tools import FLOOR, LOOP, OURS, Phase, own_tools
from sqlmig.embedded.programs import chosen_folder, find_programs
from tests.database import Database

ALL_PHASES = [*Phase]
WITH_ROLLBACKS = [Phase.APPLY, Phase.ROLLBACK_ONE, Phase.ROLLBACK_REST]


@pytest.fixture
def server(database: Database) -> Server:
    """The server of the tests."""
    info = database.connection.info
    programs = find_programs(chosen=chosen_folder())
    return Server(Path(info.host), info.port, programs.folder, programs.version)


def test_every_tool_goes_through_its_phases(server: Server, tmp_path: Path) -> None:
    figures = Race(own_tools(server), server, rounds=1, folder=tmp_path).run(list(migrations(3)))
    assert figures.failures == {}
    for tool, phases in ((OURS, ALL_PHASES), (LOOP, WITH_ROLLBACKS), (FLOOR, WITH_ROLLBACKS)):
        assert [phase for phase in Phase if figures.has(tool, phase)] == phases
    assert figures.seconds(OURS, Phase.APPLY) > figures.seconds(LOOP, Phase.APPLY) > 0
    assert figures.peak_bytes(OURS, Phase.APPLY) > figures.peak_bytes(FLOOR, Phase.APPLY) > 1e6


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


def test_the_page_names_the_peers_that_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    nowhere = ["--no-install", "--peers", str(tmp_path / "nowhere")]
    small = ["--parts", "sizes", "--sizes", "2", "--rounds", "1", "--fsync", "off"]
    main([*nowhere, *small, "--page", str(page)])
    missing = ", ".join(Peers(tmp_path / "nowhere").absent())
    assert missing == "yoyo, Alembic, dbmate, node-pg-migrate"
    assert missing in capsys.readouterr().err
    assert missing in page.read_text()
    assert "## Apply from empty, fsync off" in page.read_text()
    assert page.with_name("benchmarks.svg").read_text().count("<polyline") == 3
