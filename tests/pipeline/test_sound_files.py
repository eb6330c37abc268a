import io
import struct
import sys
import wave

import pytest

from components.errors import UsageError
from pipeline import sound_files


def _write(path, width=2, frames=800, rate=8000, channels=2):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(b"\x01" * width * channels * frames)
    return path


def test_a_plain_wav_is_cut_without_soundfile(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    path = _write(tmp_path / "a.wav")
    assert sound_files.glance(path) == sound_files.Sound(rate=8000, length=0.1, plain=True)
    with wave.open(io.BytesIO(sound_files.as_wav(path, 0.05))) as cut:
        assert (cut.getnframes(), cut.getnchannels(), cut.getframerate()) == (400, 2, 8000)


def test_another_wav_takes_soundfile(tmp_path, monkeypatch):
    path = _write(tmp_path / "a.wav", width=3)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(UsageError, match=r"a\.wav is decoded by .*pip install soundfile"):
        sound_files.as_wav(path, 1.0)


def test_another_wav_is_decoded(tmp_path):
    pytest.importorskip("soundfile", reason="needs pip install soundfile")
    path = _write(tmp_path / "a.wav", width=3)
    assert not sound_files.glance(path).plain
    with wave.open(io.BytesIO(sound_files.as_wav(path, 1.0))) as whole:
        assert (whole.getnframes(), whole.getsampwidth()) == (800, 2)


@pytest.mark.parametrize(
    "content",
    [b"", b"no sound at all", b"RIFF" + struct.pack("<I", 4) + b"WAVE"],
    ids=["empty", "text", "header alone"],
)
def test_what_is_no_sound_is_a_value_error(tmp_path, content):
    pytest.importorskip("soundfile", reason="needs pip install soundfile")
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ValueError):
        sound_files.as_wav(tmp_path / "a.wav", 1.0)


def test_what_only_is_called_wav_asks_for_no_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    (tmp_path / "a.wav").write_bytes(b"no sound at all")
    with pytest.raises(ValueError, match="no WAV file"):
        sound_files.as_wav(tmp_path / "a.wav", 1.0)


def test_silence_of_no_length_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match="no sound"):
        sound_files.glance(_write(tmp_path / "a.wav", frames=0))
