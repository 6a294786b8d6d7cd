"""`verify`: which migrations go through the round trip, where, and what else is proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlmig.config import Config
from sqlmig.engine.history.foreign import foreign_histories
from sqlmig.engine.server.connection import opened, translated
from sqlmig.model import Migrations
from sqlmig.plan import PlannedMigration
from sqlmig.proof.replay import staged
from sqlmig.proof.roundtrip import RoundTrip, RoundTrips, Verification
from sqlmig.proof.scratch import scratch_beside

# A proof that runs once all migrations are applied. It gets the settings of the scratch database,
# and returns what it found wrong, in words.
Proof = Callable[[Config], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Course:
    """What a verification runs: first the `applied` migrations, then a round trip for each
    `planned` one, whose files are in `files`; the history is in `schema`."""

    files: Migrations
    planned: Sequence[PlannedMigration]
    applied: Sequence[PlannedMigration] = ()
    schema: str | None = None


def verify(
    config: Config,
    course: Course,
    *,
    scratch_url: str | None = None,
    proofs: Sequence[Proof] = (),
    tell: Callable[[RoundTrip], None] = lambda _: None,
) -> Verification:
    """The round trips, in scratch databases that are dropped at the end; writes nothing else.

    `tell` is called with each result; `proofs` run at the end, unless an apply failed. Raises
    ExecutionError if an applied migration cannot run again, and BeyondDatabaseError for a script
    that reaches beyond its database, which is undone.
    """
    trips = []
    with (
        translated(),
        scratch_beside(config, scratch_url) as server,
        staged(server, config, course.schema) as stage,
    ):
        stage.replay(course.applied)
        walker = RoundTrips(stage, course.files, list(course.applied))
        for trip in walker.walk(course.planned):
            tell(trip)
            trips.append(trip)
        with opened(stage.url) as connection:
            left_out = tuple(map(str, foreign_histories(connection)))
        findings: list[str] = []
        if not any(trip.stops for trip in trips):
            stage.close()  # the proofs take the runner's lock
            there = replace(config, database=stage.url, history_schema=stage.schema)
            findings = [finding for proof in proofs for finding in proof(there)]
    warnings = (*server.warnings, *map(_warning, (trip for trip in trips if trip.required)))
    return Verification(tuple(trips), tuple(findings), warnings, left_out)


def _warning(trip: RoundTrip) -> str:
    return (
        f"the rollback of {trip.migration_id} fails where the table has rows: it adds "
        f"{', '.join(trip.required)} as NOT NULL without a DEFAULT. Give it one, or add it "
        "nullable, fill it, then SET NOT NULL."
    )
