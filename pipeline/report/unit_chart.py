"""A curve in a square from 0 to 1 both ways, beside its diagonal. The macro `unit_chart` draws it as SVG.

>>> unit_chart("Receiver operating characteristic", "rate", "rate", [(0.0, 0.0), (0.5, 1.0)]).path
'56.0,232.0 166.0,12.0'
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.charts import Tick, number_text

LEFT, TOP, SIDE = 56.0, 12.0, 220.0


@dataclass(frozen=True)
class UnitChart:
    """A curve, placed.

    Args:
        title: What it shows.
        x_label: What goes from left to right.
        y_label: What goes up.
        path: Its points as SVG takes them.
        dots: The same, one by one.
        points: The values of the points.
        x_ticks: Labels from left to right.
        y_ticks: Labels going up.
    """

    title: str
    x_label: str
    y_label: str
    path: str
    dots: tuple[tuple[float, float], ...]
    points: tuple[tuple[str, str], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def unit_chart(title: str, x_label: str, y_label: str, points: Sequence[tuple[float, float]]) -> UnitChart:
    """Returns a curve placed in its square.

    Args:
        title: What it shows.
        x_label: What goes from left to right.
        y_label: What goes up.
        points: Pairs of numbers from 0 to 1, in the order in which they are joined.
    """
    dots = tuple((_across(x), _up(y)) for x, y in points)
    steps = [number / 5 for number in range(6)]
    return UnitChart(
        title,
        x_label,
        y_label,
        " ".join(f"{x},{y}" for x, y in dots),
        dots,
        tuple((number_text(x), number_text(y)) for x, y in points),
        tuple(Tick(_across(step), number_text(step)) for step in steps),
        tuple(Tick(_up(step), number_text(step)) for step in steps),
    )


def _across(value: float) -> float:
    return round(LEFT + SIDE * value, 1)


def _up(value: float) -> float:
    return round(TOP + SIDE * (1 - value), 1)
