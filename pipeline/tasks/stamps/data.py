"""Stamps of the drawing program Tux Paint as TFRecords, each an encoded PNG file with its caption.

A stamp is a PNG file; the first line of the text file beside it is its caption in English. Its class is the folder that
it lies in, at any depth. Of the program's 16 folders those are taken that hold 30 stamps or more, but not `symbols`:
its letters, digits and coins would be a third of all, and easy to tell.

Stamps of one thing stay together: those whose file names begin with the same word (`gnu-baby`, `gnu-sitting`; one that
is mirrored is named after the other) or whose captions are the same are all in one split.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.errors import DataRefused, UsageError
from pipeline import prepared
from pipeline.tf_example import example

CLASSES = ("animals", "food", "household", "plants", "seasonal", "town", "vehicles")
LABEL = "label"
DEBIAN = Path("/usr/share/tuxpaint/stamps")
EVAL_SHARE = 3  # One in three.

_INSTALL = "Run `apt-get install tuxpaint-stamps-default` (`make data` does)"


@dataclass(frozen=True)
class Stamp:
    """A picture with its caption.

    Args:
        path: The PNG file.
        category: Its class.
        caption: What it shows, in English; None where nobody has said so.
    """

    path: Path
    category: str
    caption: str | None


def prepare(
    folder: str | Path, stamps_path: str | None = None, rows: int | None = None, shards: int = 2, seed: int = 0
) -> dict[str, int]:
    """Writes stamps as sharded gzip TFRecords, a third of each class as `eval`; does nothing when they are there.

    Args:
        folder: Where to.
        stamps_path: A folder with one folder for each of `CLASSES`; by default that of the Debian package.
        rows: How many stamps to take at most, drawn by a hash; by default all.
        shards: Files per split.
        seed: Chooses other stamps for evaluation, and others when only some are taken.

    Returns:
        Stamps per split.

    Raises:
        UsageError: There are no such folders, or an argument is out of range.
        DataRefused: A class has no stamp or a caption is not UTF-8.
        ComponentFailed: The disk is full.
    """
    prepared.check_counts(len(CLASSES) * EVAL_SHARE, rows=len(CLASSES) * EVAL_SHARE if rows is None else rows)
    prepared.check_counts(shards=shards)
    found = stamps(stamps_path)
    return prepared.write_once(
        folder,
        lambda: _examples(found, rows, seed),
        shards={"train": shards, "eval": shards},
        key={
            "source": [[stamp.category, stamp.caption, prepared.file_digest(stamp.path)] for stamp in found],
            "code": prepared.file_digest(__file__),
            "rows": rows,
            "seed": seed,
        },
        classes=CLASSES,
    )


def stamps(stamps_path: str | None = None) -> list[Stamp]:
    """Returns the stamps of all classes, by class and path; the argument and the errors are those of `prepare`."""
    root = DEBIAN if stamps_path is None else Path(stamps_path).expanduser()
    missing = [category for category in CLASSES if not (root / category).is_dir()]
    if missing:
        raise UsageError(
            "The folder must hold a folder of PNG files for each class.",
            received=f"{root} without {missing[0]}",
            fix=f"{_INSTALL}, or set data.params.stamps_path to a folder that has them.",
        )
    found = {category: sorted((root / category).rglob("*.png")) for category in CLASSES}
    for category, files in found.items():
        if not files:
            raise DataRefused("Every class must have stamps.", received=f"{root / category} without a PNG file")
    return [Stamp(file, category, _caption(file)) for category, files in found.items() for file in files]


def split(found: Sequence[Stamp], seed: int = 0) -> Iterator[tuple[str, Stamp]]:
    """Yields (split, stamp) in the order of the stamps: a third of each class, at most, is for evaluation.

    Things are taken in the order of a hash, each if it fits into what its classes have left.
    """
    things = _things(found)
    members: dict[Hashable, list[Stamp]] = {}
    for stamp in found:
        members.setdefault(things[stamp], []).append(stamp)
    left = {category: count // EVAL_SHARE for category, count in Counter(stamp.category for stamp in found).items()}
    held_out = set()
    for thing, own in sorted(members.items(), key=lambda item: _hash(seed, "split", item[1][0])):
        need = Counter(stamp.category for stamp in own)
        if all(left[category] >= count for category, count in need.items()):
            held_out.add(thing)
            left = {category: count - need[category] for category, count in left.items()}
    for stamp in found:
        yield "eval" if things[stamp] in held_out else "train", stamp


def _things(found: Iterable[Stamp]) -> dict[Stamp, Hashable]:
    """Returns what each stamp shows: one thing for all that a word or a caption connects, directly or not."""
    above: dict[Hashable, Hashable] = {}

    def top(thing: Hashable) -> Hashable:
        while above.setdefault(thing, thing) != thing:
            thing = above[thing]
        return thing

    words = {stamp: ("word", _first_word(stamp.path.stem)) for stamp in found}
    for stamp, word in words.items():
        if stamp.caption:
            above[top(word)] = top(("caption", stamp.caption))
    return {stamp: top(word) for stamp, word in words.items()}


def _first_word(name: str) -> str:
    """Returns how a name begins, in lower case and without numbers: `trainSign`, `train_2` and `train` are one."""
    return re.split(r"[^a-zA-Z]|(?<=[a-z])(?=[A-Z])", name)[0].lower() or name


def _caption(file: Path) -> str | None:
    beside = file.with_suffix(".txt")
    try:
        return beside.read_text("utf-8").split("\n", 1)[0].strip() or None if beside.is_file() else None
    except UnicodeDecodeError as error:
        raise DataRefused("A caption must be UTF-8 text.", received=f"{beside}: {error}") from None


def _examples(found: Sequence[Stamp], rows: int | None, seed: int) -> Iterator[tuple[str, bytes]]:
    drawn = set(sorted(found, key=lambda stamp: _hash(seed, "rows", stamp))[:rows])
    for part, stamp in split([stamp for stamp in found if stamp in drawn], seed):
        values = {
            "image": stamp.path.read_bytes(),
            "caption": stamp.caption,
            "category": stamp.category,
            LABEL: CLASSES.index(stamp.category),
        }
        yield part, example(values)


def _hash(seed: int, purpose: str, stamp: Stamp) -> bytes:
    return hashlib.blake2b(f"{seed} {purpose} {stamp.category} {stamp.path.name}".encode()).digest()
