"""Which environment a database is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.report.view import View
from sqlmig.target.rules import Rules


def environment(rules: Rules, unknown: Sequence[str]) -> View:
    """Which environment holds, what named it, which tables it protects, and which names in the
    settings no table has."""
    lines = [f"{rules.environment.value}, from {rules.origin}"]
    if rules.is_production:
        lines.append(f"protected tables: {', '.join(rules.protected) or 'none'}")
    if unknown:
        lines.append(f"no such table (yet): {', '.join(unknown)}; upper and lower case count")
    return View(
        lines,
        {
            "environment": rules.environment.value,
            "origin": rules.origin,
            "protected_tables": [*rules.protected],
            "unknown_tables": [*unknown],
            "warnings": [*rules.warnings],
        },
    )
