"""What the latest Transform of a pipeline has left."""

from dataclasses import dataclass
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

_TRANSFORM = "tfx.components.transform.component.Transform"
_DONE = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
_GRAPH, _EXAMPLES = "transform_graph", "transformed_examples"


@dataclass(frozen=True)
class Transformed:
    """Transformed examples and the graph that made them.

    Args:
        run: The run that they belong to.
        graph: Folder of the graph.
        examples: Folder with a folder `Split-<name>` for each split.
    """

    run: str
    graph: str
    examples: str

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
    found = (_of(store, execution.id) for execution in sorted(done, key=lambda one: one.id, reverse=True))
    return next(filter(None, found), None)


def _of(store: metadata_store.MetadataStore, execution: int) -> Transformed | None:
    outputs = {
        event.path.steps[0].key: event.artifact_id
        for event in store.get_events_by_execution_ids([execution])
        if event.type == metadata_store_pb2.Event.OUTPUT and event.path.steps
    }
    uris = {artifact.id: artifact.uri for artifact in store.get_artifacts_by_id(list(outputs.values()))}
    graph, examples = (uris.get(outputs.get(key, -1)) for key in (_GRAPH, _EXAMPLES))
    if not (graph and examples and Path(graph).is_dir() and Path(examples).is_dir()):
        return None
    runs = (one.name for one in store.get_contexts_by_execution(execution) if one.type == "pipeline_run")
    return Transformed(next(runs, ""), graph, examples)
