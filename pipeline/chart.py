"""Curves in a terminal, in braille: each character holds 2 by 4 dots.

plotext 6 took away the functions of plotext 5; plotille labels every row with an odd number and tells curves apart by
their colour alone. Neither draws on a rich console.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800
_X_TICKS, _Y_TICKS = 8, 4
_WIDEST = 100

Place: TypeAlias = Callable[[float, int], int]
"""Returns the row of a y among a number of rows; 0 is the upper one."""


@dataclass(frozen=True)
class Line:
    """One curve.

    Args:
        points: (x, y), in the order in which they are joined.
        colour: Its colour.
        letter: What marks it, as colours alone tell nobody apart who has none; nothing for an only curve.
    """

    points: Sequence[tuple[float, float]]
    colour: str = COLOURS[0]
    letter: str = ""


@dataclass(frozen=True)
class Chart:
    """Curves over x from 0 on, as wide as the console, or 100 columns.

    Args:
        lines: The curves, at least one, with values of at least 0.
        x_end: The last x.
        x_label: What x counts.
        marks: Where the chart is divided by a vertical line.
        logarithmic: Whether the y axis is; what is below a hundredth of the highest point of the lowest curve lies then
            on the axis.
        height: Rows of the chart.
    """

    lines: Sequence[Line]
    x_end: float
    x_label: str
    marks: Sequence[float] = ()
    logarithmic: bool = False
    height: int = 12

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ticks = self._y_ticks()
        margin = max(len(_short(tick)) for tick in ticks)
        width = max(10, min(options.max_width, _WIDEST) - margin - 3)
        place, plain = self._placing(ticks), options.ascii_only
        labels = {place(tick, self.height): _short(tick) for tick in ticks}
        for number, row in enumerate(self._canvas(width, place, plain).rows()):
            yield Text(f"{labels.get(number, ''):>{margin}} {'|' if plain else '│'}").append_text(row)
        for text in self._x_axis(width, plain):
            yield Text(" " * (margin + 1) + text)

    def _placing(self, ticks: Sequence[float]) -> Place:
        scale = math.log10 if self.logarithmic else float
        low, high = scale(ticks[0]), scale(ticks[-1])

        def place(y: float, rows: int) -> int:
            share = (high - scale(max(y, ticks[0]))) / (high - low)
            return min(rows - 1, int(share * rows))

        return place

    def _canvas(self, width: int, place: Place, plain: bool) -> "_Canvas":
        canvas = _Canvas(width, self.height, plain)
        for mark in self.marks:
            canvas.divide(self._column(mark, width))
        for line in self.lines:
            canvas.draw([(self._column(x, 2 * width), place(y, 4 * self.height)) for x, y in line.points], line.colour)
        for line in self.lines:
            x, y = line.points[len(line.points) // 2]
            canvas.write(self._column(x, width), place(y, self.height), line.letter, line.colour)
        return canvas

    def _x_axis(self, width: int, plain: bool) -> tuple[str, str]:
        """Returns the axis with its ticks, and what stands below it."""
        corner, dash, tick = "+-+" if plain else "└─┬"
        texts = self._x_labels(width)
        below = ""
        for column, text in texts.items():
            below = f"{below:{column}}{text}"
        axis = "".join(tick if column in texts else dash for column in range(width))
        return corner + axis, f" {below:{width - len(self.x_label)}}{self.x_label}"

    def _column(self, x: float, columns: int) -> int:
        return min(columns - 1, int(x / self.x_end * columns))

    def _y_ticks(self) -> list[float]:
        """Returns round numbers from below the lowest point to above the highest."""
        peaks = [max(y for _, y in line.points) for line in self.lines]
        if not self.logarithmic:
            step = _nice((max(peaks) or 1) / _Y_TICKS)
            return [number * step for number in range(max(1, math.ceil(max(peaks) / step * (1 - 1e-9))) + 1)]
        lowest = max(min(y for line in self.lines for _, y in line.points), min(peaks) / 100)
        first = math.floor(math.log10(lowest))
        last = max(first + 1, math.ceil(math.log10(max(peaks))))
        return [10.0**power for power in range(first, last + 1)]

    def _x_labels(self, width: int) -> dict[int, str]:
        """Returns column to text, as far as there is room beside the label of the axis."""
        texts = {0: "0"}
        step, number, column = max(1, _nice(self.x_end / _X_TICKS)), 1, 0
        while number * step <= self.x_end:
            text, start = f"{number * step:,.0f}", self._column(number * step, width)
            if start > column + len(texts[column]) and start + len(text) + len(self.x_label) < width:
                texts[start], column = text, start
            number += 1
        return texts


class _Canvas:
    """Characters to draw on; (0, 0) is the upper left one."""

    def __init__(self, width: int, height: int, plain: bool) -> None:
        self._plain = plain
        self._bits = [[0] * width for _ in range(height)]
        self._cells = [[Text(" ")] * width for _ in range(height)]

    def divide(self, column: int) -> None:
        for row in self._cells:
            row[column] = Text(":" if self._plain else "┊", "dim")

    def draw(self, dots: Sequence[tuple[int, int]], colour: str) -> None:
        """Joins dots, of which a character has 2 by 4."""
        for (x0, y0), (x1, y1) in zip(dots, dots[1:] or dots, strict=False):
            count = max(abs(x1 - x0), abs(y1 - y0), 1)
            for number in range(count + 1):
                self._dot(x0 + round((x1 - x0) * number / count), y0 + round((y1 - y0) * number / count), colour)

    def _dot(self, x: int, y: int, colour: str) -> None:
        row, column = y // 4, x // 2
        self._bits[row][column] |= _DOTS[x % 2][y % 4]
        self._cells[row][column] = Text("*" if self._plain else chr(_BLANK + self._bits[row][column]), colour)

    def write(self, column: int, row: int, letter: str, colour: str) -> None:
        """Puts a letter there, or at the next place to the right that has none."""
        free = [x for x in range(column, len(self._cells[row])) if not self._cells[row][x].plain.isalpha()]
        if letter and free:
            self._cells[row][free[0]] = Text(letter, f"bold {colour}")

    def rows(self) -> list[Text]:
        return [Text.assemble(*row) for row in self._cells]


def _nice(number: float) -> float:
    """Returns the smallest of 1, 2, 5 times a power of ten that is not below a number."""
    power = 10.0 ** math.floor(math.log10(number))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= number * (1 - 1e-9))


def _short(number: float) -> str:
    return f"{number:.3g}"
