"""Charts as numbers: where lines, bars and labels go. The macros of `templates/macros.html` draw them as SVG.

>>> chart = line_chart("loss", "epoch", {"training": [0.5, 0.25]})
>>> chart.lines[0].values
(0.5, 0.25)
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeGuard

WIDTH, HEIGHT = 420.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 12.0, 12.0, 34.0

_COLOURS = 6
_Y_TICKS, _X_TICKS = 4, 6
_LINE, _ROW_GAP, _LONGEST_LABEL = 15.0, 6.0, 22
_SMALLEST_CELL, _LARGEST_CELL = 14.0, 44.0


@dataclass(frozen=True)
class Tick:
    """A label of an axis, and where on it."""

    place: float
    text: str


@dataclass(frozen=True)
class Line:
    """A curve.

    Args:
        name: What it is.
        colour: Number of its colour, from 0 on.
        paths: The points that are joined, `x,y x,y`; one for each stretch without a gap.
        dots: Each point.
        values: Its values, as they were given.
    """

    name: str
    colour: int
    paths: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class LineChart:
    """Curves over 1, 2, 3 and so on, in a frame."""

    title: str
    x_label: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Bar:
    """A bar: its place, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    label: str
    series: str
    value: float


@dataclass(frozen=True)
class BarChart:
    """Bars in a frame, upright or lying.

    Args:
        title: What it shows.
        lying: Whether the bars lie, each in a row with its label.
        series: The names of what is compared, one for each colour.
        bars: The bars.
        ticks: The labels of the axis of values if the bars stand, else those of the rows.
        x_ticks: The labels below bars that stand.
        height: Of the whole, in the units of `WIDTH`.
    """

    title: str
    lying: bool
    series: tuple[str, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...] = ()
    height: float = HEIGHT


@dataclass(frozen=True)
class Cell:
    """A cell of a heat map; its share of the largest value is from 0 to 1."""

    x: float
    y: float
    share: float
    text: str
    row: str
    column: str


@dataclass(frozen=True)
class HeatMap:
    """A matrix of cells, the darker the larger."""

    title: str
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    cells: tuple[Cell, ...]
    size: float
    row_title: str
    column_title: str


def line_chart(title: str, x_label: str, curves: Mapping[str, Sequence[float | None]]) -> LineChart:
    """Returns curves over 1, 2, 3 and so on.

    Args:
        title: What they show.
        x_label: What is counted.
        curves: Name to values; what is None or no finite number leaves a gap.
    """
    length = max((len(values) for values in curves.values()), default=0)
    known = [value for values in curves.values() for value in values if _finite(value)]
    ticks = _nice_ticks(min(known, default=0.0), max(known, default=1.0))
    inner, low, high = WIDTH - LEFT - RIGHT, ticks[0], ticks[-1]

    def across(number: int) -> float:
        return round(LEFT + inner * (number / (length - 1) if length > 1 else 0.5), 1)

    def up(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    step = max(1, math.ceil(length / _X_TICKS))
    return LineChart(
        title,
        x_label,
        tuple(
            _line(name, colour % _COLOURS, values, across, up) for colour, (name, values) in enumerate(curves.items())
        ),
        tuple(Tick(across(number), str(number + 1)) for number in range(0, length, step)),
        tuple(Tick(up(tick), number_text(tick)) for tick in ticks),
    )


def histogram(title: str, edges: Sequence[float], counts: Mapping[str, Sequence[float]]) -> BarChart:
    """Returns the bars of a histogram, of several series beside each other.

    Args:
        title: What it shows.
        edges: The borders of the bins, one more than there are bins.
        counts: Name of each series to its values, one for each bin.
    """
    bins = len(edges) - 1
    labels = [f"{number_text(low)} to {number_text(high)}" for low, high in pairwise(edges)]
    chart = _standing(labels, counts)
    width = (WIDTH - LEFT - RIGHT) / max(bins, 1)
    step = max(1, math.ceil(bins / (_X_TICKS - 1)))
    shown = range(0, bins + 1, step)
    ticks = (Tick(round(LEFT + number * width, 1), number_text(edges[number])) for number in shown)
    return BarChart(title, False, tuple(counts), chart, _value_ticks(counts), tuple(ticks))


def bars(title: str, counts: Mapping[str, Mapping[str, float]]) -> BarChart:
    """Returns lying bars, a row for each label; the longest bar is as wide as there is room.

    Args:
        title: What it shows.
        counts: Name of each series to its values by label.
    """
    labels = list(dict.fromkeys(label for of in counts.values() for label in of))
    top = max((value for of in counts.values() for value in of.values() if _finite(value)), default=0.0) or 1.0
    left, row = WIDTH * 0.38, _LINE * max(len(counts), 1) + _ROW_GAP
    found = [
        Bar(
            left,
            round(number * row + _ROW_GAP / 2 + place * _LINE, 2),
            round((WIDTH - left - LEFT) * max(0.0, of[label]) / top, 2),
            _LINE - 1,
            place % _COLOURS,
            label,
            name,
            of[label],
        )
        for number, label in enumerate(labels)
        for place, (name, of) in enumerate(counts.items())
        if label in of and _finite(of[label])
    ]
    ticks = (Tick((number + 0.5) * row, shortened(label)) for number, label in enumerate(labels))
    return BarChart(title, True, tuple(counts), tuple(found), tuple(ticks), height=max(1, len(labels)) * row)


def heat_map(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float]],
    row_title: str = "",
    column_title: str = "",
) -> HeatMap:
    """Returns a matrix whose cells are the darker the larger their value.

    Args:
        title: What it shows.
        rows: The names of the rows.
        columns: The names of the columns.
        values: A row of values for each row, none of them below 0.
        row_title: What the rows are.
        column_title: What the columns are.
    """
    size = min(_LARGEST_CELL, max(_SMALLEST_CELL, WIDTH / max(1, len(columns))))
    top = max((value for row in values for value in row if _finite(value)), default=0.0) or 1.0
    cells = [
        Cell(
            round(column * size, 2),
            round(row * size, 2),
            round(value / top if _finite(value) else 0.0, 3),
            number_text(value),
            rows[row],
            columns[column],
        )
        for row, of_row in enumerate(values)
        for column, value in enumerate(of_row)
    ]
    return HeatMap(
        title,
        tuple(Tick((number + 0.5) * size, shortened(name)) for number, name in enumerate(rows)),
        tuple(Tick((number + 0.5) * size, shortened(name)) for number, name in enumerate(columns)),
        tuple(cells),
        size,
        row_title,
        column_title,
    )


