"""Transform's output of a task, analyzed on records."""

import tempfile
from pathlib import Path

import apache_beam as beam
import tensorflow_transform as tft
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_transform import beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io
from tfx_bsl.public import tfxio

from components.import_path import resolve
from pipeline import tasks
from tests.pipeline.tasks.in_place import schema_of


def transform_output(name: str, records: list[bytes], folder: Path) -> tft.TFTransformOutput:
    """What Transform leaves after it has seen serialized examples."""
    schema = schema_of(name)
    metadata_io.write_metadata(dataset_metadata.DatasetMetadata(schema), str(folder / "metadata"))
    source = tfxio.TFExampleBeamRecord(physical_format="inmem", telemetry_descriptors=["test"], schema=schema)
    function = resolve(tasks.load(name).transform.preprocessing_fn, "")
    with (
        tempfile.TemporaryDirectory() as temporary,
        tft_beam.Context(temp_dir=temporary),
        beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])) as pipeline,
    ):
        batches = pipeline | beam.Create(records) | source.BeamSource()
        analyzed = (batches, source.TensorAdapterConfig()) | tft_beam.AnalyzeDataset(function)
        _ = analyzed | tft_beam.WriteTransformFn(str(folder))
    return tft.TFTransformOutput(str(folder))
