"""The model of a window of days: one encoder, three heads."""

import keras
import tensorflow_transform as tft
from keras import layers, ops

from components.trainer.layers.attention_pooling import AttentionPooling
from pipeline.tasks.weather.preprocessing import KINDS


def build_model(
    tft_output: tft.TFTransformOutput, units: int = 32, kernel_size: int = 3, dropout: float = 0.2
) -> keras.Model:
    """Builds causal convolutions over the days, attention over their outputs, and a head for each label.

    Each head adds a linear model of the last day, which is hard to beat, to what it makes of all fourteen. The
    temperature is the latest one plus what the head says, so an untrained model predicts persistence, and the range is
    the temperature minus and plus something positive, so its bounds cannot cross.

    Args:
        tft_output: Transform's output; it knows the shapes of its features.
        units: Channels of each convolution.
        kernel_size: Days that a convolution sees.
        dropout: Share of the encoder's outputs that is dropped in training.

    Returns:
        A model, not compiled, from the features of `preprocessing_fn` to `{"temperature": [batch, 1],
        "temperature_range": [batch, 2], "weather": [batch, 5]}`: degrees Celsius, the bounds between which four of five
        days lie, and how likely each kind of weather is; float32.
    """
    specs = tft_output.transformed_feature_spec()
    series, year, last = (keras.Input(specs[name].shape, name=name) for name in ("series", "year", "last_temp_max"))
    last_day = layers.Concatenate(name="last_day")([series[:, -1], year])
    days = layers.Concatenate(name="encoded")([_encoded(series, units, kernel_size), last_day])
    days = layers.Dropout(dropout, name="dropout")(layers.Dense(units, activation="relu", name="joined")(days))

    temperature = layers.Add(dtype="float32", name="temperature")([last, _head("change", 1, last_day, days)])
    margins = layers.Activation("softplus", dtype="float32", name="margins")(_head("margin", 2, last_day, days, "ones"))
    bounds = ops.concatenate([temperature - margins[:, :1], temperature + margins[:, 1:]], axis=1)
    bounds = layers.Identity(dtype="float32", name="temperature_range")(bounds)
    weather = layers.Softmax(dtype="float32", name="weather")(_head("kind", len(KINDS), last_day, days))
    outputs = {"temperature": temperature, "temperature_range": bounds, "weather": weather}
    return keras.Model({"series": series, "year": year, "last_temp_max": last}, outputs, name="weather")


def _head(
    name: str, units: int, last_day: keras.KerasTensor, days: keras.KerasTensor, bias: str = "zeros"
) -> keras.KerasTensor:
    settings = {"kernel_initializer": "zeros", "dtype": "float32"}
    linear = layers.Dense(units, bias_initializer=bias, name=f"{name}_linear", **settings)(last_day)
    deep = layers.Dense(units, use_bias=False, name=f"{name}_deep", **settings)(days)
    return layers.Add(dtype="float32", name=name)([linear, deep])


def _encoded(series: keras.KerasTensor, units: int, kernel_size: int) -> keras.KerasTensor:
    x = series
    for number in range(2):
        x = layers.Conv1D(
            units, kernel_size, padding="causal", dilation_rate=2**number, activation="relu", name=f"days_{number}"
        )(x)
    return AttentionPooling(units, name="pooled")(x)
