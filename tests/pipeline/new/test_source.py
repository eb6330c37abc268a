import wave

import pytest

from components.errors import UsageError
from pipeline.new import source


def _touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"a,b\n1,2\n")


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["a.csv"], "csv"),
        (["a.tsv", "b.csv"], "csv"),
        (["train-0.tfrecord.gz"], "tfrecords"),
        (["cats/1.png", "dogs/1.JPG", "cats/readme.txt"], "images"),
        (["kick/1.wav", "snare/1.flac"], "audio"),
    ],
    ids=["csv", "parts", "tfrecords", "images", "audio"],
)
def test_a_folder_is_told_by_what_is_in_it(tmp_path, names, kind):
    _touch(tmp_path, *names)
    found = source.detect(tmp_path)
    assert (found.kind, found.path) == (kind, str(tmp_path))


@pytest.mark.parametrize(
    ("names", "place", "message"),
    [
        ([], "nothing", "must exist"),
        (["a.txt"], ".", "known kind"),
        (["a.csv", "cats/1.png"], ".", r"one kind.* CSV \(a\.csv\) and images by class \(cats/1\.png\)"),
        (["cats/1.png", "2.png"], ".", r"with 2\.png in no class"),
        (["1.png"], "1.png", "sub-folder for each class"),
        (["train/1.png", "test/1.png"], ".", r"the splits test, train\. Give one of them"),
        (["a.tfrecord"], "a.tfrecord", "given by their folder"),
    ],
    ids=["missing", "unknown", "mixed", "loose file", "one picture", "splits", "one record file"],
)
def test_what_cannot_be_told_is_bad_usage(tmp_path, names, place, message):
    _touch(tmp_path, *names)
    with pytest.raises(UsageError, match=message):
        source.detect(tmp_path / place)


def test_an_empty_folder_is_called_so(tmp_path):
    with pytest.raises(UsageError, match="which is empty"):
        source.detect(tmp_path)


def test_a_wav_without_a_folder_is_no_class(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
    with pytest.raises(UsageError, match=r"a\.wav in no class"):
        source.detect(tmp_path)
