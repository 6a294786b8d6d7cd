"""The sections of the page about sqlmig alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.commands import APPLY, Commands
from benchmarks.fleet import MIGRATIONS, Fleet
from benchmarks.importing import Imports
from benchmarks.mongo import Mongo
from benchmarks.results import Results
from benchmarks.table import table


def sections(results: Results) -> Iterator[str]:
    """One section for each part that was requested."""
    if results.commands:
        yield _commands(results.commands)
    if results.imports:
        yield _imports(results.imports)
    if results.fleet:
        yield _fleet(results.fleet)
    if results.mongo:
        yield from _mongo(results.mongo)
    if results.lexer:
        rows = [[name, f"{speed:.0f} MB/s"] for name, speed in results.lexer.items()]
        yield "## The lexer\n\n" + table(["text", "speed"], rows)
    if results.calls:
        rows = [[name, f"{seconds * 1000:.1f} ms"] for name, seconds in results.calls.items()]
        yield "## Single calls\n\n" + table(["call", "median"], rows)


def _commands(found: Commands) -> str:
    rows = [
        [f"`{command}`", f"{found.seconds(command):.2f} s", f"{found.ratio(command):.2f} ×"]
        for command in found.rounds
    ]
    heads = ["", "whole process", f"relative to `{APPLY}`"]
    return f"## Commands over {found.migrations:,} migrations\n\n" + table(heads, rows)


def _imports(found: Imports) -> str:
    rows = [
        [tool, f"{seconds:.2f} s", f"{found.again[tool]:.2f} s"]
        for tool, seconds in found.first.items()
    ]
    title = f"## Import of {found.migrations:,} migrations, processor time\n\n"
    return title + table(["layout", "import", "again"], rows)


def _fleet(found: Fleet) -> str:
    rows = [
        [f"`fleet {command}`, nothing to do, {found.current:,} tenants", _milliseconds(seconds)]
        for command, seconds in found.nothing.items()
    ]
    todo = f"{MIGRATIONS} migrations, {found.behind:,} tenants, once"
    rows += [
        [f"`fleet apply`, {todo}", _milliseconds(found.together / found.behind)],
        [f"`apply`, {todo}, a process for each", _milliseconds(found.alone / found.behind)],
    ]
    title = "## A fleet, processor time of the client\n\n"
    return title + table(["", "for each tenant"], rows)


def _mongo(found: Mongo) -> Iterator[str]:
    rows = [
        [
            f"{form}, {reading.file_bytes / 1e6:.0f} MB",
            f"{reading.processor_seconds:.1f} s",
            f"{reading.peak_bytes / 1e6:.0f} MB",
        ]
        for form, reading in found.readings.items()
    ]
    title = f"## {found.read:,} MongoDB documents, read and checked by `validate`, once\n\n"
    yield title + table(["file", "processor time", "peak memory"], rows)
    rows = [
        ["a bare `bulk_write` of what is in memory", f"{found.bare_seconds:.2f} s", ""],
        ["`seed`, the whole process", f"{found.seed_seconds:.2f} s", f"{found.ratio:.2f} ×"],
    ]
    yield f"{found.written:,} documents, written:\n\n" + table(["", "time", "ratio"], rows)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
