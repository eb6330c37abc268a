"""The work of the Embedder: Transform's examples in, examples with a vector out, each row looked at once."""

import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_transform as tft
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils

from components.embedding import graph
from components.embedding.config import EmbeddingConfig
from components.embedding.embed import EmbedPieces
from components.embedding.pieces import Piece, Store, cut
from components.settings import from_dict, to_dict

STORE = ".pieces"

# What the same rows make of the same module does not depend on.
_NOT_IN_KEY = ("enabled", "module", "batch_size", "rows_per_file")

_log = logging.getLogger(__name__)


class Executor(base_beam_executor.BaseBeamExecutor):
    """Embeds the pieces of all splits that no earlier execution has finished.

    Finished pieces lie beside the outputs of the node, as TFX gives an execution new output folders and removes those
    of one that failed. An execution that was killed is gone on with, and data of which a part is new need only that
    part.
    """

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the examples and the graph; see the base class."""
        config = from_dict(EmbeddingConfig, json.loads(exec_properties["embedding"]))
        source, examples = (artifact_utils.get_single_instance(input_dict[key]) for key in ("graph", "examples"))
        target, embedded = (
            artifact_utils.get_single_instance(output_dict[key]) for key in ("transform_graph", "transformed_examples")
        )
        splits = artifact_utils.decode_split_names(examples.split_names)
        files = {split: files_of(artifact_utils.get_split_uri([examples], split)) for split in splits}
        store = Store(Path(embedded.uri).parent.parent / STORE, store_key(config, exec_properties))
        pieces = embed(config, Path(source.uri), Path(target.uri), files, store, self._make_beam_pipeline)
        embedded.split_names = examples.split_names
        for split in splits:
            _place([piece for piece in pieces if piece.split == split], store, Path(embedded.uri, f"Split-{split}"))


def files_of(folder: str) -> list[str]:
    """Returns the files of a folder of TFRecords, in order."""
    return sorted(tf.io.gfile.glob(f"{folder}/*"))


def store_key(config: EmbeddingConfig, exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what decides on the vectors beside the records.

    Args:
        config: What is embedded.
        exec_properties: Has the digests of the `module` and of the `code` around it.
    """
    values = {name: value for name, value in to_dict(config).items() if name not in _NOT_IN_KEY}
    digests = {name: exec_properties[name] for name in ("module", "code")}
    return {**values, **digests, "tensorflow": tf.__version__}


def embed(
    config: EmbeddingConfig,
    transform_output: Path,
    graph_folder: Path,
    splits: Mapping[str, Sequence[str]],
    store: Store,
    make_pipeline: Callable[[], beam.Pipeline],
) -> list[Piece]:
    """Writes the graph, embeds the rows that are not in the store, and returns all pieces.

    Args:
        config: What is embedded.
        transform_output: Transform's output.
        graph_folder: Where the graph with the module goes.
        splits: Name of a split to the files of its transformed examples.
        store: Where finished pieces are.
        make_pipeline: Makes the Beam pipeline to run, if there is something to embed.

    Raises:
        UsageError: The module does not exist or does not fit the feature.
        DataRefused: A file cannot be read.
    """
    embedding = graph.write(config, transform_output, graph_folder)
    pieces = cut(splits, config.rows_per_file)
    store.folder.mkdir(parents=True, exist_ok=True)
    store.sweep()
    missing = store.missing(pieces)
    _log.info(
        "%s of %s rows are to be embedded, the others are known.",
        sum(piece.rows for piece in missing),
        sum(piece.rows for piece in pieces),
    )
    if missing:
        specs = tft.TFTransformOutput(str(transform_output)).transformed_feature_spec()
        with make_pipeline() as pipeline:
            _ = pipeline | beam.Create(missing) | "Embed" >> EmbedPieces(graph_folder, specs, store, embedding)
    return pieces


def _place(pieces: Sequence[Piece], store: Store, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, piece in enumerate(pieces):
        path = folder / f"embedded-{number:05d}-of-{len(pieces):05d}.gz"
        try:
            # One content in two places costs the disk nothing.
            os.link(store.path(piece), path)
        except OSError:
            shutil.copyfile(store.path(piece), path)
