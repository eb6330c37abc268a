import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from pipeline.tasks.drums.preprocessing import (
    BANDS,
    FRAMES,
    LABEL,
    RATE,
    SPECTROGRAM,
    log_mel,
    preprocessing_fn,
    resampled,
)
from pipeline.tf_example import example
from tests.pipeline.tasks.drums.sounds import tone, wav
from tests.pipeline.tasks.in_place import through_transform

LENGTH = RATE  # Of a second.


def _sparse(rows, dtype) -> tf.SparseTensor:
    return tf.ragged.constant(rows, dtype, ragged_rank=1).to_sparse()


def _inputs(*sounds: dict) -> dict[str, tf.SparseTensor]:
    """Raw features of sounds, each given by `wav`, or by `samples` and `rate`."""
    one = {name: [[sound[name]] if name in sound else [] for sound in sounds] for name in ("wav", "rate")}
    return {
        "wav": _sparse(one["wav"], tf.string),
        "rate": _sparse(one["rate"], tf.int64),
        "samples": _sparse([sound.get("samples", []) for sound in sounds], tf.float32),
    }


def _spectrogram(*sounds: dict) -> np.ndarray:
    return preprocessing_fn(_inputs(*sounds))[SPECTROGRAM].numpy()


def test_it_is_the_same_eagerly_in_a_data_set_and_through_transform(output):
    files = [wav(tone(44100, channels=2), 44100), wav(tone(8000), 8000), wav(np.zeros((1, 1)), 22050)]
    eager = _spectrogram(*({"wav": file} for file in files))
    spec = {"wav": tf.io.VarLenFeature(tf.string), "samples": tf.io.VarLenFeature(tf.float32)}
    spec |= {"rate": tf.io.VarLenFeature(tf.int64)}
    rows = [{"wav": file, "label": 2, "drum": "hi-hat", "kit": "K"} for file in files]
    records = tf.data.Dataset.from_tensor_slices([example(row) for row in rows])
    batches = records.batch(2).map(lambda batch: preprocessing_fn(tf.io.parse_example(batch, spec)))
    streamed = tf.concat([batch[SPECTROGRAM] for batch in batches], 0)
    transformed = through_transform(output, rows)
    assert eager.shape == (3, FRAMES, BANDS)
    # FFTs of other batch sizes and fused graphs round differently; values reach 7.
    np.testing.assert_allclose(streamed, eager, atol=1e-4)
    np.testing.assert_allclose(transformed[SPECTROGRAM], eager, atol=1e-4)
    assert transformed[LABEL].numpy().tolist() == [2, 2, 2]


