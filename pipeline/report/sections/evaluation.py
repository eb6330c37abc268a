"""How good the model is: the verdict, its metrics by slice, and what it is right and wrong about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.errors import SlipwayError
from components.evaluator import plots, verdict
from components.evaluator.verdict import Row, Verdict
from pipeline.report.charts import BarChart, bars
from pipeline.report.class_labels import classes_of
from pipeline.report.material import Material
from pipeline.report.output_plots import Drawn, drawn
from pipeline.report.payloads import artifact_of
from pipeline.report.section import Section

SLICES = 30

_FORCED = verdict.FORCED_PROPERTY


@dataclass(frozen=True)
class EvaluationFacts:
    """All of it.

    Args:
        verdict: The Evaluator's decision; None where there is none.
        slices: The metrics by slice, a chart each.
        left_out: How many slices are not drawn; the table has them.
        outputs: What the model is right and wrong about, output by output.
        blessing: What ML Metadata says of the blessing, name to value.
        missing: What cannot be told, a sentence each.
    """

    verdict: Verdict | None
    slices: tuple[BarChart, ...]
    left_out: int
    outputs: tuple[Drawn, ...]
    blessing: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the verdict."""
        return self.verdict.rows if self.verdict else ()


def section(material: Material) -> Section | None:
    """Returns the evaluation of a run's model; None for a run that evaluated none."""
    artifact = artifact_of(material, "evaluation", "ModelEvaluation")
    if artifact is None:
        return None
    folder = material.path_of(artifact)
    missing = [] if folder else [f"The evaluation at {artifact.uri} is gone."]
    decided, outputs = (_verdict(folder), _outputs(material, folder)) if folder else (None, None)
    if folder and decided is None:
        missing.append(
            "There is no verdict.json that can be read, as stock TFX writes none: see its own metrics files."
        )
    if folder and outputs is None:
        missing.append("There is no plots.json that can be read: no confusion matrix or errors are drawn.")
    rows = decided.rows if decided else ()
    names = list(dict.fromkeys(row.slice for row in rows if row.slice))
    facts = EvaluationFacts(
        decided,
        tuple(_by_slice(rows, names[:SLICES])),
        len(names[SLICES:]),
        tuple(outputs or ()),
        tuple(_blessing(material)),
        tuple(missing),
    )
    return Section("evaluation", "Evaluation", "sections/evaluation.html", facts)


def _verdict(folder: Path) -> Verdict | None:
    try:
        return verdict.read(str(folder))
    except (OSError, ValueError, SlipwayError):
        return None


def _outputs(material: Material, folder: Path) -> list[Drawn] | None:
    try:
        found = plots.read(folder)
    except (OSError, ValueError, SlipwayError):
        return None
    classes = classes_of(material)
    return [drawn(one, classes) for one in found.outputs]


def _by_slice(rows: Sequence[Row], slices: Sequence[str]) -> Iterator[BarChart]:
    for metric in dict.fromkeys(row.metric for row in rows):
        mine = [row for row in rows if row.metric == metric and (row.slice in slices or not row.slice)]
        model = {row.slice or "(all)": row.value for row in mine if row.value is not None}
        baseline = {row.slice or "(all)": row.baseline for row in mine if row.baseline is not None}
        if len(model) > 1:
            yield bars(f"{metric} by slice", {"model": model, **({"baseline": baseline} if baseline else {})})


def _blessing(material: Material) -> Iterator[tuple[str, str]]:
    artifact = artifact_of(material, "blessing", "ModelBlessing")
    if artifact is not None:
        properties = artifact.properties
        yield "blessed", {1: "yes", 0: "no"}.get(properties.get("blessed", -1), "not said")
        yield from ((name, str(properties[name])) for name in ("reason", _FORCED) if properties.get(name))
