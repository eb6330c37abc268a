"""The templates: what they may call, and what becomes of the texts that they are given."""

import base64
import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from components.evaluator.verdict import Row
from components.serving_check.result import Check
from pipeline.lineage.records import Execution
from pipeline.report.charts import BarChart, HeatMap, LineChart, number_text, shortened

TEMPLATES = Path(__file__).with_name("templates")

# Control characters but those that end a line or a cell, marks that turn the direction of writing, halves of pairs.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_STATES = {
    "complete": ("good", "✓"),
    "blessed": ("good", "✓"),
    "passed": ("good", "✓"),
    "pushed": ("good", "✓"),
    "up to date": ("good", "✓"),
    "cached": ("calm", "↺"),
    "failed": ("bad", "✗"),
    "not blessed": ("bad", "✗"),
    "refused": ("bad", "✗"),
    "usage": ("bad", "✗"),
    "running": ("warn", "▶"),
    "forced": ("warn", "!"),
    "interrupted": ("warn", "■"),
    "canceled": ("warn", "■"),
}


def visible(value: Any) -> Any:
    """Returns a text in which nothing is unseen or turns the text around it; other values as they are.

    >>> visible("a\u202eb")
    'a⟨U+202E⟩b'
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", value)


@cache
def environment() -> Environment:
    """Returns the templates; whatever they are given is escaped, and is never markup."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        number=number_text,
        shortened=shortened,
        seconds=_seconds,
        moment=_moment,
        state_class=lambda name: _STATES.get(name, ("idle", ""))[0],
        state_sign=lambda name: _STATES.get(name, ("", "○"))[1],
        by_x=_by_x,
        by_bar=_by_bar,
        by_cell=_by_cell,
        checks=_checks,
        judged=_judged,
        ports=lambda ports: [(port.name, port.type or "-", port.absent) for port in ports],
        sources=lambda sources: [(one.kind, one.of, one.what, one.digest or "-") for one in sources],
        executions=_executions,
    )
    return found


def render(template: str, *, own_forms: bool = False, **values: Any) -> str:
    """Returns a page.

    Args:
        template: The name of its template.
        own_forms: Whether its forms may ask the server that it comes from; files have none.
        **values: What the template sees.
    """
    style, script = (Markup((TEMPLATES / name).read_text()) for name in ("style.css", "script.js"))  # noqa: S704 (ours)
    given = {"style": style, "script": script, "policy": policy(style, script, own_forms), "now": time.time()}
    return environment().get_template(template).render({"index": None, "reload": None, **given, **values})


def policy(style: str, script: str, own_forms: bool = False) -> str:
    """Returns what a page may load, and run: nothing but its own style and script, images and sounds inside of it."""
    forms = "'self'" if own_forms else "'none'"
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; media-src data:;"
        f" base-uri 'none'; form-action {forms}"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _seconds(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{seconds:.1f} s" if seconds < 120 else f"{minutes:.0f} min {rest:.0f} s"


def _moment(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _by_x(chart: LineChart) -> list[tuple[str, ...]]:
    length = max((len(line.values) for line in chart.lines), default=0)
    columns = [[*map(number_text, line.values), *[""] * (length - len(line.values))] for line in chart.lines]
    return [(str(number), *values) for number, values in enumerate(zip(*columns, strict=True), start=1)]


def _by_bar(chart: BarChart) -> list[tuple[str, ...]]:
    several = len(chart.series) > 1
    return [(bar.label, *([bar.series] if several else []), number_text(bar.value)) for bar in chart.bars]


def _by_cell(chart: HeatMap) -> list[tuple[str, ...]]:
    return [(cell.row, cell.column, cell.text) for cell in chart.cells]


def _checks(rows: Iterable[Check]) -> Iterator[tuple[str, ...]]:
    passed = {True: "yes", False: "no", None: "not run"}
    for row in rows:
        seen = row.seen.removeprefix("not run: ")
        yield row.signature or "the model", row.case or "-", row.rule, seen, row.allowed, passed[row.passed]


def _judged(rows: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    passed = {True: "yes", False: "no", None: "-"}
    for row in rows:
        told = passed[row.passed] + (f", {row.note}" if row.note else "")
        yield row.metric, number_text(row.value), ", ".join(row.demands) or "-", told


def _executions(rows: Iterable[Execution]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield str(row.id), row.node or row.name, row.run or "-", row.state, _moment(row.started), f"{row.seconds:.1f}"
