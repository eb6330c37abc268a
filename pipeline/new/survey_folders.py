"""Looks through a folder of images or of audio by class: every file is found, sounds are read."""

import statistics
from pathlib import Path

from components.errors import DataRefused, UsageError
from pipeline import class_folders, sound_files
from pipeline.class_folders import ClassFile
from pipeline.new import problem
from pipeline.new.findings import Feature, Findings, Problem, Source

LABEL = "label"

_LONGEST_SECONDS = 2.0
_RATES = (8_000, 16_000, 32_000)


def survey(source: Source, name: str, label: str | None) -> Findings:
    """Returns what is in the folder.

    Args:
        source: The folder.
        name: The task's name.
        label: Is not allowed: the folders are the classes.

    Raises:
        UsageError: A label was asked for, or a package that decodes the audio is not installed.
        DataRefused: Nothing can be learned from it, or too many files cannot be read.
    """
    if label is not None:
        raise UsageError("The folders are the label.", received=f"--label {label}", fix="Leave --label out.")
    root = Path(source.path)
    suffixes = class_folders.IMAGES if source.kind == "images" else class_folders.AUDIO
    files = class_folders.find(root, suffixes, class_folders.classes(root, suffixes))
    if source.kind == "audio":
        return _audio(source, name, files)
    return Findings(
        name=name,
        source=source,
        problem=of_files(files),
        rows=len(files),
        eval_rows=round(problem.EVAL_SHARE * len(files)),
        features=(Feature("image", "image", "BYTES", "category"),),
    )


def of_files(files: list[ClassFile]) -> Problem:
    """Returns what is learned from files by class."""
    names = [file.class_name for file in files]
    counts = {name: names.count(name) for name in sorted(set(names))}
    return problem.of_classes(counts, LABEL, LABEL, f"there are {len(counts)} folders")


def _audio(source: Source, name: str, files: list[ClassFile]) -> Findings:
    broken: list[str] = []
    sounds = dict(class_folders.readable(files, sound_files.glance, broken))
    if not sounds:
        raise DataRefused("There must be files.", received="none that can be read")
    length = statistics.quantiles([sound.length for sound in sounds.values()], n=10)[-1]
    highest = statistics.median(sound.rate for sound in sounds.values())
    return Findings(
        name=name,
        source=source,
        problem=of_files(list(sounds)),
        rows=len(sounds),
        eval_rows=round(problem.EVAL_SHARE * len(sounds)),
        features=(Feature("wav", "wav", "BYTES", "category"),),
        notes=tuple(f"left out: {line}" for line in broken),
        rate=max((rate for rate in _RATES if rate <= highest), default=_RATES[0]),
        seconds=min(_LONGEST_SECONDS, max(0.5, round(length * 2) / 2)),
        requires=() if all(sound.plain for sound in sounds.values()) else ("soundfile",),
    )
