"""What the latest Transform of a pipeline has left."""

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.lineage.records import SUCCESSFUL, Execution
from pipeline.lineage.store import Store

_TRANSFORM = "tfx.components.transform.component.Transform"
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


def latest(database: Path, pipeline: str) -> Transformed | None:
    """Returns the outputs of a pipeline's latest Transform whose files are there; None if there is none.

    Args:
        database: The file of the metadata store; there need not be one.
        pipeline: The pipeline's name, which is the task's.
    """
    if not database.exists():
        return None
    with Store.open(database) as store:
        return _latest(store, store.executions(pipeline=pipeline))


def _latest(store: Store, executions: list[Execution]) -> Transformed | None:
    newest_first = [one for one in executions if one.component == _TRANSFORM and one.state in SUCCESSFUL]
    found = filter(None, (_of(store, execution) for execution in newest_first))
    newest = next(found, None)
    if newest is None or newest.raw:
        return newest
    # A run of a part of the pipeline takes outputs over, and says nothing about inputs.
    makers = (one.raw for one in found if one.raw and one.examples == newest.examples)
    return replace(newest, raw=next(makers, ""))


def _of(store: Store, execution: Execution) -> Transformed | None:
    # No input of Transform has the name of an output.
    used = {event.key: event.artifact for event in store.events(executions=[execution.id])}
    uris = {artifact.id: artifact.uri for artifact in store.artifacts_of(used.values())}
    graph, examples, raw = (uris.get(used.get(key, -1)) for key in (_GRAPH, _EXAMPLES, _RAW))
    if not (graph and examples and Path(graph).is_dir() and Path(examples).is_dir()):
        return None
    return Transformed(execution.run, graph, examples, raw or "")
