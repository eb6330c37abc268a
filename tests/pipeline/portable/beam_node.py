"""A node that uses Beam, as small as it gets; a module of its own, as TFX imports components by their path."""

from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions
from tfx.dsl.component.experimental.annotations import BeamComponentParameter, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import String


@component(use_beam=True)
def Count(  # noqa: N802
    upto: Parameter[int], counted: OutputArtifact[String], beam_pipeline: BeamComponentParameter[beam.Pipeline] = None
) -> None:
    """Writes how many numbers there are below a bound, and by how many workers Beam was told to count them."""
    workers = beam_pipeline.options.view_as(DirectOptions).direct_num_workers
    with beam_pipeline as pipeline:
        count = pipeline | beam.Create(range(upto)) | beam.combiners.Count.Globally()
        _ = count | beam.Map(lambda number: Path(counted.uri).write_text(f"{number} by {workers}"))
