import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from components.errors import UsageError
from pipeline.data_source import find
from tests.pipeline.record_files import rows, write

PATTERNS = {"train": "train-*", "eval": "eval-*"}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path) -> Path:
    write(tmp_path / "data" / "train-0.tfrecord.gz", rows(2))
    write(tmp_path / "data" / "train-1.tfrecord.gz", rows(2))
    write(tmp_path / "data" / "eval-0.tfrecord.gz", rows(1))
    return tmp_path / "data"


def _refusal(folder: Path | str, patterns: dict[str, str] = PATTERNS, eval_share: float = 0.2) -> str:
    with pytest.raises(UsageError) as caught:
        find(folder, patterns, eval_share)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_patterns_make_the_splits(folder):
    (folder / "README").write_text("words")
    source = find(folder, PATTERNS, 0.2)
    assert source.folder == folder
    assert source.patterns == PATTERNS
    assert source.files == {
        "train": ("train-0.tfrecord.gz", "train-1.tfrecord.gz"),
        "eval": ("eval-0.tfrecord.gz",),
    }
    assert source.buckets is None


@pytest.mark.parametrize("layout", ["{}/", "Split-{}/"])
def test_folders_make_the_splits(tmp_path, layout):
    for split in PATTERNS:
        write(tmp_path / f"{layout.format(split)}a.gz", rows(1))
    source = find(tmp_path, PATTERNS, 0.2)
    assert source.patterns == {split: f"{layout.format(split)}*" for split in PATTERNS}
    assert source.files["eval"] == (f"{layout.format('eval')}a.gz",)


def test_a_user_may_name_folders(tmp_path):
    write(tmp_path / "a" / "x.gz", rows(1))
    write(tmp_path / "b" / "x.gz", rows(1))
    assert find(tmp_path, {"train": "a/*", "eval": "b/*"}, 0.2).files == {"train": ("a/x.gz",), "eval": ("b/x.gz",)}


@pytest.mark.parametrize(
    ("share", "buckets"),
    [(0.25, {"train": 75, "eval": 25}), (0.999, {"train": 1, "eval": 99}), (0.0001, {"train": 99, "eval": 1})],
)
def test_other_names_are_split_by_hash(tmp_path, share, buckets):
    write(tmp_path / "part-1.tfrecord.gz", rows(1))
    write(tmp_path / "part-2.tfrecord.gz", rows(1))
    source = find(tmp_path, PATTERNS, share)
    assert source.files == {"all": ("part-1.tfrecord.gz", "part-2.tfrecord.gz")}
    assert source.patterns == {"all": "*"}
    assert source.buckets == buckets


def test_an_empty_pattern_asks_for_a_split_by_hash(folder):
    (folder / "eval-0.tfrecord.gz").unlink()
    refusal = _refusal(folder)
    assert "no 'eval-*' for `eval`" in refusal
    assert "`data.splits.train=` to split all files by hash" in refusal
    assert find(folder, {"train": "", "eval": "eval-*"}, 0.2).files["all"] == (
        "train-0.tfrecord.gz",
        "train-1.tfrecord.gz",
    )


def test_tfrecords_are_recognised_by_their_content(tmp_path):
    write(tmp_path / "weather", rows(1), "")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / ".hidden").write_text("")
    source = find(tmp_path, PATTERNS, 0.2)
    assert source.files == {"all": ("weather",)}
    assert source.patterns == {"all": "weather"}


def test_a_damaged_file_is_not_overlooked(tmp_path):
    write(tmp_path / "a.tfrecord", rows(1), "")
    (tmp_path / "b.tfrecord").write_bytes(b"damage")
    (tmp_path / "notes.txt").write_text("words")
    assert find(tmp_path, PATTERNS, 0.2).files == {"all": ("a.tfrecord", "b.tfrecord")}


def test_the_pattern_of_a_split_by_hash_leaves_other_files_out(tmp_path):
    write(tmp_path / "part-1.tfrecord.gz", rows(1))
    write(tmp_path / "part-2.tfrecord.gz", rows(1))
    (tmp_path / "README.md").write_text("words")
    assert find(tmp_path, PATTERNS, 0.2).patterns == {"all": "*.tfrecord.gz"}


def test_files_that_no_pattern_separates_are_bad_usage(tmp_path):
    write(tmp_path / "a", rows(1), "")
    write(tmp_path / "c", rows(1), "")
    (tmp_path / "b").write_text("words")
    assert "b among them" in _refusal(tmp_path)


def _missing(folder: Path) -> None:
    shutil.rmtree(folder)


def _file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _no_records(folder: Path) -> None:
    _empty(folder)
    (folder / "data.csv").write_text("a,b\n1,2\n")


def _no_records_by_pattern(folder: Path) -> None:
    _empty(folder)
    (folder / "train-0.csv").write_text("a,b\n1,2\n")
    (folder / "eval-0.csv").write_text("a,b\n1,2\n")


def _deeper(folder: Path) -> None:
    _empty(folder)
    write(folder / "2026" / "x.gz", rows(1))


def _gzip_without_its_name(folder: Path) -> None:
    (folder / "eval-0.tfrecord.gz").rename(folder / "eval-0.tfrecord")


def _plain_with_gzips_name(folder: Path) -> None:
    write(folder / "eval-0.tfrecord.gz", rows(1), "")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_missing, "The data folder must exist. Received: data.path="),
        (_file, "must be a folder, not a file"),
        (_empty, "which is empty"),
        (_no_records, "The data folder must hold TFRecords."),
        (_no_records_by_pattern, "train-0.csv starts with something else"),
        (_deeper, "`2026/` has some: set data.path to it, or data.splits.train=2026/*"),
        (_gzip_without_its_name, "A gzip file must be named *.gz"),
        (_plain_with_gzips_name, "must not be named as if it were"),
    ],
)
def test_a_folder_that_cannot_be_used_is_bad_usage(folder, spoil, message):
    spoil(folder)
    assert message in _refusal(folder)


def test_a_remote_folder_is_bad_usage():
    assert "must be a local folder" in _refusal("gs://bucket/data")


def test_a_folder_that_beam_would_take_for_a_pattern_is_bad_usage(tmp_path):
    write(tmp_path / "data[1]" / "train-0.gz", rows(1))
    assert "pattern characters" in _refusal(tmp_path / "data[1]")


def test_an_absolute_pattern_is_bad_usage(folder):
    assert "data.splits.eval=/eval-*" in _refusal(folder, {"train": "train-*", "eval": "/eval-*"})


def test_a_file_in_two_splits_is_bad_usage(folder):
    assert "train-0.tfrecord.gz in `train` and in `eval`" in _refusal(folder, {"train": "train-*", "eval": "*"})


def test_a_split_by_hash_makes_no_third_split(tmp_path):
    write(tmp_path / "x.gz", rows(1))
    assert "data.splits.test" in _refusal(tmp_path, {**PATTERNS, "test": "test-*"})


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_of_nothing_is_bad_usage(tmp_path, share):
    write(tmp_path / "x.gz", rows(1))
    assert f"data.eval_share={share}" in _refusal(tmp_path, eval_share=share)


def test_finding_loads_no_tensorflow():
    code = "import sys, pipeline.data_source; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
