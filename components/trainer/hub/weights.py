"""The variables of a loaded module as Keras weights."""

import contextlib
import re
from collections.abc import Iterable
from typing import Any

import keras


class AdoptedVariable(keras.Variable):
    """A Keras variable whose value is a variable that exists already.

    Args:
        variable: The `tf.Variable`, or its mirror on replicas.
        trainable: Whether it learns.
        name: Its name.
    """

    def __init__(self, variable: Any, *, trainable: bool, name: str) -> None:
        # The module's functions read the variable itself, so a cast for Keras would reach nobody.
        super().__init__(
            lambda *_, **__: variable,
            shape=variable.shape,
            dtype=variable.dtype.name,
            trainable=trainable,
            autocast=False,
            name=name,
        )

    def _initialize_with_initializer(self, initializer: Any) -> None:
        # Keras calls this late where a layer is built while shapes are inferred; it would make a copy.
        self._initialize(initializer(self._shape, dtype=self._dtype))


def adopt(module: Any, function: Any) -> list[keras.Variable]:
    """Returns Keras weights that are the variables of a module, not copies of them.

    Their paths are the layer's path and the name that the variable has in the module: the same in each process and
    under each strategy. A name that occurs again gets `_1`, `_2`, ... in the order of the module.

    Args:
        module: What `hub.load` has returned. Of a module without `variables` (which the Hub format asks for) the
            variables that the function reads are taken.
        function: The function of the module that is called.
    """
    variables, trainable = _variables(module, function)
    names = _unique(_clean(variable.name) for variable in variables)
    return [
        _adopt(variable, name, trainable=id(variable) in trainable)
        for variable, name in zip(variables, names, strict=True)
    ]


def _variables(module: Any, function: Any) -> tuple[list[Any], set[int]]:
    found = list(getattr(module, "variables", ()))
    trainable = getattr(module, "trainable_variables", None)
    if not found:
        functions = getattr(function, "concrete_functions", None) or [function]
        found = list({id(variable): variable for item in functions for variable in item.variables}.values())
        # The order in which a function reads them is not that of another process.
        found.sort(key=lambda variable: variable.name)
    if trainable is None:
        trainable = [variable for variable in found if variable.trainable]
    return found, {id(variable) for variable in trainable}


def _clean(name: str) -> str:
    return re.sub(r"[^\w./-]", "_", name.rsplit(":", 1)[0]).strip("/") or "variable"


def _unique(names: Iterable[str]) -> list[str]:
    # Optimizers name what they keep of a variable after its path with `_` for `/`.
    taken: dict[str, str] = {}
    for name in names:
        unique, count = name, 0
        while unique.replace("/", "_") in taken:
            count += 1
            unique = f"{name}_{count}"
        taken[unique.replace("/", "_")] = unique
    return list(taken.values())


def _adopt(variable: Any, path: str, *, trainable: bool) -> keras.Variable:
    *scopes, name = path.split("/")
    with contextlib.ExitStack() as stack:
        for scope in scopes:
            stack.enter_context(keras.name_scope(scope))
        return AdoptedVariable(variable, trainable=trainable, name=name)
