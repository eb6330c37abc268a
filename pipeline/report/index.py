"""The list of runs, each with a link to its page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.lineage.quality import quality
from pipeline.lineage.runs import Run
from pipeline.report.environment import render
from pipeline.report.material import Material

_METRICS = 2


@dataclass(frozen=True)
class Entry:
    """A row of the list.

    Args:
        run: The run.
        state: What it came to.
        href: Where its page is.
        metrics: The first of its metrics.
    """

    run: Run
    state: str
    href: str
    metrics: dict[str, float]


def index(
    of: Sequence[Material],
    link: Callable[[str], str],
    place: str,
    *,
    compare: str | None = None,
    older: str | None = None,
    reload: int | None = None,
) -> str:
    """Returns the list of runs as HTML.

    Args:
        of: The runs, the newest first.
        link: Returns where the page of a run is, by the run's name.
        place: Which store they are of, in words.
        compare: Where runs are compared that the reader has chosen; None where nobody answers.
        older: Where earlier runs are listed; None where there are none.
        reload: After how many seconds the list is read anew while a run goes on; None is never.
    """
    entries = [
        Entry(one.run, one.state, link(one.run.id), dict(islice(quality(one.told.evaluation).items(), _METRICS)))
        for one in of
    ]
    goes_on = any(one.goes_on for one in of)
    return render(
        "index.html",
        own_forms=compare is not None,
        entries=entries,
        place=place,
        compare=compare,
        older=older,
        reload=reload if goes_on else None,
    )
