"""The speed of the lexer in megabytes per second."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Mapping

from benchmarks.large import many_bytes, many_statements, rows_in_one_insert
from benchmarks.migrations import migrations
from sqlmig.source.lexer import statements

_BYTES = 5_000_000


def lexer_speeds(rounds: int) -> Mapping[str, float]:
    """Megabytes per second for each kind of text: the median of that many rounds."""
    texts = {
        "migrations": "".join(migration.up for migration in migrations(10_000)),
        "rows in one INSERT": rows_in_one_insert().up,
        "INSERTs of 1,000 rows": many_bytes(_BYTES).up,
        "INSERTs of one row": many_statements().up,
    }
    return {
        name: statistics.median(_speed(text) for _ in range(rounds)) for name, text in texts.items()
    }


def _speed(text: str) -> float:
    started = time.perf_counter()
    deque(statements(text), maxlen=0)
    return len(text.encode()) / 1e6 / (time.perf_counter() - started)
