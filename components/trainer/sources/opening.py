"""Reading a source through once: it counts, finds what is broken, and keeps what the budget allows."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from components.errors import DataRefused
from components.trainer import sequences
from components.trainer.input_config import InputConfig
from components.trainer.sources import broken
from components.trainer.sources.arrays import Arrays
from components.trainer.sources.cache import PACKED, Cache
from components.trainer.sources.packed import Packing
from components.trainer.sources.source import Features, Indexed, Sharded, Source

BUFFERS = 2**28
"""Bytes that tf.data may read ahead; of itself it takes half of the machine."""

_BLOCK_BYTES, _MOST_AT_ONCE, _LOOKED_AT, _ALONE_AT_ONCE = 2**22, 4096, 32, 32


class Opened(NamedTuple):
    """A source and what its opening has found out.

    Args:
        source: Where rows are read from now on: the source, without what is broken in it, or what was kept of it.
        rows: How many there are.
        raw_bytes: About the size of a raw element.
        block: Raw elements that may be read at once.
    """

    source: Source
    rows: int
    raw_bytes: int = 8
    block: int = _MOST_AT_ONCE


def read_through(source: Source, budget: int, config: InputConfig, name: str) -> Opened:
    """Opens a source.

    Args:
        source: The source.
        budget: Bytes of memory that decoded rows may take.
        config: What happens to broken elements, and whether rows may be kept.
        name: What errors and the log call it.

    Raises:
        DataRefused: Something cannot be read and may not be left out.
    """
    if isinstance(source, Arrays):
        return Opened(source, source.rows)
    try:
        return _read(source, budget, config)
    except broken.ERRORS as error:
        sound = broken.without_broken(source, config, name)
        try:
            return _read(sound, budget, config)
        except broken.ERRORS:
            received = f"{name}: {broken.reason(error)}"
            raise DataRefused("Every element of the input must be readable.", received=received) from error


def _read(source: Source, budget: int, config: InputConfig) -> Opened:
    raw_bytes, block = _sizes(source)
    batches, packing = _decoded(source, block)
    # What is too large before it is decoded need not be tried.
    too_large = isinstance(source, Sharded) and source.least_bytes() > budget
    options = tf.data.Options()
    options.autotune.ram_budget = BUFFERS
    cache = Cache(0 if too_large or config.cache == "none" else budget, config, packing)
    for batch in batches.with_options(options):
        cache.add(batch)
    kept = cache.source()
    if kept is None:
        return Opened(source, cache.rows, raw_bytes, block)
    return Opened(kept, cache.rows, *_sizes(kept))


def _sizes(source: Source) -> tuple[int, int]:
    """Returns about the bytes of a raw element, and how many of them to read at once."""
    if not isinstance(source, Sharded) or not source.shards:
        return 8, _ALONE_AT_ONCE
    first = list(source.raw(tf.constant(source.shards[0])).take(_LOOKED_AT))
    mean = max(8, sum(len(raw.numpy()) for raw in first) // max(1, len(first)))
    return mean, max(1, min(_MOST_AT_ONCE, _BLOCK_BYTES // mean))


def _decoded(source: Source, block: int) -> tuple[tf.data.Dataset, Packing | None]:
    """Returns batches of features in order, and how they are packed if they are: the feature is then `PACKED`."""
    if isinstance(source, Indexed):
        raw = tf.data.Dataset.range(source.rows)
    else:
        assert isinstance(source, Sharded)
        raw = tf.data.Dataset.from_tensor_slices(list(source.shards)).flat_map(source.raw)
    if source.vectorised:
        return _parallel(raw.batch(block), source.decode).prefetch(1), None
    alone = _parallel(raw, source.decode)
    if all(kind.shape.rank == 1 or kind.shape.is_fully_defined() for kind in alone.element_spec.values()):
        return sequences.batched(alone, tf.constant(block, tf.int64)), None
    packing = Packing(alone.element_spec)
    return _parallel(raw, lambda one: {PACKED: packing.pack(source.decode(one))}).batch(block), packing


def _parallel(dataset: tf.data.Dataset, function: Callable[..., Features]) -> tf.data.Dataset:
    return dataset.map(function, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
