"""Audio files of any format as 16-bit WAV files."""

import io
import wave
from pathlib import Path

from components.errors import DataRefused, UsageError


def require_soundfile(what: str) -> None:
    """Raises a UsageError unless sounds can be decoded.

    Args:
        what: What has to be decoded, as the beginning of the sentence.
    """
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError):  # OSError: the wheel is there, its native library is not.
        raise UsageError(
            f"{what} decoded by the package `soundfile`.",
            received="it is not installed",
            fix="Run `pip install soundfile`; `make data` does.",
        ) from None


def as_wav(path: Path, seconds: float) -> bytes:
    """Returns the beginning of an audio file as a 16-bit WAV file of its own rate and channels.

    Args:
        path: WAV, FLAC, AIFF or whatever else libsndfile reads.
        seconds: How long the beginning is.

    Raises:
        DataRefused: It is no such file.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            values = file.read(max(1, round(seconds * file.samplerate)), dtype="int16", always_2d=True)
            rate = file.samplerate
    except soundfile.SoundFileError as error:
        raise DataRefused("Every sample must be a readable audio file.", received=f"{path}: {error}") from None
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as wav:
        wav.setnchannels(values.shape[1])
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(values.astype("<i2").tobytes())
    return buffer.getvalue()
