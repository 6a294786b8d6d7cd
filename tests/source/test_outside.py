"""Which statements need to stand outside a transaction: subscriptions only with a slot."""

from __future__ import annotations

import pytest

from sqlmig.source.lexer import statements
from sqlmig.source.outside import runs_only_outside

_CREATE = "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p"


def last_runs_only_outside(text: str) -> bool:
    return runs_only_outside(text, [*statements(text)][-1])


@pytest.mark.parametrize(
    "text",
    [
        f"{_CREATE} WITH (connect = false, slot_name = NONE)",
        f"{_CREATE} WITH (connect = false, slot_name = 's', binary = true, streaming = parallel)",
        f'{_CREATE}, q, r, "with (", t, u, v WITH (connect=FALSE)',
        f"{_CREATE} WITH (enabled, create_slot = off)",
        f"{_CREATE} with /* none */ (\"create_slot\" = '0') -- at all",
        f"{_CREATE} WITH (connect = 'False')",
        "ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s",
        f"{_CREATE} WITH (connect = false, slot_name = NONE); DROP SUBSCRIPTION IF EXISTS s",
    ],
)
def test_a_subscription_without_a_slot_runs_in_a_transaction(text: str) -> None:
    assert not last_runs_only_outside(text)


@pytest.mark.parametrize(
    "text",
    [
        _CREATE,
        f"{_CREATE} WITH (connect = true)",
        f"{_CREATE} WITH (connect)",
        f"{_CREATE} WITH (enabled = false)",
        f"{_CREATE} WITH (slot_name = NONE)",
        f"{_CREATE} WITH (create_slot = true, connect = false)",
        "CREATE SUBSCRIPTION s CONNECTION 'with ( connect = false )' PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION \"with (connect = false)\"",
        "DROP SUBSCRIPTION s",
        "DROP SUBSCRIPTION s; ALTER SUBSCRIPTION t SET (slot_name = NONE); DROP SUBSCRIPTION IF"
        " EXISTS t; VACUUM",
    ],
)
def test_one_with_a_slot_does_not(text: str) -> None:
    assert last_runs_only_outside(text)
