"""Drum samples as TFRecords, from the kits of the drum machine Hydrogen.

A kit is a folder with a `drumkit.xml`, which names instruments ("Pearl Snare Rimshot") and the audio files of each:
WAV, FLAC or AIFF, of any rate and number of channels. The name decides the class; a sample of an instrument that is
none of the classes is left out. A record holds the beginning of the sample as a 16-bit WAV file at its own rate and
with its own channels, as a client would send it.

Kits are split, never their files: the samples of one drum, hit softer and harder, are nearly the same. The three kits
that were recorded from Millo's drums count as one.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from components.errors import DataRefused, UsageError
from pipeline import prepared, wav
from pipeline.tf_example import example

# The first rule that a name matches decides, so that "Snare Rimshot" is no stick.
CLASSES = {
    "kick": r"kick|bass ?drum",
    "snare": r"snare",
    "hi-hat": r"\bo?hh\b|hi.?hat|\bhat\b",
    "tom": r"tom",
    "cymbal": r"crash|ride|cymbal|china|splash|paiste",
}
LABEL = "label"
DEBIAN = Path("/usr/share/hydrogen/data/drumkits")

_MILLO = "Millo"
_MANIFEST = "drumkit.xml"
_WHAT_TO_DO = (
    "Run `apt-get install hydrogen-drumkits` (`make data` does), or set data.params.kits_path to a folder of kits."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """A labelled audio file.

    Args:
        path: The file.
        kit: The kit that it belongs to.
        drum: Its class.
    """

    path: Path
    kit: str
    drum: str


def prepare(
    folder: str | Path,
    kits_path: str | None = None,
    eval_kits: Sequence[str] = ("Audiophob", "ElectricEmpireKit", "Millo", "rumpf_kit_z01_h2"),
    seconds: float = 1.0,
    shards: int = 2,
) -> dict[str, int]:
    """Writes the samples as sharded gzip TFRecords; does nothing when they are there already.

    Args:
        folder: Where to.
        kits_path: A folder of kits; by default the one of the Debian package `hydrogen-drumkits`.
        eval_kits: The kits that make the split `eval`.
        seconds: How much of a sample is kept, from its beginning.
        shards: Files per split.

    Returns:
        Samples per split.

    Raises:
        UsageError: There are no kits, one of `eval_kits` does not exist or they are all, a package is missing, or an
            argument is out of range.
        DataRefused: A kit or a file of one cannot be read.
        ComponentFailed: The disk is full.
    """
    prepared.check_counts(shards=shards)
    if not seconds > 0:
        raise UsageError("`seconds` must be greater than 0.", received=f"seconds={seconds}")
    found = samples(kits_path)
    _check_split(eval_kits, {sample.kit for sample in found})
    wav.require_soundfile("The drum kits are")
    return prepared.write_once(
        folder,
        lambda: _examples(found, set(eval_kits), seconds),
        shards={"train": shards, "eval": shards},
        key={
            "source": [[str(sample.path), sample.drum, prepared.file_digest(sample.path)] for sample in found],
            "code": prepared.file_digest(__file__),
            "eval_kits": sorted(eval_kits),
            "seconds": seconds,
        },
        classes=CLASSES,
    )


def samples(kits_path: str | None = None) -> list[Sample]:
    """Returns the labelled samples of all kits, each file once, by path.

    Args:
        kits_path: See `prepare`.

    Raises:
        UsageError: There are no kits.
        DataRefused: The manifest of a kit cannot be read.
    """
    root = DEBIAN if kits_path is None else Path(kits_path).expanduser()
    manifests = sorted(root.glob(f"*/{_MANIFEST}"))
    if not manifests:
        raise UsageError("The drum kits must be installed.", received=f"no */{_MANIFEST} in {root}", fix=_WHAT_TO_DO)
    found = {sample.path: sample for manifest in manifests for sample in _read_kit(manifest)}
    return [found[path] for path in sorted(found)]


def drum_of(instrument: str) -> str | None:
    """Returns the class of an instrument by its name, or None.

    Example:
        >>> drum_of("Hi-Hat Closed (Paiste Alpha)"), drum_of("Ride (Custom, 22 inch)"), drum_of("Whistle")
        ('hi-hat', 'cymbal', None)
    """
    # Brands and sizes stand in parentheses.
    name = re.sub(r"\(.*?\)", "", instrument).lower()
    return next((drum for drum, pattern in CLASSES.items() if re.search(pattern, name)), None)


def _read_kit(manifest: Path) -> Iterator[Sample]:
    try:
        root = ET.parse(manifest).getroot()  # noqa: S314 (expat itself bounds what entities expand to)
    except ET.ParseError as error:
        raise DataRefused("The manifest of a kit must be XML.", received=f"{manifest}: {error}") from None
    kit = _MILLO if manifest.parent.name.startswith(_MILLO) else manifest.parent.name
    for instrument in root.iterfind(".//{*}instrument"):
        drum = drum_of(instrument.findtext("{*}name") or "")
        for name in instrument.iterfind(".//{*}filename") if drum else ():
            path = manifest.parent / (name.text or "")
            if path.is_file():
                yield Sample(path, kit, str(drum))
            else:
                _log.warning("%s names %s, which is not there", manifest, name.text)


def _check_split(eval_kits: Iterable[str], kits: set[str]) -> None:
    known = ", ".join(sorted(kits))
    for kit in eval_kits:
        if kit not in kits:
            raise UsageError("`eval_kits` must name kits with samples.", received=kit, fix=f"Known: {known}.")
    if not eval_kits or set(eval_kits) == kits:
        raise UsageError(
            "There must be kits for training and for evaluation.", received=f"eval_kits={list(eval_kits)} of {known}"
        )


def _examples(found: Iterable[Sample], eval_kits: set[str], seconds: float) -> Iterator[tuple[str, bytes]]:
    labels = {drum: number for number, drum in enumerate(CLASSES)}
    for sample in found:
        values: dict[str, Any] = {
            "wav": wav.as_wav(sample.path, seconds),
            "kit": sample.kit,
            "drum": sample.drum,
            LABEL: labels[sample.drum],
        }
        yield "eval" if sample.kit in eval_kits else "train", example(values)
