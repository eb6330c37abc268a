"""Tensors out of a PyTorch state dict, without PyTorch and without running what the file says.

A `.pth` file is a pickle, and a pickle can call any function. This reader knows four names: OrderedDict, the call that
rebuilds a tensor, and storages of float32 and int64. Whatever else a file names is refused before it is called.
"""

import math
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from components.errors import UsageError

# Of the format that torch.save wrote until 1.6: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype
    elements: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def check(self) -> None:
        sizes = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or any(type(size) is not int or size < 0 for size in sizes):
            raise ValueError("a tensor with odd sizes")
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if math.prod(self.shape) > self.storage.elements or (0 not in self.shape and last >= self.storage.elements):
            raise ValueError("a tensor that is larger than its storage")

    def array(self, data: np.ndarray) -> np.ndarray:
        strides = [stride * data.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(data[self.offset :], self.shape, strides, writeable=False)
        return np.ascontiguousarray(view).reshape(self.shape)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, elements, view = pid
        if kind != "storage" or dtype not in _STORAGES.values() or view is not None or type(elements) is not int:
            raise pickle.UnpicklingError(f"it has a storage of another kind: {kind}")
        return _Storage(str(key), dtype, elements)


def _rebuild(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def read(path: Path) -> dict[str, np.ndarray]:
    """Returns the tensors of a state dict by name, in the shapes of the file.

    Args:
        path: A file that `torch.save` has written in its format of before 1.6.

    Raises:
        UsageError: It is of another format, names anything but tensors, or is damaged.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except (pickle.UnpicklingError, ValueError, TypeError, EOFError, LookupError, AttributeError, ImportError) as error:
        raise UsageError(
            "A file of weights must be a state dict of float32 and int64 tensors and nothing else.",
            received=f"{path.name}: {error}",
            fix="Take the file from the package that the converter names.",
        ) from error


def _read(file: BinaryIO, size: int) -> dict[str, np.ndarray]:
    if _Unpickler(file).load() != _MAGIC or _Unpickler(file).load() != _PROTOCOL:
        raise ValueError("the format is another")
    if not _Unpickler(file).load()["little_endian"]:
        raise ValueError("the numbers are big-endian")
    tensors = _Unpickler(file).load()
    if not isinstance(tensors, dict) or not all(isinstance(tensor, _Tensor) for tensor in tensors.values()):
        raise ValueError("it holds more than tensors by name")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    data = {key: _elements(file, storages[key], size) for key in _Unpickler(file).load()}
    for tensor in tensors.values():
        tensor.check()
    return {str(name): tensor.array(data[tensor.storage.key]) for name, tensor in tensors.items()}


def _elements(file: BinaryIO, storage: _Storage, size: int) -> np.ndarray:
    count = int.from_bytes(file.read(8), "little", signed=True)
    if count != storage.elements or not 0 <= count * storage.dtype.itemsize <= size:
        raise ValueError("a storage has another size than its tensors say")
    return np.frombuffer(file.read(count * storage.dtype.itemsize), storage.dtype, count)
