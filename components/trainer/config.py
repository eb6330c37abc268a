"""What the Trainer can be told, as frozen dataclasses. No TensorFlow here: the command line reads this too."""

from dataclasses import dataclass, field
from typing import Any, Literal

from components.trainer.optimizer_config import OptimizerConfig

__all__ = ["CallbacksConfig", "ModelConfig", "OptimizerConfig", "TrainingConfig"]


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
class CallbacksConfig:
    """Which callbacks run; None or False switches one off.

    Progress, history and the check for a finite loss always run.

    Args:
        monitor: The metric that early stopping, the best checkpoint and the plateau watch.
        mode: Whether a higher or a lower value of it is better.
        early_stopping_patience: Epochs without improvement before training stops. The model that is exported is that of
            the best epoch; None exports that of the last.
        plateau_patience: Epochs without improvement before the learning rate, a constant one, is divided.
        plateau_factor: What the learning rate is multiplied with on a plateau.
        tensorboard: Whether scalars are written for TensorBoard.
        checkpoint: Whether the state is written after each epoch, so that a killed training goes on from there, and the
            weights of the best epoch are kept beside the history.
    """

    monitor: str = "val_loss"
    mode: Literal["min", "max"] = "min"
    early_stopping_patience: int | None = 3
    plateau_patience: int | None = 2
    plateau_factor: float = 0.5
    tensorboard: bool = True
    checkpoint: bool = True


@dataclass(frozen=True)
class TrainingConfig:
    """One training run.

    Args:
        model: The model to build.
        label: Name of the transformed feature that is the target.
        loss: Name of the loss in snake case or as Keras calls its class: `binary_crossentropy`, `BinaryCrossentropy`.
        metrics: Names of the metrics, likewise; in the history they are in snake case.
        optimizer: The optimizer.
        batch_size: Examples per step over all replicas.
        eval_batch_size: Examples per validation step over all replicas, at most.
        epochs: Passes over the training split at most.
        steps_per_epoch: Steps that make an epoch; None takes as many as make a pass. An epoch only says when validation
            and callbacks happen: batches go on through the passes, each of which has every row once.
        steps_per_execution: Steps in one call of the training function, at most: it takes the largest number up to this
            that divides the epoch's steps, and one where there are several replicas. More of them spare small models
            the way through Python.
        shuffle_buffer: Examples held for shuffling a split that is read from disk; one in memory is shuffled whole.
        memory_mb: Mebibytes that a parsed split may take in memory; a larger one is read from disk in each pass.
        strategy: `mirrored` uses every GPU, or the CPU where there is none; `default` uses one device.
        loop: `fit` is that of Keras, `custom` our own (`components/trainer/loop.py`). Both take the same steps.
        accumulation: Micro-batches that a batch is cut into. Their gradients are added up before a step is taken, so
            that activations take the memory of a micro-batch only. More than one needs the custom loop and a batch that
            is a multiple of them times the replicas.
        mixed_precision: Whether layers compute in float16, with float32 weights and a loss scale that adapts itself.
            The outputs of the model have to be float32.
        l2: What the sum of the squared weights is multiplied with and added to the loss. Biases, normalization
            parameters and weights with a regularizer of their own are left alone. None adds nothing.
        label_smoothing: The part of each label that is spread over all classes; None leaves it to the loss.
        callbacks: The callbacks.
        seed: Seeds weights, shuffling and dropout: the same seed gives the same metrics on a CPU.
    """

    model: ModelConfig
    label: str
    loss: str
    metrics: tuple[str, ...] = ()
    optimizer: OptimizerConfig = OptimizerConfig()
    batch_size: int = 64
    eval_batch_size: int = 512
    epochs: int = 10
    steps_per_epoch: int | None = None
    steps_per_execution: int = 16
    shuffle_buffer: int = 10_000
    memory_mb: int = 1024
    strategy: Literal["mirrored", "default"] = "mirrored"
    loop: Literal["fit", "custom"] = "fit"
    accumulation: int = 1
    mixed_precision: bool = False
    l2: float | None = None
    label_smoothing: float | None = None
    callbacks: CallbacksConfig = CallbacksConfig()
    seed: int = 1
