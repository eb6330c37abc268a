"""Audio files by their beginning: 16-bit WAV is read as it is, everything else takes the package `soundfile`."""

import importlib.util
import io
import wave
from pathlib import Path
from typing import NamedTuple

from components.errors import DataRefused
from pipeline import wav

_SAMPLE_BYTES = 2


class Sound(NamedTuple):
    """What an audio file says about itself.

    Args:
        rate: Samples of a channel in a second.
        length: Seconds.
        plain: Whether it is a 16-bit WAV file.
    """

    rate: int
    length: float
    plain: bool


def glance(path: Path) -> Sound:
    """Returns what an audio file says about itself.

    Raises:
        ValueError: It is no audio file, or there is no sound in it.
        UsageError: It takes `soundfile`, which is not installed.
    """
    sound = _plain(path) or _other(path)
    if not sound.length:
        raise ValueError("there is no sound in it")
    return sound


def as_wav(path: Path, seconds: float) -> bytes:
    """Returns the beginning of an audio file as a 16-bit WAV file of its own rate and channels.

    Args:
        path: The file.
        seconds: How long the beginning is.

    Raises:
        ValueError: It is no audio file, or there is no sound in it.
        UsageError: It takes `soundfile`, which is not installed.
    """
    if not glance(path).plain:
        try:
            return wav.as_wav(path, seconds)
        except DataRefused as error:
            raise ValueError(error.received) from None
    buffer = io.BytesIO()
    with wave.open(str(path), "rb") as file, wave.open(buffer, "wb") as beginning:
        beginning.setparams(file.getparams())
        beginning.writeframes(file.readframes(max(1, round(seconds * file.getframerate()))))
    return buffer.getvalue()


def _plain(path: Path) -> Sound | None:
    try:
        with wave.open(str(path), "rb") as file:
            rate = file.getframerate()
            return Sound(rate, file.getnframes() / rate, plain=True) if file.getsampwidth() == _SAMPLE_BYTES else None
    except (wave.Error, EOFError):
        return None


def _other(path: Path) -> Sound:
    if path.suffix.lower() == ".wav" and not _begins_as_wav(path) and importlib.util.find_spec("soundfile") is None:
        raise ValueError("it is no WAV file")
    wav.require_soundfile(f"{path} is")
    import soundfile

    try:
        about = soundfile.info(path)
    except soundfile.SoundFileError as error:
        raise ValueError(str(error).rpartition(": ")[2].rstrip(".")) from None
    return Sound(about.samplerate, about.duration, plain=False)


def _begins_as_wav(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"RIFF"
