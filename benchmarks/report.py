"""Writes the measurements as Markdown: the targets first, then a table for each part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import Figures
from benchmarks.large import FILES
from benchmarks.results import Results
from benchmarks.sections import sections
from benchmarks.server import Flushing
from benchmarks.table import table
from benchmarks.targets import targets
from benchmarks.tools import IMPORTS, LOOP, OURS, Phase

PLOT = "benchmarks.svg"
TOOLS = (OURS, LOOP, "psql", IMPORTS, "yoyo", "Alembic", "dbmate", "node-pg-migrate")

_HEAD = f"""\
# How fast

`make bench` generated this page. Each tool runs the same migrations, in its own file layout, in
turn, starting from an empty database. Every figure is the median over all rounds, except where it
says that something ran once. Every ratio is the median of the ratios of each round. The migrations
create tables, columns, indexes, constraints, PL/pgSQL functions with triggers, and views. Each has
a rollback.

- **psql** is one process that runs each file in its own transaction and records nothing. This is
  the lower limit: every tool that commits each migration separately must do at least this work.
- **{OURS}** is the whole process, from the start of Python to its end.
- **{LOOP}** is the part from the first statement of the first migration to the last response.
- **{IMPORTS}** is `python -c "import click, psycopg"`, the minimum for such a program.
- The other tools are also measured as whole processes. node-pg-migrate has no status command.
  dbmate rolls back one migration per process. For Alembic, the status is `current`.

![Seconds over the number of migrations]({PLOT})
"""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where and how it was measured. `loads` is the load average over one minute, before and at the
    end; `absent` are the peers that were missing."""

    machine: str
    rounds: int
    loads: tuple[float, float]
    absent: Sequence[str]


def markdown(results: Results, circumstances: Circumstances) -> str:
    """The page."""
    parts = [
        _HEAD,
        _circumstances(results, circumstances),
        _targets(results),
        *_sizes(results),
        *_memory(results),
        *_link(results),
        *_files(results),
        *sections(results),
    ]
    return "\n".join(parts)


def lines(results: Results, flushing: Flushing) -> Mapping[str, list[tuple[int, float]]]:
    """The data to plot: the seconds of applying from empty, by number of migrations."""
    found: dict[str, list[tuple[int, float]]] = {}
    for (kind, size), figures in results.sizes.items():
        for tool in TOOLS:
            if kind is flushing and figures.has(tool, Phase.APPLY):
                found.setdefault(tool, []).append((size, figures.seconds(tool, Phase.APPLY)))
    return found


def _circumstances(results: Results, found: Circumstances) -> str:
    before, after = found.loads
    missing = ", ".join(found.absent)
    absent = f" **Not measured, because not installed: {missing}.**" if missing else ""
    return (
        f"PostgreSQL {results.postgres} on {found.machine}, over a Unix socket, with data on disk; "
        f"fsync {results.flushing} where nothing else is said; {found.rounds} rounds. The system "
        f"load was {before:.1f} before and {after:.1f} at the end (the benchmark and the server "
        f"each add about 1).{absent}\n"
    )


def _targets(results: Results) -> str:
    rows = [
        [
            target.promise,
            f"{target.limit:g} {target.unit}".strip(),
            f"{target.measured:.2f} {target.unit}".strip(),
            "yes" if target.is_met else "**no**",
        ]
        for target in targets(results)
    ]
    return "## Targets\n\n" + table(["", "limit", "measured", "met"], rows)


def _sizes(results: Results) -> Iterator[str]:
    for flushing in dict.fromkeys(kind for kind, _ in results.sizes):
        figures = {size: found for (kind, size), found in results.sizes.items() if kind is flushing}
        for phase in Phase:
            heads = [f"{size:,}" for size in figures]
            rows = _rows(figures.values(), phase, _seconds)
            yield f"## {phase.capitalize()}, fsync {flushing}\n\n" + table(["", *heads], rows)


def _memory(results: Results) -> Iterator[str]:
    if results.sizes:
        heads = [f"{size:,}, fsync {flushing}" for flushing, size in results.sizes]
        rows = _rows(results.sizes.values(), Phase.APPLY, _megabytes)
        yield "## Peak memory of applying\n\n" + table(["", *heads], rows)


def _link(results: Results) -> Iterator[str]:
    if not results.linked:
        return
    found = results.link
    rows = [
        [
            tool,
            _seconds(found, tool, Phase.APPLY),
            _trips(found, tool, Phase.APPLY, results.linked),
            _seconds(found, tool, Phase.NOTHING),
            _trips(found, tool, Phase.NOTHING, 1),
        ]
        for tool in TOOLS
        if found.has(tool, Phase.APPLY)
    ]
    heads = ["", Phase.APPLY, "round trips per migration", Phase.NOTHING, "round trips"]
    yield f"## {results.linked} migrations over a link of 20 ms\n\n" + table(heads, rows)


def _files(results: Results) -> Iterator[str]:
    if results.files:
        rows = _rows(results.files.values(), Phase.APPLY, _seconds)
        yield "## One large file\n\n" + table(["", *results.files], rows)
        once = [name for name in results.files if not FILES[name].for_all]
        if once:
            yield f"{', '.join(once)}: once, by {OURS} and psql only.\n"
        rows = _rows(results.files.values(), Phase.APPLY, _megabytes)
        sizes = [f"{name} ({results.file_bytes[name] / 1e6:.1f} MB)" for name in results.files]
        yield "Peak memory:\n\n" + table(["", *sizes], rows)


def _rows(
    columns: Iterable[Figures], phase: Phase, cell: Callable[[Figures, str, Phase], str]
) -> Iterator[list[str]]:
    """A row for each tool that has something to show."""
    columns = list(columns)
    for tool in TOOLS:
        cells = [cell(figures, tool, phase) for figures in columns]
        if any(cells):
            yield [tool, *cells]


def _seconds(figures: Figures, tool: str, phase: Phase) -> str:
    """The median, and its ratio to sqlmig's."""
    if not figures.has(tool, phase):
        return figures.failures.get((tool, phase), "")
    seconds = f"{figures.seconds(tool, phase):.2f} s"
    if tool == OURS or not figures.has(OURS, phase):
        return seconds
    return f"{seconds} ({figures.ratio(tool, OURS, phase):.2f} ×)"


def _megabytes(figures: Figures, tool: str, phase: Phase) -> str:
    return f"{figures.peak_bytes(tool, phase) / 1e6:.0f} MB" if figures.has(tool, phase) else ""


def _trips(figures: Figures, tool: str, phase: Phase, among: int) -> str:
    return f"{figures.round_trips(tool, phase) / among:.3g}" if figures.has(tool, phase) else ""
