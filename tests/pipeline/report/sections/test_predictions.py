import base64
import io
import json
import math
import wave

import numpy as np
import pytest
from PIL import Image

from components.reference_predictions import ReferencePredictions
from pipeline.report import media, raw_row
from pipeline.report.predicted import predicted
from pipeline.report.raw_row import Budget
from pipeline.report.sections.predictions import section
from pipeline.tf_example import example
from tests.pipeline.report.test_page import HOSTILE

SCORES = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]], "float32")


def picture(form="PNG", size=(28, 28), mode="L"):
    buffer = io.BytesIO()
    Image.new(mode, size, 128).save(buffer, form)
    return buffer.getvalue()


def sound(seconds=0.5, rate=44_100, channels=2):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(b"\x01\x02" * round(seconds * rate) * channels)
    return buffer.getvalue()


def decoded(address, kind):
    start, content = address.split(",", 1)
    assert start == f"data:{kind};base64"
    return io.BytesIO(base64.b64decode(content))


def written(runs, rows, outputs, training=None, classes=()):
    config = {"training": training or {"label": "label"}, "classes": list(classes)}
    folder = runs.made("Model", node="Trainer", custom_config=json.dumps(config))
    ReferencePredictions(tuple(example(row) for row in rows), {}, outputs).write(folder)
    return section(runs.material())


def told(found):
    """The samples of a section: what is predicted of each."""
    return [[(one.said, one.label, one.judged) for one in sample.predictions] for sample in found.facts.samples]


def test_rows_without_files_are_a_table(runs, drawn):
    rows = [{"fare": 12.5, "company": "Blue", "label": 1}, {"fare": 3.0, "label": 1}]
    found = written(runs, rows, {"probability": np.array([[0.75], [0.25]], "float32")})
    assert told(found) == [[("75.0% for 1", "1", "right")], [("25.0% for 1", "1", "wrong")]]
    parsed = drawn(found)
    assert {"table", "tr"} <= set(parsed.tags)
    assert {"Blue", "12.5", "(missing)", "right", "wrong"} <= {text.strip() for text in parsed.texts}


def test_pictures_are_shown_beside_their_class(runs, drawn):
    rows = [{"image": picture(), "label": 1, "class_name": "dog"}, {"image": picture("JPEG", mode="RGB"), "label": 1}]
    found = written(runs, rows, {"probabilities": SCORES}, classes=["cat", "dog", "cow"])
    assert told(found) == [[("dog (70.0%)", "dog", "right")], [("cat (60.0%)", "dog", "wrong")]]
    addresses = [value for name, value in drawn(found).attributes if name == "src"]
    assert [Image.open(decoded(one, "image/png")).size for one in addresses] == [(28, 28), (28, 28)]


def test_sounds_can_be_played(runs, drawn):
    samples = [0.5 * math.sin(x / 9) for x in range(8000)]
    rows = [{"wav": sound(), "label": 0}, {"samples": samples, "rate": 8000, "label": 0}]
    parsed = drawn(written(runs, rows, {"probabilities": SCORES}))
    assert parsed.tags.count("audio") == 2
    lengths = []
    for address in (value for name, value in parsed.attributes if name == "src"):
        with wave.open(decoded(address, "audio/wav")) as file:
            lengths.append(file.getnframes() / file.getframerate())
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
            assert file.getframerate() <= media.RATE
    assert lengths == [pytest.approx(0.5, abs=0.01), pytest.approx(1.0, abs=0.01)]


def test_texts_are_shown(runs, drawn):
    rows = [{"text": "A <b>great</b> film. " * 100, "label": 1}, {"text": "Bad.", "label": 0}]
    found = written(runs, rows, {"positive": np.array([[0.9], [0.2]], "float32")}, classes=["no", "yes"])
    assert told(found) == [[("90.0% for yes", "yes", "right")], [("20.0% for yes", "no", "right")]]
    parsed = drawn(found)
    assert "b" not in parsed.tags
    assert max(map(len, parsed.texts)) == 600


