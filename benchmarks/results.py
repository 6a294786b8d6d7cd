"""The results of one run of the benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.commands import Commands
from benchmarks.figures import Figures
from benchmarks.fleet import Fleet
from benchmarks.importing import Imports
from benchmarks.mongo import Mongo
from benchmarks.server import Flushing


@dataclass(slots=True)
class Results:
    """The figures; parts that were not requested are empty.

    `sizes` has the figures for every number of migrations, with fsync on or off; `link` those of
    `linked` migrations over the slow link; `files` those of every large file, whose sizes are in
    `file_bytes`; `lexer` has megabytes per second for each kind of text, `calls` the seconds of
    each call. `postgres` is the server's version, and `flushing` its setting for all but `sizes`.
    """

    postgres: str = ""
    flushing: Flushing = Flushing.ON
    sizes: dict[tuple[Flushing, int], Figures] = field(default_factory=dict)
    linked: int = 0
    link: Figures = field(default_factory=Figures)
    files: dict[str, Figures] = field(default_factory=dict)
    file_bytes: dict[str, int] = field(default_factory=dict)
    lexer: Mapping[str, float] = field(default_factory=dict)
    calls: Mapping[str, float] = field(default_factory=dict)
    commands: Commands | None = None
    imports: Imports | None = None
    fleet: Fleet | None = None
    mongo: Mongo | None = None
