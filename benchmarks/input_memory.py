"""The peak memory of a process that reads a data set from disk.

    python -m benchmarks.input_memory FOLDER MIB

Generates TFRecords of so many mebibytes into a folder, opens them with the default budget of a training, reads a
shuffled pass, and prints the gibibytes that were resident at most.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from components.trainer import input_pipeline
from components.trainer.input_config import InputConfig
from components.trainer.sources import Records

PIXELS = 224 * 224 * 3
RECORDS_PER_SHARD = 512


def generate(folder: Path, mebibytes: int) -> None:
    """Writes pictures of random bytes, each 150 kB, with a label."""
    draw = np.random.default_rng(0)
    count = max(1, mebibytes * 2**20 // PIXELS)
    for first in range(0, count, RECORDS_PER_SHARD):
        with tf.io.TFRecordWriter(str(folder / f"part-{first:08}")) as writer:
            for number in range(first, min(count, first + RECORDS_PER_SHARD)):
                features = {
                    "pixels": tf.train.Feature(bytes_list=tf.train.BytesList(value=[draw.bytes(PIXELS)])),
                    "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[number % 10])),
                }
                writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def main(folder: str, mebibytes: str) -> None:
    """Generates, reads and prints the peak."""
    generate(Path(folder), int(mebibytes))
    spec = {"pixels": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}
    # What fits in the budget would be kept; here all of it is to come from the disk.
    source = Records(f"{folder}/part-*", spec)
    split = input_pipeline.from_source(source, "label", config=InputConfig(cache="none"))
    for _ in split.training(32, seed=1).take(max(1, split.rows // 32)):
        pass
    status = Path("/proc/self/status").read_text().splitlines()
    print(int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 2**20)


if __name__ == "__main__":
    main(*sys.argv[1:])
