import math

import pytest

from components.errors import UsageError
from components.import_path import resolve


def test_a_path_is_the_function():
    assert resolve("math.hypot", "a.b") is math.hypot


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("math.hypto", "Did you mean 'hypot'?"),
        ("math.pi", "Known: acos"),
        ("no_such_module.f", "ModuleNotFoundError"),
        ("hypot", "ValueError"),
        ("", "ValueError"),
    ],
)
def test_a_path_without_a_function_is_refused(path, hint):
    with pytest.raises(UsageError, match=r"`training.model.build` must be the import path of a function.") as caught:
        resolve(path, "training.model.build")
    assert hint in str(caught.value)
