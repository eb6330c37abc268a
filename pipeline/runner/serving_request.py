"""A request that the pushed model answers, made from the schema, so that the first `curl` needs no thought."""

import json
import math
import re
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.whole_file import whole_file

Value = int | float | str | dict[str, str]

REQUEST_FILE = "request.json"
SERVING = "SERVING"

# A PNG file of one pixel; TF Serving takes bytes as base64.
IMAGE = {"b64": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg=="}


def write_request(folder: Path, schema_file: Path, *labels: str) -> Path:
    """Writes `request.json`: one instance in the form of TF Serving's REST API.

    Args:
        folder: Where to write it.
        schema_file: The `schema.pbtxt` of the raw features.
        labels: The raw features that a client does not have.

    Returns:
        The file.
    """
    schema = text_format.Parse(schema_file.read_text(), schema_pb2.Schema())
    path = folder / REQUEST_FILE
    with whole_file(path) as beside:
        beside.write_text(json.dumps({"instances": [example_instance(schema, *labels)]}) + "\n")
    return path


def example_instance(schema: schema_pb2.Schema, *labels: str) -> dict[str, Any]:
    """Returns one row of raw features with values from the schema's domains, as `serving_default` takes them.

    Args:
        schema: The schema of the raw features.
        labels: The raw features to leave out.
    """
    served = (
        feature
        for feature in schema.feature
        if feature.name not in labels and SERVING not in feature.not_in_environment
    )
    # The names and the shapes of the inputs are those of components.trainer.raw_features, which needs TensorFlow.
    return {re.sub(r"\W", "_", feature.name): _shaped(feature, _value(feature, schema)) for feature in served}


def _shaped(feature: schema_pb2.Feature, value: Any) -> Any:
    sizes = [dim.size for dim in feature.shape.dim]
    if math.prod(sizes) != 1:
        for size in reversed(sizes):
            value = [value] * size
        return value
    several = feature.value_count.max > 1 or (feature.HasField("value_count") and not feature.value_count.max)
    return [value] if several else value


def _value(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> Value:
    if feature.type == schema_pb2.INT:
        return int(max(feature.int_domain.min, min(1, feature.int_domain.max or 1)))
    if feature.type == schema_pb2.FLOAT:
        return float(max(feature.float_domain.min, min(1.0, feature.float_domain.max or 1.0)))
    if feature.HasField("image_domain"):
        return IMAGE
    shared = [domain for domain in schema.string_domain if domain.name == feature.domain]
    values = (shared[0] if shared else feature.string_domain).value
    return str(values[0]) if values else ""