def test_what_transform_declares(output):
    spec = output.transformed_feature_spec()
    assert {name: (tuple(kind.shape), kind.dtype) for name, kind in spec.items()} == {
        SPECTROGRAM: ((FRAMES, BANDS), tf.float32),
        LABEL: ((), tf.int64),
    }


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 48000, 96000])
def test_resampling_is_that_of_scipy(rate):
    sound = np.zeros(rate, np.float32)
    noise = np.random.default_rng(rate).normal(size=rate // 2)
    # Band-limited: scipy halves what is at the Nyquist frequency of the lower rate itself, a single bin.
    low = scipy.signal.butter(8, 0.35 * min(rate, RATE), fs=rate, output="sos") if rate > 8000 else None
    sound[: len(noise)] = noise if low is None else scipy.signal.sosfilt(low, noise)
    expected = scipy.signal.resample(sound.astype(np.float64), LENGTH)
    expected /= np.abs(expected).max()
    # The single bin, and float32.
    np.testing.assert_allclose(resampled(tf.constant(sound), tf.constant(rate, tf.int64)), expected, atol=1e-2)


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_a_tone_keeps_its_pitch_at_every_rate(rate):
    spectrum = np.abs(np.fft.rfft(resampled(tone(rate, 1.0, 1000.0)[:, 0], tf.constant(rate, tf.int64))))
    assert abs(int(spectrum.argmax()) - 1000) <= 1


def test_the_same_sound_at_another_rate_gives_nearly_the_same_spectrogram():
    given = _spectrogram(*({"wav": wav(tone(rate, frequency=600.0), rate)} for rate in (16000, 44100, 96000)))
    assert np.abs(given[1:] - given[:1]).mean() < 0.05  # Of values up to 7.


def test_frequencies_above_the_common_rate_do_not_fold_back():
    high = tone(96000, 1.0, 40_000.0)[:, 0] * np.hanning(96000) + tone(96000, 1.0, 1000.0)[:, 0]
    alone = resampled(tone(96000, 1.0, 1000.0)[:, 0], tf.constant(96000, tf.int64))
    np.testing.assert_allclose(resampled(high.astype(np.float32), tf.constant(96000, tf.int64)), alone, atol=0.02)


def test_samples_with_their_rate_are_as_good_as_a_file():
    sound = tone(22050)
    file = _spectrogram({"wav": wav(sound, 22050)})
    samples = _spectrogram({"samples": sound[:, 0], "rate": 22050})
    # The file has 16 bits; quiet bands see its rounding.
    assert np.abs(file - samples).mean() < 0.02
    np.testing.assert_array_equal(_spectrogram({"wav": wav(sound, 22050), "samples": [1.0], "rate": 8000}), file)


def test_both_forms_in_one_batch():
    sound = tone(8000)
    both = _spectrogram({"wav": wav(sound, 8000)}, {"samples": sound[:, 0], "rate": 8000})
    assert both.shape == (2, FRAMES, BANDS)
    assert np.abs(both[0] - both[1]).mean() < 0.02


def test_channels_are_averaged():
    left, right = tone(16000, frequency=300.0), tone(16000, frequency=2000.0)
    stereo = _spectrogram({"samples": ((left + right) / 2)[:, 0], "rate": 16000})
    assert np.abs(_spectrogram({"wav": wav(np.hstack([left, right]), 16000)}) - stereo).mean() < 0.02


def test_loudness_does_not_count():
    sound = tone(16000)[:, 0]
    loud, quiet = _spectrogram({"samples": sound, "rate": 16000}, {"samples": 0.1 * sound, "rate": 16000})
    np.testing.assert_allclose(loud, quiet, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 100, 200_000])
def test_silence_of_any_length_stays_silence(count):
    assert not _spectrogram({"samples": np.zeros(count), "rate": 16000}).any()
    assert not _spectrogram({"wav": wav(np.zeros((count, 2)), 48000)}).any()


def test_one_sample_and_a_file_without_any():
    click, empty = _spectrogram({"wav": wav(np.ones((1, 1)) * 0.5, 44100)}, {"wav": wav(np.zeros((0, 1)), 44100)})
    assert np.isfinite(click).all()
    assert click[0].any()
    assert not empty.any()


def test_only_the_first_second_counts():
    long, cut = tone(16000, 3.0), tone(16000, 1.0)
    np.testing.assert_array_equal(_spectrogram({"wav": wav(long, 16000)}), _spectrogram({"wav": wav(cut, 16000)}))


def test_a_tone_is_in_the_band_of_its_pitch():
    """Bands are equally wide on the mel scale from 40 Hz to half the rate; 1 is a full-scale sine."""
    sine = np.sin(2 * np.pi * 3000 * np.arange(LENGTH) / RATE).astype(np.float32)
    found = log_mel(sine[None])[0].numpy()[50]

    def mel(hertz):
        return 1127 * np.log1p(hertz / 700)

    edges = np.linspace(mel(40), mel(RATE / 2), BANDS + 2)
    assert abs(int(found.argmax()) - int(np.abs(edges[1:-1] - mel(3000)).argmin())) <= 1
    assert 0.3 < np.expm1(found.max()) * 1e-3 < 3


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        ({}, "samples"),
        ({"wav": b""}, "samples"),
        ({"wav": b"no sound"}, "RIFF|too short"),
        ({"wav": wav(tone(8000), 8000, width=3)}, "16-bit"),
        ({"wav": wav(tone(8000), 8000)[:30]}, "too short|Data"),
        ({"samples": [0.1]}, "sample rate"),
        ({"samples": [np.inf, 0.1], "rate": 8000}, "must be finite"),
        ({"samples": [0.1], "rate": 10}, "sample rate"),
        ({"samples": [0.1], "rate": 10**9}, "sample rate"),
        ({"samples": [0.1], "rate": 2**32 + 8000}, "sample rate"),
    ],
)
def test_what_is_no_sound_is_an_error(sound, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        _spectrogram(sound)


def test_an_empty_batch():
    assert _spectrogram().shape == (0, FRAMES, BANDS)
