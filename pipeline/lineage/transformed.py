"""What the latest Transform of a pipeline has left."""

from dataclasses import dataclass, replace
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

_TRANSFORM = "tfx.components.transform.component.Transform"
_DONE = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
_GRAPH, _EXAMPLES, _RAW = "transform_graph", "transformed_examples", "examples"


@dataclass(frozen=True)
class Transformed:
    """Transformed examples and the graph that made them.

    Args:
        run: The run that they belong to.
        graph: Folder of the graph.
        examples: Folder with a folder `Split-<name>` for each split.
        raw: Folder of the examples that they were made of, likewise; empty where the store does not say.
    """

    run: str
    graph: str
    examples: str
    raw: str = ""

    def files(self, split: str) -> str:
        """Returns the file pattern of a split's TFRecords."""
        return f"{self.examples}/Split-{split}/*"


def latest(store: metadata_store.MetadataStore, pipeline: str) -> Transformed | None:
    """Returns the outputs of a pipeline's latest Transform whose files are there; None if there is none.

    Args:
        store: The store, as `open_store` gives it.
        pipeline: The pipeline's name, which is the task's.
    """
    context = store.get_context_by_type_and_name("pipeline", pipeline)
    executions = store.get_executions_by_context(context.id) if context else []
    done = [one for one in executions if one.type == _TRANSFORM and one.last_known_state in _DONE]
    newest_first = sorted(done, key=lambda one: one.id, reverse=True)
    found = filter(None, (_of(store, execution.id) for execution in newest_first))
    newest = next(found, None)
    if newest is None or newest.raw:
        return newest
    # A run of a part of the pipeline takes outputs over, and says nothing about inputs.
    makers = (one.raw for one in found if one.raw and one.examples == newest.examples)
    return replace(newest, raw=next(makers, ""))


def _of(store: metadata_store.MetadataStore, execution: int) -> Transformed | None:
    # No input of Transform has the name of an output.
    used = {
        event.path.steps[0].key: event.artifact_id
        for event in store.get_events_by_execution_ids([execution])
        if event.path.steps
    }
    uris = {artifact.id: artifact.uri for artifact in store.get_artifacts_by_id(list(used.values()))}
    graph, examples, raw = (uris.get(used.get(key, -1)) for key in (_GRAPH, _EXAMPLES, _RAW))
    if not (graph and examples and Path(graph).is_dir() and Path(examples).is_dir()):
        return None
    runs = (one.name for one in store.get_contexts_by_execution(execution) if one.type == "pipeline_run")
    return Transformed(next(runs, ""), graph, examples, raw or "")