def number_text(value: float | None) -> str:
    """Returns a number for a person: whole ones in full, others with four digits that count; `-` for none."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:.4g}"


def shortened(text: str, longest: int = _LONGEST_LABEL) -> str:
    """Returns a text cut to what there is room for."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _line(
    name: str,
    colour: int,
    values: Sequence[float | None],
    across: Callable[[int], float],
    up: Callable[[float], float],
) -> Line:
    stretches: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is not None and math.isfinite(value):
            stretches[-1].append((across(number), up(value)))
        else:
            stretches.append([])
    return Line(
        name,
        colour,
        tuple(" ".join(f"{x},{y}" for x, y in stretch) for stretch in stretches if stretch),
        tuple(dot for stretch in stretches for dot in stretch),
        tuple(values),
    )


def _standing(labels: Sequence[str], counts: Mapping[str, Sequence[float]]) -> tuple[Bar, ...]:
    ticks = _nice_ticks(0.0, max((value for of in counts.values() for value in of), default=1.0))
    across, up = (WIDTH - LEFT - RIGHT) / max(len(labels), 1), (HEIGHT - TOP - BOTTOM) / ticks[-1]
    wide = across * 0.92 / max(len(counts), 1)
    return tuple(
        Bar(
            round(LEFT + number * across + across * 0.04 + place * wide, 2),
            round(HEIGHT - BOTTOM - of[number] * up, 2),
            round(wide, 2),
            round(of[number] * up, 2),
            place % _COLOURS,
            label,
            name,
            of[number],
        )
        for number, label in enumerate(labels)
        for place, (name, of) in enumerate(counts.items())
    )


def _value_ticks(counts: Mapping[str, Sequence[float]]) -> tuple[Tick, ...]:
    ticks = _nice_ticks(0.0, max((value for of in counts.values() for value in of), default=1.0))
    up = (HEIGHT - TOP - BOTTOM) / ticks[-1]
    return tuple(Tick(round(HEIGHT - BOTTOM - tick * up, 1), number_text(tick)) for tick in ticks)


def _nice_ticks(low: float, high: float) -> list[float]:
    """Returns round numbers from at or below the lowest to at or above the highest."""
    if high <= low:
        low, high = low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5)
    rough = (high - low) / _Y_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
