"""The rules, each a function with a sample of what it refuses and of what it accepts.

The samples are the rules' tests, and the page docs/changelog-rules.md.
"""

from sqlmig.changelog.rules import decisions, entries, form, history
from sqlmig.changelog.rules.registry import Rule, Sample, Subject

_MODULES = (entries, form, decisions, history)

RULES: tuple[Rule, ...] = tuple(
    member for module in _MODULES for member in vars(module).values() if isinstance(member, Rule)
)

__all__ = ["RULES", "Rule", "Sample", "Subject"]
