"""The whole DAG on one screen. Local and Kubeflow runs compile the same object."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_metadata.proto import metadata_store_pb2
from tfx.components import ExampleValidator, StatisticsGen, Transform, Tuner
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import example_gen_pb2, pusher_pb2, trainer_pb2
from tfx.types import Channel, standard_artifacts

from components.data_gate import DataGate, DataVerdict
from components.data_gate.previous import PreviousStatistics
from components.errors import UsageError, did_you_mean
from components.evaluator.component import Evaluator
from components.example_gen.component import ImportExampleGen
from components.pusher.component import Pusher
from components.serving_check.component import ServingCheck
from components.settings import to_dict
from components.trainer.component import Trainer
from pipeline import beam, class_names
from pipeline.config import TaskConfig
from pipeline.data_source import DataSource
from pipeline.fingerprint import fingerprint, modules, versions
from pipeline.prepared import file_digest

if TYPE_CHECKING:
    from components.embedding.component import Embedder

RUN_FN = "components.trainer.run_fn.run_fn"
TUNER_FN = "components.trainer.tuner_fn.tuner_fn"
PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Places:
    """Where a pipeline reads and writes.

    Args:
        artifacts: The pipeline root.
        serving: The folder whose sub-folders are the pushed versions.
        metadata: Connection to ML Metadata; None where the orchestrator has its own.
    """

    artifacts: str
    serving: str
    metadata: metadata_store_pb2.ConnectionConfig | None = None


def create_pipeline(
    task: TaskConfig,
    source: DataSource,
    places: Places,
    enable_cache: bool = True,
    force_bless: str | None = None,
) -> Pipeline:
    """Returns the task's pipeline, every component wired.

    Args:
        task: The task.
        source: The TFRecords, found and verified.
        places: Where to read and write.
        enable_cache: Whether a node may take its outputs from an earlier run with the same inputs.
        force_bless: A person's reason to bless the model even if it misses its thresholds.

    Raises:
        UsageError: The configuration names something that does not exist.
    """
    examples = _example_gen(source)
    statistics = StatisticsGen(examples=examples.outputs["examples"])
    schema = _schema(task)
    anomalies = ExampleValidator(statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"])
    previous = _previous_statistics(examples, statistics, places)
    gate = DataGate(
        statistics=statistics.outputs["statistics"],
        anomalies=anomalies.outputs["anomalies"],
        schema=schema.outputs["schema"],
        examples=examples.outputs["examples"],
        previous_statistics=previous.outputs["statistics"],
    )
    transform = Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn=task.transform.preprocessing_fn,
        disable_statistics=not task.transform.statistics,
        disable_analyzer_cache=True,  # It serves runs over several spans; for one it costs 1.5 s and is never read.
        custom_config={"code": fingerprint(task.transform.preprocessing_fn), "params": task.transform.params},
    )
    embedder = _embedder(task, transform)
    features = (embedder or transform).outputs
    training = _training(features, schema)
    tuner = _tuner(task, training)
    found = tuner.outputs["best_hyperparameters"] if tuner else None
    trained = _custom_config(task, RUN_FN, classes=class_names.read(source.folder))
    raw = examples.outputs["examples"]
    trainer = Trainer(run_fn=RUN_FN, hyperparameters=found, custom_config=trained, raw_examples=raw, **training)
    baseline = _latest_blessed_model()
    evaluator = Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        schema=schema.outputs["schema"],
        config=task.evaluation,
        force_bless=force_bless,
    )
    serving_check = ServingCheck(
        model=trainer.outputs["model"],
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        labels=task.training.labels,
        config=task.serving,
    )
    pusher = Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
        push_destination=_destination(places),
        custom_config={"keep": task.push.keep},
    )
    preparing = [examples, statistics, schema, anomalies, previous, gate, transform]
    learning = [*filter(None, [embedder, tuner]), trainer]
    for node in learning:  # Features may be computed while the data are judged; nothing learns from them before.
        node.add_upstream_node(gate)
    components = [*preparing, *learning, baseline, evaluator, serving_check, pusher]
    _note_code(components, task)
    _set_beam_args(components, task)
    return Pipeline(
        pipeline_name=task.name,
        pipeline_root=places.artifacts,
        components=components,
        enable_cache=enable_cache,
        metadata_connection_config=places.metadata,
    )


def _example_gen(source: DataSource) -> ImportExampleGen:
    return ImportExampleGen(
        input_base=str(source.folder), input_config=input_config(source), output_config=output_config(source)
    )


def _schema(task: TaskConfig) -> ImportSchemaGen:
    schema = ImportSchemaGen(schema_file=str(PROJECT / task.schema.path))
    # TFX's cache key would hold the path alone, and an edited schema would not be read again.
    schema.exec_properties["digest"] = file_digest(PROJECT / task.schema.path)
    return schema


def _training(features: Mapping[str, Channel], schema: ImportSchemaGen) -> dict[str, Any]:
    """Returns what Tuner and Trainer are both given."""
    return {
        "examples": features["transformed_examples"],
        "transform_graph": features["transform_graph"],
        "schema": schema.outputs["schema"],
        "train_args": trainer_pb2.TrainArgs(splits=["train"]),
        "eval_args": trainer_pb2.EvalArgs(splits=["eval"]),
    }


def _destination(places: Places) -> pusher_pb2.PushDestination:
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=places.serving)
    return pusher_pb2.PushDestination(filesystem=filesystem)


def _note_code(components: list[BaseNode], task: TaskConfig) -> None:
    """Gives nodes the digests of the code that they run, for cache keys and for those who ask what made a model."""
    functions = {
        "Transform": (task.transform.preprocessing_fn,),
        "Embedder": _embedding_functions(task),
        "Tuner": (TUNER_FN, task.training.model.build),
        "Trainer": (RUN_FN, task.training.model.build),
    }
    for component in components:
        if isinstance(component, Resolver):
            continue
        executor = component.executor_spec.executor_class
        own = [f"{executor.__module__}.{executor.__name__}"] if executor.__module__.startswith("components.") else []
        roots = [*own, *functions.get(component.id, ())]
        told = {"roots": roots, "modules": modules(*roots), "versions": versions()}
        component.exec_properties["code"] = json.dumps(told, sort_keys=True)


def _set_beam_args(components: list[BaseNode], task: TaskConfig) -> None:
    """Gives nodes Beam's options, each all of its own: TFX would put those of the pipeline before another runner's."""
    known = {component.id: component for component in components}
    for node, config in task.runner.nodes.items():
        if node not in known:
            raise UsageError(
                "runner.nodes must name nodes of the pipeline.", received=node, fix=did_you_mean(node, known)
            )
        if config.beam_args and not isinstance(known[node], BaseBeamComponent):
            using = ", ".join(name for name, component in known.items() if isinstance(component, BaseBeamComponent))
            raise UsageError("Beam's options belong to a node that uses Beam.", received=node, fix=f"Known: {using}.")
    for node, component in known.items():
        if isinstance(component, BaseBeamComponent):
            args = beam.options_of(task.runner, node)
            beam.check(args)
            component.with_beam_pipeline_args(args)


def _embedder(task: TaskConfig, transform: Transform) -> "Embedder | None":
    """Returns the Embedder, or None where the model takes what Transform makes."""
    if not task.embedding.enabled:
        return None
    # TensorFlow Hub is slow to import, and only this needs it.
    from components.embedding.component import Embedder

    return Embedder(
        examples=transform.outputs["transformed_examples"],
        graph=transform.outputs["transform_graph"],
        config=task.embedding,
        code=embedding_code(task),
    )


def embedding_code(task: TaskConfig) -> str:
    """Returns the digest of the code that decides on the vectors of the Embedder."""
    return fingerprint(*_embedding_functions(task))


def _embedding_functions(task: TaskConfig) -> tuple[str, ...]:
    return ("components.embedding.embed.EmbedPieces", *filter(None, [task.embedding.prepare]))


def _tuner(task: TaskConfig, training: dict[str, Any]) -> Tuner | None:
    """Returns the Tuner, or None where the task wants no trials."""
    if not task.tuning.trials:
        return None
    searched = _custom_config(task, TUNER_FN, tuning=to_dict(task.tuning))
    return Tuner(tuner_fn=TUNER_FN, custom_config=searched, **training)


def _previous_statistics(examples: ImportExampleGen, statistics: StatisticsGen, places: Places) -> Resolver:
    """Finds the statistics of the data before. Kubeflow knows no strategies but TFX's own."""
    earlier = Channel(type=standard_artifacts.ExampleStatistics)
    if places.metadata is None:
        found = Resolver(strategy_class=LatestArtifactStrategy, statistics=earlier)
    else:
        found = Resolver(
            strategy_class=PreviousStatistics,
            statistics=earlier,
            verdict=Channel(type=DataVerdict),
            current=statistics.outputs["statistics"],
            examples=examples.outputs["examples"],
        )
    return found.with_id("StatisticsResolver")


def _latest_blessed_model() -> Resolver:
    return Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
    ).with_id("BaselineResolver")


def _custom_config(task: TaskConfig, function: str, **more: Any) -> dict[str, Any]:
    """Returns what a training node is told, with the digest of the code that it runs."""
    return {"training": to_dict(task.training), "code": fingerprint(function, task.training.model.build), **more}


def input_config(source: DataSource) -> example_gen_pb2.Input:
    """Returns what ExampleGen reads."""
    splits = [example_gen_pb2.Input.Split(name=name, pattern=pattern) for name, pattern in source.patterns.items()]
    return example_gen_pb2.Input(splits=splits)


def output_config(source: DataSource) -> example_gen_pb2.Output | None:
    """Returns how ExampleGen splits by hash a folder whose files make no splits."""
    if source.buckets is None:
        return None
    splits = [
        example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=count) for name, count in source.buckets.items()
    ]
    return example_gen_pb2.Output(split_config=example_gen_pb2.SplitConfig(splits=splits))
