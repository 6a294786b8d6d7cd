"""Draws the seconds of each tool against the number of migrations, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

Line = Sequence[tuple[int, float]]  # the number of migrations, and the seconds

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 190, 40, 50
_COLOURS = ("#0b6e4f", "#5fb49c", "#222222", "#b23a48", "#e08e45", "#3d5a80", "#8d6cab")
_STYLE = """\
<style>
  text { font: 13px sans-serif; fill: #333 }
  .title { font-weight: bold }
  .grid { stroke: #ddd }
  .line { fill: none; stroke-width: 2 }
</style>"""


def plot(title: str, lines: Mapping[str, Line]) -> str:
    """An SVG image of the lines, each with its name at its end; both axes are logarithmic."""
    scale = _Scale.around([point for line in lines.values() for point in line])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        _STYLE,
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="title" x="{_LEFT}" y="22">{escape(title)}</text>',
        *_grid(scale, sorted({count for line in lines.values() for count, _ in line})),
        *_drawn(scale, lines),
        "</svg>\n",
    ]
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps points to positions in the image."""

    counts: tuple[float, float]
    seconds: tuple[float, float]

    @classmethod
    def around(cls, points: Line) -> _Scale:
        """The scale that shows all the points, with whole powers of ten for the seconds."""
        counts = [count for count, _ in points]
        seconds = [math.log10(value) for _, value in points]
        return cls(
            (math.log10(min(counts)), math.log10(max(counts))),
            (math.floor(min(seconds)), math.ceil(max(seconds))),
        )

    def x(self, count: float) -> float:
        """The distance from the left."""
        return _LEFT + _part(math.log10(count), self.counts) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, seconds: float) -> float:
        """The distance from the top."""
        return (
            _HEIGHT
            - _BOTTOM
            - _part(math.log10(seconds), self.seconds) * (_HEIGHT - _TOP - _BOTTOM)
        )


def _part(value: float, span: tuple[float, float]) -> float:
    low, high = span
    return (value - low) / (high - low) if high > low else 0.5


def _grid(scale: _Scale, counts: Sequence[int]) -> Iterator[str]:
    low, high = scale.seconds
    for exponent in range(int(low), int(high) + 1):
        y = scale.y(10**exponent)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**exponent:g} s</text>'
    for count in counts:
        place = f'x="{scale.x(count):.1f}" y="{_HEIGHT - _BOTTOM + 20}"'
        yield f'<text {place} text-anchor="middle">{count:,}</text>'
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">migrations</text>'


def _drawn(scale: _Scale, lines: Mapping[str, Line]) -> Iterator[str]:
    heights = _spread({name: scale.y(line[-1][1]) for name, line in lines.items()})
    for (name, line), colour in zip(lines.items(), _COLOURS, strict=False):
        points = " ".join(f"{scale.x(count):.1f},{scale.y(value):.1f}" for count, value in line)
        yield f'<polyline class="line" stroke="{colour}" points="{points}"/>'
        yield (
            f'<text x="{_WIDTH - _RIGHT + 10}" y="{heights[name]:.1f}" style="fill: {colour}">'
            f"{escape(name)}</text>"
        )


def _spread(heights: Mapping[str, float], apart: float = 16) -> dict[str, float]:
    """The heights of the names, moved down so that none covers another."""
    placed: dict[str, float] = {}
    last = -math.inf
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        last = max(height + 4, last + apart)
        placed[name] = last
    return placed
