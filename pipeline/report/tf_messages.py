"""tf.train.Example and tensors in files, read without TensorFlow: protobuf needs to know only their fields.

>>> record = bytes.fromhex("0a0d0a0b0a017812061a040a028002")
>>> features(record)
{'x': [256]}
"""

from functools import cache
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory, text_format

_LIST = "message_type {{ name: '{0}List' field {{ name: 'value' number: 1 type: TYPE_{1} label: LABEL_REPEATED }} }}"
# Numbers and types of TensorFlow's example.proto, feature.proto, tensor.proto and tensor_shape.proto.
_FILE = f"""
name: 'tensors.proto' package: 'tensors' syntax: 'proto3'
{_LIST.format("Bytes", "BYTES")} {_LIST.format("Float", "FLOAT")} {_LIST.format("Int64", "INT64")}
message_type {{ name: 'Feature' oneof_decl {{ name: 'kind' }}
  field {{ name: 'bytes_list' number: 1 type: TYPE_MESSAGE type_name: '.tensors.BytesList' oneof_index: 0 }}
  field {{ name: 'float_list' number: 2 type: TYPE_MESSAGE type_name: '.tensors.FloatList' oneof_index: 0 }}
  field {{ name: 'int64_list' number: 3 type: TYPE_MESSAGE type_name: '.tensors.Int64List' oneof_index: 0 }} }}
message_type {{ name: 'Features'
  nested_type {{ name: 'FeatureEntry' options {{ map_entry: true }}
    field {{ name: 'key' number: 1 type: TYPE_STRING }}
    field {{ name: 'value' number: 2 type: TYPE_MESSAGE type_name: '.tensors.Feature' }} }}
  field {{ name: 'feature' number: 1 type: TYPE_MESSAGE label: LABEL_REPEATED
           type_name: '.tensors.Features.FeatureEntry' }} }}
message_type {{ name: 'Example'
  field {{ name: 'features' number: 1 type: TYPE_MESSAGE type_name: '.tensors.Features' }} }}
message_type {{ name: 'Dim' field {{ name: 'size' number: 1 type: TYPE_INT64 }} }}
message_type {{ name: 'Shape'
  field {{ name: 'dim' number: 2 type: TYPE_MESSAGE label: LABEL_REPEATED type_name: '.tensors.Dim' }} }}
message_type {{ name: 'Tensor'
  field {{ name: 'dtype' number: 1 type: TYPE_INT32 }}
  field {{ name: 'shape' number: 2 type: TYPE_MESSAGE type_name: '.tensors.Shape' }}
  field {{ name: 'content' number: 4 type: TYPE_BYTES }} }}
"""

_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 9: "<i8", 10: "?", 19: "<f2"}
_BFLOAT16 = 14


def features(record: bytes) -> dict[str, list[Any]]:
    """Returns the features of a serialized tf.train.Example: name to bytes, floats or integers.

    Raises:
        ValueError: It is none.
    """
    found = _parsed("Example", record).features.feature
    kinds = {name: feature.WhichOneof("kind") for name, feature in sorted(found.items())}
    return {name: list(getattr(found[name], kind).value) if kind else [] for name, kind in kinds.items()}


def array(tensor: bytes) -> np.ndarray:
    """Returns the numbers of a tensor that TensorFlow has serialized.

    Raises:
        ValueError: It is none, or one of strings.
    """
    parsed = _parsed("Tensor", tensor)
    shape = [dim.size for dim in parsed.shape.dim]
    if parsed.dtype == _BFLOAT16:
        halves = np.frombuffer(parsed.content, "<u2").astype("<u4")
        return (halves << 16).view("<f4").reshape(shape)
    if parsed.dtype not in _DTYPES:
        raise ValueError(f"a tensor of TensorFlow's type {parsed.dtype}")
    return np.frombuffer(parsed.content, _DTYPES[parsed.dtype]).reshape(shape)


def _parsed(name: str, content: bytes) -> Any:
    try:
        return _messages()[name].FromString(content)
    except message.DecodeError as error:
        raise ValueError(f"no {name}: {error}") from None


@cache
def _messages() -> dict[str, Any]:
    # A pool of its own: in the default one TensorFlow, if it is loaded too, has messages of these names.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(_FILE, descriptor_pb2.FileDescriptorProto()))
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensors.{name}")) for name in _NAMES}


_NAMES = ("Example", "Tensor")
