"""What each statement of a transaction does to tables that existed before, and under which locks:
its own, and those that earlier statements took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmig.impact.catalog import Catalog, LockedRelation, Relation
from sqlmig.impact.changes import UNCHANGED, Changes, TableState
from sqlmig.impact.locks import Blocks, Lock
from sqlmig.impact.look import Look, Seen
from sqlmig.impact.plans import Reading

_WITH_DATA = ("r", "p")
_ALTERED = ("r", "p", "m", "f")
_ROUTINES = ("do", "call", "select", "with", "execute")
# What these run may not show in any plan.
_OPAQUE = ("do", "call", "select", "with", "values", "execute", "insert", "update", "delete")


@dataclass(slots=True)
class Work:
    """The large work of one statement on one table; `written` says that all rows may be written,
    `deleted` that they are deleted."""

    scanned: bool = False
    rewritten: bool = False
    indexed: bool = False
    written: bool = False
    deleted: bool = False

    @property
    def any(self) -> bool:
        """Whether there is any work."""
        return self.scanned or self.rewritten or self.indexed or self.written

    def add(self, other: Work) -> None:
        """Adds the work on a partition."""
        self.scanned |= other.scanned
        self.rewritten |= other.rewritten
        self.indexed |= other.indexed
        self.written |= other.written
        self.deleted |= other.deleted


@dataclass(frozen=True, slots=True)
class Touch:
    """What a statement means for the users of a table: the strongest lock that its transaction
    holds on it by then, and the work on it, if any. `is_emptied` says that it was truncated;
    `changes` are those of its definition."""

    relation: Relation
    lock: Lock
    work: Work = field(default_factory=Work)
    is_emptied: bool = False
    locks_rows: bool = False
    changes: Changes = UNCHANGED

    @property
    def blocks(self) -> Blocks:
        """Which users of the table wait."""
        blocks = self.lock.blocks(self.relation.kind)
        return Blocks.WRITES if self.locks_rows and blocks is Blocks.NOTHING else blocks


@dataclass(slots=True)
class Transaction:
    """The tables that one transaction has locked. `leaves` are partitions that are not the
    project's; `existing`, if given, is everything that existed before the script."""

    catalog: Catalog
    leaves: Collection[int] = ()
    existing: Collection[int] | None = None
    _known: dict[int, Relation] = field(default_factory=dict)
    _others: set[int] = field(default_factory=set)
    _seen: dict[int, Seen] = field(default_factory=dict)
    _held: dict[int, Lock] = field(default_factory=dict)
    _emptied: set[int] = field(default_factory=set)
    _written: set[int] = field(default_factory=set)
    _keys: set[tuple[int, int, int]] = field(default_factory=set)
    _states: dict[int, TableState | None] = field(default_factory=dict)

    def step(self, word: str, reading: Reading) -> list[Touch]:
        """What the statement did, which starts with that word and has just run."""
        locked = self.catalog.locked()
        if word in _ROUTINES:
            locked += self._undone(locked)
        self._learn(locked)
        look = Look(locked, self._known, self._seen)
        self._emptied |= look.emptied
        works = self._works(look, word, reading)
        held = look.held
        changes = self._changes(held)
        self._fold_partitions(held, works, look.emptied)
        touches = list(self._touches(held, works, look.emptied, changes))
        self._written |= {oid for oid, work in works.items() if work.written}
        self._held = held
        self._seen |= {each.oid: Seen.of(each) for each in locked}
        return touches

    def _undone(self, locked: Sequence[LockedRelation]) -> list[LockedRelation]:
        """The tables that were scanned in a block which an exception handler undid. Their locks are
        gone by now, and may have been the strongest."""
        found = self.catalog.scanned_without_lock([each.oid for each in locked])
        return [e for e in found if e.oid not in self._seen or e.scans > self._seen[e.oid].scans]

    def _learn(self, locked: Sequence[LockedRelation]) -> None:
        new = [e.oid for e in locked if e.oid not in self._known and e.oid not in self._others]
        if new:
            found = self.catalog.before(new)
            if self.existing is not None:
                found = [each for each in found if each.oid in self.existing]
            self._known |= {each.oid: each for each in found}
            self._others |= set(new) - self._known.keys()

    def _works(self, look: Look, word: str, reading: Reading) -> dict[int, Work]:
        works: dict[int, Work] = defaultdict(Work)
        self._note_scans(works, look.scanned - reading.named, word, look)
        for oid in look.rewritten:
            works[oid].rewritten = True
        for oid in look.indexed:
            works[oid].indexed = True
        self._note_plan(works, reading)
        return {oid: work for oid, work in works.items() if oid not in self._emptied}

    def _note_scans(
        self, works: dict[int, Work], scanned: Collection[int], word: str, look: Look
    ) -> None:
        for oid in scanned:
            works[oid].scanned = True
            works[oid].written = word in _OPAQUE and oid in look.locked_for_rows
        if look.read:
            self._note_foreign_keys(works, look.read)

    def _note_foreign_keys(self, works: dict[int, Work], read: Collection[int]) -> None:
        """Notes the scans of new foreign keys. A new key reads its table, if only through an index;
        it reads the referenced table only if there are rows."""
        new = self.catalog.new_foreign_keys(read) - self._keys
        self._keys |= new
        for _, table, referenced in new:
            works[table].scanned = True
            if referenced in self._known:
                works[referenced].scanned = True

    def _note_plan(self, works: dict[int, Work], reading: Reading) -> None:
        """Notes what was planned for tables that existed before."""
        for oid in reading.scanned & self._known.keys():
            works[oid].scanned = True
        for writing in reading.writings:
            if not self._known.keys().isdisjoint(writing.by):
                for oid in writing.tables & self._known.keys():
                    works[oid].add(Work(scanned=True, written=True, deleted=writing.deletes))

    def _changes(self, held: Mapping[int, Lock]) -> dict[int, Changes]:
        """What the statement has changed of the tables; a partition that is gone is a loss of the
        ancestor that is locked for it."""
        found = self._differences([oid for oid, lock in held.items() if self._may_alter(oid, lock)])
        for oid in [oid for oid, each in found.items() if each.is_gone]:
            home = self._home(oid, held)
            if home in found and not found[home].is_gone:
                found[home] = found[home].with_lost(found[oid].lost)
        return found

    def _may_alter(self, oid: int, lock: Lock) -> bool:
        kind = self._known[oid].kind
        return lock >= Lock.SHARE_ROW_EXCLUSIVE and kind in _ALTERED and oid not in self.leaves

    def _differences(self, oids: Collection[int]) -> dict[int, Changes]:
        new = [oid for oid in oids if oid not in self._states]
        if new:
            self._states |= {**dict.fromkeys(new), **self.catalog.states_before(new)}
        now = self.catalog.states(oids) if oids else {}
        found = {}
        for oid in oids:
            was, relation = self._states[oid], self._known[oid]
            changes = was.changes(now.get(oid), relation.label) if was else UNCHANGED
            found[oid] = changes if relation.kind in _WITH_DATA else changes.on_no_rows()
            self._states[oid] = now.get(oid)
        return found

    def _home(self, oid: int, held: Mapping[int, Lock]) -> int | None:
        """The ancestor that is locked as strongly: then the statement was about that."""
        ancestors = reversed(self._known[oid].ancestors)
        return next((a for a in ancestors if a in held and held[a] >= held[oid]), None)

    def _fold_partitions(
        self, held: dict[int, Lock], works: dict[int, Work], emptied: set[int]
    ) -> None:
        """Attributes what happens to a partition to an ancestor that is locked as strongly: then
        the statement was about the ancestor."""
        for oid in [oid for oid in held if self._known[oid].ancestors]:
            home = self._home(oid, held)
            if home is None and oid not in self.leaves:
                continue
            work = works.pop(oid, None)
            if home is not None and work is not None:
                works.setdefault(home, Work()).add(work)
            if home is not None and oid in emptied:
                emptied.add(home)
        for oid, relation in self._known.items():
            if oid in held and (oid in self.leaves or self._is_folded(relation, held)):
                del held[oid]

    def _is_folded(self, relation: Relation, held: Mapping[int, Lock]) -> bool:
        return any(held.get(a, 0) >= held[relation.oid] for a in relation.ancestors)

    def _touches(
        self,
        held: Mapping[int, Lock],
        works: Mapping[int, Work],
        emptied: Collection[int],
        changes: Mapping[int, Changes],
    ) -> Iterator[Touch]:
        for oid, work in works.items():
            lock = held.get(oid, Lock.ACCESS_SHARE)
            is_locked = work.written or oid in self._written
            changed = changes.get(oid, UNCHANGED)
            yield Touch(self._known[oid], lock, work, locks_rows=is_locked, changes=changed)
        for oid, lock in held.items():
            if oid in works:
                continue
            relation, locks_rows = self._known[oid], oid in self._written
            changed = changes.get(oid, UNCHANGED)
            is_news = lock > self._held.get(oid, 0) or changed.must_be_told
            if lock.blocks(relation.kind) is Blocks.NOTHING and not (locks_rows and works):
                continue
            if works or is_news or oid in emptied:
                is_emptied = oid in emptied
                yield Touch(relation, lock, Work(), is_emptied, locks_rows, changed)