def test_series_are_drawn_and_each_output_has_its_label(runs, drawn):
    days = {"temp": [float(x) for x in range(14)], "wind": [math.nan, *[2.0] * 13], "sky": ["sun"] * 14}
    rows = [{**days, "degrees": 12.0, "weather": 2}, {**days, "degrees": 10.0, "weather": 0}]
    outputs = {
        "temperature": np.array([[13.5], [9.0]], "float32"),
        "range": np.array([[11, 15], [8, 12]], "float32"),
        "weather": SCORES,
    }
    training = {
        "outputs": {"temperature": {"label": "degrees"}, "range": {"label": "degrees"}, "weather": {"label": "weather"}}
    }
    found = written(runs, rows, outputs, training)
    assert told(found)[0] == [("13.5", "12", "off by 1.5"), ("11, 15", "12", ""), ("1 (70.0%)", "2", "wrong")]
    parsed = drawn(found)
    assert parsed.tags.count("polyline") == 4
    assert "sun, sun, sun, sun, sun, sun, sun, sun and 6 more" in parsed.text


def test_what_is_no_number_is_neither_right_nor_wrong():
    assert predicted("p", np.array([np.nan]), [1], ()).judged == ""
    assert predicted("p", np.array([0.7]), [], ()).judged == ""
    assert predicted("p", np.array([0.7]), [b"yes"], ()).label == "yes"


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n<script>",
        picture()[:45],
        b"GIF89a",
        b"\xff\xd8\xff\xe0broken",
        b"BM\x06\0\0\0",
        b"not one at all",
    ],
    ids=["png", "cut", "gif", "jpeg", "bitmap", "text"],
)
def test_what_is_no_picture_is_left_out(content):
    assert media.picture(content) is None


def test_a_picture_is_made_small_and_encoded_anew():
    large = decoded(media.picture(picture("BMP", (900, 300), "RGB")), "image/png")
    assert Image.open(large).size == (160, 53)


def test_a_picture_that_would_fill_the_memory_is_left_out(monkeypatch):
    monkeypatch.setattr(media, "_PIXELS", 100)
    assert media.picture(picture()) is None


@pytest.mark.parametrize("content", [b"", b"RIFF\x04\0\0\0WAVE", sound()[:30], b"fLaC" + b"\0" * 40], ids=range(4))
def test_what_is_no_wav_file_is_left_out(content):
    assert media.sound(content) is None


def test_a_sound_is_cut():
    with wave.open(decoded(media.sound(sound(seconds=9, channels=1)), "audio/wav")) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(media.SECONDS, abs=0.01)


def test_what_does_not_fit_on_the_page_is_said_to_be_left_out():
    budget = Budget(400)
    rows = [raw_row.raw_row({"image": [picture()]}, (), budget) for _ in range(5)]
    shown = [bool(row.media[0].address) for row in rows]
    assert shown[0]
    assert not shown[-1]
    assert "left out" in rows[-1].media[0].note


def test_bytes_are_counted_not_printed():
    assert raw_row.raw_row({"x": [b"\xff\x00\xfe"]}, (), Budget()).texts == (("x", "3 bytes"),)


def test_a_model_that_keeps_none_and_one_that_is_gone_say_so(runs, drawn):
    folder = runs.made("Model")
    assert "kept none" in drawn(section(runs.material())).text
    folder.rmdir()
    assert "is gone" in drawn(section(runs.material())).text


def test_a_run_without_a_model_has_no_such_section(runs):
    runs.made("Schema")
    assert section(runs.material()) is None


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("with_image", [False, True])
def test_values_are_no_markup(runs, drawn, text, with_image):
    row = {text: text, "many": [text] * 3, "label": 1, **({f"image{text}": picture()} if with_image else {})}
    parsed = drawn(written(runs, [row], {text: SCORES[:1]}, classes=[text] * 3))
    assert set(parsed.tags) <= {
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "div",
        "article",
        "h3",
        "figure",
        "img",
        "figcaption",
        "dl",
        "dt",
        "dd",
        "p",
    }
    assert not any(name.startswith("on") for name, _ in parsed.attributes)
    assert [value[:22] for name, value in parsed.attributes if name == "src"] == ["data:image/png;base64,"] * with_image
    assert not any(sign in parsed.text for sign in "\u202e\x07\x1b")
