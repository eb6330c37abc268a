"""A pipeline in which every deviation of TFX's compiler shows."""

from tfx.components import CsvExampleGen, Evaluator, Pusher, StatisticsGen, Trainer
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, OutputDict, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.experimental.conditionals.conditional import Cond
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2, trainer_pb2
from tfx.types import Artifact, Channel, standard_artifacts
from tfx.types.standard_artifacts import ExampleStatistics, Model, ModelBlessing


class Note(Artifact):
    TYPE_NAME = "slipway.Note"


@component
def Count(statistics: InputArtifact[ExampleStatistics]) -> OutputDict(rows=int):  # noqa: N802
    raise NotImplementedError


@component
def Compare(  # noqa: N802
    statistics: InputArtifact[ExampleStatistics],
    previous: InputArtifact[ExampleStatistics],
    note: OutputArtifact[Note],
    rows: Parameter[int],
    greeting: Parameter[str],
):
    raise NotImplementedError


def create() -> Pipeline:
    examples = CsvExampleGen(input_base="/data")
    statistics = StatisticsGen(examples=examples.outputs["examples"])
    previous = Resolver(
        strategy_class=LatestArtifactStrategy, statistics=Channel(type=standard_artifacts.ExampleStatistics)
    ).with_id("previous_statistics")
    count = Count(statistics=statistics.outputs["statistics"])
    compare = Compare(
        statistics=statistics.outputs["statistics"],
        previous=previous.outputs["statistics"],
        rows=count.outputs["rows"].future()[0].value,
        greeting=RuntimeParameter("greeting", str, "hello"),
    )
    trainer = Trainer(
        run_fn="somewhere.run_fn",
        examples=examples.outputs["examples"],
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config={
            "training": {
                "epochs": 4,
                "optimizer": {"learning_rate": 0.5},
                "recipe": [],
                "steps_per_epoch": 9,
            }
        },
    )
    baseline = Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    )
    evaluator = Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        eval_config=_eval_config(),
    )
    blessing = evaluator.outputs["blessing"]
    with Cond(blessing.future()[0].custom_property("blessed") == 1):
        pusher = Pusher(
            model=trainer.outputs["model"],
            model_blessing=blessing,
            push_destination=pusher_pb2.PushDestination(
                filesystem=pusher_pb2.PushDestination.Filesystem(base_directory="/serving")
            ),
        )
    return Pipeline(
        pipeline_name="small",
        pipeline_root="s3://bucket/root",
        components=[examples, statistics, previous, count, compare, trainer, baseline, evaluator, pusher],
        enable_cache=True,
    )


def _eval_config():
    import tensorflow_model_analysis as tfma
    from google.protobuf import json_format

    metric = {
        "className": "AUC",
        "perSliceThresholds": [
            {"slicingSpecs": [{}], "threshold": {"valueThreshold": {"lowerBound": 0.9, "upperBound": 0.99}}},
            {
                "slicingSpecs": [{"featureKeys": ["a"]}],
                "threshold": {"changeThreshold": {"absolute": -0.01, "direction": "HIGHER_IS_BETTER"}},
            },
        ],
    }
    values = {"metricsSpecs": [{"metrics": [metric]}], "slicingSpecs": [{}, {"featureKeys": ["a"]}]}
    return json_format.ParseDict(values, tfma.EvalConfig())
