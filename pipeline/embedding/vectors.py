"""The vectors of a split: those that the Embedder has left, and those that are still missing, embedded now."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from apache_beam.options.pipeline_options import PipelineOptions

from components.embedding import executor
from components.embedding.fingerprint import module_digest
from components.embedding.pieces import Piece, Store
from components.errors import UsageError, did_you_mean
from pipeline.config import TaskConfig
from pipeline.dag import embedding_code
from pipeline.home import Home
from pipeline.lineage import transformed
from pipeline.lineage.transformed import Transformed

_EMBEDDER = "Embedder"


@dataclass(frozen=True)
class Vectors:
    """A split as a module sees it.

    Args:
        values: [rows, vector size] float32, each of length 1; zeros stay zeros.
        labels: [rows] int64; None where the task has no whole number for a label.
        pieces: What the rows are made of, in their order.
        transformed: The examples before the module.
        graph: Folder of Transform's graph with the module behind it.
    """

    values: np.ndarray
    labels: np.ndarray | None
    pieces: tuple[Piece, ...]
    transformed: Transformed
    graph: Path


@contextmanager
def of_split(task: TaskConfig, home: Home, split: str) -> Iterator[Vectors]:
    """Gives the vectors of a split of the task's latest run; the graph is there as long as the block is.

    Pieces that the Embedder or an earlier call has finished are read. The others are embedded and kept for the next
    call and for the Embedder.

    Args:
        task: The task; its `embedding` says with what.
        home: The home.
        split: The split.

    Raises:
        UsageError: The task names no module, there are no transformed examples, or no such split.
    """
    _check(task)
    found = _transformed(task, home)
    _check_split(found, split)
    digests = {"module": module_digest(str(task.embedding.module)), "code": embedding_code(task)}
    store = Store(home.pipelines(task.name) / _EMBEDDER / executor.STORE, executor.store_key(task.embedding, digests))
    with tempfile.TemporaryDirectory(prefix="slipway-") as temporary:
        graph = Path(temporary, "graph")
        pieces = executor.embed(
            task.embedding,
            Path(found.graph),
            graph,
            {split: executor.files_of(f"{found.examples}/Split-{split}")},
            store,
            lambda: beam.Pipeline(options=PipelineOptions(list(task.runner.beam_args))),
        )
        specs = tft.TFTransformOutput(str(graph)).transformed_feature_spec()
        values, labels = _read([str(store.path(piece)) for piece in pieces], task, specs)
        yield Vectors(unit(values), labels, tuple(pieces), found, graph)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Returns vectors of length 1, so that their products are cosines; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _check(task: TaskConfig) -> None:
    if not task.embedding.module:
        raise UsageError(
            "The task must name a module that embeds its examples.",
            received=f"embedding.module=null in {task.name}",
            fix="Example: --set embedding.module=converted:efficientnet-lite0 --set embedding.feature=FEATURE.",
        )
    task.embedding.check()


def _transformed(task: TaskConfig, home: Home) -> Transformed:
    found = transformed.latest(home.metadata_db, task.name)
    if found is None:
        raise UsageError(
            "There must be transformed examples to embed.",
            received=f"none of {task.name} in {home.root}",
            fix=f"Run `slipway run {task.name} --to Transform`.",
        )
    return found


def _check_split(found: Transformed, split: str) -> None:
    known = sorted(path.name.removeprefix("Split-") for path in Path(found.examples).glob("Split-*"))
    if split not in known:
        raise UsageError("The split must exist.", received=f"split={split}", fix=did_you_mean(split, known))


def _read(files: list[str], task: TaskConfig, specs: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the vectors and the labels of files, in order."""
    label = next((name for name in task.training.labels if name in specs and specs[name].dtype == tf.int64), None)
    names = [task.embedding.output, *([label] if label else [])]
    spec = {name: specs[name] for name in names}
    batches = [
        tf.io.parse_example(batch, spec) for batch in tf.data.TFRecordDataset(files, "GZIP").batch(1024).prefetch(1)
    ]
    columns = {name: np.concatenate([batch[name].numpy() for batch in batches]) for name in names}
    return columns[task.embedding.output], columns[label].reshape(-1) if label else None
