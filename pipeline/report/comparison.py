"""Runs side by side: in what they differ, their metrics and their training curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.commands.table import brief_text
from pipeline.lineage.compare import differences, metrics
from pipeline.lineage.curves import curves
from pipeline.lineage.runs import Run
from pipeline.report.charts import LineChart, line_chart, number_text
from pipeline.report.environment import render
from pipeline.report.material import Material

_TITLES = {"data": "Data", "schema": "Schema", "parameter": "Parameters", "code": "Code", "version": "Libraries"}

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Comparison:
    """What a comparison shows; the runs are called by their numbers.

    Args:
        runs: The runs.
        names: Their numbers, from 1 on.
        metrics: Each metric of the whole split, with its value in each run.
        slices: The same by slice.
        charts: A chart for each training curve.
        differences: Title to rows of a name and its value in each run.
    """

    runs: tuple[Run, ...]
    names: list[str]
    metrics: Rows
    slices: Rows
    charts: tuple[LineChart, ...]
    differences: Mapping[str, Rows]


def comparison(of: Sequence[Material], index: str | None = None, hrefs: Sequence[str] | None = None) -> str:
    """Returns runs of one store side by side as HTML.

    Args:
        of: The runs, two or more.
        index: Where the link to the list of all runs leads; None leaves it out.
        hrefs: Where the page of each run is; None where there are none.
    """
    return render("comparison.html", facts=_facts(of), index=index, hrefs=hrefs)


def _facts(of: Sequence[Material]) -> Comparison:
    runs, names = [one.run for one in of], [str(number) for number in range(1, len(of) + 1)]
    different = differences(of[0].store, runs)
    measured = metrics([one.told.evaluation for one in of])
    return Comparison(
        runs=tuple(runs),
        names=names,
        metrics=[(metric, *map(number_text, values)) for metric, where, values in measured if not where],
        slices=[(f"{metric}, {where}", *map(number_text, values)) for metric, where, values in measured if where],
        charts=tuple(
            line_chart(name.replace("_", " "), "epoch", dict(zip(names, of_runs, strict=True)))
            for name, of_runs in curves([one.told_events for one in of]).items()
        ),
        differences={
            title: rows
            for kind, title in _TITLES.items()
            if (rows := [(one.key, *map(brief_text, one.values)) for one in different if one.kind == kind])
        },
    )
