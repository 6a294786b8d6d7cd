"""The report of a database's environment."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.report.view import View
from sqlmig.target.rules import Rules


def environment(rules: Rules, unknown: Sequence[str]) -> View:
    """The environment, what named it, which tables it protects, and which names in the settings
    match no table."""
    lines = [f"{rules.environment.value}, from {rules.origin}"]
    if rules.is_production:
        lines.append(f"protected tables: {', '.join(rules.protected) or 'none'}")
    if unknown:
        lines.append(f"no such table (yet): {', '.join(unknown)}; names are case-sensitive")
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
