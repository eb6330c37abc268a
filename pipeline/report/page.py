"""The page of a run: one HTML file that asks for nothing else and runs nothing but its own script."""

from collections.abc import Callable, Iterator

from pipeline.report.environment import render
from pipeline.report.material import Material
from pipeline.report.section import Section
from pipeline.report.sections import (
    anomalies,
    dag,
    evaluation,
    lineage,
    model_card,
    predictions,
    schema_diff,
    serving,
    statistics,
    training,
)

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    dag.section,
    model_card.section,
    evaluation.section,
    predictions.section,
    training.section,
    statistics.section,
    anomalies.section,
    schema_diff.section,
    serving.section,
    lineage.section,
)


def page(material: Material, index: str | None = None, reload: int | None = None) -> str:
    """Returns the page of a run as HTML.

    Args:
        material: What the page is about.
        index: Where its link to the list of all runs leads; None leaves it out.
        reload: After how many seconds a page of a run that goes on is read anew; None is never.
    """
    found = (section(material) for section in SECTIONS)
    told = material.told
    return render(
        "page.html",
        run=material.run,
        told=told,
        state=material.state,
        nodes=len(told.nodes) or len(material.run.nodes),
        sections=[section for section in found if section is not None],
        lacking=list(_lacking(material)),
        index=index,
        reload=reload if material.goes_on else None,
    )


def _lacking(material: Material) -> Iterator[str]:
    """Yields what a page cannot say because this machine does not have it."""
    if material.folder is None:
        yield "Logs and what a run tells while it runs are with the home that ran it; this page has the store only."
    gone = [one for one in material.artifacts.values() if material.path_of(one) is None]
    if gone:
        kinds = ", ".join(sorted({one.type for one in gone}))
        yield f"{len(gone)} of {len(material.artifacts)} payloads are not on this machine, or no more: {kinds}."
