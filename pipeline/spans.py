"""Data that come in spans, as TFX calls them: `{SPAN}` in a pattern stands for the highest number that is there.

>>> import tempfile
>>> folder = Path(tempfile.mkdtemp())
>>> for day in ("9", "10"):
...     (folder / day).mkdir()
...     (folder / day / "train-0").touch()
>>> latest(folder, {"train": "{SPAN}/train-*"})
{'train': '10/train-*'}
"""

import re
from collections.abc import Mapping
from pathlib import Path

from components.errors import UsageError

_SPAN = re.compile(r"\{SPAN(:\d+)?\}")


def latest(folder: Path, patterns: Mapping[str, str]) -> dict[str, str]:
    """Returns the patterns with the number of the latest span in the place of `{SPAN}`; without it as they are.

    Args:
        folder: What the patterns are relative to.
        patterns: Split name to pattern; with `{SPAN}` it may hold `*` and `?` besides. `{SPAN:2}` is TFX's way to write
            a number of two digits.

    Raises:
        UsageError: Only some patterns have a span, no file has one, or something else is in its place.
    """
    spanned = [split for split, pattern in patterns.items() if _SPAN.search(pattern)]
    if not spanned:
        return dict(patterns)
    if len(spanned) < len(patterns):
        other = min(patterns.keys() - set(spanned))
        raise UsageError(
            "Either every split is in spans or none.",
            received=f"data.splits.{other}={patterns[other]} without {{SPAN}}",
        )
    found = _spans(folder, patterns[spanned[0]])
    if not found:
        raise UsageError(
            "A span must have files.",
            received=f"none that match {patterns[spanned[0]]} in {folder}",
            fix="Spans are numbers.",
        )
    span = max(found, key=int)
    return {split: _SPAN.sub(span, pattern) for split, pattern in patterns.items()}


def _spans(folder: Path, pattern: str) -> set[str]:
    """Returns the numbers that stand in the place of the span, as they are written."""
    before, width, after = _SPAN.split(pattern, maxsplit=1)
    number = rf"\d{{{width[1:]}}}" if width else r"\d+"
    name = re.compile(f"{_regex(before)}({number}){_regex(after)}")
    found = set[str]()
    for path in folder.glob(_SPAN.sub("*", pattern)):
        span = name.fullmatch(path.relative_to(folder).as_posix())
        if span is None:
            # TFX refuses it too, in the middle of a run.
            raise UsageError("A span must be a number.", received=str(path), fix=f"Move it away, or change {pattern}.")
        found.add(span[1])
    return found


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
