"""Runs statements one by one, each in a transaction that is undone, and returns what was
observed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmig.engine.server.connection import opened
from sqlmig.engine.server.wire import send
from sqlmig.impact.catalog import Catalog
from sqlmig.impact.leaves import Leaves
from sqlmig.impact.plans import prefer_indexes, reading
from sqlmig.impact.transaction import Touch, Transaction
from sqlmig.source.lexer import statements


def observed(url: str, scripts: Iterable[str]) -> dict[str, list[Touch]]:
    """What the last statement of each script did."""
    found = {}
    with opened(url) as inside, opened(url) as beside:
        catalog, leaves = Catalog(inside, beside, "public"), Leaves(beside)
        catalog.begin_counting()
        for script in scripts:
            if "PARTITION OF hashed" in script:
                leaves.remove()
            else:
                leaves.renew(script)
            transaction = Transaction(catalog, leaves.oids)
            send(inside, b"BEGIN")
            prefer_indexes(inside)
            for statement in statements(script):
                text = script[statement.start : statement.end]
                plan = reading(inside, statement.word, text)
                send(inside, text.encode())
                found[script] = transaction.step(statement.word, plan)
            send(inside, b"ROLLBACK")
        leaves.remove()
    return found


def told(touches: Iterable[Touch]) -> str:
    """The effects in words, by table."""
    return "; ".join(sorted(map(_told, touches))) or "nothing"


def _told(touch: Touch) -> str:
    names = ("scanned", "rewritten", "indexed", "written")
    work = "+".join(name for name in names if getattr(touch.work, name))
    done = "emptied" if touch.is_emptied else work
    return f"{touch.relation.label} {touch.lock} {done}".rstrip()
