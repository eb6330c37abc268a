"""Transform's graph with a module behind it: what the Embedder hands on in the place of Transform's own.

It is a copy of Transform's output whose schema has the vector, with the module in a folder of its own. Whoever serves
raw features applies Transform's graph and then the module (`components.trainer.export.TransformGraph` does).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io

from components.embedding.config import EmbeddingConfig
from components.settings import from_dict, to_dict

if TYPE_CHECKING:
    from components.embedding.module import Embedding

FOLDER, CONFIG_FILE, MODULE = "embedding", "embedding.json", "module"


def write(config: EmbeddingConfig, transform_output: Path, folder: Path) -> "Embedding":
    """Writes the graph and returns its embedding.

    Args:
        config: What to embed, with what.
        transform_output: What Transform has left.
        folder: Where to.

    Raises:
        UsageError: The module does not exist or does not fit the feature.
    """
    from tfx.utils import io_utils

    from components.embedding.module import Embedding, check_names
    from components.trainer.hub import handles

    output = tft.TFTransformOutput(str(transform_output))
    specs = output.transformed_feature_spec()
    check_names(config, specs)
    io_utils.copy_dir(str(transform_output), str(folder))
    io_utils.copy_dir(handles.resolve(str(config.module)), str(folder / FOLDER / MODULE))
    (folder / FOLDER / CONFIG_FILE).write_text(json.dumps(to_dict(config), indent=2) + "\n")
    embedding = Embedding(config, str(folder / FOLDER / MODULE))
    schema = _schema(output.transformed_metadata.schema, embedding, config, embedding.size(specs[config.feature]))
    metadata = folder / tft.TFTransformOutput.TRANSFORMED_METADATA_DIR
    metadata_io.write_metadata(dataset_metadata.DatasetMetadata(schema), str(metadata))
    return embedding


def config_of(folder: Path) -> EmbeddingConfig | None:
    """Returns what is embedded with what in a graph, or None where it is Transform's own."""
    file = folder / FOLDER / CONFIG_FILE
    return from_dict(EmbeddingConfig, json.loads(file.read_text())) if file.is_file() else None


def load(folder: Path) -> "Embedding | None":
    """Returns the embedding in a graph, or None where it is Transform's own."""
    config = config_of(folder)
    if config is None:
        return None
    # What serves Transform's own graph need not wait for TensorFlow Hub.
    from components.embedding.module import Embedding

    return Embedding(config, str(folder / FOLDER / MODULE))


def _schema(
    transformed: schema_pb2.Schema, embedding: "Embedding", config: EmbeddingConfig, size: int
) -> schema_pb2.Schema:
    schema = schema_pb2.Schema()
    schema.CopyFrom(transformed)
    del schema.feature[:]
    schema.feature.extend(feature for feature in transformed.feature if embedding.keeps(feature.name))
    for group in schema.tensor_representation_group.values():
        if not embedding.keeps(config.feature):
            group.tensor_representation.pop(config.feature, None)
    vector = schema.feature.add(name=config.output, type=schema_pb2.FLOAT)
    vector.presence.min_fraction = 1.0
    vector.shape.dim.add(size=size)
    return schema
