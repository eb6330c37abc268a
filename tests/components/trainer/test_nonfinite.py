import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer.nonfinite import NonFinite, find

ROWS = 6


class Between(keras.Model):
    """A model that computes between its layers, where no layer is."""

    def __init__(self) -> None:
        super().__init__(name="between")
        self.body, self.head = keras.layers.Dense(2, name="body"), keras.layers.Dense(1, name="head")

    def call(self, inputs, training=False):
        return self.head(keras.ops.log(self.body(inputs["x"]) * 0 - 1))


def functional(operation=None) -> keras.Model:
    entry = keras.Input((2,), name="x")
    hidden = keras.layers.Dropout(0.5, name="drop")(keras.layers.Dense(3, name="body")(entry))
    hidden = keras.layers.BatchNormalization(name="norm")(hidden)
    output = keras.layers.Dense(1, name="head")(hidden)
    if operation is not None:
        output = output + operation(keras.layers.Dense(1, use_bias=False, name="steep")(entry))
    return keras.Model({"x": entry}, output)


def compiled(model: keras.Model) -> keras.Model:
    model.compile("sgd", "mean_squared_error")
    return model


def batch(**changes):
    draw = np.random.default_rng(1)
    x = draw.normal(size=(ROWS, 2)).astype(np.float32)
    values = {"x": x, "y": x[:, :1].copy(), "weights": np.ones(ROWS, np.float32)}
    for name, (row, value) in changes.items():
        values[name][row] = value
    return {"x": tf.constant(values["x"])}, tf.constant(values["y"]), tf.constant(values["weights"])


@pytest.fixture(autouse=True)
def names_from_the_start():
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"x": (4, np.nan)}, NonFinite("feature x", "nan", (4,))),
        ({"y": (2, -np.inf)}, NonFinite("label", "-inf", (2,))),
        ({"weights": (0, np.inf)}, NonFinite("example weights", "inf", (0,))),
        ({"y": (2, 1e30)}, NonFinite("the loss", "inf")),
    ],
)
def test_data_come_first_and_the_loss_after_the_layers(changes, expected):
    assert find(compiled(functional()), [batch(**changes)]) == expected


def test_rows_count_on_through_micro_batches():
    found = find(compiled(functional()), [batch(), batch(x=(1, np.nan))])
    assert found == NonFinite("feature x", "nan", (ROWS + 1,))


def test_a_weight_is_named_before_what_it_spoils():
    model = compiled(functional())
    model.get_layer("head").bias.assign([np.inf])
    assert find(model, [batch()]) == NonFinite("weight head/bias", "inf")


def test_an_operation_between_layers_is_named_and_so_are_its_rows():
    found = find(compiled(functional(lambda x: keras.ops.log(keras.ops.abs(x)))), [batch(x=(3, 0))])
    assert found == NonFinite("the output of layer log (Log)", "-inf", (3,))


def test_what_a_subclassed_model_computes_is_found_where_it_enters_a_layer():
    model = compiled(Between())
    model(batch()[0])
    found = find(model, [batch()])
    assert found == NonFinite("the input of layer head (Dense)", "nan", tuple(range(ROWS)))


def test_a_gradient_is_named_by_its_variable_where_the_loss_is_finite():
    found = find(compiled(functional(lambda x: keras.ops.sqrt(keras.ops.abs(x)))), [batch(x=(3, 0))])
    assert found == NonFinite("the gradient of steep/kernel", "nan")


def test_a_gradient_that_the_scale_of_the_loss_makes_infinite_is_found_with_it_only():
    model = compiled(functional())
    assert find(model, [batch()]) is None
    found = find(model, [batch()], loss_scale=3e38)
    assert found is not None
    assert found.where.startswith("the gradient of ")


def test_nothing_is_changed():
    model = compiled(functional())
    before = [variable.numpy() for variable in model.variables]
    assert find(model, [batch()]) is None
    assert find(model, [batch(x=(0, np.nan))]) is not None
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value, err_msg=variable.path)
    assert all("call" not in vars(layer) for layer in model.layers)
