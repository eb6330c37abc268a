import inspect
import io
import wave
from pathlib import Path

import pytest
import tensorflow as tf

from components.errors import DataRefused, UsageError
from pipeline import tasks, tfrecords
from pipeline.tasks.drums import data
from pipeline.tasks.drums.data import CLASSES, drum_of, prepare
from tests.pipeline.tasks.drums.sounds import kit

pytest.importorskip("soundfile", reason="soundfile is not installed; `make data` does")

SPACE = ' xmlns="http://www.hydrogen-music.org/drumkit"'


@pytest.fixture
def kits(tmp_path) -> Path:
    root = tmp_path / "kits"
    kit(root, "Oak", {"Kick": ["k.wav"], "Snare Rimshot": ["s1.flac", "s2.flac"], "Whistle": ["w.wav"]}, SPACE)
    kit(root, "Ash", {"Bass Drum": ["b.aiff"], "Tom Hi": ["t.wav"], "Tom Mid": ["t.wav"]})
    kit(root, "Millo-Drums_v.1", {"Kick": ["k.wav"]})
    kit(root, "Millo_MultiLayered2", {"Closed HH": ["h.wav"], "Ride Jazz": ["missing.flac"]})
    return root


def _rows(folder: Path, split: str = "*") -> list[dict]:
    found = []
    for path in sorted(folder.glob(f"{split}-*.gz")):
        for record in tfrecords.records(path):
            features = tf.train.Example.FromString(record).features.feature
            assert set(features) == {"wav", "kit", "drum", "label"}
            row = {name: features[name].bytes_list.value[0].decode() for name in ("kit", "drum")}
            wav = features["wav"].bytes_list.value[0]
            found.append({**row, "label": features["label"].int64_list.value[0], "wav": wav})
    return found


def test_labelled_samples_become_records_split_by_kit(kits, tmp_path):
    assert prepare(tmp_path / "out", str(kits), eval_kits=["Millo"]) == {"train": 5, "eval": 2}
    train, held_out = (_rows(tmp_path / "out", split) for split in ("train", "eval"))
    assert sorted((row["kit"], row["drum"]) for row in train) == [
        ("Ash", "kick"),
        ("Ash", "tom"),
        ("Oak", "kick"),
        ("Oak", "snare"),
        ("Oak", "snare"),
    ]
    # The variants of one kit are on one side, under one name.
    assert sorted((row["kit"], row["drum"]) for row in held_out) == [("Millo", "hi-hat"), ("Millo", "kick")]
    assert all(list(CLASSES)[row["label"]] == row["drum"] for row in train + held_out)


def test_no_kit_is_in_both_splits_whichever_are_chosen(kits, tmp_path):
    for number, chosen in enumerate((["Oak"], ["Ash", "Millo"])):
        prepare(tmp_path / str(number), str(kits), eval_kits=chosen)
        assert {row["kit"] for row in _rows(tmp_path / str(number), "eval")} == set(chosen)
        assert not {row["kit"] for row in _rows(tmp_path / str(number), "train")} & set(chosen)


def test_a_record_is_the_beginning_of_the_sound_with_its_own_rate_and_channels(kits, tmp_path):
    prepare(tmp_path / "out", str(kits), eval_kits=["Oak"], seconds=0.25)
    for row in _rows(tmp_path / "out"):
        with wave.open(io.BytesIO(row["wav"])) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (44100, 2, 2)
            assert file.getnframes() == 11025


def test_the_same_arguments_write_the_same_bytes_and_a_second_time_nothing(kits, tmp_path):
    for name in ("one", "two"):
        prepare(tmp_path / name, str(kits), eval_kits=["Oak"])
    assert _rows(tmp_path / "one") == _rows(tmp_path / "two")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").iterdir()}
    prepare(tmp_path / "one", str(kits), eval_kits=["Oak"])
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "one").iterdir()} == written


def test_changed_kits_are_prepared_again(kits, tmp_path):
    prepare(tmp_path / "out", str(kits), eval_kits=["Oak"])
    kit(kits, "Fir", {"Crash": ["c.wav"]})
    assert prepare(tmp_path / "out", str(kits), eval_kits=["Oak"])["train"] == 5


@pytest.mark.parametrize(
    ("instrument", "drum"),
    [
        ("BassDrum", "kick"),
        ("c3 - bass drum 1", "kick"),
        ("Pearl Snare Rimshot", "snare"),
        ("Side OHH", "hi-hat"),
        ("f#3 - hi-hat closed", "hi-hat"),
        ("Hat Op Phaser", "hi-hat"),
        ("tomhi2", "tom"),
        ("Floor Tom", "tom"),
        ('Ride Bow (Custom, Zagrebin 22")', "cymbal"),
        ("Paiste Bell", "cymbal"),
        ("Pearl Side Stick", None),
        ("Hand Clap", None),
        ("Sangban1 Bell Hit", None),
        ("That", None),
        ("", None),
    ],
)
def test_the_name_of_an_instrument_decides(instrument, drum):
    assert drum_of(instrument) == drum


def test_without_the_package_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "nowhere")
    with pytest.raises(UsageError) as caught:
        prepare(tmp_path / "out")
    assert "apt-get install hydrogen-drumkits" in str(caught.value)
    assert "data.params.kits_path" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_without_soundfile_one_line_says_what_to_do(kits, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(UsageError, match="pip install soundfile"):
        prepare(tmp_path / "out", str(kits), eval_kits=["Oak"])


def test_a_sound_that_cannot_be_read_is_refused_by_name(kits, tmp_path):
    (kits / "Ash" / "t.wav").write_bytes(b"no sound")
    with pytest.raises(DataRefused, match=r"Ash/t\.wav"):
        prepare(tmp_path / "out", str(kits), eval_kits=["Oak"])
    assert not list((tmp_path / "out").iterdir())


def test_a_manifest_that_is_no_xml_is_refused_by_name(kits, tmp_path):
    (kits / "Ash" / "drumkit.xml").write_text("<drumkit_info>")
    with pytest.raises(DataRefused, match=r"Ash/drumkit\.xml"):
        prepare(tmp_path / "out", str(kits), eval_kits=["Oak"])


def test_a_file_that_a_manifest_only_names_is_told_to_the_log(kits, tmp_path, caplog):
    prepare(tmp_path / "out", str(kits), eval_kits=["Oak"])
    assert "missing.flac, which is not there" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eval_kits": ["Elm"]}, "Known: Ash, Millo, Oak"),
        ({"eval_kits": []}, "for training and for evaluation"),
        ({"eval_kits": ["Oak", "Ash", "Millo"]}, "for training and for evaluation"),
        ({"seconds": 0.0}, "greater than 0"),
        ({"shards": 0}, "whole number"),
    ],
)
def test_an_argument_out_of_range_is_bad_usage(kits, tmp_path, arguments, message):
    with pytest.raises(UsageError, match=message):
        prepare(tmp_path / "out", str(kits), **{"eval_kits": ["Oak"], **arguments})


def test_the_task_names_every_parameter():
    parameters = inspect.signature(prepare).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items() if name != "folder"}
    assert tasks.load("drums").data.params == {**defaults, "eval_kits": list(defaults["eval_kits"])}


@pytest.mark.skipif(not data.DEBIAN.is_dir(), reason="hydrogen-drumkits is not installed; `make data` does")
def test_the_real_kits():
    found = data.samples()
    assert len(found) == 470
    held_out = set(tasks.load("drums").data.params["eval_kits"])
    assert sum(sample.kit in held_out for sample in found) == 144
    assert {sample.drum for sample in found if sample.kit in held_out} == set(CLASSES)
