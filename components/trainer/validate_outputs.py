"""What is wrong with the losses, the metrics and the labels of a model's outputs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import keras

from components.errors import UsageError, did_you_mean
from components.trainer import losses, objective
from components.trainer.config import OutputConfig, TrainingConfig
from components.trainer.objective import snake_case

_OF_ONE_OUTPUT = ("label", "loss", "loss_params", "metrics", "label_smoothing", "class_weights")


def check_targets(config: TrainingConfig) -> None:
    """Checks what the outputs are trained on.

    Raises:
        UsageError: A loss, a metric or an argument of one does not exist, a value is out of its range, a metric stands
            twice, or both one output and several are described.
    """
    _check_one_or_several(config)
    for name, target in config.targets.items():
        where = f"training.outputs.{name}" if name else "training"
        for field in ("label", "loss"):
            if not getattr(target, field):
                raise UsageError(f"`{where}.{field}` must be given.", received=f'{field}=""')
        _check_smoothing(where, target)
        _check_class_weights(where, target)
        if not target.loss_weight > 0:
            raise UsageError(
                f"`{where}.loss_weight` must be positive.",
                received=f"loss_weight={target.loss_weight}",
                fix="Leave an output out of the model, or weigh it low.",
            )
        objective.create_loss(target)
        _check_unique(where, [objective.metric_name(entry) for entry in target.metrics])
    objective.create_metrics(config)


def check_outputs(model: keras.Model, config: TrainingConfig) -> None:
    """Checks that the outputs of a model are those of its training; a subclassed model cannot be asked.

    Raises:
        UsageError: The names differ, or an output is not precise enough for a loss.
    """
    outputs = getattr(model, "outputs", None) or []
    for output in keras.tree.flatten(outputs):
        if keras.backend.standardize_dtype(output.dtype) in ("float16", "bfloat16"):
            raise UsageError(
                "The outputs of a model in mixed precision must be float32.",
                received=f"{output.name} is {output.dtype}",
                fix='Give the layers that make them dtype="float32".',
            )
    if len(outputs) == 0:
        return
    names = output_names(model)
    if config.outputs:
        _check_names(names, config.outputs)
    elif len(names) > 1:
        raise UsageError(
            "Each of several outputs must have a label and a loss.",
            received=f"outputs {', '.join(names)}",
            fix="Describe them in training.outputs, in place of training.label and training.loss.",
        )


def output_names(model: keras.Model) -> list[str]:
    """Returns what the outputs of a model are called, in their order; a subclassed one has one, `output`."""
    if isinstance(model, keras.Sequential):
        return [model.layers[-1].name]
    structure = getattr(model, "output", None)
    return list(structure) if isinstance(structure, dict) else list(getattr(model, "output_names", ["output"]))


def named_outputs(model: keras.Model, values: Any) -> dict[str, Any]:
    """Returns what a call of a model has given, by the names of its outputs."""
    if isinstance(values, Mapping):
        return dict(values)
    return dict(zip(output_names(model), keras.tree.flatten(values), strict=True))


def _check_names(names: Iterable[str], described: Iterable[str]) -> None:
    names, described = list(names), list(described)
    for name in described:
        if name not in names:
            raise UsageError(
                "Each of training.outputs must be an output of the model.",
                received=name,
                fix=did_you_mean(name, names),
            )
    if missing := [name for name in names if name not in described]:
        raise UsageError(
            "Each of several outputs must have a label and a loss.",
            received=f"nothing for {', '.join(missing)}",
            fix="Add them to training.outputs.",
        )


def _check_one_or_several(config: TrainingConfig) -> None:
    if not config.outputs:
        return
    fields = TrainingConfig.__dataclass_fields__
    for name in _OF_ONE_OUTPUT:
        if getattr(config, name) not in (fields[name].default, {}):
            raise UsageError(
                f"`training.{name}` belongs to a model of one output.",
                received=f"{name}={getattr(config, name)} beside outputs {', '.join(config.outputs)}",
                fix=f"Set it in training.outputs.<output>.{name}.",
            )
    if len(config.outputs) == 1:
        raise UsageError(
            "A model of one output has its label, loss and metrics in `training` itself.",
            received=f"outputs={list(config.outputs)}",
            fix="Set training.label, training.loss and training.metrics in place of training.outputs.",
        )


def _check_smoothing(where: str, target: OutputConfig) -> None:
    smoothing, loss = target.label_smoothing, snake_case(target.loss)
    if smoothing is None:
        return
    if not 0 <= smoothing < 1:
        raise UsageError(
            f"`{where}.label_smoothing` must be at least 0 and less than 1.", received=f"label_smoothing={smoothing}"
        )
    able = losses.with_argument("label_smoothing")
    if loss not in able:
        raise UsageError(
            "The loss must be one that smooths labels.",
            received=f"loss={loss}, label_smoothing={smoothing}",
            fix=f"Take {', '.join(able)}, or set {where}.label_smoothing=null.",
        )
    if "label_smoothing" in target.loss_params:
        raise UsageError(
            "Labels are smoothed once.", received=f"label_smoothing={smoothing} and in loss_params", fix="Keep one."
        )


def _check_class_weights(where: str, target: OutputConfig) -> None:
    weights, loss = target.class_weights, snake_case(target.loss)
    if not weights and not isinstance(weights, dict):
        return
    if not loss.endswith(("crossentropy", "focal", "hinge")):
        raise UsageError(
            "Class weights need a loss over classes.",
            received=f"loss={loss}",
            fix=f"Set {where}.class_weights=false.",
        )
    if not isinstance(weights, dict):
        return
    if len(weights) < 2 or sorted(weights) != list(range(len(weights))):
        raise UsageError(
            f"`{where}.class_weights` must have a weight for each class id from 0 on.",
            received=f"class_weights={weights}",
        )
    if min(weights.values()) < 0 or max(weights.values()) == 0:
        raise UsageError(
            f"`{where}.class_weights` must not be negative, nor all zero.", received=f"class_weights={weights}"
        )


def _check_unique(where: str, names: list[str]) -> None:
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise UsageError(
            "Metrics must be told apart by their names.",
            received=f"{repeated[0]} twice in {where}.metrics",
            fix="Give one of them a `name` among its params.",
        )
