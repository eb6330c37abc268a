"""Pages as files that link to each other."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.whole_file import whole_file
from pipeline.report.comparison import comparison
from pipeline.report.index import index
from pipeline.report.material import Material
from pipeline.report.page import page

INDEX = "index.html"

_DIGITS = 12
_LONGEST = 120


@dataclass(frozen=True)
class Written:
    """A page that was written.

    Args:
        path: Where it is.
        bytes: How long it is.
        runs: The runs that it is about; none of the list of them all.
    """

    path: Path
    bytes: int
    runs: tuple[str, ...] = ()


def file_name(run: str) -> str:
    """Returns the name of the file of a run's page, which no other run has.

    >>> file_name("20261122T081502-123456-ab12-taxi")
    '20261122T081502-123456-ab12-taxi.html'
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", run)[:_LONGEST]
    return f"{plain if plain == run else f'{plain}-{_digest(run)}'}.html"


def write_page(material: Material, folder: Path, linked: bool = False) -> Written:
    """Writes the page of a run into a folder.

    Args:
        material: The run.
        folder: The folder, which is made if it is not there.
        linked: Whether the list of all runs is, or will be, in the same folder.
    """
    linked = linked or (folder / INDEX).exists()
    text = page(material, index=INDEX if linked else None)
    return _write(folder / file_name(material.run.id), text, material.run.id)


def write_all(of: Sequence[Material], folder: Path, place: str) -> Iterator[Written]:
    """Writes the page of each run, then the list of them.

    Args:
        of: The runs, the newest first.
        folder: As for `write_page`.
        place: Which store they are of, in words.

    Yields:
        Each page, once it is written.
    """
    for material in of:
        # A copy: what is read for a page is not kept for the next ones.
        yield write_page(Material(material.store, material.run, material.home), folder, linked=True)
    yield _write(folder / INDEX, index(of, file_name, place))


def write_comparison(of: Sequence[Material], folder: Path) -> Written:
    """Writes a page with runs side by side.

    Args:
        of: The runs, two or more.
        folder: As for `write_page`.
    """
    runs = [material.run.id for material in of]
    names = [file_name(run) for run in runs]
    linked = all((folder / name).exists() for name in names)
    there = (folder / INDEX).exists()
    text = comparison(of, index=INDEX if there else None, hrefs=names if linked else None)
    return _write(folder / f"compare-{_digest(*runs)}.html", text, *runs)


def _write(path: Path, text: str, *runs: str) -> Written:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    with whole_file(path) as beside:
        beside.write_bytes(content)
    return Written(path, len(content), runs)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
