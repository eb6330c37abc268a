import inspect
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.errors import DataRefused, UsageError
from pipeline import tasks, tfrecords
from pipeline.tasks.stamps import data
from pipeline.tasks.stamps.data import CLASSES, Stamp, prepare, split, stamps
from tests.pipeline.tasks.fashion.images import encoded, noise

PER_CLASS = 9
NAMES = [letter * 3 for letter in "abcdefghi"]


def stamp(root: Path, name: str, caption: str | None, seed: int = 0) -> Path:
    file = root / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(encoded(noise(4, 4, 3, seed=seed)))
    if caption is not None:
        file.with_suffix(".txt").write_text(f"{caption}\nde.utf8=Etwas.\n")
    return file


@pytest.fixture
def root(tmp_path) -> Path:
    """Nine stamps of each class, in a folder inside; one in nine has no caption."""
    for category in CLASSES:
        for number, name in enumerate(NAMES):
            caption = f"Number {number} of {category}." if number else None
            # The first word of a name is one of its class.
            stamp(tmp_path / "stamps" / category / "inside", f"{name}{category}_{number}", caption, number)
    return tmp_path / "stamps"


def rows(folder: Path, part: str = "*") -> list[dict]:
    found = []
    for path in sorted(folder.glob(f"{part}-*.gz")):
        for record in tfrecords.records(path):
            features = tf.train.Example.FromString(record).features.feature
            assert {"image", "label", "category"} <= set(features) <= {"image", "label", "category", "caption"}
            caption = features["caption"].bytes_list.value[0].decode() if "caption" in features else None
            category = features["category"].bytes_list.value[0].decode()
            label = features["label"].int64_list.value[0]
            found.append({"caption": caption, "category": category, "label": label})
    return found


def test_stamps_become_records_a_third_of_each_class_for_evaluation(root, tmp_path):
    assert prepare(tmp_path / "out", str(root)) == {"train": 6 * len(CLASSES), "eval": 3 * len(CLASSES)}
    held_out = rows(tmp_path / "out", "eval")
    assert Counter(row["category"] for row in held_out) == dict.fromkeys(CLASSES, 3)
    everything = rows(tmp_path / "out")
    assert all(CLASSES[row["label"]] == row["category"] for row in everything)
    captions = [row["caption"] for row in everything]
    assert captions.count(None) == len(CLASSES)
    assert "Number 3 of plants." in captions


def test_what_shows_one_thing_is_on_one_side(tmp_path):
    found = [
        Stamp(tmp_path / f"{name}.png", category, caption)
        for category, name, caption in [
            ("animals", "cat-1", "A cat."),
            ("animals", "cat_mirror", None),
            ("animals", "catSleeping", "Asleep."),
            ("animals", "tiger", "Asleep."),
            ("animals", "tiger2", "A tiger."),
            ("seasonal", "tigerHat", None),
            *[("animals", name * times, None) for name in NAMES for times in (1, 2, 3)],
            *[("seasonal", name * 4, None) for name in NAMES],
        ]
    ]
    sides = {seed: {one.path.stem: side for side, one in split(found, seed)} for seed in range(16)}
    for side in sides.values():
        assert len({side[name] for name in ("cat-1", "cat_mirror", "catSleeping", "tiger", "tiger2", "tigerHat")}) == 1
    # It is not the same side whatever the seed.
    assert {side["tiger"] for side in sides.values()} == {"train", "eval"}


@pytest.mark.parametrize(
    ("name", "word"),
    [("gnu-baby", "gnu"), ("Candy_cane_2", "candy"), ("trainSign", "train"), ("rabbit2", "rabbit"), ("747", "747")],
)
def test_the_first_word_of_a_name(name, word):
    assert data._first_word(name) == word


def test_a_sample_is_seeded(root, tmp_path):
    drawn = {}
    for number, (count, seed) in enumerate([(30, 0), (30, 0), (30, 1)]):
        counts = prepare(tmp_path / str(number), str(root), rows=count, seed=seed)
        assert sum(counts.values()) == count
        drawn[number] = [row["caption"] for row in rows(tmp_path / str(number))]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_a_second_time_nothing_is_written_and_a_new_caption_is_prepared_again(root, tmp_path):
    prepare(tmp_path / "out", str(root))
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    prepare(tmp_path / "out", str(root))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == written
    stamp(root / "food", "pie", "A pie.")
    prepare(tmp_path / "out", str(root))
    assert "A pie." in [row["caption"] for row in rows(tmp_path / "out")]


@pytest.mark.parametrize("missing", [CLASSES, CLASSES[2:3]])
def test_without_the_package_one_line_says_what_to_do(root, tmp_path, monkeypatch, missing):
    for category in missing:
        (root / category).rename(tmp_path / f"no_{category}")
    monkeypatch.setattr(data, "DEBIAN", root)
    with pytest.raises(UsageError) as caught:
        prepare(tmp_path / "out")
    assert f"without {missing[0]}" in str(caught.value)
    assert "apt-get install tuxpaint-stamps-default" in str(caught.value)
    assert "data.params.stamps_path" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_class_without_stamps_and_a_caption_that_is_no_text_are_refused(root):
    (root / "food" / "inside" / "aaafood_0.txt").write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(DataRefused, match=r"aaafood_0\.txt"):
        stamps(str(root))
    for file in (root / "food").rglob("*.png"):
        file.unlink()
    with pytest.raises(DataRefused, match="food without a PNG file"):
        stamps(str(root))


@pytest.mark.parametrize("argument", [{"rows": 20}, {"rows": 30.5}, {"shards": 0}, {"shards": True}])
def test_an_argument_out_of_range_is_bad_usage(root, tmp_path, argument):
    with pytest.raises(UsageError, match=f"`{next(iter(argument))}` must be a whole number"):
        prepare(tmp_path / "out", str(root), **argument)


def test_the_task_names_every_parameter():
    parameters = inspect.signature(prepare).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items() if name != "folder"}
    assert tasks.load("stamps").data.params == defaults


@pytest.mark.skipif(not data.DEBIAN.is_dir(), reason="tuxpaint-stamps-default is not installed; `make data` does")
def test_the_real_stamps():
    found = stamps()
    counts = Counter(one.category for one in found)
    assert (len(found), min(counts.values())) == (466, 34)
    sides = dict.fromkeys(CLASSES, 0) | Counter(one.category for side, one in split(found) if side == "eval")
    assert all(counts[category] / 3 - sides[category] < 1 for category in CLASSES)
    captions = {side: {one.caption for part, one in split(found) if part == side} for side in ("train", "eval")}
    assert captions["train"] & captions["eval"] <= {None}
    assert np.mean([one.caption is None for one in found]) < 0.05
