"""Elements that cannot be read or decoded: found, named, and left out where that is allowed.

Nothing is looked for unless reading a source has failed. Then every element is tried, so that what is left out is known
by its file and number before training begins, and stays the same in every pass: no error is ignored later on.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from components import progress
from components.errors import DataRefused
from components.trainer.input_config import InputConfig
from components.trainer.sources.source import Features, Indexed, Sharded, Source

_TRIED_AT_ONCE = 4096
_NAMED = 100
_REASON_LENGTH = 200
_WHERE = re.compile(r"\s|Graph execution error|Detected at node|<stack traces unavailable>")

ERRORS = (tf.errors.OpError, UnicodeDecodeError)
"""What TensorFlow raises for an element; the second where a message quotes bytes that are no text."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Broken:
    """An element that cannot be used.

    Args:
        place: Its file and its number there, from 1, or what else a person calls it.
        reason: What is wrong.
        shard: The shard, counted from 0; 0 where there are none.
        number: Its number in the shard or among all, counted from 0.
        breaks_off: Whether nothing after it can be read.
    """

    place: str
    reason: str
    shard: int
    number: int
    breaks_off: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def without_broken(source: Source, config: InputConfig, split: str) -> Source:
    """Returns a source without its broken elements, after they were named in the log and counted.

    Emits `input_skipped` with the split, the counts and the first of them.

    Args:
        source: One that could not be read.
        config: Says whether that is allowed, and how many of them.
        split: What to call it.

    Raises:
        DataRefused: Nothing may be left out, or not so much.
    """
    readable: list[int] = []
    if config.broken == "raise":
        for one in _found(source, readable):
            fix = "Mend or remove it, or leave such elements out with training.input.broken=skip."
            raise DataRefused("Every element of the input must be readable.", received=str(one), fix=fix)
        return source
    broken = list(_found(source, readable))
    for one in broken[:_NAMED]:
        _log.warning("Left out of %s: %s", split, one)
    if len(broken) > _NAMED:
        _log.warning("Left out of %s: %s more", split, len(broken) - _NAMED)
    _check_share(source, broken, readable, config, split)
    if isinstance(source, Sharded):
        return _SoundShards(source, broken, readable)
    assert isinstance(source, Indexed)
    return _SoundRows(source, broken)


def _check_share(
    source: Source, broken: Sequence[Broken], readable: Sequence[int], config: InputConfig, split: str
) -> None:
    lost = sum(one.breaks_off for one in broken)
    parts = {"elements": (len(broken) - lost, source.rows if isinstance(source, Indexed) else sum(readable))}
    if isinstance(source, Sharded):
        parts["files"] = (lost, len(source.shards))
    counts = {name: {"skipped": skipped, "of": of} for name, (skipped, of) in parts.items()}
    rows = [{"place": one.place, "reason": one.reason} for one in broken[:_NAMED]]
    progress.emit("input_skipped", split=split, **counts, rows=rows)
    for name, (skipped, of) in parts.items():
        _log.warning("Left out of %s: %s of %s %s", split, skipped, of, name)
        if skipped > config.max_skipped_share * of:
            raise DataRefused(
                f"At most {config.max_skipped_share:.2%} of the {name} may be left out.",
                received=f"{skipped:,} of {of:,} in {split}, the first: {broken[0]}",
                fix="Mend them, or raise training.input.max_skipped_share.",
            )


def reason(error: Any) -> str:
    """Returns the line of one of the `ERRORS` that says what is wrong, without where in TensorFlow it happened."""
    message = error.object.decode(errors="replace") if isinstance(error, UnicodeDecodeError) else error.message
    text = next((line for line in message.splitlines() if line.strip() and not _WHERE.match(line)), message)
    text = re.sub(r"\{\{function_node [^}]*\}\}|Error in user-defined function .*?: Iterator::\S+: ", "", text)
    text = " ".join(re.sub(r"\[Op:\w+\].*$", "", text).split())
    return text if len(text) <= _REASON_LENGTH else f"{text[: _REASON_LENGTH - 3]}..."


