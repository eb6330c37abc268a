"""Transform's output on a sample of the trips, made once for all tests of the task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

ROWS = 1500


@dataclass(frozen=True)
class Trips:
    """A sample of the trips and what Transform makes of it.

    Args:
        raw: Name to value per trip; None where missing.
        output: The TFTransformOutput, analyzed on these trips.
        transform: Raw trips, as mappings, to transformed features, each [batch, 1].
        features: All trips transformed.
    """

    raw: list[dict[str, Any]]
    output: Any
    transform: Callable[[list[dict[str, Any]]], dict[str, np.ndarray]]
    features: dict[str, np.ndarray]

    def column(self, name: str) -> np.ndarray:
        """The raw values of a number; NaN where missing."""
        return np.array([np.nan if trip[name] is None else trip[name] for trip in self.raw], np.float64)


@pytest.fixture(scope="session")
def trips(tmp_path_factory: pytest.TempPathFactory) -> Trips:
    import tensorflow as tf

    from pipeline.tasks.taxi import data
    from pipeline.tf_example import example
    from tests.pipeline.tasks import analyzed

    folder = tmp_path_factory.mktemp("trips")
    records = [record for _, record in data._examples(data._find_csv(None), ROWS, 0)]
    output = analyzed.transform_output("taxi", records, folder)
    layer = output.transform_features_layer()

    def transform(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
        spec = output.raw_feature_spec()
        if data.LABEL not in rows[0]:
            del spec[data.LABEL]
        parsed = tf.io.parse_example([example(row) for row in rows], spec)
        return {name: value.numpy() for name, value in layer(parsed).items()}

    raw = [_values(tf.train.Example.FromString(record)) for record in records]
    return Trips(raw, output, transform, transform(raw))


def _values(example: Any) -> dict[str, Any]:
    from pipeline.tasks.taxi import data

    values = {}
    for name in (*data.INTEGERS, *data.FLOATS, *data.STRINGS, data.LABEL):
        feature = example.features.feature[name]
        kind = feature.WhichOneof("kind")
        values[name] = getattr(feature, kind).value[0] if kind else None
    return values
