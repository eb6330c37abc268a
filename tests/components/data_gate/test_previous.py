"""Which earlier statistics data are compared with."""

import pytest
from tfx.types import standard_artifacts

from components.data_gate.component import DataVerdict
from components.data_gate.previous import PreviousStatistics


def statistics(number: int) -> standard_artifacts.ExampleStatistics:
    artifact = standard_artifacts.ExampleStatistics()
    artifact.id = number
    return artifact


def verdict(of: int, data: str) -> DataVerdict:
    artifact = DataVerdict()
    artifact.set_int_custom_property("statistics_id", of)
    artifact.set_string_custom_property("data", data)
    return artifact


def examples(data: str) -> standard_artifacts.Examples:
    artifact = standard_artifacts.Examples()
    artifact.set_string_custom_property("input_fingerprint", data)
    return artifact


# Data a, b, c and b again, which were made in this order; c was refused and so has no verdict.
PASSED = [verdict(1, "a"), verdict(2, "b"), verdict(4, "b")]


@pytest.mark.parametrize(
    ("current", "data", "passed", "expected"),
    [
        (1, "a", [], []),
        (1, "a", PASSED, []),
        (2, "b", PASSED[:1], [1]),
        (2, "b", PASSED, [1]),
        (3, "c", PASSED, [2]),
        (4, "b", PASSED, [1]),
        (5, "d", PASSED, [4]),
    ],
    ids=["first run", "unchanged", "second data", "unchanged second", "after it", "made again", "skips refused"],
)
def test_the_last_other_data_that_passed_before(current, data, passed, expected):
    given = {
        "statistics": [statistics(number) for number in range(1, 6)],
        "verdict": passed,
        "current": [statistics(current)],
        "examples": [examples(data)],
    }
    found = PreviousStatistics().resolve_artifacts(None, given)
    assert [one.id for one in found["statistics"]] == expected
    assert found.keys() == given.keys()
