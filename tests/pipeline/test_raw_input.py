"""What a person types becomes a raw feature, or is refused in a line that says what to give."""

import base64
import io
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import UsageError
from components.model_description import InputDescription, ModelDescription
from pipeline import raw_input

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg==")


def sound(width=2):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(b"\0" * width * 80)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image"),
        (b"\xff\xd8\xff\xe0rest", "image"),
        (b"GIF89a...", "image"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image"),
        (b"BM\x0c\0\0\0......", "image"),
        (b"BMW is a car.", "text"),
        (sound(), "audio"),
        (b"fLaC....", "audio"),
        (b"FORM\0\0\0\0AIFF", "audio"),
        ("Grüße\n".encode(), "text"),
        (b"\xfe\xfd\x00", None),
        (b"", None),
        (b" \n", None),
    ],
    ids=["png", "jpeg", "gif", "webp", "bmp", "bm", "wav", "flac", "aiff", "text", "binary", "empty", "blank"],
)
def test_a_file_is_known_by_its_content(content, kind):
    assert raw_input.kind_of(content) == kind


@given(st.binary(max_size=64))
def test_any_content_is_of_some_kind_or_none(content):
    assert raw_input.kind_of(content) in ("image", "audio", "text", None)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (None, "image", r"The file must exist. Received: .*x. Give the path of an image file"),
        (b"hello", "image", r"takes an image file. Received: .*x, which is a text"),
        (sound(), "image", "which is a sound file"),
        (PNG, "audio", r"takes a sound file. Received: .*x, which is an image file"),
        (b"", "image", "an empty file"),
        (b"\xfe\xfd", "audio", "something else"),
    ],
    ids=["missing", "text", "sound", "image", "empty", "binary"],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, kind, message):
    if content is not None:
        (tmp_path / "x").write_bytes(content)
    with pytest.raises(UsageError, match=message):
        raw_input.read(str(tmp_path / "x"), kind)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="a folder"):
        raw_input.read(str(tmp_path), "image")


def test_a_text_is_what_was_typed_and_a_16_bit_wav_goes_as_it_is(tmp_path):
    assert raw_input.read("x.png", "text") == b"x.png"
    (tmp_path / "x").write_bytes(sound())
    assert raw_input.read(str(tmp_path / "x"), "audio") == sound()


def test_another_sound_file_becomes_a_16_bit_wav(tmp_path):
    pytest.importorskip("soundfile", reason="soundfile is not installed; `make data` does")
    (tmp_path / "x").write_bytes(sound(width=3))
    with wave.open(io.BytesIO(raw_input.read(str(tmp_path / "x"), "audio"))) as file:
        assert (file.getsampwidth(), file.getframerate(), file.getnframes()) == (2, 8000, 80)


def test_without_the_decoder_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    (tmp_path / "x").write_bytes(sound(width=3))
    with pytest.raises(UsageError, match=r"Sounds other than 16-bit.*pip install soundfile"):
        raw_input.read(str(tmp_path / "x"), "audio")


INPUTS = {
    "wav": InputDescription("audio", optional=True, missing=""),
    "samples": InputDescription(None, optional=True, missing=None, several=True),
    "rate": InputDescription(None, optional=True, missing=-1),
    "title": InputDescription("text"),
}


def test_a_row_has_a_value_for_each_input(tmp_path):
    (tmp_path / "x").write_bytes(sound())
    row = raw_input.row(INPUTS, {"wav": str(tmp_path / "x"), "title": "a", "rate": "7"})
    assert base64.b64decode(row["wav"]["b64"]) == sound()
    assert row == {"wav": row["wav"], "samples": [None], "rate": "7", "title": {"b64": "YQ=="}}


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({}, "no title. Add --with title=VALUE"),
        ({"title": "a", "titel": "b"}, "Did you mean 'title'"),
        ({"title": "a", "wav": "b"}, "another input of the model"),
    ],
)
def test_other_inputs_are_checked(others, message):
    with pytest.raises(UsageError, match=message):
        raw_input.check_others(INPUTS, "wav", others)


def test_a_model_of_numbers_only_takes_nothing_from_the_command_line():
    with pytest.raises(UsageError, match="Received: the inputs rate"):
        raw_input.main_of(ModelDescription({"rate": INPUTS["rate"]}))
