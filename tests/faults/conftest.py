"""Two forms of the fault tests: a short one, and a long one with `--torture`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.figures import Figure, summary
from tests.faults.pooler import pgbouncer
from tests.thorough import is_torture

# The values of these test arguments in the short and the long form: random seeds, and the number of
# the entry at which the fault strikes.
_AMOUNTS = {"seed": (range(1), range(60)), "entry": (range(2, 3), range(2, 8))}

collect_ignore = [] if pgbouncer() else ["test_pooler.py"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, (short, long) in _AMOUNTS.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, long if is_torture(metafunc.config) else short)


def pytest_ignore_collect(collection_path: object, config: pytest.Config) -> bool | None:
    """The failover test needs two servers and some time, so it is only in the long form."""
    if str(collection_path).endswith("test_failover.py") and not is_torture(config):
        return True
    return None


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Counts a test's faults."""
    return Figure(record_property)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints the figures of the long form."""
    if not is_torture(config):
        return
    passed, failed = (terminalreporter.getreports(outcome) for outcome in ("passed", "failed"))
    terminalreporter.section("faults")
    for line in summary([*passed, *failed], violations=len(failed)):
        terminalreporter.line(line)
