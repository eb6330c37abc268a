"""Rules on paths, applied to a model: which variables a stage trains, at which rate, and which it leaves alone.

>>> import keras
>>> from components.trainer.recipe_config import feature_extraction
>>> layers = [keras.Input((2,)), keras.layers.Dense(2, name="body"), keras.layers.Dense(1, name="head")]
>>> model = keras.Sequential(layers, name="sequential")
>>> groups = apply(model, feature_extraction("head", 0.1, epochs=1), index=0)
>>> [variable.path for variable in model.trainable_variables]
['sequential/head/kernel', 'sequential/head/bias']
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import keras

from components.errors import UsageError
from components.trainer.recipe_config import EVERYTHING, Recipe, Rule, Stage, TrainedGroup

_log = logging.getLogger(__name__)


class Group(NamedTuple):
    """The variables that one rule decides on.

    Args:
        rule: The rule.
        paths: Paths of the variables, none where the rule for the rest finds nothing left.
    """

    rule: Rule
    paths: tuple[str, ...]


def weights(model: keras.Model) -> list[Any]:
    """Returns the variables that rules decide on: all that gradients can move, whether they are frozen now or not.

    Moving statistics are not among them; they follow their layer.
    """
    found = {id(variable): variable for layer in model._flatten_layers() for variable in _own_weights(layer)}
    return [variable for variable in model.weights if id(variable) in found]


def assign(model_or_variables: keras.Model | Iterable[Any], stage: Stage) -> tuple[Group, ...]:
    """Finds the first rule that matches each variable, and logs it. Nothing is changed.

    Args:
        model_or_variables: A built model or variables; anything with a `path` will do.
        stage: The stage.

    Returns:
        A group for each rule, in the order of the rules.

    Raises:
        UsageError: No rule matches a variable, a rule decides on no variable, or variables cannot be told apart.
    """
    groups = _matched([variable.path for variable in _variables(model_or_variables)], stage)
    for rule, paths in groups:
        for path in paths:
            _log.info(
                "%s: %s, by %r", path, "frozen" if rule.learning_rate is None else rule.learning_rate, rule.pattern
            )
    return groups


def trained_groups(
    model_or_variables: keras.Model | Iterable[Any], recipe: Recipe, index: int
) -> tuple[TrainedGroup, ...]:
    """Splits what a stage trains into groups that have one rate and one age, as Adam's steps depend on both.

    Args:
        model_or_variables: A built model or variables.
        recipe: All stages.
        index: The stage, counted from 0. The ages follow from those before it.

    Raises:
        UsageError: As `assign` does, or a stage up to this one trains nothing.
    """
    every_path = [variable.path for variable in _variables(model_or_variables)]
    since: dict[str, int] = {}
    groups: list[Group] = []
    for number, stage in enumerate(recipe[: index + 1]):
        groups = [group for group in _matched(every_path, stage) if group.rule.learning_rate is not None]
        if not any(group.paths for group in groups):
            raise UsageError("A stage must train something.", received=f"stage {number + 1} of {len(recipe)}")
        since = {path: since.get(path, number) for group in groups for path in group.paths}
    return tuple(
        TrainedGroup(group.rule, age, tuple(path for path in group.paths if since[path] == age))
        for group in groups
        for age in sorted({since[path] for path in group.paths})
    )


def check(model: keras.Model, recipe: Recipe) -> None:
    """Checks that every stage covers the variables of a model and trains some, before the first one is trained.

    Args:
        model: A built model.
        recipe: All stages, at least one.

    Raises:
        UsageError: As `assign` does, or a stage trains nothing.
    """
    trained_groups(model, recipe, len(recipe) - 1)


def apply(model: keras.Model, recipe: Recipe, index: int) -> tuple[TrainedGroup, ...]:
    """Freezes and unfreezes the variables of a model as a stage says. It has to be compiled again afterwards.

    Every variable gets its own flag, so that those of one layer may differ. A layer none of whose weights is trained is
    itself not trainable: a BatchNormalization then normalizes with its moving statistics and leaves them as they are,
    but not one of which only gamma or beta is frozen. One without weights goes by the rule that matches its statistics.
    What the model's author had frozen is not kept: the rules decide on everything.

    Args:
        model: A built model.
        recipe: All stages.
        index: The stage, counted from 0.

    Returns:
        What is trained, for `group_optimizer.create`.

    Raises:
        UsageError: As `assign` does, or a stage up to this one trains nothing.
    """
    variables = weights(model)
    assign(variables, recipe[index])
    groups = trained_groups(variables, recipe, index)
    trained = {path for group in groups for path in group.paths}
    layers = model._flatten_layers()
    for layer in layers:
        # Each by itself: a model that is trainable already does not hand the flag down when it is told again.
        layer.trainable = True
    for layer in layers:
        if not _is_trained(layer, trained, recipe[index]):
            layer.trainable = False
    for variable in variables:
        variable.trainable = variable.path in trained
    return groups


def _variables(model_or_variables: keras.Model | Iterable[Any]) -> list[Any]:
    return weights(model_or_variables) if isinstance(model_or_variables, keras.Model) else list(model_or_variables)


def _matched(paths: Sequence[str], stage: Stage) -> tuple[Group, ...]:
    _check_paths(paths)
    taken: dict[str, list[str]] = {rule.pattern: [] for rule in stage.rules}
    uncovered: list[str] = []
    for path in paths:
        pattern = next((rule.pattern for rule in stage.rules if re.fullmatch(rule.pattern, path)), None)
        (uncovered if pattern is None else taken[pattern]).append(path)
    if uncovered:
        raise UsageError(
            "A rule must match every variable.",
            received=f"no rule for {', '.join(uncovered)}",
            fix=f"Add rules for them, or a last rule [{EVERYTHING}, null] that freezes the rest.",
        )
    for pattern, own in taken.items():
        if not own and pattern != EVERYTHING:
            raise _idle(pattern, paths)
    return tuple(Group(rule, tuple(taken[rule.pattern])) for rule in stage.rules)


def _own_weights(layer: keras.Layer) -> list[Any]:
    # Public lists follow the flags of the moment; these follow what the layer declared.
    return list(layer._trainable_variables)


def _is_trained(layer: keras.Layer, trained: set[str], stage: Stage) -> bool:
    paths = [variable.path for part in layer._flatten_layers() for variable in _own_weights(part)]
    if paths:
        return not trained.isdisjoint(paths)
    statistics = [variable.path for variable in layer.weights]
    rules = [rule for path in statistics[:1] for rule in stage.rules if re.fullmatch(rule.pattern, path)]
    return not rules or rules[0].learning_rate is not None


def _check_paths(paths: Sequence[str]) -> None:
    # Optimizers name what they keep of a variable after its path with `_` for `/`.
    repeated = [path for path, count in Counter(path.replace("/", "_") for path in paths).items() if count > 1]
    if repeated:
        raise UsageError(
            "Variables must be told apart by their paths.",
            received=", ".join(path for path in paths if path.replace("/", "_") in repeated),
            fix="Give the layers names of their own.",
        )


def _idle(pattern: str, paths: Sequence[str]) -> UsageError:
    rule = "A rule must decide on a variable."
    if matched := [path for path in paths if re.fullmatch(pattern, path)]:
        received = f"{pattern!r} after rules that have taken {', '.join(matched)}"
        return UsageError(rule, received=received, fix="Put it before the more general ones.")
    received = f"{pattern!r} where there are {', '.join(paths)}"
    return UsageError(rule, received=received, fix="Write it for the whole path of a variable.")
