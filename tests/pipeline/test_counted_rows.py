from pathlib import Path

from pipeline.counted_rows import digest, recall, remember
from pipeline.data_source import find
from tests.pipeline.record_files import rows, write

SPLITS = {"train": "train-*", "eval": "eval-*"}


def source(folder: Path):
    write(folder / "train-0.tfrecord.gz", rows(4))
    write(folder / "eval-0.tfrecord.gz", rows(2))
    return find(folder, SPLITS, 0.2)


def test_what_was_counted_is_known_until_a_file_changes(tmp_path):
    found, cache = source(tmp_path / "data"), tmp_path / "home" / "verified.json"
    remember(cache, digest(found), {"train": 4, "eval": 2})
    assert recall(cache, digest(found)) == {"train": 4, "eval": 2}
    write(tmp_path / "data" / "train-0.tfrecord.gz", rows(5))
    assert recall(cache, digest(found)) is None


def test_nothing_and_nonsense_are_not_known(tmp_path):
    found = source(tmp_path / "data")
    assert recall(tmp_path / "nothing.json", digest(found)) is None
    for content in ("", "[]", "{}", '{"state"'):
        (tmp_path / "verified.json").write_text(content)
        assert recall(tmp_path / "verified.json", digest(found)) is None
