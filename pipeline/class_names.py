"""The names of the classes, beside the TFRecords whose labels are their numbers. No TensorFlow here."""

from collections.abc import Iterable
from pathlib import Path

from components.whole_file import whole_file

CLASSES_FILE = "classes.txt"


def write(folder: str | Path, names: Iterable[str]) -> None:
    """Writes `classes.txt`, a name a line in the order of the labels, unless the folder holds these already."""
    text = "".join(f"{name}\n" for name in names)
    file = Path(folder, CLASSES_FILE)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        with whole_file(file) as beside:
            beside.write_text(text, encoding="utf-8")


def read(folder: str | Path) -> tuple[str, ...]:
    """Returns the names in the order of the labels; none where there is no such file."""
    file = Path(folder, CLASSES_FILE)
    return tuple(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()
