"""The rules: each is a function with a sample that it refuses and a sample that it accepts.

The samples are the rules' tests, and appear in docs/changelog-rules.md.
"""

from sqlmig.changelog.rules import decisions, entries, form, history
from sqlmig.changelog.rules.registry import Rule, Sample, Subject

_MODULES = (entries, form, decisions, history)

RULES: tuple[Rule, ...] = tuple(
    member for module in _MODULES for member in vars(module).values() if isinstance(member, Rule)
)

__all__ = ["RULES", "Rule", "Sample", "Subject"]
