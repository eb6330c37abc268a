from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

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
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(path)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = metadata_store.MetadataStore(config)

    def run(self, run_id, nodes, pipeline="taxi", pushed=None, properties=None):
        """Writes a run with nodes as name to state, in order; the last one pushes, if a version is given.

        Each execution has the custom properties.
        """
        contexts = [self._context("pipeline", pipeline), self._context("pipeline_run", run_id)]
        for number, (node, state) in enumerate(nodes):
            last = pushed is not None and number == len(nodes) - 1
            pairs = [self._pushed(pushed)] if last else []
            node_context = self._context("node", f"{pipeline}.{node}")
            execution = self._execution(node, state, properties or {})
            self.store.put_execution(execution, pairs, [*contexts, node_context], True)

    def step(self, component, inputs=(), outputs=(), state="complete", **properties):
        """Writes an execution that reads artifacts, given by their ids, and puts others out.

        Those are given as `(type, uri, properties)`, or by their ids where they are not new. Returns their ids.
        """
        execution = self._execution(component, state, properties)
        pairs = [(self.store.get_artifacts_by_id([number])[0], _event(mlmd.Event.INPUT, "in")) for number in inputs]
        for output in outputs:
            known = isinstance(output, int)
            artifact = self.store.get_artifacts_by_id([output])[0] if known else self._artifact(*output)
            pairs.append((artifact, _event(mlmd.Event.OUTPUT, "out")))
        _, artifacts, _ = self.store.put_execution(execution, pairs, [], True)
        return artifacts[len(inputs) :]

    def _artifact(self, kind, uri, properties):
        type_id = self.store.put_artifact_type(mlmd.ArtifactType(name=kind))
        artifact = mlmd.Artifact(type_id=type_id, uri=str(uri), state=mlmd.Artifact.LIVE)
        for name, value in properties.items():
            artifact.custom_properties[name].string_value = value
        return artifact

    def _context(self, kind, name):
        found = self.store.get_context_by_type_and_name(kind, name)
        return found or mlmd.Context(type_id=self.store.put_context_type(mlmd.ContextType(name=kind)), name=name)

    def _execution(self, node, state, properties):
        kind = self.store.put_execution_type(mlmd.ExecutionType(name=f"tfx.components.{node}"))
        execution = mlmd.Execution(type_id=kind, last_known_state=STATES[state])
        for name, value in properties.items():
            execution.custom_properties[name].string_value = value
        return execution

    def _pushed(self, version):
        kind = self.store.put_artifact_type(mlmd.ArtifactType(name="PushedModel"))
        artifact = mlmd.Artifact(type_id=kind, uri=f"/pushed/{version}")
        artifact.custom_properties["pushed"].int_value = 1 if version else 0
        if version:
            artifact.custom_properties["pushed_version"].string_value = version
            artifact.custom_properties["pushed_destination"].string_value = f"/serving/taxi/{version}"
        return artifact, mlmd.Event(type=mlmd.Event.OUTPUT)


def _event(kind, key):
    event = mlmd.Event(type=kind)
    event.path.steps.add(key=key)
    return event


@pytest.fixture
def recorder(tmp_path):
    """A metadata store to fill: `tmp_path/metadata.db`."""
    return Recorder(tmp_path / "metadata.db")
