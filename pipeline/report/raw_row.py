"""A raw row as a person can look at it: pictures, sounds, series and texts."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.raw_input import kind_of
from pipeline.report import media
from pipeline.report.charts import LineChart, line_chart, number_text, shortened

_RATES = ("rate", "sample_rate")
_TEXT, _LIST = 600, 8
_POINTS = 500
_SOUND = 1000  # Fewer samples are a series.
_LEFT_OUT = "left out, for the size of the page"


@dataclass(frozen=True)
class Media:
    """A picture or a sound.

    Args:
        feature: The raw feature.
        kind: `image` or `audio`.
        address: What the page shows or plays; empty where it cannot.
        note: Why it cannot.
    """

    feature: str
    kind: str
    address: str
    note: str = ""


@dataclass(frozen=True)
class RawRow:
    """One row.

    Args:
        media: Its pictures and sounds.
        texts: Everything else by feature, in words.
        series: Its series of numbers drawn, those of one length together.
    """

    media: tuple[Media, ...]
    texts: tuple[tuple[str, str], ...]
    series: tuple[LineChart, ...]


class Budget:
    """How many characters pictures and sounds may still take on a page.

    Args:
        left: So many.
    """

    def __init__(self, left: int = 2_500_000) -> None:
        self._left = left

    def takes(self, address: str) -> bool:
        """Whether there is room; takes it if there is."""
        fits = len(address) <= self._left
        self._left -= len(address) if fits else 0
        return fits


def raw_row(row: Mapping[str, list[Any]], hidden: Collection[str], budget: Budget) -> RawRow:
    """Returns a row by what its values are.

    Args:
        row: Name to values.
        hidden: Features that are told elsewhere, which labels are.
        budget: What the page has room for.
    """
    shown = {name: values for name, values in row.items() if name not in hidden}
    found = {name: one for name, values in shown.items() if (one := _media(name, values, shown)) is not None}
    rest = {name: values for name, values in shown.items() if name not in found}
    series = {name: values for name, values in rest.items() if _is_series(values)}
    return RawRow(
        tuple(_within(one, budget) for one in found.values()),
        tuple((name, _text(values)) for name, values in rest.items() if name not in series),
        tuple(_charts(series)),
    )


def _media(name: str, values: list[Any], row: Mapping[str, list[Any]]) -> Media | None:
    if len(values) == 1 and isinstance(values[0], bytes):
        kind = kind_of(values[0])
        if kind == "image":
            return Media(name, kind, media.picture(values[0]) or "", "It cannot be decoded.")
        if kind == "audio":
            return Media(name, kind, media.sound(values[0]) or "", "It is no 16-bit WAV file.")
    rate = next((row[rate][0] for rate in _RATES if row.get(rate)), None)
    if isinstance(rate, int) and rate > 0 and len(values) >= _SOUND and isinstance(values[0], float):
        return Media(name, "audio", media.sound_of(values, rate) or "")
    return None


def _within(one: Media, budget: Budget) -> Media:
    if not one.address:
        return one
    return (
        Media(one.feature, one.kind, one.address)
        if budget.takes(one.address)
        else Media(one.feature, one.kind, "", _LEFT_OUT)
    )


def _is_series(values: list[Any]) -> bool:
    return len(values) > 2 and isinstance(values[0], int | float)


def _charts(series: Mapping[str, list[float]]) -> list[LineChart]:
    lengths = dict.fromkeys(len(values) for values in series.values())
    return [
        line_chart(
            ", ".join(name for name, values in series.items() if len(values) == length),
            "step",
            {name: [*map(_finite, values[:_POINTS])] for name, values in series.items() if len(values) == length},
        )
        for length in lengths
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _text(values: list[Any]) -> str:
    if not values:
        return "(missing)"
    more = f" and {len(values) - _LIST} more" if len(values) > _LIST else ""
    return ", ".join(map(_value, values[:_LIST])) + more


def _value(value: Any) -> str:
    if not isinstance(value, bytes):
        return number_text(value) if isinstance(value, float) else str(value)
    try:
        return shortened(value.decode(), _TEXT)
    except UnicodeDecodeError:
        return f"{len(value):,} bytes"
