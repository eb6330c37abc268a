"""What kind of data a path holds, told by names and first bytes."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path

from components.errors import DataRefused, UsageError
from pipeline import class_folders, csv_table, tfrecords
from pipeline.new.findings import Kind, Source

KINDS: dict[Kind, str] = {
    "csv": "CSV",
    "tfrecords": "TFRecords",
    "images": "images by class",
    "audio": "audio by class",
}
_WANTED = "Give a CSV, a folder of TFRecords, or a folder with a sub-folder of images or of audio for each class."
_SPLITS = {"train", "training", "eval", "evaluation", "val", "valid", "validation", "test"}
_LOOKED_AT = 10_000  # Files; what a folder holds shows long before.
_DELIMITERS = ",;\t|"


def detect(path: str | Path) -> Source:
    """Returns what is there.

    Raises:
        UsageError: Nothing is, or something of no known kind, or of several.
    """
    place = Path(path).expanduser().absolute()
    received = f"--from {path}"
    if not place.exists():
        raise UsageError("The data must exist.", received=received, fix=_WANTED)
    kinds = _kinds_of_file(place) if place.is_file() else _kinds_of_folder(place)
    if not kinds:
        held = "" if place.is_file() else ", which is empty" if not any(place.iterdir()) else ""
        raise UsageError("The data must be of a known kind.", received=f"{received}{held}", fix=_WANTED)
    if len(kinds) > 1:
        found = " and ".join(f"{KINDS[kind]} ({example})" for kind, example in kinds.items())
        raise UsageError("The data must be of one kind.", received=f"{received} with {found}", fix=_WANTED)
    [kind] = kinds
    if kind == "tfrecords" and place.is_file():
        fix = f"Give the folder it is in: {place.parent}."
        raise UsageError("TFRecords are given by their folder.", received=received, fix=fix)
    if kind in ("images", "audio"):
        _check_class_folders(place, kind)
    return Source(str(place), kind, _delimiter(csv_table.find(place)[0]) if kind == "csv" else ",")


def _kinds_of_file(path: Path) -> dict[Kind, str]:
    tests: dict[Kind, Callable[[Path], bool]] = {
        "csv": csv_table.is_csv,
        "images": lambda file: file.suffix.lower() in class_folders.IMAGES,
        "audio": lambda file: file.suffix.lower() in class_folders.AUDIO,
        "tfrecords": lambda file: ".tfrec" in file.name or tfrecords.compression(file) is not None,
    }
    return next(({kind: path.name} for kind, test in tests.items() if test(path)), {})


def _kinds_of_folder(folder: Path) -> dict[Kind, str]:
    """Returns each kind with a file of it."""
    kinds: dict[Kind, str] = {}
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith("."))
    for file in itertools.islice(files, _LOOKED_AT):
        for kind in _kinds_of_file(file):
            kinds.setdefault(kind, str(file.relative_to(folder)))
    return kinds


def _check_class_folders(folder: Path, kind: Kind) -> None:
    rule = f"A folder of {kind} must have a sub-folder for each class."
    if folder.is_file():
        raise UsageError(rule, received=str(folder), fix="Give the folder that holds the folders of the classes.")
    suffixes = class_folders.IMAGES if kind == "images" else class_folders.AUDIO
    names = class_folders.classes(folder, suffixes)
    loose = next((file.name for file in sorted(folder.iterdir()) if file.suffix.lower() in suffixes), None)
    if loose:
        raise UsageError(rule, received=f"{folder} with {loose} in no class", fix="Move it into the folder of a class.")
    if {name.lower() for name in names} <= _SPLITS:
        fix = f"Give one of them, such as {folder / names[0]}: the task makes its own split."
        raise UsageError(rule, received=f"{folder} with the splits {', '.join(names)}", fix=fix)


def _delimiter(file: Path) -> str:
    """Returns the delimiter that splits the first line into the most columns."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            line = stream.readline()
    except UnicodeDecodeError as error:
        raise DataRefused("A CSV must be UTF-8 text.", received=f"{file}: {error}") from None
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([line], delimiter=delimiter), [])))
