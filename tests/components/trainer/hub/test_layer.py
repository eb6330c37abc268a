import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer.hub import weights
from components.trainer.hub.layer import HubLayer
from tests.components.trainer.hub import modules

X = np.random.default_rng(0).normal(1, 1, size=(8, modules.FEATURES)).astype("float32")
TRAINABLE = ["tiny/block_1/kernel", "tiny/block_1/bias", "tiny/block_1/bias_1"]


def model(handle, **options):
    keras.utils.set_random_seed(1)
    layer = HubLayer(str(handle), name="tiny", **options)
    entry = keras.Input((modules.FEATURES,))
    made = keras.Model(entry, keras.layers.Dense(1)(layer(entry)))
    made.compile(keras.optimizers.SGD(0.01), "mse")
    return made, layer


def changed(layer, before):
    return [
        variable.path
        for variable, value in zip(layer.weights, before, strict=True)
        if (variable.numpy() != value).any()
    ]


def loaded_result(folder):
    return tf.saved_model.load(str(folder))(tf.constant(X)).numpy()


def test_variables_of_the_module_are_the_weights(tiny_module):
    layer = HubLayer(tiny_module, name="tiny", trainable=True)
    layer.build((None, modules.FEATURES))
    assert [variable.path for variable in layer.trainable_weights] == TRAINABLE
    assert [variable.path for variable in layer.non_trainable_weights] == ["tiny/norm/mean"]
    layer.trainable_weights[0].assign(np.zeros((modules.FEATURES, modules.UNITS)))
    np.testing.assert_array_equal(layer.module.kernel.numpy(), 0)
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 4


def test_a_module_that_lists_no_variables_gives_those_it_reads(tmp_path):
    module = tf.Module()
    module.first, module.second = tf.Variable(2.0, name="b"), tf.Variable(3.0, name="a", trainable=False)
    module.__call__ = tf.function(lambda x: x * module.first + module.second, input_signature=[tf.TensorSpec([None])])
    tf.saved_model.save(module, str(tmp_path))
    layer = HubLayer(tmp_path, trainable=True, name="plain")
    np.testing.assert_array_equal(layer(np.float32([1, 2])), [5, 7])
    assert [variable.path for variable in layer.trainable_weights] == ["plain/b"]
    assert [variable.path for variable in layer.non_trainable_weights] == ["plain/a"]


class Wrapped(keras.Model):
    """Makes its layers when shapes are inferred, as a subclass without `build` does."""

    def __init__(self, handle):
        super().__init__(name="wrapped")
        self.module, self.dense = HubLayer(handle, trainable=True, name="tiny"), keras.layers.Dense(1, name="dense")

    def call(self, inputs, training=None):
        return self.dense(self.module(inputs, training=training))


@pytest.mark.parametrize("symbolic", [True, False])
def test_paths_follow_the_model_around_the_layer(tiny_module, symbolic):
    wrapped = Wrapped(tiny_module)
    wrapped(keras.Input((modules.FEATURES,)) if symbolic else X)
    assert [variable.path for variable in wrapped.trainable_variables] == [
        *(f"wrapped/{path}" for path in TRAINABLE),
        "wrapped/dense/kernel",
        "wrapped/dense/bias",
    ]
    assert all(
        variable.value is loaded
        for variable, loaded in zip(wrapped.module.weights, wrapped.module.module.trainable_variables, strict=False)
    )


def test_frozen_it_is_the_module_and_fit_changes_no_bit(tiny_module):
    made, layer = model(tiny_module)
    before = layer.get_weights()
    np.testing.assert_array_equal(layer(X, training=True), loaded_result(tiny_module))
    made.fit(X, X[:, :1], epochs=2, verbose=0)
    assert changed(layer, before) == []
    assert made.losses == []


def test_trainable_everything_learns_in_fit(tiny_module):
    made, layer = model(tiny_module, trainable=True)
    before = layer.get_weights()
    made.fit(X, X[:, :1], epochs=1, verbose=0)
    assert changed(layer, before) == [*TRAINABLE, "tiny/norm/mean"]


def test_statistics_stay_when_every_variable_is_frozen_by_itself(tiny_module):
    made, layer = model(tiny_module, trainable=True)
    for variable in layer.trainable_variables:
        variable.trainable = variable.path.endswith("kernel")
    before = layer.get_weights()
    made.fit(X, X[:, :1], epochs=1, verbose=0)
    assert changed(layer, before) == ["tiny/block_1/kernel", "tiny/norm/mean"]
    layer.weights[0].trainable = False
    made.compile(keras.optimizers.SGD(0.01), "mse")
    before = layer.get_weights()
    made.fit(X, X[:, :1], epochs=1, verbose=0)
    assert changed(layer, before) == []


