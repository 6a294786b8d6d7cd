"""Observes migrations statement by statement as they run on a scratch database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmig.impact.catalog import Catalog
from sqlmig.impact.leaves import Leaves
from sqlmig.impact.outside import state, touches
from sqlmig.impact.plans import NOTHING, Reading, prefer_indexes, reading
from sqlmig.impact.transaction import Touch, Transaction
from sqlmig.plan import PlannedScript

# These lock no table, and a SET TRANSACTION may follow them, which must come before any query.
_SILENT = ("set", "reset", "show", "savepoint", "release", "rollback")
_COMMITTING = ("do", "call")

# What each statement of a script did, by its index.
Touches = Mapping[int, list[Touch]]


@dataclass(slots=True)
class Observation:
    """What was observed of each script, by its name; `unseen` are statements that committed by
    themselves, so that their locks could not be observed."""

    catalog: Catalog
    leaves: Leaves
    seen: dict[str, dict[int, list[Touch]]] = field(default_factory=dict)
    unseen: dict[str, list[int]] = field(default_factory=dict)
    _existing: frozenset[int] | None = None
    _reading: Reading = NOTHING
    _transaction: Transaction = field(init=False)

    def __post_init__(self) -> None:
        self._transaction = Transaction(self.catalog)

    def enter(self, catalog: Catalog, leaves: Leaves) -> None:
        """Continues in another database. Raises ExecutionError if nothing is counted there."""
        self.catalog, self.leaves = catalog, leaves
        self.catalog.begin_counting()

    def begin(self, script: PlannedScript) -> None:
        """Forgets what was observed of the script."""
        self.seen[script.name], self.unseen[script.name] = {}, []
        self._existing = None
        if script.directives.transactional:
            self.leaves.renew(script.name)
        else:  # it may fail when half of it is done
            self.leaves.remove()
            self._existing = frozenset(state(self.catalog.beside))

    def opened(self) -> None:
        """Nothing is locked yet."""
        prefer_indexes(self.catalog.inside)
        self._transaction = Transaction(self.catalog, self.leaves.oids, self._existing)

    def before(self, script: PlannedScript, statement: int) -> None:
        """Asks for the plan of a query or a change of rows."""
        word = script.prepared.statements[statement].word
        text = script.prepared.statement_text(statement)
        self._reading = reading(self.catalog.inside, word, text)

    def after(self, script: PlannedScript, statement: int) -> None:
        """Looks at locks, scans and files."""
        word = script.prepared.statements[statement].word
        is_row = word == "insert" and self._reading is NOTHING  # there may be thousands
        if word not in _SILENT and not is_row:
            found = self._transaction.step(word, self._reading)
            self.seen[script.name][statement] = found

    @contextmanager
    def alone(self, script: PlannedScript, statement: int) -> Iterator[None]:
        """Observes what changes in the block."""
        before = state(self.catalog.beside)
        yield
        self.catalog.begin_counting()
        after = state(self.catalog.beside)
        existing = self._existing or frozenset(before)
        found = touches(self.catalog, before, after, existing)
        self.seen[script.name][statement] = found
        if script.prepared.statements[statement].word in _COMMITTING:
            self.unseen[script.name].append(statement)
