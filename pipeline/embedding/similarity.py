"""How like each other the examples of each class are: a matrix of cosines."""

from pathlib import Path
from typing import Any

import numpy as np

from components.errors import UsageError
from components.settings import from_dict
from pipeline import class_names
from pipeline.config import TaskConfig
from pipeline.embedding import vectors
from pipeline.embedding.matrix_plot import write_matrix
from pipeline.embedding.question import SimilarityQuestion
from pipeline.home import Home


def similarity(values: dict[str, Any]) -> dict[str, Any]:
    """Answers a `SimilarityQuestion` and draws the picture.

    Returns:
        `{"split": ..., "rows": ..., "classes": [{"id", "class", "rows", "within", "between", "nearest",
        "nearest_similarity"}, ...], "within": ..., "between": ..., "matrix": [[...]], "picture": path}`: means over all
        pairs of two different examples; of classes in `matrix`. None where there is no pair.

    Raises:
        UsageError: The task embeds nothing, or its label is no class.
    """
    question = from_dict(SimilarityQuestion, values)
    task, home = from_dict(TaskConfig, question.config), Home.existing(question.home)
    with vectors.of_split(task, home, question.split) as found:
        if found.labels is None:
            raise UsageError(
                "Examples are compared by their class.",
                received=f"no label of {task.name} is a whole number",
                fix="`slipway neighbours` needs no classes.",
            )
        unit, labels = found.values, found.labels
    ids, counts = np.unique(labels, return_counts=True)
    matrix = means(unit, labels)
    names = class_names.read(task.data.path or home.data(task.name))
    titles = [names[number] if 0 <= number < len(names) else str(number) for number in ids]
    rows = spread(labels, question.rows)
    write_matrix(
        Path(question.out),
        unit[rows] @ unit[rows].T,
        labels[rows],
        dict(zip(ids.tolist(), titles, strict=True)),
        f"{task.name}: cosine similarity of {len(rows)} of {len(labels):,} examples in {question.split}, by class",
    )
    overall = pair_means(matrix, counts)
    classes = [_of_class(position, ids, titles, counts, matrix) for position in range(len(ids))]
    return {
        "split": question.split,
        "rows": len(labels),
        "classes": classes,
        "within": overall[0],
        "between": overall[1],
        "matrix": [[_number(value) for value in line] for line in matrix],
        "picture": question.out,
    }


def means(unit: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the mean similarity of two different examples, of one class each, [classes, classes].

    Args:
        unit: [rows, vector size], each of length 1.
        labels: [rows].

    Returns:
        Classes in the order of their ids; NaN for a class of one example with itself.
    """
    ids, counts = np.unique(labels, return_counts=True)
    sums = np.stack([unit[labels == number].sum(axis=0, dtype=np.float64) for number in ids])
    own = np.array([(unit[labels == number].astype(np.float64) ** 2).sum() for number in ids])
    totals, pairs = sums @ sums.T - np.diag(own), np.outer(counts, counts) - np.diag(counts)
    return np.divide(totals, pairs, out=np.full(totals.shape, np.nan), where=pairs > 0)


def pair_means(matrix: np.ndarray, counts: np.ndarray) -> tuple[float | None, float | None]:
    """Returns the mean similarity of two examples of one class and of two, over all pairs."""
    pairs = np.outer(counts, counts) - np.diag(counts)
    same = np.eye(len(counts), dtype=bool)
    return _mean(matrix[same], pairs[same]), _mean(matrix[~same], pairs[~same])


def spread(labels: np.ndarray, most: int) -> np.ndarray:
    """Returns rows sorted by class, as many of each class as fit in `most`, taken evenly from the split."""
    ids = np.unique(labels)
    share = max(1, most // len(ids))
    rows = []
    for number in ids:
        own = np.flatnonzero(labels == number)
        rows.append(own[np.linspace(0, len(own) - 1, min(share, len(own))).astype(int)])
    return np.concatenate(rows)


def _of_class(
    position: int, ids: np.ndarray, titles: list[str], counts: np.ndarray, matrix: np.ndarray
) -> dict[str, Any]:
    others = np.delete(np.arange(len(ids)), position)
    nearest = others[np.argmax(matrix[position, others])] if len(others) else None
    return {
        "id": int(ids[position]),
        "class": titles[position],
        "rows": int(counts[position]),
        "within": _number(matrix[position, position]),
        "between": _mean(matrix[position, others], counts[others]),
        "nearest": None if nearest is None else titles[nearest],
        "nearest_similarity": None if nearest is None else _number(matrix[position, nearest]),
    }


def _mean(values: np.ndarray, weights: np.ndarray) -> float | None:
    there = weights > 0
    return float(np.average(values[there], weights=weights[there])) if there.any() else None


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
