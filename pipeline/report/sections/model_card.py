"""A model card: what the model of a run is for, what it was made of, how good it is, and what is known against it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from components.errors import SlipwayError
from components.evaluator import verdict
from components.evaluator.verdict import Row, Verdict
from components.model_description import InputDescription, ModelDescription
from components.serving_check.result import Result
from pipeline.lineage import provenance
from pipeline.lineage.provenance import Source
from pipeline.lineage.records import Artifact
from pipeline.report.material import Material
from pipeline.report.section import Section
from pipeline.report.sections.serving import checks
from pipeline.runner.request import REQUEST_FILE

_SIGNATURE = "serving_default"
_INPUTS, _OUTPUTS = "input dtypes and shapes", "output dtypes"
# As ServingCheck writes them: `fare: float32 [None], company: string [None]`.
_PORT = re.compile(r"(.+?): (\w+)(?: (\[[^\]]*\]))?(?:, |$)")
_SERVING_FOLDER = "Format-Serving"


@dataclass(frozen=True)
class Port:
    """An input or an output of the model's `serving_default`.

    Args:
        name: Its name.
        type: Its dtype and shape; empty where nobody has checked them.
        absent: Whether it may be missing, in words.
    """

    name: str
    type: str
    absent: str = ""


@dataclass(frozen=True)
class ModelCard:
    """What is known of a model.

    Args:
        model: The artifact.
        task: What the task is, in a sentence; empty where the run's configuration is not there.
        verdict: `blessed`, `forced`, `not blessed`, or `not judged`.
        forced: Why somebody had it blessed although it misses its thresholds; None where nobody did.
        inputs: What it takes.
        outputs: What it says.
        classes: The names of its classes.
        metrics: The metrics of the whole split.
        limits: What is known against it, a sentence each.
        sources: What it was made of.
        seed: The seed of the training; None where the store does not say.
        missing: What nobody has noted, in words.
    """

    model: Artifact
    task: str
    verdict: str
    forced: str | None
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    classes: tuple[str, ...]
    metrics: tuple[Row, ...]
    limits: tuple[str, ...]
    sources: tuple[Source, ...]
    seed: int | None
    missing: tuple[str, ...]


def section(material: Material) -> Section | None:
    """Returns the card of the model that came of a run; None for a run without one."""
    model, graph = material.model, material.graph
    if model is None or graph is None:
        return None
    judged, checked, described = _verdict(material), checks(material), _description(material)
    sources = provenance.sources(graph, model.id)
    inputs, outputs = _ports(checked, _INPUTS, described), _ports(checked, _OUTPUTS, None)
    seed = provenance.training(graph, model.id).get("seed")
    facts = ModelCard(
        model=model,
        task=_task(material),
        verdict=_verdict_text(material),
        forced=material.run.forced,
        inputs=inputs,
        outputs=outputs,
        classes=described.classes if described else (),
        metrics=tuple(row for row in judged.rows if not row.slice) if judged else (),
        limits=tuple(_limits(judged, checked, inputs)),
        sources=tuple(sources),
        seed=seed if isinstance(seed, int) else None,
        missing=(*provenance.lacks(sources), *_missing(judged, inputs)),
    )
    return Section("model-card", "Model card", "sections/model_card.html", facts)


def _verdict(material: Material) -> Verdict | None:
    for artifact in reversed(material.made("ModelEvaluation")):
        if path := material.path_of(artifact):
            try:
                return verdict.read(str(path))
            except (OSError, ValueError, SlipwayError):
                continue
    return None


def _verdict_text(material: Material) -> str:
    if material.run.forced:
        return "forced"
    return {True: "blessed", False: "not blessed", None: "not judged"}[material.run.blessed]


def _description(material: Material) -> ModelDescription | None:
    """Returns what goes with the served model, or with the trained one if it was not pushed."""
    pushed = [Path(material.run.pushed_to)] if material.run.pushed_to else []
    trained = [path / _SERVING_FOLDER for one in material.made("Model") if (path := material.path_of(one))]
    for folder in (*pushed, *trained):
        try:
            return ModelDescription.read(folder)
        except SlipwayError:
            continue
    return None


def _task(material: Material) -> str:
    if material.folder is None:
        return ""
    try:
        config = json.loads((material.folder / REQUEST_FILE).read_text())["config"]
        return str(config.get("summary", ""))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return ""


def _ports(checked: Result | None, rule: str, described: ModelDescription | None) -> tuple[Port, ...]:
    rows = checked.rows if checked else ()
    told = next((row.allowed for row in rows if row.signature == _SIGNATURE and row.rule == rule), "")
    types = {name: f"{dtype} {shape}".strip() for name, dtype, shape in _PORT.findall(told)}
    about: Mapping[str, InputDescription] = described.inputs if described else {}
    return tuple(Port(name, types.get(name, ""), _absent(about.get(name))) for name in {**types, **about})


def _absent(described: InputDescription | None) -> str:
    if described is None:
        return ""
    kind = f"{described.kind}; " if described.kind else ""
    if not described.optional:
        return f"{kind}must be there"
    stands = "NaN" if described.missing is None else json.dumps(described.missing)
    return f"{kind}may be missing: {stands} stands for it"


def _limits(judged: Verdict | None, checked: Result | None, inputs: tuple[Port, ...]) -> Iterator[str]:
    """Yields what the run's own findings say against the model; nothing that nobody has measured."""
    if judged:
        yield from _of_evaluation(judged)
    for row in checked.rows if checked else ():
        if row.passed is None:
            yield f"ServingCheck did not check {row.rule}: {row.seen.removeprefix('not run: ')}."
        elif not row.passed:
            yield f"ServingCheck: {row.rule}: {row.seen} (allowed: {row.allowed})."
    needed = [port.name for port in inputs if port.absent.endswith("must be there")]
    if needed:
        yield f"It gives no answer without {', '.join(needed)}."


def _of_evaluation(judged: Verdict) -> Iterator[str]:
    examples = next((row.examples for row in judged.rows if not row.slice and row.examples is not None), None)
    if examples is not None:
        yield f"Its metrics are over {examples:,} examples."
    if judged.uncompared:
        yield f"It was not compared with the model before it: {judged.uncompared}"
    yield from (f"It misses a threshold: {row.described}." for row in judged.rows if row.passed is False)
    unjudged: dict[str, list[str]] = {}
    for row in judged.rows:
        if row.slice and row.demands and row.passed is None:
            unjudged.setdefault(row.note or "no reason given", []).append(row.slice)
    for note, slices in unjudged.items():
        yield f"Not judged where {'; '.join(dict.fromkeys(slices))}: {note}."
    if not any(row.demands for row in judged.rows):
        yield "No threshold was set for it."


def _missing(judged: Verdict | None, inputs: tuple[Port, ...]) -> Iterator[str]:
    if judged is None:
        yield "a verdict on its metrics"
    if not inputs:
        yield "what it takes and says"
