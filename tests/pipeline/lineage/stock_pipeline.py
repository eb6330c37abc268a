"""A pipeline of two components on TFX's own runners, and the command that runs it.

    python -m tests.pipeline.lineage.stock_pipeline RUNNER STORE ROOT [RUNNER STORE ROOT]...

Four runs: one with seed 1, that again, one with seed 2, and one that fails.
"""

import contextlib
import sys
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Examples, Model

from pipeline.config import RunnerConfig
from pipeline.lineage.connection import Location

SEEDS = (1, 1, 2, -1)


@component
def Gen(span: Parameter[int], examples: OutputArtifact[Examples]) -> None:  # noqa: N802
    Path(examples.uri, "data").write_text("rows")
    examples.span = span


@component
def Train(examples: InputArtifact[Examples], seed: Parameter[int], model: OutputArtifact[Model]) -> None:  # noqa: N802
    if seed < 0:
        raise ValueError("The seed is negative.")
    Path(model.uri, "weights").write_text(Path(examples.uri, "data").read_text() * seed)


def run(runner: str, store: str, root: str) -> None:
    dag_runner = {"beam": BeamDagRunner, "local": LocalDagRunner}[runner]()
    for seed in SEEDS:
        gen = Gen(span=3)
        train = Train(examples=gen.outputs["examples"], seed=seed)
        pipeline = Pipeline(
            "tiny",
            root,
            components=[gen, train],
            enable_cache=True,
            metadata_connection_config=Location.of(store).config(),
        )
        with contextlib.suppress(Exception) if seed < 0 else contextlib.nullcontext():
            dag_runner.run(pipeline)


if __name__ == "__main__":
    given = sys.argv[1:]
    # BeamDagRunner gives Beam no options, and so Beam reads them here.
    sys.argv[1:] = RunnerConfig().beam_args
    for place in range(0, len(given), 3):
        run(*given[place : place + 3])
