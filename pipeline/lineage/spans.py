"""Which models saw a span of data."""

from dataclasses import dataclass

from components.errors import UsageError
from pipeline.lineage.graph import Graph
from pipeline.lineage.records import Artifact
from pipeline.lineage.store import Store

MODELS = ("Model", "PushedModel")


@dataclass(frozen=True)
class Seen:
    """A model that was made of a span.

    Args:
        model: The model, or the pushed one.
        pipeline: The pipeline that made it.
        run: The run that made it.
        version: The version that it was pushed as; None if it is no pushed one.
    """

    model: Artifact
    pipeline: str
    run: str
    version: str | None


def models_of_span(store: Store, span: int, pipeline: str | None = None) -> list[Seen]:
    """Returns the models, and the pushed ones, that were made of a span, whatever lies between, the oldest first.

    Args:
        store: The store.
        span: The number of the span, as ExampleGen has noted it.
        pipeline: Name of the only pipeline whose spans are meant; None takes all.

    Raises:
        UsageError: No ExampleGen has read such a span.
    """
    examples = [one.id for one in store.artifacts_with("span", span) if one.type == "Examples"]
    graph = Graph.around(store, *examples)
    read = [number for number in examples if _is_of(graph, number, pipeline)]
    if not read:
        received = f"span={span}" + (f" of {pipeline}" if pipeline else "")
        fix = "`slipway artifacts --type Examples --json` shows the spans there are."
        raise UsageError("An ExampleGen must have read the span.", received=received, fix=fix)
    made = {artifact.id: artifact for number in read for artifact in graph.descendants(number)}
    return [_seen(graph, made[number]) for number in sorted(made) if made[number].type in MODELS]


def _is_of(graph: Graph, examples: int, pipeline: str | None) -> bool:
    maker = graph.maker(examples)
    return maker is not None and not graph.inputs(maker.id) and pipeline in (None, maker.pipeline)


def _seen(graph: Graph, model: Artifact) -> Seen:
    maker = graph.maker(model.id)
    version = model.properties.get("pushed_version")
    return Seen(model, maker.pipeline if maker else "", maker.run if maker else "", str(version) if version else None)
