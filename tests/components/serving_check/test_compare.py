"""What differs is told with the value that is off most; what padding adds is not looked at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.serving_check.compare import differences

NAN = float("nan")


@pytest.mark.parametrize(
    ("seen", "expected", "line"),
    [
        ([1.0, 2.0, 9.0], [1.0, 2.1, 3.0], "x is 9 in row 2, not 3"),
        ([NAN], [1.0], "x is nan in row 0, not 1"),
        ([1.0], [NAN], "x is 1 in row 0, not nan"),
        ([[1, 2], [3, 5]], [[1, 2], [3, 4]], "x is 5 in row 1, not 4"),
        ([b"Flash"], [b"Blue"], "x is 'Flash' in row 0, not 'Blue'"),
        ([1.0], [1], "x is 1 in row 0, not 2"),
    ],
)
def test_a_difference_is_told(seen, expected, line):
    seen, expected = (np.array(x, object if isinstance(x[0], bytes) else None) for x in (seen, expected))
    if seen.dtype == float and expected.dtype == int:
        expected = expected + 1
    assert differences({"x": seen}, {"x": expected}, 1e-5) == [line]


def test_a_small_difference_is_none_absolutely_or_relatively():
    seen, expected = {"x": np.float32([1e-6, 1000.001, NAN])}, {"x": np.float32([0.0, 1000.0, NAN])}
    assert differences(seen, expected, 1e-5) == []
    assert differences(seen, expected, 1e-8) != []


def test_what_only_the_longer_batch_has_is_left_out():
    assert differences({"x": np.array([[1, 2]])}, {"x": np.array([[1, 2, 0]])}, 0.0) == []
    assert differences({"x": np.array([[1, 2, 0]])}, {"y": np.array([[1]])}, 0.0) == []
    assert differences({"x": np.array([1])}, {"x": np.array([[2]])}, 0.0) == [], "the check of shapes tells of it"


@given(st.lists(st.floats(width=32), min_size=1), st.data())
def test_an_array_equals_itself_and_no_other(values, data):
    array = np.float32(values)
    assert differences({"x": array}, {"x": array.copy()}, 0.0) == []
    place = data.draw(st.integers(0, len(values) - 1))
    other = array.copy()
    other[place] = 1.0 if array[place] != 1.0 else 2.0
    [line] = differences({"x": other}, {"x": array}, 0.0)
    assert f"in row {place}, " in line
