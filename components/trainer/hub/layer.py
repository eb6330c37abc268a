"""A module of TensorFlow Hub as a layer of Keras 3."""

import inspect
import os
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
import tensorflow_hub as hub

from components.errors import UsageError, did_you_mean
from components.trainer.hub import handles, weights


@keras.saving.register_keras_serializable(package="slipway")
class HubLayer(keras.layers.Layer):
    """Calls a pre-trained module and holds its variables as weights (`hub.KerasLayer` is for Keras 2 only).

    Frozen, a module runs as in inference and none of its variables changes. Trainable, every trainable variable learns,
    statistics are updated in training and the module's regularization losses count. Whether a single variable learns
    can be set by `variable.trainable`; paths are the layer's and the name in the module, so a regex can name them.
    When all are frozen, the module runs as in inference again; while one learns, all of its statistics are updated, as
    a module has one training mode.

    The module computes in its own dtype: inputs are cast to it and outputs to the layer's compute dtype, which is what
    mixed precision needs. A saved model holds the handle and the weights, so the module must be there when it is
    loaded; an exported SavedModel holds everything.

    Args:
        handle: A SavedModel folder, a .tar or .tar.gz of one, the URL of a module, a `gs://` folder, or
            `converted:glove-50d`; see `components.trainer.hub.handles.resolve`.
        trainable: Whether the module's trainable variables learn, False by default.
        signature: Name of the signature to call, the module's `__call__` by default. A signature cannot be trained.
        output_key: Name of the output to return where there are several by name; a dict of all by default.
        arguments: More keyword arguments of the module's function, none by default. `{"training": False}` keeps
            normalization as it was published while weights learn, as few examples are better served by.
        kwargs: Arguments of `keras.layers.Layer`, such as `name` and `dtype`.

    Attributes:
        module: What was loaded. Whatever is saved with the layer's weights and is no Keras model needs it as an
            attribute too, or vocabularies are lost.

    Raises:
        UsageError: There is no such module, signature or output.

    Example:
        ```
        inputs = keras.Input((), dtype="string")
        outputs = keras.layers.Dense(1)(HubLayer("modules/glove-50d", trainable=True)(inputs))
        ```
    """

    def __init__(
        self,
        handle: str | os.PathLike[str],
        trainable: bool = False,
        signature: str | None = None,
        output_key: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # Inputs are cast to the module's dtype, not to the layer's.
        super().__init__(trainable=trainable, autocast=False, **kwargs)
        self.handle, self.signature, self.output_key = os.fspath(handle), signature, output_key
        self.arguments = dict(arguments or {})
        self.supports_jit = False
        self._check_trainable()
        self.module = _load(self.handle)
        function = self._function()
        self._check_output(function)
        self._takes_training = signature is None and "training" in inspect.signature(function).parameters
        self._module_dtype = _float_dtype(function)

    def build(self, input_shape: Any) -> None:
        """Takes over the module's variables."""
        for variable in weights.adopt(self.module, self._function()):
            variable.trainable = variable.trainable and self.signature is None
            self._track_variable(variable)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Calls the module.

        Args:
            inputs: What the module takes: a tensor, or tensors by name.
            training: Whether the module runs as in training; never while the layer or all of its weights are frozen.

        Returns:
            What the module returns, or the output of `output_key`; floats in the layer's compute dtype.
        """
        learns = self.trainable and bool(self.trainable_variables)
        options: dict[str, Any] = dict(self.arguments)
        if self._takes_training:
            options.setdefault("training", bool(training) and learns)
        inputs = keras.tree.map_structure(lambda x: _cast(x, self._module_dtype), inputs)
        outputs = self._call_module(inputs, options)
        if learns and not self.losses:
            # Once, however often a model calls the layer in a step: `losses` is cleared when a step begins.
            self.add_loss(
                [_cast(loss(), self.variable_dtype) for loss in getattr(self.module, "regularization_losses", ())]
            )
        outputs = outputs if self.output_key is None else outputs[self.output_key]
        return keras.tree.map_structure(lambda x: _cast(x, self.compute_dtype), outputs)

    def get_config(self) -> dict[str, Any]:
        own = {
            # A whole model is made trainable at once, a signature in it as well, which changes nothing.
            "trainable": self.trainable and self.signature is None,
            "handle": self.handle,
            "signature": self.signature,
            "output_key": self.output_key,
            "arguments": dict(self.arguments),
        }
        return {**super().get_config(), **own}

    def _function(self) -> Any:
        signatures = getattr(self.module, "signatures", {})
        if self.signature is None and callable(self.module):
            # The attribute, which has a Python signature; the module itself takes (*args, **kwargs).
            return self.module.__call__
        if self.signature not in signatures:
            raise UsageError(
                "A module must have the signature that is called; one that is not callable needs a signature.",
                received=f"handle={self.handle}, signature={self.signature!r}",
                fix=did_you_mean(self.signature or "", signatures),
            )
        return signatures[self.signature]

    def _call_module(self, inputs: Any, options: dict[str, Any]) -> Any:
        function = self._function()
        if self.signature is None:
            return function(inputs, **options)
        if not isinstance(inputs, Mapping):
            names = list(function.structured_input_signature[1])
            inputs = dict(zip(names, keras.tree.flatten(inputs), strict=True))
        return function(**inputs, **options)

    def _check_trainable(self) -> None:
        if self.trainable and self.signature is not None:
            raise UsageError(
                "A signature of a module cannot be trained: it knows no training mode and no regularization losses.",
                received=f"handle={self.handle}, signature={self.signature!r}, trainable=True",
                fix="Leave `signature` out if the module can be called, or `trainable`.",
            )

    def _check_output(self, function: Any) -> None:
        outputs = _first(function).structured_outputs
        names = list(outputs) if isinstance(outputs, Mapping) else []
        if self.output_key is not None and self.output_key not in names:
            raise UsageError(
                "`output_key` must name an output of the module.",
                received=f"output_key={self.output_key!r}",
                fix=did_you_mean(self.output_key, names)
                if names
                else "It has one output without a name: leave it out.",
            )


def _load(handle: str) -> Any:
    folder = handles.resolve(handle)
    try:
        with tf.init_scope():
            return hub.load(folder)
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise UsageError(
            "TensorFlow must be able to load the module.",
            received=f"handle={handle} ({str(error).splitlines()[0]})",
            fix="Import the package of its operations first (such as tensorflow_text), or get the module anew.",
        ) from error


def _first(function: Any) -> Any:
    """Returns a traced function: a signature is one, what a module calls has one for each way to call it."""
    traced = getattr(function, "concrete_functions", [function])
    if not traced:
        raise UsageError(
            "A module must be saved with its function traced.",
            received="a `__call__` that was never called before it was saved",
            fix="Call it once with an example before `tf.saved_model.save`.",
        )
    return traced[0]


def _float_dtype(function: Any) -> str:
    """Returns the dtype of the floats that a function takes; float32 where it takes none or several."""
    specs = keras.tree.flatten(_first(function).structured_input_signature)
    found = {spec.dtype.name for spec in specs if hasattr(spec, "dtype") and spec.dtype.is_floating}
    return found.pop() if len(found) == 1 else "float32"


def _cast(tensor: Any, dtype: str) -> Any:
    return tf.cast(tensor, dtype) if tensor.dtype.is_floating and tensor.dtype.name != dtype else tensor
