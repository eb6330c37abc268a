"""Some predictions, beside the raw rows that they are about."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.report.class_labels import classes_of, labels_of
from pipeline.report.material import Material
from pipeline.report.payloads import artifact_of
from pipeline.report.predicted import Predicted, predicted
from pipeline.report.raw_row import Budget, RawRow, raw_row
from pipeline.report.reference import Reference
from pipeline.report.section import Section


@dataclass(frozen=True)
class Sample:
    """A row, and what the model says of it, output by output."""

    row: RawRow
    predictions: tuple[Predicted, ...]


@dataclass(frozen=True)
class PredictionsFacts:
    """Some of them.

    Args:
        samples: The rows.
        missing: Why there are none; empty if there are.
    """

    samples: tuple[Sample, ...]
    missing: str = ""

    @property
    def is_table(self) -> bool:
        """Whether the rows fit into a table: none has a picture, a sound or a series."""
        return not any(sample.row.media or sample.row.series for sample in self.samples)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that have words, in all rows."""
        return tuple(dict.fromkeys(name for sample in self.samples for name, _ in sample.row.texts))

    @property
    def left_out(self) -> int:
        """How many pictures and sounds are not on the page."""
        return sum(not one.address for sample in self.samples for one in sample.row.media)


def section(material: Material) -> Section | None:
    """Returns sample predictions of a run's model; None for a run without one."""
    artifact = artifact_of(material, "model", "Model")
    if artifact is None:
        return None
    folder = material.path_of(artifact)
    reference = Reference.read(folder) if folder else None
    if reference is None:
        why = f"The model at {artifact.uri} is gone." if folder is None else "The Trainer has kept none with the model."
        facts = PredictionsFacts((), why)
    else:
        facts = PredictionsFacts(_samples(material, reference), "" if reference.rows else "There were no rows.")
    return Section("predictions", "Sample predictions", "sections/predictions.html", facts)


def _samples(material: Material, reference: Reference) -> tuple[Sample, ...]:
    labels, classes, budget = labels_of(material), classes_of(material), Budget()
    hidden = set(labels.values())
    return tuple(
        Sample(
            raw_row(row, hidden, budget),
            tuple(
                predicted(output, values[number], row.get(_label(output, labels), ()), classes)
                for output, values in reference.outputs.items()
            ),
        )
        for number, row in enumerate(reference.rows)
    )


def _label(output: str, labels: Mapping[str, str]) -> str:
    return labels.get(output, labels.get("", ""))