def test_statistics_stay_while_weights_learn_if_the_mode_is_given(tiny_module):
    made, layer = model(tiny_module, trainable=True, arguments={"training": False})
    before = layer.get_weights()
    made.fit(X, X[:, :1], epochs=1, verbose=0)
    assert changed(layer, before) == TRAINABLE


def test_gradients_and_the_modules_loss_reach_a_tape(tiny_module):
    layer = HubLayer(str(tiny_module), trainable=True, name="tiny")
    entry = keras.Input((modules.FEATURES,))
    siamese = keras.Model(entry, layer(entry) + layer(-entry))
    with tf.GradientTape() as tape:
        siamese(X, training=True)
        loss = sum(siamese.losses)
    kernel = layer.trainable_variables[0]
    # Once, although the layer is called twice; float32 sums.
    np.testing.assert_allclose(loss, np.sum(kernel.numpy() ** 2), rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, kernel.value), 2 * kernel.numpy(), rtol=1e-6)


def test_a_double_module_meets_mixed_precision_at_its_border(tmp_path):
    layer = HubLayer(str(modules.save_tiny(tmp_path, tf.float64)), trainable=True, dtype="mixed_float16", name="tiny")
    layer.build((None, modules.FEATURES))
    assert {variable.dtype for variable in layer.variables} == {"float64"}
    with tf.GradientTape() as tape:
        outputs = layer(tf.cast(X, "float16"))
        loss = tf.reduce_sum(tf.cast(outputs, "float32"))
    assert outputs.dtype == tf.float16
    gradients = tape.gradient(loss, [variable.value for variable in layer.trainable_variables])
    assert [gradient.dtype for gradient in gradients] == [tf.float64] * 3
    expected = tf.saved_model.load(str(tmp_path))(tf.cast(tf.cast(X, "float16"), "float64"))
    np.testing.assert_array_equal(outputs, tf.cast(expected, "float16"))


def test_a_double_module_learns_in_a_model_of_half_precision(tmp_path):
    made, layer = model(modules.save_tiny(tmp_path, tf.float64), trainable=True, dtype="mixed_float16")
    before = layer.get_weights()
    made.fit(X, X[:, :1], verbose=0)
    assert changed(layer, before) == [*TRAINABLE, "tiny/norm/mean"]


