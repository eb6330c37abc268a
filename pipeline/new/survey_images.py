"""Looks at every picture of a folder the way the model will see it: through TensorFlow's decoder."""

import dataclasses
import statistics
from pathlib import Path

import tensorflow as tf

from components.errors import DataRefused
from pipeline import class_folders
from pipeline.new.findings import Findings
from pipeline.new.survey_folders import of_files

_SMALLEST, _LARGEST = 16, 64
_MULTIPLE = 8


def complete(findings: Findings) -> Findings:
    """Returns the findings with what only the pictures themselves can say.

    Raises:
        DataRefused: Too many files are no pictures, or nothing can be learned from those that are left.
    """
    broken: list[str] = []
    files = class_folders.find(findings.source.path, class_folders.IMAGES, findings.problem.classes)
    shapes = dict(class_folders.readable(files, _shape, broken))
    if not shapes:
        raise DataRefused("There must be pictures.", received=broken[0])
    side = statistics.median(max(height, width) for height, width, _ in shapes.values())
    return dataclasses.replace(
        findings,
        problem=of_files(list(shapes)),
        rows=len(shapes),
        notes=(*findings.notes, *(f"left out: {line}" for line in broken)),
        size=min(_LARGEST, max(_SMALLEST, _MULTIPLE * round(side / _MULTIPLE))),
        channels=3 if any(channels >= 3 for _, _, channels in shapes.values()) else 1,
    )


def _shape(path: Path) -> tuple[int, int, int]:
    try:
        height, width, channels = tf.io.decode_image(path.read_bytes(), expand_animations=False).shape
    except tf.errors.InvalidArgumentError:
        raise ValueError("it is no PNG, JPEG, GIF, BMP or WebP file") from None
    return height, width, channels
