"""A frozen module between Transform and the model: from a transformed feature to a vector."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from components.embedding.config import EmbeddingConfig
from components.errors import UsageError, did_you_mean
from components.import_path import resolve
from components.trainer.hub.layer import HubLayer
from components.trainer.sequences import padded


class Embedding:
    """A module as it embeds rows, and as it is served: the same computation in both places.

    Args:
        config: What to embed, with what.
        folder: The module's SavedModel, or any other handle; None takes the one of the configuration.

    Attributes:
        module: What was loaded; whoever saves a graph with the embedding in it must hold on to it.

    Raises:
        UsageError: There is no such module, signature or output, or no such function as `prepare`.
    """

    def __init__(self, config: EmbeddingConfig, folder: str | None = None) -> None:
        # Never in half precision, whatever the policy of the training is: records and served graph must agree.
        self._layer = HubLayer(
            folder or str(config.module),
            signature=config.signature,
            output_key=config.output_key,
            dtype="float32",
        )
        self.module = self._layer.module
        self._config = config
        self._prepare = resolve(config.prepare, "embedding.prepare") if config.prepare else None

    def vectors(self, values: Any) -> tf.Tensor:
        """Returns the vectors of a batch of the feature, [batch, vector size] float32.

        Raises:
            UsageError: The module does not take the feature, or returns something else than vectors of a known size.
        """
        values = padded(values)
        try:
            found = self._layer(self._prepare(values, **self._config.params) if self._prepare else values)
        except (TypeError, ValueError) as error:
            raise UsageError(
                "The module must take the feature.",
                received=f"{self._config.feature} as {values.dtype.name} {values.shape} ({str(error).splitlines()[0]})",
                fix="Name another feature, or a function that fits it to the module as embedding.prepare.",
            ) from error
        if not isinstance(found, tf.Tensor) or found.shape.rank != 2 or found.shape[1] is None:
            received = f"outputs {', '.join(sorted(found))}" if isinstance(found, Mapping) else f"shape {found.shape}"
            raise UsageError(
                "The module must return vectors [batch, size] of a known size.",
                received=received,
                fix="Name one output as embedding.output_key." if isinstance(found, Mapping) else None,
            )
        return tf.cast(found, tf.float32)

    def size(self, spec: Any) -> int:
        """Returns the size of a vector without computing one.

        Args:
            spec: How the feature is parsed, as Transform's feature spec says.
        """
        return int(self.function(spec).get_concrete_function().output_shapes[1])

    def function(self, spec: Any) -> Any:
        """Returns `vectors` as one traced function for batches of any size."""
        shape = [None, *spec.shape] if isinstance(spec, tf.io.FixedLenFeature) else [None, None]
        return tf.function(self.vectors, [tf.TensorSpec(shape, spec.dtype)], autograph=False)

    def replaced(self, features: Mapping[str, Any]) -> dict[str, Any]:
        """Returns transformed features with the vector in the place of the feature."""
        check_names(self._config, features)
        kept = {name: value for name, value in features.items() if self.keeps(name)}
        return {**kept, self._config.output: self.vectors(features[self._config.feature])}

    def keeps(self, name: str) -> bool:
        """Says whether a transformed feature stays."""
        return self._config.keep_feature or name != self._config.feature


def check_names(config: EmbeddingConfig, features: Mapping[str, Any]) -> None:
    """Raises a UsageError unless the feature exists and the name of the vector is free."""
    if config.feature not in features:
        raise UsageError(
            "`embedding.feature` must be a transformed feature.",
            received=f"feature={config.feature}",
            fix=did_you_mean(config.feature, features),
        )
    if config.output in features and (config.output != config.feature or config.keep_feature):
        raise UsageError(
            "`embedding.output` must not be a feature that stays.",
            received=f"output={config.output}",
            fix="Choose another name.",
        )
