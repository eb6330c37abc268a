"""One layer of a transformer encoder, as BERT has them."""

from typing import Any

import keras

from components.errors import UsageError
from components.trainer.layers.checks import check_counts, check_rate, check_shape
from components.trainer.layers.multi_head_attention import MultiHeadAttention


@keras.saving.register_keras_serializable(package="slipway")
class TransformerBlock(keras.layers.Layer):
    """Self-attention and two dense layers, each added to its input and normalized afterwards (Vaswani et al. 2017).

    Args:
        num_heads: Number of heads; each has its part of the features.
        hidden_dim: Size of the first dense layer; the second one leads back to the size of the input.
        activation: Of the first dense layer, the exact GELU by default.
        dropout: Part of the attention weights and of what is added that is dropped in training, none by default.
        epsilon: Of the normalizations, 1e-12 as in BERT by default.
        seed: Of the dropout.
        kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        UsageError: An argument is out of range, or (when built) the input is not [batch, time, features] or its
            features cannot be shared out among the heads.

    Example:
        >>> TransformerBlock(num_heads=2, hidden_dim=32)(keras.random.normal((3, 5, 8))).shape
        TensorShape([3, 5, 8])
    """

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        activation: Any = "gelu",
        dropout: float = 0.0,
        epsilon: float = 1e-12,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_counts(num_heads=num_heads, hidden_dim=hidden_dim)
        check_rate(dropout=dropout)
        self.num_heads, self.hidden_dim, self.dropout = num_heads, hidden_dim, dropout
        self.epsilon, self.seed = epsilon, seed
        self.activation = keras.activations.get(activation)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the attention, the two dense layers and the two normalizations."""
        check_shape("TransformerBlock", input_shape, "batch time features")
        features = input_shape[-1]
        assert features is not None
        if features % self.num_heads:
            raise UsageError(
                "The features must be shared out evenly among the heads.",
                received=f"{features} features, num_heads={self.num_heads}",
            )
        policy = {"dtype": self.dtype_policy}
        self.attention = MultiHeadAttention(
            self.num_heads, features // self.num_heads, dropout=self.dropout, seed=self.seed, name="attention", **policy
        )
        self.attention_norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="attention_norm", **policy)
        self.hidden = keras.layers.Dense(self.hidden_dim, activation=self.activation, name="hidden", **policy)
        self.output_dense = keras.layers.Dense(features, name="output", **policy)
        self.output_norm = keras.layers.LayerNormalization(epsilon=self.epsilon, name="output_norm", **policy)
        self.drop = keras.layers.Dropout(self.dropout, seed=self.seed, name="drop", **policy)
        for layer in (self.attention, self.attention_norm, self.hidden, self.output_norm):
            layer.build(input_shape)
        self.output_dense.build((*input_shape[:-1], self.hidden_dim))

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Maps [batch, time, features] to the same shape.

        Args:
            inputs: [batch, time, features].
            mask: Booleans [batch, time], False where a step is padding, to which none attends.
            training: Whether to drop.
        """
        attended = self.attention(inputs, query_mask=mask, training=training)
        states = self.attention_norm(inputs + self.drop(attended, training=training))
        mapped = self.output_dense(self.hidden(states))
        return self.output_norm(states + self.drop(mapped, training=training))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape as it is."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_heads": self.num_heads,
            "hidden_dim": self.hidden_dim,
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
            "epsilon": self.epsilon,
            "seed": self.seed,
        }
        return {**super().get_config(), **own}
