"""One small Transform output, made once for all tests of the Trainer."""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from components.settings import to_dict
from components.trainer.config import TrainingConfig


@dataclass(frozen=True)
class Transformed:
    """What Transform has left.

    Args:
        graph: Transform's output folder.
        serialized: Split to raw rows as serialized tf.train.Example, in the order of the transformed records.
        patterns: Split to file pattern of the transformed records.
    """

    graph: Path
    serialized: dict[str, list[bytes]]
    patterns: dict[str, str]


@pytest.fixture(scope="session")
def transformed(tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    """Runs Transform on the rows of `tiny`, as TFX's component does."""
    from tests.components.trainer import tiny

    folder = tmp_path_factory.mktemp("transformed")
    serialized = {
        split: [tiny.serialize(row) for row in tiny.rows(count, seed)]
        for seed, (split, count) in enumerate(tiny.ROWS.items())
    }
    _transform(folder, serialized)
    return Transformed(folder / "graph", serialized, {split: str(folder / split / "*") for split in serialized})


def _transform(folder: Path, serialized: dict[str, list[bytes]]) -> None:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tensorflow_transform import beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io
    from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
    from tfx_bsl.public import tfxio

    from tests.components.trainer import tiny

    schema = text_format.Parse(tiny.SCHEMA, schema_pb2.Schema())
    metadata_io.write_metadata(dataset_metadata.DatasetMetadata(schema), str(folder / "graph" / "metadata"))
    source = tfxio.TFExampleBeamRecord(physical_format="inmem", telemetry_descriptors=["test"], schema=schema)
    options = PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])
    with (
        tempfile.TemporaryDirectory() as temporary,
        tft_beam.Context(temp_dir=temporary),
        beam.Pipeline(options=options) as pipeline,
    ):
        # One element that is flattened keeps the order of the rows.
        batches = {
            split: pipeline
            | f"{split} rows" >> beam.Create([examples])
            | f"{split} row" >> beam.FlatMap(list)
            | f"{split} source" >> source.BeamSource(batch_size=len(examples))
            for split, examples in serialized.items()
        }
        tensors = source.TensorAdapterConfig()
        graph = (batches["train"], tensors) | tft_beam.AnalyzeDataset(tiny.preprocessing_fn)
        _ = graph | tft_beam.WriteTransformFn(str(folder / "graph"))
        for split, batch in batches.items():
            data, _ = ((batch, tensors), graph) | f"{split} transform" >> tft_beam.TransformDataset(
                output_record_batches=True
            )
            _ = (
                data
                | f"{split} encode" >> beam.FlatMapTuple(lambda batch, _: RecordBatchToExamplesEncoder().encode(batch))
                | f"{split} write"
                >> beam.io.WriteToTFRecord(str(folder / split / "part"), file_name_suffix=".gz", num_shards=1)
            )


@pytest.fixture(scope="session")
def trainer_arguments(transformed: Transformed) -> Callable[..., SimpleNamespace]:
    """Makes what TFX's Trainer gives `run_fn`: `trainer_arguments(node, execution, training=...)`."""
    return functools.partial(arguments, transformed.graph, transformed.patterns)


def arguments(
    graph: Path, patterns: dict[str, str], node: Path, execution: int = 1, *, training: TrainingConfig
) -> SimpleNamespace:
    """Returns FnArgs as they are for one execution of a node, with the folders that TFX makes."""
    model, model_run = node / "model" / str(execution), node / "model_run" / str(execution)
    for folder in (model, model_run):
        folder.mkdir(parents=True)
    return SimpleNamespace(
        custom_config={"training": to_dict(training), "code": "fingerprint"},
        hyperparameters=None,
        transform_output=str(graph),
        train_files=[patterns["train"]],
        eval_files=[patterns["eval"]],
        model_run_dir=str(model_run),
        serving_model_dir=str(model / "Format-Serving"),
    )
