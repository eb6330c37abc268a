"""The gate over several runs of one pipeline, on TFX's own runner: what is compared with what, and what is cached."""

import json
from pathlib import Path

import pytest
import tensorflow as tf
from ml_metadata.metadata_store import metadata_store
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import partial_run_utils

from components.errors import DataRefused
from pipeline import tasks
from pipeline.config import override
from pipeline.dag import Places, create_pipeline
from pipeline.data_source import find
from pipeline.tf_example import example
from tests.components.data_gate.tiny import SCHEMA, rows

pytestmark = pytest.mark.slow


class Home:
    """A place in which pipelines up to the gate run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._metadata = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
        (folder / "schema.pbtxt").write_text(SCHEMA)

    def run(self, name: str, cash: float) -> str:
        """Runs over the data of a name, and returns the state of DataGate's execution."""
        data = self._folder / name
        if not data.exists():
            data.mkdir()
            for split in ("train", "eval"):
                with tf.io.TFRecordWriter(str(data / f"{split}-0")) as writer:
                    for row in rows(60, cash):
                        writer.write(example(row))
        task = override(tasks.load("taxi"), [f"schema.path={self._folder / 'schema.pbtxt'}"])
        places = Places(str(self._folder / "artifacts"), str(self._folder / "serving"), self._metadata)
        pipeline = create_pipeline(task, find(data, task.data.splits, 0.2), places)
        ir = Compiler().compile(pipeline)
        partial_run_utils.mark_pipeline(ir, to_nodes=["DataGate"])
        LocalDagRunner().run_with_ir(ir)
        return self.executions()[-1]

    def executions(self) -> list[str]:
        store = metadata_store.MetadataStore(self._metadata)
        found = store.get_executions_by_type("components.data_gate.component.DataGate")
        return [str(one.State.Name(one.last_known_state)) for one in sorted(found, key=lambda one: one.id)]

    def compared(self) -> list[str | None]:
        """The statistics that each verdict so far was made against, the first verdict first."""
        found = (self._folder / "artifacts" / "DataGate" / "verdict").glob("*/verdict.json")
        in_order = sorted(found, key=lambda path: int(path.parent.name))
        return [json.loads(path.read_text())["compared_with"] for path in in_order]


def test_data_are_compared_with_those_before_and_unchanged_data_are_not_looked_at_again(tmp_path):
    home = Home(tmp_path)
    assert [home.run("monday", 0.5), home.run("monday", 0.5)] == ["COMPLETE", "CACHED"]
    assert [home.run("tuesday", 0.6), home.run("tuesday", 0.6)] == ["COMPLETE", "CACHED"]
    first, second = home.compared()
    assert first is None
    assert "StatisticsGen/statistics" in second
    assert home.run("monday", 0.5) == "CACHED"
    with pytest.raises(DataRefused, match="kind in split train: Drift"):
        home.run("wednesday", 0.95)
    assert home.run("thursday", 0.7) == "COMPLETE"
    assert home.compared()[-1] not in (first, second)
