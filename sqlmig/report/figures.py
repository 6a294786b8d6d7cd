"""Numbers in words: counts, times, ages."""

from __future__ import annotations

from datetime import timedelta

_AGES = (("day", 86400), ("h", 3600), ("min", 60), ("s", 1))


def counted(number: int, noun: str) -> str:
    """The number with its noun, which takes an s for the plural."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time at a readable precision."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min"


def age(since: timedelta) -> str:
    """How long ago something was, in its largest unit."""
    seconds = max(int(since.total_seconds()), 0)
    for unit, size in _AGES:
        if seconds >= size:
            number = seconds // size
            plural = "s" if unit == "day" and number > 1 else ""
            return f"{number} {unit}{plural} ago"
    return "just now"
