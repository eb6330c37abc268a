import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline import tasks
from pipeline.tasks.drums.data import CLASSES
from pipeline.tasks.drums.model import build_model
from pipeline.tasks.drums.preprocessing import BANDS, FRAMES, SPECTROGRAM
from pipeline.tf_example import example
from tests.pipeline.tasks.drums.sounds import tone, wav

BATCH = np.random.default_rng(0).uniform(0, 7, size=(4, FRAMES, BANDS)).astype(np.float32)


@pytest.fixture(scope="module")
def model(output) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(output, filters=[4, 8])


def test_it_maps_a_spectrogram_to_probabilities(model):
    assert [tensor.name for tensor in model.inputs] == [SPECTROGRAM]
    outputs = model({SPECTROGRAM: BATCH})
    assert set(outputs) == {"probabilities"}
    assert outputs["probabilities"].shape == (4, len(CLASSES))
    np.testing.assert_allclose(outputs["probabilities"].numpy().sum(1), 1, atol=1e-5)


def test_mixed_precision_keeps_probabilities_exact(output):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = build_model(output, filters=[4])
    finally:
        keras.config.set_dtype_policy("float32")
    assert model({SPECTROGRAM: BATCH})["probabilities"].dtype == tf.float32


def test_it_is_saved_and_loaded(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded({SPECTROGRAM: BATCH})["probabilities"], model({SPECTROGRAM: BATCH})["probabilities"]
    )


def test_the_task_names_every_parameter():
    assert set(inspect.signature(build_model).parameters) - {"tft_output"} == set(
        tasks.load("drums").training.model.params
    )


def _ask(signatures, **given) -> np.ndarray:
    """What a client gets; what it leaves out is sent as missing."""
    count = len(next(iter(given.values())))
    sent = {
        "wav": given.get("wav", [b""] * count),
        "rate": given.get("rate", [-1] * count),
        "samples": given.get("samples", np.zeros([count, 0])),
    }
    kinds = {"wav": tf.string, "rate": tf.int64, "samples": tf.float32}
    tensors = {name: tf.constant(value, kinds[name]) for name, value in sent.items()}
    return signatures["serving_default"](**tensors)["probabilities"].numpy()


@pytest.mark.slow
def test_it_is_served_files_or_samples(signatures):
    specs = signatures["serving_default"].structured_input_signature[1]
    assert {name: (spec.shape.rank, spec.dtype) for name, spec in specs.items()} == {
        "wav": (1, tf.string),
        "samples": (2, tf.float32),
        "rate": (1, tf.int64),
    }
    files = [wav(tone(rate, channels=channels), rate) for rate, channels in ((8000, 1), (44100, 2), (96000, 1))]
    served = _ask(signatures, wav=files)
    assert served.shape == (3, 5)
    examples = tf.constant([example({"wav": file}) for file in files])
    np.testing.assert_allclose(signatures["serving_examples"](examples=examples)["probabilities"], served, atol=1e-6)
    [(name, features)] = signatures["transform_features"](examples=examples).items()
    assert (name, features.shape) == (SPECTROGRAM, (3, FRAMES, BANDS))
    samples = _ask(signatures, samples=tone(8000).T, rate=[8000])
    # 16 bits of the file against 24 of the samples.
    np.testing.assert_allclose(samples, served[:1], atol=1e-2)


@pytest.mark.slow
def test_silence_and_a_single_sample_are_answered(signatures):
    served = _ask(signatures, wav=[wav(np.zeros((count, 1)), 44100) for count in (0, 1, 44100)])
    np.testing.assert_allclose(served, served[[0, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(served.sum(1), 1, atol=1e-5)


@pytest.mark.slow
def test_a_shorter_sound_beside_a_longer_one_is_padded_with_nan(signatures):
    short, long = tone(8000, 0.1)[:, 0], tone(8000, 0.2)[:, 0]
    padded = np.full((2, len(long)), np.nan, np.float32)
    padded[0, : len(short)], padded[1] = short, long
    both = _ask(signatures, samples=padded, rate=[8000, 8000])
    np.testing.assert_allclose(both[:1], _ask(signatures, samples=[short], rate=[8000]), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"wav": [b""]}, "`wav`, or as `samples`"),
        ({"wav": [b"no sound at all, but some text that is long enough"]}, "RIFF"),
        ({"wav": [wav(tone(8000), 8000, width=3)]}, "16-bit"),
        ({"samples": [[0.1, 0.2]], "rate": [3]}, "sample rate"),
        ({"samples": [[0.1, 0.2]]}, "sample rate"),
    ],
)
def test_what_is_no_sound_is_a_clear_error_and_the_model_goes_on_serving(signatures, sent, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        _ask(signatures, **sent)
    _ask(signatures, wav=[wav(tone(8000), 8000)])


@pytest.mark.slow
def test_another_rank_is_an_error(signatures):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError, ValueError)):
        _ask(signatures, wav=[[b"RIFF"]])