def _found(source: Source, readable: list[int]) -> Iterator[Broken]:
    """Tries every element; `readable` gets the number of raw elements of each shard."""
    if isinstance(source, Indexed):
        for number, why in _failing(source, tf.data.Dataset.range(source.rows)):
            yield Broken(source.name(number), why, 0, number)
    elif isinstance(source, Sharded):
        for index, shard in enumerate(source.shards):
            raw = source.raw(tf.constant(shard))
            count, end = _until_error(raw)
            readable.append(count)
            for number, why in _failing(source, raw.take(count)):
                yield Broken(f"{shard}, record {number + 1}", why, index, number)
            if end:
                yield Broken(f"{shard}, after record {count}", end, index, count, breaks_off=True)


def _until_error(raw: tf.data.Dataset) -> tuple[int, str]:
    """Returns how many elements can be read, and what ends them before the end of the file."""
    count = 0
    try:
        for block in raw.batch(_TRIED_AT_ONCE):
            count += int(block.shape[0])
    except ERRORS as error:
        try:
            for _ in raw.skip(count):
                count += 1
        except ERRORS as again:
            return count, reason(again)
        return count, reason(error)
    return count, ""


def _failing(source: Source, raw: tf.data.Dataset) -> Iterator[tuple[int, str]]:
    """Returns the numbers of the elements that cannot be decoded, and why."""
    if not source.vectorised:
        yield from _failing_alone(raw.map(source.decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True))
        return
    decode = tf.function(source.decode, input_signature=[tf.TensorSpec([None], raw.element_spec.dtype)])
    first = 0
    for block in raw.batch(_TRIED_AT_ONCE):
        yield from _failing_among(decode, block, first)
        first += int(block.shape[0])


def _failing_alone(decoded: tf.data.Dataset) -> Iterator[tuple[int, str]]:
    # An iterator goes on with the next element after one that failed.
    elements, number = iter(decoded), 0
    while True:
        try:
            next(elements)
        except StopIteration:
            return
        except ERRORS as error:
            yield number, reason(error)
        number += 1


def _failing_among(
    decode: tf.types.experimental.GenericFunction, block: tf.Tensor, first: int
) -> Iterator[tuple[int, str]]:
    try:
        decode(block)
    except ERRORS as error:
        half = int(block.shape[0]) // 2
        if half:
            yield from _failing_among(decode, block[:half], first)
            yield from _failing_among(decode, block[half:], first + half)
        else:
            yield first, reason(error)


class _SoundRows(Indexed):
    """The rows of a source that are not broken."""

    def __init__(self, source: Indexed, broken: Sequence[Broken]) -> None:
        self._source, self.vectorised = source, source.vectorised
        self._sound = np.setdiff1d(np.arange(source.rows), [one.number for one in broken])
        self.rows = len(self._sound)

    def decode(self, raw: tf.Tensor) -> Features:
        return self._source.decode(tf.gather(self._sound, raw))

    def name(self, row: int) -> str:
        return self._source.name(int(self._sound[row]))


class _SoundShards(Sharded):
    """The shards of a source without what is broken, up to where they break off."""

    def __init__(self, source: Sharded, broken: Sequence[Broken], readable: Sequence[int]) -> None:
        self._source, self.vectorised, self.shards = source, source.vectorised, source.shards
        numbers: list[list[int]] = [[] for _ in source.shards]
        for one in broken:
            numbers[one.shard].append(one.number)
        self._readable = tf.constant(readable, tf.int64)
        self._broken = tf.ragged.constant(numbers, tf.int64)

    def raw(self, shard: tf.Tensor) -> tf.data.Dataset:
        index = tf.argmax(tf.equal(shard, tf.constant(list(self.shards))))
        broken = self._broken[index]
        numbered = self._source.raw(shard).take(self._readable[index]).enumerate()
        return numbered.filter(lambda number, _: ~tf.reduce_any(number == broken)).map(lambda _, raw: raw)

    def decode(self, raw: tf.Tensor) -> Features:
        return self._source.decode(raw)

    def least_bytes(self) -> int:
        return self._source.least_bytes()