def test_saved_moved_and_reloaded_it_is_equal(tiny_module, tmp_path):
    made, layer = model(tiny_module, trainable=True, dtype="float32")
    made.fit(X, X[:, :1], verbose=0)
    expected = made.predict(X, verbose=0)
    made.save(tmp_path / "model.keras")
    made.save_weights(tmp_path / "model.weights.h5")
    (tmp_path / "elsewhere").mkdir()
    for name in ("model.keras", "model.weights.h5"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
    reloaded = keras.saving.load_model(tmp_path / "elsewhere" / "model.keras")
    assert reloaded.layers[1].get_config() == layer.get_config()
    np.testing.assert_array_equal(reloaded.predict(X, verbose=0), expected)
    other, _ = model(tiny_module, trainable=True)
    assert (other.predict(X, verbose=0) != expected).any()
    other.load_weights(tmp_path / "elsewhere" / "model.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), expected)


def test_an_export_needs_neither_the_module_nor_its_vocabulary(words_module, tmp_path):
    shutil.copytree(words_module, tmp_path / "module")
    entry = keras.Input((), dtype="string")
    made = keras.Model(entry, HubLayer(str(tmp_path / "module"), trainable=True)(entry))
    made.layers[1].weights[0].assign(np.float32([[1, 2], [3, 4], [5, 6], [7, 8]]))
    texts = tf.constant(["Good.", "bad unknown", ""])
    np.testing.assert_array_equal(made.predict(texts, verbose=0), [[4, 5], [3, 4], [0, 0]])
    made.export(tmp_path / "export", verbose=False)
    by_hand = tf.Module()
    by_hand.weights, by_hand.module = [variable.value for variable in made.variables], made.layers[1].module
    serve = tf.function(lambda x: {"y": made(x)}, input_signature=[tf.TensorSpec([None], tf.string, name="x")])
    tf.saved_model.save(by_hand, str(tmp_path / "by_hand"), signatures=serve)
    shutil.rmtree(tmp_path / "module")
    shutil.move(tmp_path / "export", tmp_path / "moved")
    export, by_hand = (tf.saved_model.load(str(tmp_path / name)) for name in ("moved", "by_hand"))
    np.testing.assert_array_equal(export.serve(texts), [[4, 5], [3, 4], [0, 0]])
    np.testing.assert_array_equal(by_hand.signatures["serving_default"](x=texts)["y"], [[4, 5], [3, 4], [0, 0]])


def test_strings_are_embedded_in_fit(words_module):
    entry = keras.Input((), dtype="string")
    made = keras.Model(entry, keras.layers.Dense(1)(HubLayer(str(words_module), trainable=True, name="words")(entry)))
    made.compile(keras.optimizers.SGD(0.1), "mse")
    (before, *_), texts = made.get_weights(), tf.constant(["good", "bad bad"])
    made.fit(texts, np.float32([1, -1]), verbose=0)
    moved = (made.get_weights()[0] != before).all(axis=1)
    np.testing.assert_array_equal(moved, [True, True, False, False])


def test_a_signature_is_called_by_name_and_cannot_learn(tiny_module):
    layer = HubLayer(str(tiny_module), signature="both", output_key="units")
    np.testing.assert_allclose(layer({"features": X}), loaded_result(tiny_module), rtol=1e-6)
    np.testing.assert_array_equal(layer(X), layer({"features": X}))
    assert set(HubLayer(str(tiny_module), signature="both")(X)) == {"sum", "units"}
    assert layer.trainable_weights == []
    with pytest.raises(UsageError, match="cannot be trained"):
        HubLayer(str(tiny_module), signature="both", trainable=True)


def test_a_signature_in_a_model_that_is_made_trainable_stays_as_it_is(tiny_module, tmp_path):
    made, layer = model(tiny_module, signature="both", output_key="units")
    made.trainable = True
    before = layer.get_weights()
    made.fit(X, X[:, :1], verbose=0)
    assert changed(layer, before) == []
    made.save(tmp_path / "model.keras")
    assert not keras.saving.load_model(tmp_path / "model.keras").layers[1].trainable


def test_what_tensorflow_cannot_call_or_load_is_one_line(tmp_path):
    module = tf.train.Checkpoint()
    module.__call__ = tf.function(lambda x: x)
    tf.saved_model.save(module, str(tmp_path / "untraced"))
    with pytest.raises(UsageError, match="traced"):
        HubLayer(tmp_path / "untraced")
    (tmp_path / "saved_model.pb").write_bytes(b"no module")
    with pytest.raises(UsageError, match=f"handle={tmp_path}") as caught:
        HubLayer(tmp_path)
    assert "\n" not in str(caught.value)


def test_paths_stay_apart_for_optimizers_too():
    assert weights._unique(["a/b", "a_b", "a/b", "c"]) == ["a/b", "a_b_1", "a/b_2", "c"]


def test_wrong_names_say_what_was_meant(tiny_module):
    with pytest.raises(UsageError, match="Did you mean 'both'"):
        HubLayer(str(tiny_module), signature="bot")
    with pytest.raises(UsageError, match="Did you mean 'units'"):
        HubLayer(str(tiny_module), signature="both", output_key="unit")
    with pytest.raises(UsageError, match="one output without a name"):
        HubLayer(str(tiny_module), output_key="units")


@pytest.fixture(scope="module")
def replicas(tiny_module):
    done = subprocess.run(
        [sys.executable, "-m", "tests.components.trainer.hub.two_replicas", str(tiny_module)],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_two_replicas_leave_a_frozen_module_bit_identical(replicas):
    assert replicas["replicas"] == 2
    assert replicas["frozen"]["before"] == replicas["frozen"]["after"]
    assert set(replicas["frozen"]["after"]) == {*TRAINABLE, "tiny/norm/mean"}


@pytest.mark.slow
@pytest.mark.parametrize("run", ["fit", "loop"])
def test_every_variable_learns_on_two_replicas(replicas, run):
    before, after = replicas[run]["before"], replicas[run]["after"]
    assert [path for path in before if before[path] != after[path]] == list(before)


@pytest.mark.slow
def test_statistics_are_the_mean_over_replicas(replicas):
    # One step of halves of a batch, from 0 with momentum 0.5; float32.
    np.testing.assert_allclose(replicas["loop"]["after"]["tiny/norm/mean"], np.array(replicas["mean"]) / 2, atol=1e-6)
