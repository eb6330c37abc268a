"""Files that appear whole or not at all.

>>> import tempfile
>>> path = Path(tempfile.mkdtemp(), "answer.txt")
>>> with whole_file(path) as beside:
...     _ = beside.write_text("42")
>>> path.read_text()
'42'
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Lets a file be written beside its place, and then puts it there at once, over what was there.

    After an error the place is as it was.

    Args:
        path: The place. Nobody else may write to it at the same time.

    Yields:
        Where to write.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        yield beside
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
