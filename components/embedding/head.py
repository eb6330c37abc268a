"""A small model on top of vectors."""

import keras
import tensorflow_transform as tft


def build_model(
    tft_output: tft.TFTransformOutput,
    feature: str = "embedding",
    classes: int = 1,
    units: int = 0,
    dropout: float = 0.2,
) -> keras.Model:
    """Builds a linear classifier of a vector, or one with a hidden layer.

    Args:
        tft_output: What the Embedder hands on; it knows the size of a vector.
        feature: The feature that holds the vector.
        classes: How many there are; 1 for a yes or no.
        units: Units of the hidden layer, 0 for none.
        dropout: Part of what the last layer gets that is dropped in training.

    Returns:
        A model, not compiled, from `feature` to `{"probabilities": [batch, classes]}`, or to `{"probability": [batch,
        1]}` where there is one class; float32.
    """
    vector = keras.Input(tft_output.transformed_feature_spec()[feature].shape, name=feature)
    # Modules differ in the scale of what they say. Statistics of batches would need more steps than small data have.
    x = keras.layers.LayerNormalization(center=False, scale=False, name="scaled")(vector)
    if units:
        x = keras.layers.Dense(units, activation="relu", name="hidden")(x)
    x = keras.layers.Dropout(dropout, name="drop")(x)
    name, activation = ("probability", "sigmoid") if classes == 1 else ("probabilities", "softmax")
    # float32 keeps probabilities apart near 0 and 1 under mixed precision.
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name=name)(x)
    return keras.Model({feature: vector}, {name: outputs}, name="head")
