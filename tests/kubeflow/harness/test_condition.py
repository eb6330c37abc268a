import pytest

from components.errors import ComponentFailed
from kubeflow.harness.condition import holds

VALUES = {
    "inputs": {
        "artifacts": {"a.b": {"artifacts": [{"metadata": {"blessed": 1, "name": "x y"}}]}},
        "parameterValues": {"n": 3},
    }
}
BLESSED = "inputs.artifacts['a.b'].artifacts[0].metadata['blessed']"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (f"{BLESSED} == 1.0", True),
        (f"({BLESSED} == 1.0) && {BLESSED} != 1", False),
        (f"{BLESSED} == 2 || {BLESSED} >= 1", True),
        (f"!({BLESSED} == 1.0)", False),
        (f"!({BLESSED} == 0) && true", True),
        ("inputs.artifacts['a.b'].artifacts[0].metadata['name'] == 'x y'", True),
        ("inputs.parameterValues['n'] > -1 && inputs.parameterValues['n'] < 3.5", True),
        ("false || false", False),
    ],
)
def test_conditions_hold_or_not(condition, expected):
    assert holds(condition, VALUES) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "inputs.artifacts['_Nobody.x'].artifacts[0].metadata['blessed'] == 1.0",
        "inputs.artifacts['a.b'].artifacts[1].metadata['blessed'] == 1.0",
        "inputs.artifacts['a.b'].artifacts[0].metadata['unknown'] == 1.0",
        "(true",
        "true true",
        "a ? b : c",
        "==",
        "'a' < 1",
    ],
)
def test_what_is_not_there_or_not_cel_is_an_error(condition):
    with pytest.raises(ComponentFailed, match="A condition must be"):
        holds(condition, VALUES)
