"""Pictures as values: what stands where, in units of the picture, for the templates to draw as SVG. Pure.

Every picture keeps the figures it was made from, so that a page can show them as a table too.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 640.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 16.0, 12.0, 30.0
TICKS = 5
ROW = 34.0
NAMES = 150.0
ROW_WIDTH = 100.0
FILLED = 0.7
"""Of the room of a name, by its columns."""

Words = Callable[[float], str]
Marks = Callable[[float, float], Sequence[float]]
Place = Callable[[float], float]


class Tick(NamedTuple):
    """A line of the grid, with what it says."""

    at: float
    words: str


class Drawn(NamedTuple):
    """A line of a line chart."""

    name: str
    path: str
    band: str
    """Outline of the interval around it; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Figures in the order of x; low and high are the interval around each, where there is one."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """Lines over a grid."""

    lines: tuple[Drawn, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float | None
    """Where nothing would be, if it is in the picture."""
    table: tuple[tuple[str, ...], ...]
    """The first row names the columns."""
    width: float
    height: float
    right: float
    bottom: float
    left: float = LEFT


class Bar(NamedTuple):
    """A named length."""

    name: str
    at: float
    start: float
    length: float
    words: str
    low: float
    high: float
    """Ends of the interval; equal where there is none."""


class RowBar(NamedTuple):
    """A length in a row of a table."""

    start: float
    length: float
    zero: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Horizontal bars, each with its words."""

    bars: tuple[Bar, ...]
    zero: float
    table: tuple[tuple[str, ...], ...]
    height: float
    width: float = WIDTH


class Column(NamedTuple):
    """A height over a name."""

    series: int
    at: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChart:
    """Columns side by side over names, on a grid that starts at zero."""

    columns: tuple[Column, ...]
    series: tuple[str, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    table: tuple[tuple[str, ...], ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM


def nice_ticks(low: float, high: float) -> list[float]:
    """Round numbers that enclose the range: steps of 1, 2 or 5 times a power of ten (Heckbert, Graphics Gems, 1990)."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / TICKS
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor for factor in (1, 2, 5, 10) if factor * magnitude >= raw * (1 - 1e-9)) * magnitude
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def line_chart(
    series: Sequence[Series], *, x_words: Words, y_words: Words, from_zero: bool = False, width: float = WIDTH,
    height: float = HEIGHT, marks: Marks = nice_ticks,
) -> LineChart:  # fmt: skip
    """Lines with their intervals; an empty grid where there are no figures. `marks` are those along the line below."""
    xs = [value for each in series for value in each.x]
    ys = [value for each in series for value in (*each.y, *each.low, *each.high)] + [0.0] * from_zero
    first, last = min(xs, default=0.0), max(xs, default=1.0)
    up = nice_ticks(min(ys, default=0.0), max(ys, default=1.0))
    x_at = _scale(first, last, LEFT, width - RIGHT)
    y_at = _scale(up[0], up[-1], height - BOTTOM, TOP)
    return LineChart(
        lines=tuple(Drawn(each.name, _path(each.x, each.y, x_at, y_at), _band(each, x_at, y_at)) for each in series),
        across=tuple(Tick(x_at(x), x_words(x)) for x in marks(first, last) if first <= x <= last),
        up=tuple(Tick(y_at(value), y_words(value)) for value in up),
        zero=y_at(0.0) if up[0] < 0 < up[-1] else None,
        table=_line_table(series, x_words, y_words),
        width=width,
        height=height,
        right=width - RIGHT,
        bottom=height - BOTTOM,
    )


def column_chart(names: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], *, words: Words) -> ColumnChart:
    """Columns of each series side by side over each name; no figure is negative."""
    up = nice_ticks(0.0, max((value for _, values in series for value in values), default=1.0))
    y_at = _scale(0.0, up[-1], HEIGHT - BOTTOM, TOP)
    room = (WIDTH - RIGHT - LEFT) / max(len(names), 1)
    width = room * FILLED / max(len(series), 1)
    drawn = tuple(
        Column(
            of, round(LEFT + room * (place + (1 - FILLED) / 2) + of * width, 2), y_at(value),
            round(width, 2), round(HEIGHT - BOTTOM - y_at(value), 2),
        )
        for of, (_, values) in enumerate(series)
        for place, value in enumerate(values)
    )  # fmt: skip
    rows = [(name, *(words(values[place]) for _, values in series)) for place, name in enumerate(names)]
    return ColumnChart(
        columns=drawn,
        series=tuple(name for name, _ in series),
        across=tuple(Tick(round(LEFT + room * (place + 0.5), 2), name) for place, name in enumerate(names)),
        up=tuple(Tick(y_at(value), words(value)) for value in up),
        table=(("", *(name for name, _ in series)), *rows),
    )


def bar_chart(
    bars: Sequence[tuple[str, float]], *, words: Words, intervals: Sequence[tuple[float, float]] = (),
) -> BarChart:  # fmt: skip
    """Lengths from zero, to the right and, where they are negative, to the left."""
    ends = [value for _, value in bars] + [end for interval in intervals for end in interval] + [0.0]
    at = _scale(min(ends), max(*ends, min(ends) + 1e-12), NAMES, WIDTH - RIGHT - 70)
    drawn = []
    for place, (name, value) in enumerate(bars):
        low, high = intervals[place] if intervals else (value, value)
        start, end = sorted((at(0.0), at(value)))
        drawn.append(Bar(name, TOP + place * ROW, start, end - start, words(value), at(low), at(high)))
    heads = ("", "value", "low", "high") if intervals else ("", "value")
    rows = [
        (name, words(value), *([words(end) for end in intervals[place]] if intervals else []))
        for place, (name, value) in enumerate(bars)
    ]
    return BarChart(bars=tuple(drawn), zero=at(0.0), table=(heads, *rows), height=2 * TOP + ROW * len(bars))


def row_bars(values: Sequence[float]) -> tuple[RowBar, ...]:
    """Lengths from one common zero, for a picture in each row of a table; 100 units wide."""
    at = _scale(min(*values, 0.0, 0.0), max(*values, 0.0, 1e-12), 0.0, ROW_WIDTH)
    ends = [sorted((at(0.0), at(value))) for value in values]
    return tuple(RowBar(start, end - start, at(0.0)) for start, end in ends)


def _scale(low: float, high: float, start: float, end: float) -> Place:
    span = (high - low) or 1.0
    return lambda value: round(start + (value - low) / span * (end - start), 2)


def _path(xs: Sequence[float], ys: Sequence[float], x_at: Place, y_at: Place) -> str:
    points = [f"{x_at(x)} {y_at(y)}" for x, y in zip(xs, ys, strict=True)]
    return "M" + "L".join(points) if points else ""


def _band(series: Series, x_at: Place, y_at: Place) -> str:
    if not series.low or not series.high:
        return ""
    there = [f"{x_at(x)} {y_at(y)}" for x, y in zip(series.x, series.high, strict=True)]
    back = [f"{x_at(x)} {y_at(y)}" for x, y in zip(reversed(series.x), reversed(series.low), strict=True)]
    return "M" + "L".join((*there, *back)) + "Z"


def _line_table(series: Sequence[Series], x_words: Words, y_words: Words) -> tuple[tuple[str, ...], ...]:
    known = [dict(zip(each.x, each.y, strict=True)) for each in series]
    places = sorted({x for each in known for x in each})
    rows = [(x_words(x), *(y_words(each[x]) if x in each else "" for each in known)) for x in places]
    return (("", *(each.name for each in series)), *rows)
