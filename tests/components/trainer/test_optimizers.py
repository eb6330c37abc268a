import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer import optimizers
from components.trainer.optimizer_config import PARAMETERS, OptimizerConfig
from components.trainer.schedule_config import Cosine


def model_with_every_kind_of_weight():
    entry = keras.Input((3,), dtype="int32")
    hidden = keras.layers.Embedding(5, 4)(entry)
    hidden = keras.layers.MultiHeadAttention(2, 2)(hidden, hidden)
    hidden = keras.layers.LayerNormalization()(keras.layers.Flatten()(hidden))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(4, bias_initializer="ones")(hidden))
    model = keras.Model(entry, keras.layers.Dense(2, bias_initializer="ones")(hidden))
    for variable in model.trainable_variables:
        variable.assign(keras.ops.ones(variable.shape))
    return model


def test_decay_leaves_biases_and_norms_alone():
    model = model_with_every_kind_of_weight()
    optimizer = optimizers.create(OptimizerConfig(name="adamw", learning_rate=0.5, weight_decay=0.1))
    optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    for variable in model.trainable_variables:
        decayed = variable.name in ("kernel", "embeddings")
        np.testing.assert_allclose(variable, np.full(variable.shape, 0.95 if decayed else 1.0), rtol=1e-6)
    assert [optimizers.decays(variable) for variable in model.trainable_variables] == [
        variable.name in ("kernel", "embeddings") for variable in model.trainable_variables
    ]
    # The bias of a head of attention is a matrix, so that its rank tells nothing.
    assert any(variable.name == "bias" and len(variable.shape) == 2 for variable in model.trainable_variables)


@pytest.mark.parametrize("name", PARAMETERS)
def test_steps_are_those_of_keras(name):
    own = {
        "sgd": keras.optimizers.SGD(0.1),
        "momentum": keras.optimizers.SGD(0.1, momentum=0.9),
        "adam": keras.optimizers.Adam(0.1),
        "adamw": keras.optimizers.AdamW(0.1),
        "rmsprop": keras.optimizers.RMSprop(0.1),
        "adagrad": keras.optimizers.Adagrad(0.1),
        "lion": keras.optimizers.Lion(0.1),
    }[name]
    ours = optimizers.create(OptimizerConfig(name=name, learning_rate=0.1))
    weights = []
    for optimizer in (own, ours):
        variable = keras.Variable(np.ones((2, 2)), name="kernel")
        for step in range(3):
            optimizer.apply([keras.ops.full((2, 2), step - 0.5)], [variable])
        weights.append(variable.numpy())
    np.testing.assert_array_equal(*weights)
    assert (weights[0] != 1).all()


def test_fields_reach_the_optimizer():
    config = OptimizerConfig("momentum", 0.1, momentum=0.5, nesterov=True, clip_value=2.0, weight_decay=0.01)
    optimizer = optimizers.create(config)
    got = (optimizer.momentum, optimizer.nesterov, optimizer.clipvalue, optimizer.weight_decay)
    assert got == (0.5, True, 2.0, 0.01)
    lion = optimizers.create(OptimizerConfig("lion", beta_1=0.8, beta_2=0.7))
    assert (lion.beta_1, lion.beta_2) == (0.8, 0.7)
    rmsprop = optimizers.create(OptimizerConfig("rmsprop", rho=0.5, epsilon=1e-3, momentum=0.2))
    assert (rmsprop.rho, rmsprop.epsilon, rmsprop.momentum) == (0.5, 1e-3, 0.2)


def test_schedule_runs_over_the_training():
    optimizer = optimizers.create(OptimizerConfig("sgd", Cosine(learning_rate=0.1)), total_steps=2)
    variable, rates = keras.Variable(np.zeros((1, 1))), []
    for _ in range(3):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.ones((1, 1))], [variable])
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.0], atol=1e-8)


def test_norm_is_clipped_over_all_gradients_and_repeated_rows():
    model = keras.Sequential([keras.Input((2,), dtype="int32"), keras.layers.Embedding(3, 2), keras.layers.Flatten()])
    model.compile(optimizers.create(OptimizerConfig("sgd", 1.0, clip_norm=0.5)), lambda y_true, y_pred: y_pred)
    before = model.get_weights()[0].copy()
    # Both positions look up row 1: its gradient is the sum of two, [2, 2] times 1/4.
    model.train_on_batch(np.array([[1, 1]]), np.zeros((1, 4)))
    moved = before - model.get_weights()[0]
    assert np.linalg.norm(moved) == pytest.approx(0.5, abs=1e-6)
    np.testing.assert_array_equal(moved[[0, 2]], 0)


@pytest.mark.parametrize("name", PARAMETERS)
def test_rows_that_a_gradient_repeats_are_added_up(name):
    rows = tf.IndexedSlices(tf.constant([[1.0], [-3.0], [0.5]]), tf.constant([1, 1, 2]), tf.constant([3, 1]))
    weights = []
    for gradient in (rows, tf.convert_to_tensor(rows)):
        variable = keras.Variable(np.ones((3, 1)), name="embeddings")
        optimizers.create(OptimizerConfig(name=name, learning_rate=0.1)).apply([gradient], [variable])
        weights.append(variable.numpy())
    np.testing.assert_array_equal(*weights)


def test_saved_with_its_model_it_still_spares_biases(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, bias_initializer="ones")])
    config = OptimizerConfig("adamw", Cosine(learning_rate=0.1, warmup_steps=1), weight_decay=0.5, clip_norm=1.0)
    model.compile(optimizers.create(config, total_steps=10), "mse")
    model.fit(np.ones((2, 2)), np.ones((2, 2)), verbose=0)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert type(reloaded) is optimizers.AdamW
    assert reloaded.get_config() == model.optimizer.get_config()
    assert int(reloaded.iterations) == 1
    kernel, bias = keras.Variable(np.ones((2, 2)), name="kernel"), keras.Variable(np.ones(2), name="bias")
    fresh = optimizers.AdamW.from_config(model.optimizer.get_config())
    for _ in range(2):
        fresh.apply([keras.ops.zeros((2, 2)), keras.ops.zeros(2)], [kernel, bias])
    np.testing.assert_allclose(kernel, np.full((2, 2), 0.95), rtol=1e-6)
    np.testing.assert_array_equal(bias, np.ones(2))
