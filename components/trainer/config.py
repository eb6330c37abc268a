"""What the Trainer can be told, as frozen dataclasses. No TensorFlow here: the command line reads this too."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

import pydantic

from components.trainer.input_config import InputConfig
from components.trainer.optimizer_config import OptimizerConfig
from components.trainer.recipe_config import Recipe
from components.trainer.tracker_config import MlflowConfig, TrackerName, WandbConfig

__all__ = [
    "CallbacksConfig",
    "GuardConfig",
    "InputConfig",
    "MetricConfig",
    "ModelConfig",
    "OptimizerConfig",
    "OutputConfig",
    "TrainingConfig",
]

DEFAULT_EPOCHS = 10


@dataclass(frozen=True)
class ModelConfig:
    """The model, as a function and its arguments.

    Args:
        build: Import path of `build_model(tft_output, **params) -> keras.Model` (not compiled).
        params: Arguments for it. Only names listed here can be overridden, with values of the same type.
    """

    build: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MetricConfig:
    """A metric with arguments.

    Args:
        name: Its name in snake case or as Keras calls its class.
        params: Its arguments, such as `{k: 5}`. `name` among them is what the history calls it, which tells two of one
            kind apart.
    """

    name: str
    params: dict[str, Any] = field(default_factory=dict)


Metric: TypeAlias = Annotated[
    Annotated[str, pydantic.Tag("name")] | Annotated[MetricConfig, pydantic.Tag("metric")],
    # Told explicitly, pydantic's error is about that member alone.
    pydantic.Discriminator(lambda value: "name" if isinstance(value, str) else "metric"),
]
"""The name of a metric, or a mapping with its name and its arguments."""


@dataclass(frozen=True)
class OutputConfig:
    """What an output of a model is trained on.

    Args:
        label: Name of the transformed feature that is the target.
        loss: Name of the loss in snake case or as Keras calls its class: `binary_crossentropy`, `BinaryCrossentropy`.
        loss_params: Arguments of the loss, such as `{from_logits: true}` or `{gamma: 2.0}`.
        loss_weight: What the loss of this output counts in the sum over all.
        metrics: Names of metrics, likewise, or names with arguments.
        label_smoothing: The part of each label that is spread over all classes; None leaves it to the loss.
        class_weights: What the loss of an example is multiplied with by its class, in training and in validation: a
            weight for each class id, or True for weights that make rare classes of the training split count like
            frequent ones.
    """

    label: str
    loss: str
    loss_params: dict[str, Any] = field(default_factory=dict)
    loss_weight: float = 1.0
    metrics: tuple[Metric, ...] = ()
    label_smoothing: float | None = None
    class_weights: bool | dict[int, float] = False


@dataclass(frozen=True)
class CallbacksConfig:
    """Which callbacks run; None or False switches one off.

    Progress and history always run. Every stage of a recipe is a training of its own to early stopping and to the
    plateau: they begin to count anew, and stopping ends the stage, not the training.

    Args:
        monitor: The metric that early stopping, the best checkpoint and the plateau watch.
        mode: Whether a higher or a lower value of it is better.
        early_stopping_patience: Epochs without improvement before training stops. The model that is exported, and the
            one that the next stage begins with, is that of the stage's best epoch; None takes that of the last.
        plateau_patience: Epochs without improvement before the learning rate, a constant one, is divided.
        plateau_factor: What the learning rate is multiplied with on a plateau.
        tensorboard: Whether scalars are written for TensorBoard.
        histograms: Epochs from one histogram of each weight, for TensorBoard, to the next; None writes none.
        checkpoint: Whether the state is written after each epoch, so that a killed training goes on from there, and the
            weights of the best epoch are kept beside the history.
    """

    monitor: str = "val_loss"
    mode: Literal["min", "max"] = "min"
    early_stopping_patience: int | None = 3
    plateau_patience: int | None = 2
    plateau_factor: float = 0.5
    tensorboard: bool = True
    histograms: int | None = None
    checkpoint: bool = True


@dataclass(frozen=True)
class GuardConfig:
    """What happens at a step whose loss or gradients are not finite: training stops with the weights from before it.

    Args:
        skip: How many such steps are left out, reported and counted as `skipped_steps`; one more fails the training.
        save_batch: Whether the batch and the weights of such a step are kept, for
            `python -m components.trainer.replay`: in the node's folder, under `nonfinite`.
    """

    skip: int = 0
    save_batch: bool = True


@dataclass(frozen=True)
class TrainingConfig:
    """One training run.

    Args:
        model: The model to build.
        label: Name of the transformed feature that is the target.
        loss: Name of the loss in snake case or as Keras calls its class: `binary_crossentropy`, `BinaryCrossentropy`.
        metrics: Names of the metrics, likewise, or names with arguments; in the history they are in snake case.
        outputs: For a model of several outputs, the name of each to what it is trained on, in place of `label`, `loss`
            and the other fields of an OutputConfig here. The history calls their metrics `<output>_<metric>`.
        optimizer: The optimizer.
        recipe: Stages of rules on the paths of variables, for fine-tuning: which of them are trained, at which rates,
            for how many epochs. It takes the place of `epochs` and of the optimizer's learning rate. Empty: everything
            is trained at one rate.
        batch_size: Examples per step over all replicas.
        eval_batch_size: Examples per validation step over all replicas, at most.
        epochs: Passes over the training split at most. None takes 10, or the epochs of the recipe's stages, beside
            which no number is allowed.
        steps_per_epoch: Steps that make an epoch; None takes as many as make a pass. An epoch only says when validation
            and callbacks happen: batches go on through the passes, each of which has every row once.
        steps_per_execution: Steps in one call of the training function, at most: it takes the largest number up to this
            that divides the epoch's steps, and one where `fit` has several replicas. More of them spare small models
            the way through Python.
        shuffle_buffer: Examples held for shuffling a split that is read from disk; one in memory is shuffled whole.
        memory_mb: Mebibytes that a parsed split may take in memory; a larger one is read from disk in each pass.
        input: How the splits are read: broken elements, caching, reading ahead.
        strategy: `mirrored` uses every GPU, or the CPU where there is none; `default` uses one device; `multi_worker`
            uses every GPU, or the CPU, of each worker of the cluster that TF_CONFIG names, where every worker calls
            `run_fn` with the same arguments and sees the same folders. Batch sizes are over all of them.
        loop: `fit` is that of Keras, `custom` our own (`components/trainer/loop.py`). Both take the same steps.
        accumulation: Micro-batches that a batch is cut into. Their gradients are added up before a step is taken, so
            that activations take the memory of a micro-batch only. More than one needs the custom loop and a batch that
            is a multiple of them times the replicas.
        mixed_precision: Whether layers compute in float16, with float32 weights and a loss scale that adapts itself.
            The outputs of the model have to be float32.
        l2: What the sum of the squared weights is multiplied with and added to the loss. Biases, normalization
            parameters and weights with a regularizer of their own are left alone. None adds nothing.
        loss_params: Arguments of the loss, such as `{from_logits: true}` or `{gamma: 2.0}`.
        label_smoothing: The part of each label that is spread over all classes; None leaves it to the loss.
        class_weights: As in OutputConfig.
        jit_compile: Whether XLA compiles the training step, which takes its time once and may pay on a GPU.
        guard: What happens at a step whose loss or gradients are not finite.
        callbacks: The callbacks.
        trackers: The experiment trackers that keep the training, `mlflow` and `wandb`, each in a run of its own.
        mlflow: Where MLflow keeps it.
        wandb: Where Weights & Biases keeps it.
        seed: Seeds weights, shuffling and dropout: the same seed gives the same metrics on a CPU.
    """

    model: ModelConfig
    label: str = ""
    loss: str = ""
    metrics: tuple[Metric, ...] = ()
    outputs: dict[str, OutputConfig] = field(default_factory=dict)
    optimizer: OptimizerConfig = OptimizerConfig()
    recipe: Recipe = ()
    batch_size: int = 64
    eval_batch_size: int = 512
    epochs: int | None = None
    steps_per_epoch: int | None = None
    steps_per_execution: int = 16
    shuffle_buffer: int = 10_000
    memory_mb: int = 1024
    input: InputConfig = InputConfig()
    strategy: Literal["mirrored", "default", "multi_worker"] = "mirrored"
    loop: Literal["fit", "custom"] = "fit"
    accumulation: int = 1
    mixed_precision: bool = False
    l2: float | None = None
    loss_params: dict[str, Any] = field(default_factory=dict)
    label_smoothing: float | None = None
    class_weights: bool | dict[int, float] = False
    jit_compile: bool = False
    guard: GuardConfig = GuardConfig()
    callbacks: CallbacksConfig = CallbacksConfig()
    trackers: tuple[TrackerName, ...] = ()
    mlflow: MlflowConfig = MlflowConfig()
    wandb: WandbConfig = WandbConfig()
    seed: int = 1

    @property
    def checks_each_step(self) -> bool:
        """Whether each step is held back until it is known to be finite, rather than gone back to when it was not.

        Who skips steps needs it; scaled losses overflow as a rule, and workers have to find out at the same step.
        """
        return self.guard.skip > 0 or self.mixed_precision or self.strategy == "multi_worker"

    @property
    def stage_epochs(self) -> tuple[int, ...]:
        """Epochs of each stage; without a recipe there is one."""
        return tuple(stage.epochs for stage in self.recipe) or (self.epochs or DEFAULT_EPOCHS,)

    @property
    def total_epochs(self) -> int:
        """Epochs of all stages."""
        return sum(self.stage_epochs)

    @property
    def targets(self) -> dict[str, OutputConfig]:
        """Each output and what it is trained on; the only output of a model has no name here."""
        only = OutputConfig(
            label=self.label,
            loss=self.loss,
            loss_params=self.loss_params,
            metrics=self.metrics,
            label_smoothing=self.label_smoothing,
            class_weights=self.class_weights,
        )
        return self.outputs or {"": only}

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the features that are targets, each once."""
        return tuple(dict.fromkeys(target.label for target in self.targets.values()))
