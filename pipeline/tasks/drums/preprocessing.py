"""The log-mel spectrogram of a sample, all in TensorFlow's graph: what is served is what was trained on.

| feature | made from | shape | dtype |
|---|---|---|---|
| `spectrogram` | the beginning of the sound | [batch, 101, 64]: 10 ms steps, mel bands from 40 Hz to 16 kHz | float32 |
| `label` | the label, where there is one | [batch] | int64 |

The sound comes as `wav`, the bytes of a 16-bit WAV file, or as `samples` in -1..1 with their `rate` in Hz. Its channels
are averaged, it is cut or padded with silence to a second, resampled, and scaled so that its loudest sample is 1 or -1:
how hard a drum is hit does not say which it is. Silence stays silence.

Resampling goes through the Fourier transform, as `scipy.signal.resample` does: frequencies that both rates have are
kept as they are, the others are cut off, and there is one method for every rate.
"""

from typing import TypeAlias

import tensorflow as tf

LABEL = "label"
SPECTROGRAM = "spectrogram"

RATE = 32_000
SECONDS = 1
BANDS = 64
FRAME = 1024  # 32 ms
STEP = 320  # 10 ms
FRAMES = 1 + RATE * SECONDS // STEP
LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000

_FLOOR = 1e-3  # About 60 dB under a full-scale sine: what is less than this in a band counts as silence.

Column: TypeAlias = tf.Tensor | tf.SparseTensor


def preprocessing_fn(inputs: dict[str, Column]) -> dict[str, tf.Tensor]:
    """Maps raw features to those of the model.

    Args:
        inputs: The features of the schema; `wav`, `samples` and `rate` are sparse, as a sound has either form.

    Returns:
        The table above; without the label when `inputs` has none.

    Raises:
        tf.errors.InvalidArgumentError: (When run.) A sound has neither form, its WAV file is not a 16-bit one, or its
            rate is out of range.
    """
    outputs = {SPECTROGRAM: log_mel(waveforms(inputs["wav"], inputs["samples"], inputs["rate"]))}
    return {**outputs, LABEL: inputs[LABEL]} if LABEL in inputs else outputs


def waveforms(wav: tf.SparseTensor, samples: tf.SparseTensor, rate: tf.SparseTensor) -> tf.Tensor:
    """Returns the sounds at the common rate, [batch, RATE * SECONDS] in -1..1; `wav` is taken where both are given."""
    files = _first(wav, "")
    rates = _first(rate, 0)
    values = tf.RaggedTensor.from_sparse(samples)

    def one(index: tf.Tensor) -> tf.Tensor:
        given = tf.strings.length(files[index]) > 0
        sound, own_rate = tf.cond(given, lambda: _decoded(files[index]), lambda: _given(values[index], rates[index]))
        return resampled(sound, own_rate)

    spec = tf.TensorSpec([RATE * SECONDS], tf.float32)
    return tf.map_fn(one, tf.range(tf.size(files)), fn_output_signature=spec)


def _first(x: tf.SparseTensor, default: int | str) -> tf.Tensor:
    """Returns [batch] with a default for missing values."""
    # The batch may hold no value at all, then its sparse width is 0.
    dense = tf.sparse.to_dense(tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1]), default)
    return tf.reshape(dense, [-1])


def _decoded(file: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    channels, rate = tf.audio.decode_wav(file)
    return tf.reduce_mean(channels, axis=1), tf.cast(rate, tf.int64)


def _given(sound: tf.Tensor, rate: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    some = tf.debugging.Assert(tf.size(sound) > 0, ["A sound must come as `wav`, or as `samples` with their `rate`."])
    with tf.control_dependencies([some]):
        return tf.debugging.check_numerics(sound, "Samples must be finite."), tf.identity(rate)


def resampled(sound: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
    """Returns the first second of a sound at the common rate, its loudest sample at 1 or -1.

    Args:
        sound: [samples], float32, of any number.
        rate: How many of them make a second, an int64 scalar.
    """
    message = f"The sample rate must be from {LOWEST_RATE} to {HIGHEST_RATE} Hz. Received:"
    known = tf.debugging.Assert((rate >= LOWEST_RATE) & (rate <= HIGHEST_RATE), [message, rate])
    with tf.control_dependencies([known]):
        length = rate * SECONDS
    start = sound[:length]
    whole = tf.pad(start, [[0, length - tf.size(start, tf.int64)]])
    spectrum = tf.signal.rfft(whole)[: RATE * SECONDS // 2 + 1]
    spectrum = tf.pad(spectrum, [[0, RATE * SECONDS // 2 + 1 - tf.size(spectrum)]])
    wave = tf.ensure_shape(tf.signal.irfft(spectrum, [RATE * SECONDS]), [RATE * SECONDS])
    return tf.math.divide_no_nan(wave, tf.reduce_max(tf.abs(wave)))


def log_mel(sounds: tf.Tensor) -> tf.Tensor:
    """Returns the spectrograms of [batch, RATE * SECONDS] as [batch, FRAMES, BANDS]: 0 is silence."""
    # A drum is hit at once: the first frame is centred on the first sample, which the window would fade out otherwise.
    centred = tf.pad(sounds, [[0, 0], [FRAME // 2, FRAME // 2]])
    spectra = tf.abs(tf.signal.stft(centred, FRAME, STEP))
    to_mel = tf.signal.linear_to_mel_weight_matrix(BANDS, spectra.shape[-1], RATE, 40.0, RATE / 2)
    mel = tf.tensordot(spectra, to_mel, 1) * (4 / FRAME)  # A full-scale sine has amplitude 1 under a Hann window.
    return tf.ensure_shape(tf.math.log1p(mel / _FLOOR), [None, FRAMES, BANDS])
