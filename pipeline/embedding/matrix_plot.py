"""A matrix of similarities as a picture."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from components.whole_file import whole_file


def write_matrix(path: Path, matrix: np.ndarray, labels: np.ndarray, titles: Mapping[int, str], title: str) -> None:
    """Writes a PNG file, beside and then renamed.

    Args:
        path: The file.
        matrix: [rows, rows], from -1 to 1.
        labels: Class of each row; rows of a class follow each other.
        titles: Class to its name.
        title: What stands above.
    """
    figure = Figure(figsize=(7.6, 6.6), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    # Most of a module's vectors point in similar directions: the colours are for what differs.
    off = matrix[~np.eye(len(matrix), dtype=bool)]
    lowest, highest = (float(np.quantile(off, share)) for share in (0.01, 0.99)) if off.size else (0.0, 1.0)
    image = axes.imshow(matrix, cmap="viridis", vmin=lowest, vmax=max(highest, lowest + 1e-6), interpolation="nearest")
    ids, first, counts = np.unique(labels, return_index=True, return_counts=True)
    for start in first[1:]:
        axes.axhline(start - 0.5, color="white", linewidth=0.8)
        axes.axvline(start - 0.5, color="white", linewidth=0.8)
    middles = first + (counts - 1) / 2
    names = [titles[int(number)] for number in ids]
    axes.set_yticks(middles, names, fontsize=8)
    axes.set_xticks(middles, names, fontsize=8, rotation=90)
    axes.tick_params(length=0)
    axes.set_title(title, fontsize=9)
    figure.colorbar(image, ax=axes, label="cosine", extend="both", shrink=0.8)
    with whole_file(path) as beside:
        FigureCanvasAgg(figure).print_png(beside)
