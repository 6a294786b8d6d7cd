"""Runs the benchmark and writes docs/benchmarks.md with its plot: `make bench`.

`make bench ARGS="--sizes 1000 5000 --parts sizes"` runs a part; `ARGS=--help` lists the parts.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers import Peers
from benchmarks.plot import plot
from benchmarks.report import PLOT, Circumstances, lines, markdown
from benchmarks.results import Results
from benchmarks.server import Flushing
from benchmarks.suite import Part, Scale, Suite

_SCALE = Scale()
_PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None, scale: Scale = _SCALE) -> Results:
    """Measures what the arguments request, writes the page with its plot, returns the figures."""
    given = _parser().parse_args(arguments)
    peers = Peers(given.peers)
    if given.install:
        peers.install()
    absent = peers.absent()
    if absent:
        print(f"LEFT OUT, for they are not installed: {', '.join(absent)}", file=sys.stderr)
    before = os.getloadavg()[0]
    results = Suite(peers, given.parts, given.sizes, given.fsync, given.rounds, scale).run()
    circumstances = Circumstances(_machine(), given.rounds, (before, os.getloadavg()[0]), absent)
    given.page.write_text(markdown(results, circumstances), encoding="utf-8")
    drawn = lines(results, given.fsync[0])
    if drawn:
        title = f"Seconds to apply from empty (fsync {given.fsync[0]})"
        given.page.with_name(PLOT).write_text(plot(title, drawn), encoding="utf-8")
    print(f"\nWrote {given.page}.", file=sys.stderr)
    return results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--parts", nargs="+", type=Part, default=list(Part), metavar="PART", help=", ".join(Part)
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=[10, 100, 1000], metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--fsync", nargs="+", type=Flushing, default=list(Flushing), metavar="WAY")
    parser.add_argument("--peers", type=Path, default=Peers().folder, metavar="FOLDER")
    parser.add_argument("--no-install", dest="install", action="store_false")
    parser.add_argument("--page", type=Path, default=_PAGE, metavar="FILE")
    return parser


def _machine() -> str:
    python = platform.python_version()
    return (
        f"{os.cpu_count()} processors ({platform.system()}, {platform.machine()}; Python {python})"
    )


if __name__ == "__main__":
    main()
