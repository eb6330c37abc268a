"""Pictures and sounds out of data as `data:` addresses: decoded, made small, and encoded anew.

What a page holds is so what it says it is, whatever the bytes in the data were.
"""

import base64
import io
import struct
import wave
from collections.abc import Sequence

import numpy as np

SIDE = 160  # Pixels.
SECONDS, RATE = 3.0, 24_000

_PIXELS = 20_000_000
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
_LOUDEST = 32_767


def picture(content: bytes) -> str | None:
    """Returns a picture of at most `SIDE` pixels a side as PNG; None for what is no picture, or one too large.

    Args:
        content: A PNG, JPEG, GIF, BMP or WebP file.
    """
    from PIL import Image  # Slow to import, and few pages need it.

    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > _PIXELS:
                return None
            small = image.convert("L" if image.mode in ("1", "L") else "RGBA")
        small.thumbnail((SIDE, SIDE))
        buffer = io.BytesIO()
        small.save(buffer, "PNG", optimize=True)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError):
        return None
    return _address("image/png", buffer.getvalue())


def sound(content: bytes) -> str | None:
    """Returns the beginning of a sound as a WAV file of one channel; None for what is no 16-bit WAV file.

    Args:
        content: The file.
    """
    try:
        with wave.open(io.BytesIO(content)) as file:
            channels, rate = file.getnchannels(), file.getframerate()
            if file.getsampwidth() != 2 or rate < 1:
                return None
            frames = file.readframes(round(SECONDS * rate))
    except (wave.Error, EOFError, ValueError, struct.error):
        return None
    whole = len(frames) // (2 * channels) * channels
    samples = np.frombuffer(frames, "<i2", whole).reshape(-1, channels).mean(axis=1) / _LOUDEST
    return sound_of(samples, rate)


def sound_of(samples: Sequence[float] | np.ndarray, rate: int) -> str | None:
    """Returns samples as a WAV file; None where there are none.

    Args:
        samples: From -1 to 1, one channel.
        rate: In Hz.
    """
    values = np.nan_to_num(np.asarray(samples, dtype=np.float64)[: max(1, round(SECONDS * rate))])
    step = max(1, -(-rate // RATE))  # Neighbours are averaged, which is filter enough to listen to.
    whole = len(values) // step * step
    if not whole:
        return None
    fewer = np.clip(values[:whole].reshape(-1, step).mean(axis=1), -1, 1)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(max(1, rate // step))
        file.writeframes((fewer * _LOUDEST).astype("<i2").tobytes())
    return _address("audio/wav", buffer.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
