"""Attention with several heads, and masks that cannot make NaN."""

import functools
import math
from typing import Any

import keras
from keras import ops

from components.errors import UsageError
from components.trainer.layers.checks import check_counts, check_rate, check_shape


@keras.saving.register_keras_serializable(package="slipway")
class MultiHeadAttention(keras.layers.Layer):
    """Scaled dot-product attention over sequences (Vaswani et al. 2017, arXiv:1706.03762, section 3.2).

    Weights have the names, shapes and order of `keras.layers.MultiHeadAttention`, so `set_weights` takes those of the
    Keras layer. It differs in two ways: a query that may attend to nothing gets weights of zero (there Keras spreads
    them over what is masked), and the softmax is float32 under mixed precision.

    Args:
        num_heads: Number of heads.
        key_dim: Size of each head's queries and keys.
        value_dim: Size of each head's values, `key_dim` by default.
        output_dim: Size of the output, that of the queries by default.
        dropout: Part of the attention weights that is dropped in training, none by default.
        use_bias: Whether projections have a bias.
        kernel_regularizer: Penalty on the kernels, none by default.
        seed: Of the dropout.
        kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Raises:
        UsageError: An argument is no count, or (when built) an input is not [batch, time, features].

    Example:
        >>> tokens = keras.random.normal((2, 5, 8))
        >>> MultiHeadAttention(num_heads=2, key_dim=4)(tokens, use_causal_mask=True).shape
        TensorShape([2, 5, 8])
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        output_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        kernel_regularizer: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_counts(num_heads=num_heads, key_dim=key_dim, value_dim=value_dim or key_dim, output_dim=output_dim or 1)
        check_rate(dropout=dropout)
        self.num_heads, self.key_dim, self.value_dim = num_heads, key_dim, value_dim or key_dim
        self.output_dim, self.dropout, self.use_bias, self.seed = output_dim, dropout, use_bias, seed
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.supports_masking = True

    def build(
        self,
        query_shape: tuple[int | None, ...],
        value_shape: tuple[int | None, ...] | None = None,
        key_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Makes the four projections."""
        value_shape = value_shape or query_shape
        key_shape = key_shape or value_shape
        for shape in (query_shape, value_shape, key_shape):
            check_shape("MultiHeadAttention", shape, "batch time features")
        if None not in (value_shape[1], key_shape[1]) and value_shape[1] != key_shape[1]:
            raise UsageError(
                "Each value needs its key.", received=f"{value_shape[1]} values and {key_shape[1]} keys in time"
            )
        heads = (None, self.num_heads)
        self.query_projection = self._projection("abc,cde->abde", (*heads, self.key_dim), "de", "query")
        self.key_projection = self._projection("abc,cde->abde", (*heads, self.key_dim), "de", "key")
        self.value_projection = self._projection("abc,cde->abde", (*heads, self.value_dim), "de", "value")
        width = self.output_dim or query_shape[-1]
        self.output_projection = self._projection("abcd,cde->abe", (None, width), "e", "attention_output")
        self.query_projection.build(query_shape)
        self.key_projection.build(key_shape)
        self.value_projection.build(value_shape)
        self.output_projection.build((*query_shape[:2], self.num_heads, self.value_dim))
        self.drop = keras.layers.Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy, name="drop")

    def _projection(self, equation: str, shape: tuple[int | None, ...], bias_axes: str, name: str) -> Any:
        layer = keras.layers.EinsumDense(
            equation,
            output_shape=shape,
            bias_axes=bias_axes if self.use_bias else None,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )
        # It maps each step by itself, so a mask stays true; without this Keras warns that the mask is lost.
        layer.supports_masking = True
        return layer

    def call(
        self,
        query: Any,
        value: Any = None,
        key: Any = None,
        mask: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        use_causal_mask: bool = False,
        return_attention_scores: bool = False,
        training: bool | None = None,
    ) -> Any:
        """Attends from each query to all values.

        Args:
            query: [batch, T, features].
            value: [batch, S, features]; the queries by default, which is self-attention.
            key: [batch, S, features]; the values by default.
            mask: What `query_mask` is, under the name by which Keras passes on the mask of an only input. So the mask
                of an `Embedding` or `Masking` comes by itself, here and in the three below.
            query_mask: Booleans [batch, T], False where a query is padding.
            value_mask: Booleans [batch, S], False where a value is padding.
            key_mask: Booleans [batch, S], False where a key is padding.
            attention_mask: Booleans [batch, T, S], True where a query may attend to a value.
            use_causal_mask: Whether a query attends only to values that are not later than itself.
            return_attention_scores: Whether the attention weights are returned too.
            training: Whether to drop weights.

        Returns:
            [batch, T, output_dim], and if asked for the weights [batch, num_heads, T, S]. They sum to 1, or to 0 for a
            query that may attend to nothing.
        """
        query_mask = mask if query_mask is None else query_mask
        if value is None:
            value, value_mask = query, query_mask if value_mask is None else value_mask
        if key is None:
            key, key_mask = value, value_mask if key_mask is None else key_mask
        allowed = _merged_mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        queries = self.query_projection(query) * ops.cast(1 / math.sqrt(self.key_dim), self.compute_dtype)
        logits = ops.einsum("btnh,bsnh->bnts", queries, self.key_projection(key))
        weights = ops.cast(_masked_softmax(logits, allowed), self.compute_dtype)
        context = ops.einsum("bnts,bsnh->btnh", self.drop(weights, training=training), self.value_projection(value))
        outputs = self.output_projection(context)
        return (outputs, weights) if return_attention_scores else outputs

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "output_dim": self.output_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "seed": self.seed,
        }
        return {**super().get_config(), **own}


def _merged_mask(
    query: Any, value: Any, query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any, causal: bool
) -> Any:
    """Returns booleans that broadcast to [batch, heads, T, S], or None when nothing is masked."""
    masks = []
    if query_mask is not None:
        masks.append(ops.cast(query_mask, "bool")[:, None, :, None])
    masks += [ops.cast(mask, "bool")[:, None, None, :] for mask in (value_mask, key_mask) if mask is not None]
    if attention_mask is not None:
        masks.append(ops.cast(attention_mask, "bool")[:, None])
    if causal:
        rows, columns = ops.arange(ops.shape(query)[1]), ops.arange(ops.shape(value)[1])
        masks.append((rows[:, None] >= columns[None, :])[None, None])
    return functools.reduce(ops.logical_and, masks) if masks else None


def _masked_softmax(logits: Any, mask: Any) -> Any:
    if keras.backend.standardize_dtype(logits.dtype) in ("float16", "bfloat16"):
        logits = ops.cast(logits, "float32")
    if mask is None:
        return ops.softmax(logits, axis=-1)
    # Large and finite: a row of minus infinity would be 0 / 0. The second `where` takes such a row to zero.
    weights = ops.softmax(ops.where(mask, logits, ops.cast(-1e30, logits.dtype)), axis=-1)
    return ops.where(mask, weights, ops.zeros_like(weights))
