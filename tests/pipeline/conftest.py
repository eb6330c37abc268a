import contextlib
from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.lineage import Store
from pipeline.lineage.connection import Location

STATES = {
    "complete": mlmd.Execution.COMPLETE,
    "cached": mlmd.Execution.CACHED,
    "failed": mlmd.Execution.FAILED,
    "running": mlmd.Execution.RUNNING,
    "canceled": mlmd.Execution.CANCELED,
}


class Recorder:
    """Writes runs into a metadata store the way TFX does, without TFX."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = metadata_store.MetadataStore(Location.of(path).config())
        self._read = contextlib.ExitStack()

    def opened(self):
        """Opens the store for reading, until the test ends."""
        return self._read.enter_context(Store.open(self.path))

    def close(self):
        """Closes what was opened."""
        self._read.close()

    def run(self, run_id, nodes, pipeline="taxi", pushed=None, properties=None, outputs=()):
        """Writes a run with nodes as name to state, in order; the last one pushes, if a version is given.

        Each execution has the custom properties. The last one has the outputs, given as for `step`.
        """
        contexts = [self._context("pipeline", pipeline), self._context("pipeline_run", run_id)]
        for number, (node, state) in enumerate(nodes):
            last = number == len(nodes) - 1
            pairs = [self._pushed(pushed)] if last and pushed is not None else []
            pairs += [(self._artifact(*output), _event(mlmd.Event.OUTPUT, "out")) for output in outputs if last]
            node_context = self._context("node", f"{pipeline}.{node}")
            execution = self._execution(node, state, properties or {})
            self.store.put_execution(execution, pairs, [*contexts, node_context], True)

    def step(self, component, inputs=(), outputs=(), state="complete", run=None, pipeline="taxi", **properties):
        """Writes an execution that reads artifacts, given by their ids, and puts others out.

        Those are given as `(type, uri, properties)`, or by their ids where they are not new. Returns their ids. The
        execution belongs to no run unless one is named.
        """
        named = {"pipeline": pipeline, "pipeline_run": run, "node": f"{pipeline}.{component}"} if run else {}
        contexts = [self._context(kind, name) for kind, name in named.items()]
        execution = self._execution(component, state, properties)
        pairs = [(self.store.get_artifacts_by_id([number])[0], _event(mlmd.Event.INPUT, "in")) for number in inputs]
        for output in outputs:
            known = isinstance(output, int)
            artifact = self.store.get_artifacts_by_id([output])[0] if known else self._artifact(*output)
            pairs.append((artifact, _event(mlmd.Event.OUTPUT, "out")))
        _, artifacts, _ = self.store.put_execution(execution, pairs, contexts, True)
        return artifacts[len(inputs) :]

    def _artifact(self, kind, uri, properties):
        type_id = self.store.put_artifact_type(mlmd.ArtifactType(name=kind))
        artifact = mlmd.Artifact(type_id=type_id, uri=str(uri), state=mlmd.Artifact.LIVE)
        for name, value in properties.items():
            _set(artifact.custom_properties[name], value)
        return artifact

    def _context(self, kind, name):
        found = self.store.get_context_by_type_and_name(kind, name)
        return found or mlmd.Context(type_id=self.store.put_context_type(mlmd.ContextType(name=kind)), name=name)

    def _execution(self, node, state, properties):
        kind = self.store.put_execution_type(mlmd.ExecutionType(name=f"tfx.components.{node}"))
        execution = mlmd.Execution(type_id=kind, last_known_state=STATES[state])
        for name, value in properties.items():
            _set(execution.custom_properties[name], value)
        return execution

    def _pushed(self, version):
        kind = self.store.put_artifact_type(mlmd.ArtifactType(name="PushedModel"))
        artifact = mlmd.Artifact(type_id=kind, uri=f"/pushed/{version}")
        artifact.custom_properties["pushed"].int_value = 1 if version else 0
        if version:
            artifact.custom_properties["pushed_version"].string_value = version
            artifact.custom_properties["pushed_destination"].string_value = f"/serving/taxi/{version}"
        return artifact, mlmd.Event(type=mlmd.Event.OUTPUT)


def _set(place, value):
    setattr(place, {int: "int_value", float: "double_value", str: "string_value"}[type(value)], value)


def _event(kind, key):
    event = mlmd.Event(type=kind)
    event.path.steps.add(key=key)
    return event


@pytest.fixture
def recorder(tmp_path):
    """A metadata store to fill: `tmp_path/metadata.db`."""
    with contextlib.closing(Recorder(tmp_path / "metadata.db")) as recorder:
        yield recorder
