"""The result as JSON, its reason in a line, and the configuration."""

import json

import pytest

from components.errors import UsageError
from components.serving_check import result
from components.serving_check.config import ServingCheckConfig
from components.serving_check.result import Check, Result

GOOD = Check("serving_default", "batch", "finite", "finite", "finite numbers", passed=True)
NOT_RUN = result.not_run("answers tensorflow_model_server", "not on PATH")
PROBLEMS = ["p is [5]", "q is [5]", "r is [5]", "s is [5]"]
BAD = result.whether("shapes", PROBLEMS, "5 rows", "", "serving_default", "batch")


def test_it_is_written_for_people_and_read_again(tmp_path):
    found = Result((GOOD, NOT_RUN, BAD))
    found.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["check.json"]
    content = json.loads((tmp_path / "check.json").read_text())
    assert content["passed"] is False
    assert content["reason"] == found.reason
    assert set(content["checks"][0]) == {"signature", "case", "rule", "seen", "allowed", "passed"}
    assert result.read(str(tmp_path)) == found


def test_what_was_not_run_does_not_refuse():
    assert Result((GOOD, NOT_RUN)).passed
    assert Result((GOOD, NOT_RUN)).reason == ""


def test_the_reason_is_the_first_failure_and_how_many_more():
    assert Result((GOOD, BAD)).reason == (
        "serving_default, batch: shapes: p is [5]; q is [5]; r is [5] and 1 more (allowed: 5 rows)"
    )
    assert Result((BAD, BAD, BAD)).reason.endswith(" and 2 more")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"examples": 0}, "`serving.examples` must be at least 1. Received: examples=0."),
        ({"calls": 0}, "`serving.calls` must be at least 1."),
        ({"max_load_s": 0.0}, "`serving.max_load_s` must be above 0."),
        ({"timeout_s": float("nan")}, "`serving.timeout_s` must be above 0."),
        ({"tolerance": -1e-5}, "`serving.tolerance` must not be negative."),
    ],
)
def test_a_number_out_of_range_is_refused(changes, message):
    with pytest.raises(UsageError) as caught:
        ServingCheckConfig(**changes).check()
    assert message in str(caught.value)


def test_no_limit_is_allowed():
    ServingCheckConfig(max_latency_ms=None, max_p95_ms=None, max_memory_mib=None, max_load_s=None).check()
