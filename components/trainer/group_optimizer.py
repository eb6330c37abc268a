"""One optimizer for groups of variables that have their own rates, and their state carried from stage to stage."""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.settings import from_dict, to_dict
from components.trainer import optimizers, schedules
from components.trainer.optimizer_config import OptimizerConfig
from components.trainer.recipe_config import TrainedGroup
from components.trainer.schedule_config import Schedule


@dataclass
class _Member:
    """A group and what trains it. No `KerasSaveable` or list of such: the whole saves the variables of all, once."""

    group: TrainedGroup
    optimizer: keras.optimizers.Optimizer
    keys: frozenset[Any] = frozenset()

    def slots(self) -> list[Any]:
        """Returns what is kept of the variables, such as Adam's moments; Keras names it by path and purpose."""
        return [
            variable for variable in self.optimizer.variables if variable.name not in ("iteration", "learning_rate")
        ]


@keras.saving.register_keras_serializable(package="slipway")
class GroupOptimizer(optimizers.Optimizer):
    """Trains each group of variables with an optimizer of its own.

    `keras.optimizers.MultiOptimizer` of Keras 3.15 does the same and falls short in what a training needs:

    * It clips each group by itself, and before the gradients of the replicas are added up. Here `clip_norm` is over all
      groups and over the whole batch.
    * It has no `learning_rate`, and the callbacks that read or lower it fail under mixed precision, where a
      `LossScaleOptimizer` is around it. Here it is that of the fastest group; setting it changes all in proportion.
    * Its `OptimizerMap` refuses a path that two patterns match; here the first rule decides.
    * A schedule counts the steps of the optimizer it belongs to, so that one which goes on from an earlier stage would
      enter its schedule in the middle. Here schedules count the steps of the stage, and Adam's bias correction those of
      the group.
    * It saves the state of every group twice.

    Variables of no group are left alone, whatever their gradients.

    Args:
        groups: What is trained.
        config: The optimizer; its own learning rate is not used.
        total_steps: Steps of the stage, for schedules that end with it; None where nobody knows.
        name: Name of the optimizer.
    """

    def __init__(
        self,
        groups: Sequence[TrainedGroup],
        config: OptimizerConfig,
        total_steps: int | None = None,
        name: str = "group_optimizer",
    ) -> None:
        # A callable, as a number would become a variable that nothing reads.
        super().__init__(self._highest_rate, global_clipnorm=config.clip_norm, clipvalue=config.clip_value, name=name)
        self._config, self._total_steps = config, total_steps
        self._members = tuple(_Member(group, self._create(group)) for group in groups)

    def _create(self, group: TrainedGroup) -> keras.optimizers.Optimizer:
        rate = group.rule.learning_rate
        assert rate is not None, "a group that is trained has a rate"
        start = 1.0 if isinstance(rate, Schedule) else rate
        config = dataclasses.replace(self._config, learning_rate=start, clip_norm=None, clip_value=None)
        optimizer = optimizers.create(config)
        if isinstance(rate, Schedule):
            schedule = schedules.create(rate, self._total_steps)
            assert callable(schedule)
            optimizer.learning_rate = lambda: schedule(self._iterations)
        return optimizer

    def _highest_rate(self) -> Any:
        return functools.reduce(ops.maximum, [rate for _, rate in self.learning_rates()])

    def learning_rates(self) -> list[tuple[TrainedGroup, Any]]:
        """Returns each group with its rate of this moment."""
        return [(member.group, member.optimizer.learning_rate) for member in self._members]

    @property
    def learning_rate(self) -> Any:
        """The highest rate of all groups; setting it multiplies all rates with the same factor."""
        return self._highest_rate()

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if any(isinstance(member.group.rule.learning_rate, Schedule) for member in self._members):
            raise TypeError("The learning rate of a schedule cannot be set.")
        factor = value / self.learning_rate
        for member in self._members:
            member.optimizer.learning_rate = member.optimizer.learning_rate * factor

    @property
    def variables(self) -> list[Any]:
        """The steps of the stage, and the variables of every group's optimizer."""
        return [*super().variables, *(variable for member in self._members for variable in member.optimizer.variables)]

    def build(self, variables: list[Any]) -> None:
        """Makes room for the state of each group.

        Args:
            variables: Variables of the model, those of the groups among them.

        Raises:
            ValueError: A variable of a group is missing, or there are several that it may be.
        """
        if self.built:
            return
        for member in self._members:
            own = [_find(path, variables) for path in member.group.paths]
            member.group = dataclasses.replace(member.group, paths=tuple(variable.path for variable in own))
            member.optimizer.build(own)
            member.keys = frozenset(self._var_key(variable) for variable in own)
        super().build(variables)

    def _backend_apply_gradients(self, grads: list[Any], trainable_variables: list[Any]) -> None:
        known = frozenset[Any]().union(*(member.keys for member in self._members))
        keys = [self._var_key(variable) for variable in trainable_variables]
        trained = [number for number, key in enumerate(keys) if key in known]
        clipped = dict(zip(trained, self._clip_gradients([grads[number] for number in trained]), strict=True))
        for member in self._members:
            own = [number for number in trained if keys[number] in member.keys]
            if own:
                member.optimizer.apply([clipped[n] for n in own], [trainable_variables[n] for n in own])

    def get_config(self) -> dict[str, Any]:
        return {
            "groups": [to_dict(member.group) for member in self._members],
            "config": to_dict(self._config),
            "total_steps": self._total_steps,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GroupOptimizer":
        groups = [from_dict(TrainedGroup, group) for group in config["groups"]]
        return cls(**{**config, "groups": groups, "config": from_dict(OptimizerConfig, config["config"])})

    def take_over(self, before: "GroupOptimizer") -> None:
        """Copies what another optimizer keeps of the variables that both train: their state, and their number of steps.

        Args:
            before: The optimizer of the stage before; both are built.
        """
        steps = {path: member.optimizer.iterations for member in before._members for path in member.group.paths}
        known = {variable.name: variable for member in before._members for variable in member.slots()}
        for member in self._members:
            if member.group.paths[0] in steps:
                _copy(steps[member.group.paths[0]], member.optimizer.iterations)
            for variable in member.slots():
                if variable.name in known:
                    _copy(known[variable.name], variable)


def create(groups: Sequence[TrainedGroup], config: OptimizerConfig, total_steps: int | None = None) -> GroupOptimizer:
    """Returns the optimizer of a stage; to be called in the strategy's scope.

    Args:
        groups: What `recipe.apply` returns.
        config: The optimizer; its own learning rate is not used.
        total_steps: Optimizer steps of the stage, for schedules that end with it; None where nobody knows.

    Raises:
        UsageError: A schedule has no steps to run over.
    """
    return GroupOptimizer(groups, config, total_steps)


def carry(before: keras.optimizers.Optimizer, model: keras.Model) -> None:
    """Lets a model that was compiled for its next stage go on with the state of the stage before.

    A variable that is trained in both keeps its state and its steps, by its path; one that was frozen in between starts
    anew. The scale of the loss under mixed precision goes on too. Rates and schedules are those of the new stage.

    Args:
        before: The model's optimizer before it was compiled again.
        model: The model; its optimizer is built if it is not.
    """
    after = model.optimizer
    if not after.built:
        after.build(model.trainable_variables)
    if isinstance(after, keras.optimizers.LossScaleOptimizer):
        _copy(before.dynamic_scale, after.dynamic_scale)
        _copy(before.step_counter, after.step_counter)
        before, after = before.inner_optimizer, after.inner_optimizer
    after.take_over(before)


def _find(path: str, variables: Sequence[Any]) -> Any:
    found = [variable for variable in variables if variable.path == path]
    # A Sequential model that is loaded again no longer begins its paths with its name.
    found = found or [own for own in variables if own.path.endswith(f"/{path}") or path.endswith(f"/{own.path}")]
    if len(found) != 1:
        raise ValueError(
            f"The optimizer trains one variable {path}. Received: {[own.path for own in found]} of the model. "
            "Compile the model after `recipe.apply`; load it with `compile=False`."
        )
    return found[0]


def _copy(source: Any, target: Any) -> None:
    # Through NumPy, as the variables of a strategy take no variable as a value.
    target.assign(ops.convert_to_numpy(source))
