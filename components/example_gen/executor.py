"""TFX's executor of ImportExampleGen, without the step that holds all records in memory."""

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions
from apache_beam.pipeline import AppliedPTransform, PTransformOverride
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tfx.components.example_gen.import_example_gen import executor


class Executor(executor.Executor):
    """Imports as TFX does; records keep the order that they have in their files.

    Before it writes a split, TFX puts Beam's `Reshuffle` (`tfx/components/example_gen/write_split.py`). On a cluster it
    lets many workers write. Beam's in-memory runner keeps all records for it, 1.8 KiB each for those of the taxi task,
    and hands them on in the order in which they came: there it is left out. What has to be mixed is mixed where batches
    are made.
    """

    def _make_beam_pipeline(self) -> beam.Pipeline:
        pipeline = super()._make_beam_pipeline()
        mode = pipeline.options.view_as(DirectOptions).direct_running_mode
        in_memory = isinstance(pipeline.runner, FnApiRunner) and mode == "in_memory"
        return _FromFileToFile(pipeline.runner, pipeline.options) if in_memory else pipeline


class _FromFileToFile(beam.Pipeline):
    def run(self, test_runner_api: bool | str = "AUTO") -> beam.runners.runner.PipelineResult:
        self.replace_all([_Unshuffled()])
        return super().run(test_runner_api)


class _Unshuffled(PTransformOverride):
    """Lets records pass where TFX would shuffle them; the Reshuffles of Beam's own sources and sinks stay."""

    def matches(self, applied_ptransform: AppliedPTransform) -> bool:
        return applied_ptransform.full_label.endswith("/Shuffle") and isinstance(
            applied_ptransform.transform, beam.Reshuffle
        )

    def get_replacement_transform_for_applied_ptransform(
        self, applied_ptransform: AppliedPTransform
    ) -> beam.PTransform:
        return beam.Map(lambda record: record)
