import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import ComponentFailed
from kubeflow.harness.condition import holds

VALUES = {
    "inputs": {
        "artifacts": {"a.b": {"artifacts": [{"metadata": {"blessed": 1, "name": "x y", "list": {"list": [1]}}}]}},
        "parameter_values": {"n": 3, "t": True, "s": "1"},
    }
}
BLESSED = "inputs.artifacts['a.b'].artifacts[0].metadata['blessed']"
UNKNOWN = "inputs.artifacts['a.b'].artifacts[0].metadata['unknown']"
OR, AND, COMPARISON, SINGLE = range(4)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (f"{BLESSED} == 1.0", True),
        (f"({BLESSED} == 1.0) && {BLESSED} != 1", False),
        (f"{BLESSED} == 2 || {BLESSED} >= 1", True),
        (f"!({BLESSED} == 1.0)", False),
        (f"!({BLESSED} == 0) && true", True),
        ("inputs.artifacts['a.b'].artifacts[0].metadata['name'] == 'x y'", True),
        ('inputs.artifacts["a.b"].artifacts[0].metadata["name"] == "x y"', True),
        ("inputs.parameter_values['n'] > -1 && inputs.parameter_values['n'] < 3.5", True),
        ("false || false", False),
        ("true || false && false", True),
        ("!false == true", True),
        ("inputs.parameter_values['t']", True),
        # Values of different kinds are not equal, nor is a truth a number.
        ("inputs.parameter_values['s'] == 1", False),
        ("inputs.parameter_values['t'] != 1", True),
        # What one side decides is decided, whatever is wrong with the other.
        (f"{UNKNOWN} == 1.0 && false", False),
        (f"{UNKNOWN} == 1.0 || {BLESSED} == 1.0", True),
    ],
)
def test_conditions_hold_or_not(condition, expected):
    assert holds(condition, VALUES) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "inputs.artifacts['_Nobody.x'].artifacts[0].metadata['blessed'] == 1.0",
        "inputs.artifacts['a.b'].artifacts[1].metadata['blessed'] == 1.0",
        f"{UNKNOWN} == 1.0",
        f"{UNKNOWN} == 1.0 && true",
        "(true",
        "true true",
        "true &&",
        "a ? b : c",
        "==",
        "",
        "'a' < 1",
        "true < 1",
        "inputs.artifacts < inputs.artifacts",
        "1.0",
        "'true'",
        "!1",
        "1 && true",
        "inputs.parameter_values['s'].upper()",
        "__import__('os')",
    ],
)
def test_what_is_not_there_or_not_cel_is_an_error(condition):
    with pytest.raises(ComponentFailed, match="A condition must be"):
        holds(condition, VALUES)


def _bracketed(node, level):
    text, _, own = node
    return text if own >= level else f"({text})"


@st.composite
def _comparisons(draw):
    sign = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
    texts = st.text(st.characters(exclude_characters="'\\", exclude_categories=["Cs"]), max_size=4)
    numbers = st.integers(-3, 3) | st.floats(-5, 5, allow_nan=False)
    left, right = draw(st.tuples(numbers, numbers) | st.tuples(texts, texts))
    compared = {"==": left == right, "!=": left != right, "<": left < right, "<=": left <= right}
    value = compared[sign] if sign in compared else not compared["<=" if sign == ">" else "<"]
    written = [f"'{side}'" if isinstance(side, str) else repr(side) for side in (left, right)]
    space = draw(st.sampled_from(["", " ", "\t "]))
    return f"{written[0]}{space}{sign}{space}{written[1]}", value, COMPARISON


def _joined(nodes):
    pairs = st.tuples(nodes, nodes)
    return st.one_of(
        pairs.map(lambda p: (f"{_bracketed(p[0], OR)} || {_bracketed(p[1], AND)}", p[0][1] or p[1][1], OR)),
        pairs.map(lambda p: (f"{_bracketed(p[0], AND)}&&{_bracketed(p[1], COMPARISON)}", p[0][1] and p[1][1], AND)),
        nodes.map(lambda node: (f"!{_bracketed(node, SINGLE)}", not node[1], SINGLE)),
    )


LEAVES = _comparisons() | st.sampled_from(
    [("true", True, SINGLE), ("false", False, SINGLE), (f"{BLESSED} == 1.0", True, COMPARISON)]
)


@given(st.recursive(LEAVES, _joined, max_leaves=12))
def test_a_condition_means_what_it_says(node):
    text, value, _ = node
    assert holds(text, VALUES) is value


@given(
    st.text(max_size=30) | st.lists(st.sampled_from([*"()[].!'\"01-<>=&|", "&&", "inputs", "true", "n"])).map("".join)
)
def test_any_text_is_a_condition_or_an_error_of_the_project(text):
    with contextlib.suppress(ComponentFailed):
        assert isinstance(holds(text, VALUES), bool)
