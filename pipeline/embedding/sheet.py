"""Pictures side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from components.whole_file import whole_file

_INCHES = 1.3
_LONGEST_ROW = 8


class Tile(NamedTuple):
    """A picture with a title.

    Args:
        pixels: uint8 [height, width, channels].
        title: The title.
    """

    pixels: np.ndarray
    title: str


def write_sheet(path: Path, tiles: Sequence[Tile]) -> Path:
    """Writes the pictures as one PNG file, beside and then renamed, and returns its path."""
    columns = min(len(tiles), _LONGEST_ROW)
    lines = -(-len(tiles) // columns)
    figure = Figure(figsize=(columns * _INCHES, lines * (_INCHES + 0.5)), dpi=110, layout="constrained")
    for number, tile in enumerate(tiles, start=1):
        axes = figure.add_subplot(lines, columns, number)
        axes.imshow(tile.pixels, cmap="gray")
        axes.set_title(tile.title, fontsize=8)
        axes.set_axis_off()
    with whole_file(path) as beside:
        FigureCanvasAgg(figure).print_png(beside)
    return path
