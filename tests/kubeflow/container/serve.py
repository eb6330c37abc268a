"""Loads a pushed version as a server does and compares it with what the Trainer has seen: runs inside the image.

python serve.py VERSION MODEL_ARTIFACT
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.reference_predictions import ReferencePredictions

MISSING = {tf.string: "", tf.float32: float("nan"), tf.int64: -1}


def main() -> None:
    model = tf.saved_model.load(sys.argv[1])
    reference = ReferencePredictions.read(Path(sys.argv[2]))
    assert reference is not None
    columns = model.signatures["serving_default"]
    specs = columns.structured_input_signature[1]
    features = {
        name: tf.io.FixedLenFeature([], spec.dtype, tf.constant(MISSING[spec.dtype], spec.dtype))
        for name, spec in specs.items()
    }
    rows = tf.io.parse_example(tf.constant(reference.examples), features)
    difference = 0.0
    for got in (columns(**rows), model.signatures["serving_examples"](examples=tf.constant(reference.examples))):
        for name, wanted in reference.outputs.items():
            difference = max(difference, float(np.abs(got[name].numpy() - wanted).max()))
    print(json.dumps({"rows": len(reference.examples), "difference": difference}))


if __name__ == "__main__":
    main()
