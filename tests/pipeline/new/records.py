"""Folders of records, pictures and sounds."""

import wave
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.tf_example import example


def tfrecords(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Writes a file of TFRecords and returns its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in rows:
            writer.write(example(row))
    return path.parent


def pictures(root: Path, classes: Mapping[str, int], count: int = 24, channels: int = 1, size: int = 20) -> Path:
    """Writes PNGs whose classes differ by how bright they are."""
    rng = np.random.default_rng(0)
    for name, brightness in classes.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(brightness, brightness + 50, (size, size + number % 5, channels))
            png = tf.io.encode_png(pixels.astype(np.uint8)).numpy()
            (root / name / f"{number}.png").write_bytes(png)
    return root


def tones(root: Path, classes: Mapping[str, int], count: int = 24, rate: int = 8000) -> Path:
    """Writes WAV files whose classes differ by their pitch."""
    for name, pitch in classes.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            times = np.arange(rate // 2 + number) / rate
            samples = (np.sin(2 * np.pi * (pitch + number) * times) * 20_000).astype("<i2")
            with wave.open(str(root / name / f"{number}.wav"), "wb") as file:
                file.setparams((1, 2, rate, 0, "NONE", ""))
                file.writeframes(samples.tobytes())
    return root
