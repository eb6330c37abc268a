"""Finding the TFRecords of a run, and which of them are which split. Cheap; `pipeline.data_check` then reads them."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from components.errors import UsageError
from pipeline import spans, tfrecords

ALL = "all"

_LAYOUTS = ("{split}/*", "Split-{split}/*")  # Folders named after splits; TFX's own Examples artifacts.
_COMPRESSED = (".gz", ".bz2", ".deflate", ".zst", ".zstd", ".xz", ".lzma")  # Beam decompresses by these names.
_PATTERN_CHARACTERS = re.compile(r"[*?\[\]{}]")
_HASH_BUCKETS = 100


@dataclass(frozen=True)
class DataSource:
    """TFRecord files of one folder, by split.

    Args:
        folder: The folder, absolute.
        patterns: Split name to the pattern inside the folder that matches its files and nothing else. One entry named
            `all` when the rows are split by hash.
        files: The same splits to the files that match, relative to the folder, sorted.
        buckets: Split name to number of hash buckets, as ExampleGen's split config wants them; None when files make the
            splits.
    """

    folder: Path
    patterns: dict[str, str]
    files: dict[str, tuple[str, ...]]
    buckets: dict[str, int] | None = None

    def paths(self) -> list[Path]:
        """All files, absolute."""
        return [self.folder / name for names in self.files.values() for name in names]


def find(path: str | Path, splits: Mapping[str, str], eval_share: float) -> DataSource:
    """Finds the files of each split.

    The patterns decide; with `{SPAN}` in them, the files of the latest span. If none matches: a folder per split
    (`train/`, or `Split-train/` as TFX writes them). If there are none either: all TFRecords of the folder are split by
    hash into `train` and `eval`. TFRecords are recognised by their content, gzip or plain.

    Args:
        path: The folder.
        splits: Split name to file pattern inside the folder.
        eval_share: Share of the rows that a split by hash gives to `eval`.

    Raises:
        UsageError: There is no such folder or it holds no TFRecords; only some splits have files; a file is in two
            splits, or has a name by which Beam would read it wrongly.
    """
    folder = _existing(path)
    for patterns in (dict(splits), *({split: layout.format(split=split) for split in splits} for layout in _LAYOUTS)):
        # ExampleGen finds the same span by the patterns, and notes it with what it makes of the files.
        globs = spans.latest(folder, patterns)
        files = {split: _matching(folder, pattern, f"data.splits.{split}") for split, pattern in globs.items()}
        if any(files.values()):
            _require_every_split(folder, patterns, files)
            source = DataSource(folder, patterns, files)
            break
    else:
        source = _split_by_hash(folder, splits, eval_share)
    _check_files(source)
    return source


def _existing(path: str | Path) -> Path:
    folder = Path(path).expanduser().absolute()
    received = f"data.path={path}"
    if "://" in str(path):
        raise UsageError("`data.path` must be a local folder.", received=received, fix="Copy the TFRecords here first.")
    if not folder.exists():
        raise UsageError("The data folder must exist.", received=received)
    if not folder.is_dir():
        fix = f"Give the folder it is in: {folder.parent}."
        raise UsageError("`data.path` must be a folder, not a file.", received=received, fix=fix)
    if _PATTERN_CHARACTERS.search(str(folder)):
        fix = "Beam and TFX take *, ?, [ and { for patterns: rename the folder, or make a link to it."
        raise UsageError("The path of the data folder must hold no pattern characters.", received=received, fix=fix)
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError("The data folder must be readable.", received=received)
    if not any(folder.iterdir()):
        raise UsageError("The data folder must hold TFRecords.", received=f"{received}, which is empty")
    return folder


def _matching(folder: Path, pattern: str, key: str = "data.splits") -> tuple[str, ...]:
    """Returns the files that Beam would read for the pattern: hidden ones too."""
    if not pattern:
        return ()
    try:
        found = [path for path in folder.glob(pattern) if path.is_file()]
    except (ValueError, NotImplementedError):
        rule = f"`{key}` must be a file pattern inside the data folder."
        raise UsageError(rule, received=f"{key}={pattern}", fix="Example: train-*.") from None
    return tuple(sorted(path.relative_to(folder).as_posix() for path in found))


def _require_every_split(folder: Path, patterns: Mapping[str, str], files: Mapping[str, tuple[str, ...]]) -> None:
    owners: dict[str, str] = {}
    for split, names in files.items():
        if not names:
            there = next(other for other, found in files.items() if found)
            raise UsageError(
                "Every split must have files.",
                received=f"no {patterns[split]!r} for `{split}` in {folder}",
                fix=f"Set data.splits.{split} to its pattern, or `data.splits.{there}=` to split all files by hash.",
            )
        for name in names:
            if owners.setdefault(name, split) != split:
                raise UsageError(
                    "A file must belong to one split.",
                    received=f"{name} in `{owners[name]}` and in `{split}`",
                    fix=f"Narrow data.splits.{owners[name]} or data.splits.{split}.",
                )


def _split_by_hash(folder: Path, splits: Iterable[str], eval_share: float) -> DataSource:
    if not 0 < eval_share < 1:
        raise UsageError("`data.eval_share` must lie between 0 and 1.", received=f"data.eval_share={eval_share}")
    everything = _matching(folder, "*")
    names = tuple(name for name in everything if _looks_like_tfrecords(folder / name))
    if not names:
        fix = _hint(folder, splits)
        raise UsageError("The data folder must hold TFRecords.", received=f"{folder} without any", fix=fix)
    unknown = sorted(set(splits) - {"train", "eval"})
    if unknown:
        raise UsageError(
            "A split by hash makes `train` and `eval` only.",
            received=f"data.splits.{unknown[0]}, and no file of {folder} matches any split",
            fix="Set the pattern of every split.",
        )
    evaluated = min(max(1, round(eval_share * _HASH_BUCKETS)), _HASH_BUCKETS - 1)
    buckets = {"train": _HASH_BUCKETS - evaluated, "eval": evaluated}
    return DataSource(folder, {ALL: _pattern(folder, names, everything)}, {ALL: names}, buckets)


def _looks_like_tfrecords(path: Path) -> bool:
    """By content, or by name: a damaged file must be refused later, not overlooked now."""
    return ".tfrec" in path.name or tfrecords.compression(path) is not None


def _hint(folder: Path, splits: Iterable[str]) -> str:
    """Returns the next step, which names a sub-folder with TFRecords when there is one."""
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        if any(tfrecords.compression(file) for file in place.iterdir() if file.is_file()):
            example = f"data.splits.{next(iter(splits))}={place.name}/*"
            return f"`{place.name}/` has some: set data.path to it, or {example} and so on."
    return "A file that starts with a TFRecord, gzip or plain, would have been found under any name."


def _pattern(folder: Path, names: tuple[str, ...], everything: tuple[str, ...]) -> str:
    """Returns a pattern that matches these files and no other, as ExampleGen takes no list."""
    prefix = _common_start(names)
    suffix = _common_start([name[::-1] for name in names])[::-1]
    for pattern in ("*", prefix, f"*{suffix}", f"{prefix}*", f"{prefix}*{suffix}"):
        if _matching(folder, pattern) == names:
            return pattern
    stray = next(name for name in everything if name not in names)
    raise UsageError(
        "A pattern must separate the TFRecords from the other files of the folder.",
        received=f"{stray} among them in {folder}",
        fix="Move it away, or set data.splits.",
    )


def _common_start(names: Iterable[str]) -> str:
    first, last = min(names), max(names)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _check_files(source: DataSource) -> None:
    """Refuses a source without any TFRecords, and names by which Beam would read a file wrongly."""
    paths = source.paths()
    if not any(map(_looks_like_tfrecords, paths)):
        received = f"{source.folder}, where {paths[0].name} starts with something else"
        raise UsageError("The data folder must hold TFRecords.", received=received)
    for path in paths:
        compression = tfrecords.compression(path)
        if compression == "gzip" and path.suffix.lower() != ".gz":
            rule = "A gzip file must be named *.gz: Beam goes by the name."
            raise UsageError(rule, received=str(path), fix="Rename it.")
        if compression == "plain" and path.suffix.lower() in _COMPRESSED:
            rule = "A file that is not compressed must not be named as if it were: Beam goes by the name."
            raise UsageError(rule, received=str(path), fix="Rename it.")
