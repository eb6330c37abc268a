"""Sounds in a folder for each class."""

import io
from typing import Any

import numpy as np
import tensorflow as tf

from components.errors import UsageError
from components.trainer.sources import files
from components.trainer.sources.source import Features, Indexed

WAV = (".wav",)
OTHERS = (".flac", ".aif", ".aiff", ".ogg", ".mp3")


class Audio(Indexed):
    """A folder of sounds by class: `samples`, float32 [samples] in -1..1, and `label`, the class id.

    16-bit WAV files are decoded by TensorFlow. Where the package `soundfile` is installed, FLAC, AIFF, Ogg, MP3 and
    other widths of WAV work too. Channels are averaged.

    Args:
        folder: Has a folder for each class, on any file system.
        rate: Samples of a second; a file with another rate is a broken one. None takes all as they are.
        seconds: How much of a sound is taken, filled up with silence, which needs a rate; None takes all of it, and
            `samples` is a list of any length.

    Attributes:
        classes: The names of the classes in the order of their ids.

    Raises:
        UsageError: There is no such folder, or there are seconds and no rate.
        DataRefused: The folder has fewer than two classes, or one without sounds.
    """

    vectorised = False

    def __init__(self, folder: str, rate: int | None = None, seconds: float | None = None) -> None:
        if seconds is not None and rate is None:
            raise UsageError("A length in seconds needs a rate.", received=f"seconds={seconds}, rate=None")
        self._soundfile = _soundfile()
        found = files.by_class(str(folder), WAV + OTHERS if self._soundfile else WAV)
        self.classes, self.rows, self._files = found.classes, len(found.files), found.files
        self._rate, self._length = rate, None if seconds is None else round(seconds * (rate or 0))
        with tf.device("CPU:0"):
            self._paths, self._labels = tf.constant(found.files), tf.constant(found.labels, tf.int64)

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        channels, rate = self._decoded(tf.gather(self._paths, raw))
        checks = [tf.debugging.Assert(tf.size(channels) > 0, ["There is no sample in it."])]
        if self._rate is not None:
            message = f"The rate must be {self._rate}, not"
            checks.append(tf.debugging.Assert(rate == self._rate, [message, rate]))
        with tf.control_dependencies([check for check in checks if check is not None]):
            samples = tf.reduce_mean(channels, axis=1)
        if self._length is not None:
            samples = samples[: self._length]
            samples = tf.ensure_shape(tf.pad(samples, [[0, self._length - tf.size(samples)]]), [self._length])
        return {"samples": samples, "label": tf.gather(self._labels, raw)}

    def name(self, row: int) -> str:
        """Returns the path of a sound."""
        return self._files[row]

    def _decoded(self, path: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns [samples, channels] and the rate."""
        encoded = tf.io.read_file(path)
        if not self._soundfile:
            return tf.audio.decode_wav(encoded)
        # Python decodes one file at a time, so it gets only what TensorFlow cannot.
        return tf.cond(_is_16_bit_wav(encoded), lambda: tuple(tf.audio.decode_wav(encoded)), lambda: self._read(path))

    def _read(self, path: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Not the bytes of the file: NumPy would drop zeros at their end.
        def read(path: Any) -> tuple[np.ndarray, np.int32]:
            with tf.io.gfile.GFile(np.asarray(path).item(), "rb") as file:
                content = io.BytesIO(file.read())
            samples, rate = self._soundfile.read(content, dtype="float32", always_2d=True)
            return samples, np.int32(rate)

        samples, rate = tf.numpy_function(read, [path], [tf.float32, tf.int32], stateful=False)
        return tf.ensure_shape(samples, [None, None]), tf.ensure_shape(rate, [])


def _is_16_bit_wav(encoded: tf.Tensor) -> tf.Tensor:
    """Says whether a file is what TensorFlow decodes: integers of 16 bits, with their format first."""
    header = tf.strings.substr(encoded, 0, 36)
    signed = {0: b"RIFF", 8: b"WAVEfmt ", 20: b"\x01\x00", 34: b"\x10\x00"}
    is_long_enough = tf.strings.length(header) == 36
    padded = tf.where(is_long_enough, header, " " * 36)
    return tf.reduce_all([tf.strings.substr(padded, at, len(text)) == text for at, text in signed.items()])


def _soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: the wheel is there, its native library is not.
        return None
    return soundfile
