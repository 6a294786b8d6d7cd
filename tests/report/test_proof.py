"""What is told of drift."""

from __future__ import annotations

from sqlmig.proof.drift import Drift
from sqlmig.report import proof
from tests.report.reading import told


def test_one_migration_makes_and_several_make() -> None:
    assert told(proof.drift(Drift(("001_a",), ()))) == (
        "No drift: the live schema is what 1 applied migration makes."
    )
    assert told(proof.drift(Drift(("001_a", "002_b"), ()))) == (
        "No drift: the live schema is what 2 applied migrations make."
    )
