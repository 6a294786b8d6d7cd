"""Formats counts, times and ages."""

from __future__ import annotations

from datetime import timedelta

_AGES = (("day", 86400), ("h", 3600), ("min", 60), ("s", 1))


def counted(number: int, noun: str) -> str:
    """The number with its noun, which gets an s in the plural."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A duration in a readable precision."""
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


def size(count: int) -> str:
    """A number of bytes in its largest unit."""
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"


def rows(count: int) -> str:
    """An estimated number of rows."""
    for unit, name in ((10**9, "billion"), (10**6, "million")):
        if count >= unit:
            return f"{count / unit:.3g} {name} rows"
    return counted(count, "row")
