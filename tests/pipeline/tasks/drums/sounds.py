"""Sounds for the tests, and their files."""

import io
import wave
from pathlib import Path

import numpy as np


def tone(rate: int, seconds: float = 0.5, frequency: float = 440.0, channels: int = 1) -> np.ndarray:
    """A decaying tone, float32 [samples, channels]."""
    time = np.arange(round(rate * seconds)) / rate
    decaying = 0.8 * np.sin(2 * np.pi * frequency * time) * np.exp(-5 * time)
    return np.repeat(decaying[:, None], channels, 1).astype(np.float32)


def wav(sound: np.ndarray, rate: int, width: int = 2) -> bytes:
    """A WAV file with integers of some bytes."""
    scaled = np.round(sound * (2 ** (8 * width - 1) - 1)).astype("<i4")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(scaled.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())
    return buffer.getvalue()


def kit(root: Path, name: str, instruments: dict[str, list[str]], namespace: str = "") -> Path:
    """A drum kit: instrument to file names; the files that have a known ending are written."""
    import soundfile

    folder = root / name
    folder.mkdir(parents=True)
    entries = []
    for number, (instrument, files) in enumerate(instruments.items()):
        layers = "".join(f"<layer><filename>{file}</filename></layer>" for file in files)
        entries.append(f"<instrument><id>{number}</id><name>{instrument}</name>{layers}</instrument>")
        for file in files:
            if "missing" not in file:
                frequency = 100.0 * (1 + number) + len(name)
                soundfile.write(folder / file, tone(44100, 1.5, frequency, channels=2), 44100)
    body = f"<instrumentList>{''.join(entries)}</instrumentList>"
    (folder / "drumkit.xml").write_text(f"<drumkit_info{namespace}>{body}</drumkit_info>")
    return folder
