"""What an entry says, and the headings that it can be under."""

from __future__ import annotations

import re

# The types of change of https://keepachangelog.com, in its order.
TYPES = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")

_FEWEST_LETTERS = 10
_PLACEHOLDER = re.compile(r"\W*(?:todo|wip|tbd|fixme)\b", re.IGNORECASE)
_SENTENCE_ENDS = (".", "!", "?", ":", ")")


def has_enough_words(words: str) -> bool:
    """Whether the text, without ids and links, says anything."""
    letters = sum(character.isalpha() for character in words)
    return letters >= _FEWEST_LETTERS and not _PLACEHOLDER.match(words)


def text_of(description: str) -> str:
    """The text of the entry for a migration with that description."""
    return description if has_enough_words(description) else "TODO say what it changes"


def bullet_text(name: str, text: str, *links: str) -> str:
    """The line that is a migration's entry; `name` may have `:edit` or `:down` after the id."""
    sentence = " ".join(text.split())
    sentence += "" if sentence.endswith(_SENTENCE_ENDS) else "."
    return " ".join((f"- `{name}`: {sentence}", *links))
