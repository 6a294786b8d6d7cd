"""All that one run of the benchmark has to tell."""

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
    """The figures; what was not asked for is empty.

    `sizes` are those of every number of migrations, with fsync on or off; `link` those of `linked`
    migrations over the slow link; `files` those of every large file, whose sizes are `file_bytes`;
    `lexer` has megabytes a second for each kind of text, `calls` seconds for each call. `postgres`
    is the server's version, and `flushing` how it ran for all but `sizes`.
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
