"""What is judged becomes one decision, which survives its file."""

import json

import pytest

from components.evaluator.verdict import FORCED_PROPERTY, VERDICT_FILE, Row, as_event, decide, read, write

PASSED = Row("AUC", value=0.9, lower=0.8, passed=True)
MISSED = Row("AUC", value=0.7, lower=0.8, passed=False)
SHOWN = Row("Loss", value=0.1)
UNCOMPARED = Row("AUC", value=0.9, min_change=0.0, note="no baseline")
SMALL = Row("AUC", "hour=3", 0.1, lower=0.8, examples=2, note="too few examples, 2 of 9")


@pytest.mark.parametrize(
    ("rows", "blessed", "reason"),
    [
        ([PASSED, SHOWN], True, "Every threshold is met."),
        ([PASSED, MISSED], False, "AUC=0.7 (>= 0.8)"),
        ([SHOWN], False, "no threshold; give one, such as --set evaluation.thresholds.AUC.lower=0.8"),
        ([], False, "no threshold; give one, such as --set evaluation.thresholds.AUC.lower=0.8"),
        ([UNCOMPARED], True, "There is no baseline to be better than."),
        ([UNCOMPARED, MISSED], False, "AUC=0.7 (>= 0.8)"),
        ([SHOWN, SMALL], False, "no slice with enough examples to be judged"),
        ([PASSED, SMALL], True, "Every threshold is met."),
    ],
)
def test_decisions(rows, blessed, reason):
    verdict = decide(tuple(rows))
    assert (verdict.blessed, verdict.reason, verdict.forced) == (blessed, reason, None)


def test_force_is_noted_only_where_it_was_needed():
    forced = decide((MISSED,), force="late labels")
    assert (forced.blessed, forced.forced, forced.reason) == (True, "late labels", "AUC=0.7 (>= 0.8)")
    assert decide((PASSED,), force="late labels").forced is None
    assert FORCED_PROPERTY == "force_bless_reason"  # People ask ML Metadata for it.


def test_a_change_is_demanded_in_the_direction_of_the_better():
    assert Row("AUC", min_change=0.01).demands == ("change >= 0.01",)
    assert Row("Loss", upper=1.0, min_change=0.01, higher_is_better=False).demands == ("<= 1", "change <= -0.01")
    assert Row("Loss", min_change=0.0, higher_is_better=False).demands == ("change <= 0",)


def test_what_was_missed_is_said_with_its_slice_and_its_change():
    row = Row("AUC", "hour=3", 0.7, min_change=0.0, baseline=0.8, change=-0.1, passed=False)
    assert row.described == "AUC=0.7, change -0.1 where hour=3 (change >= 0)"


def test_a_verdict_is_json_that_reads_back(tmp_path):
    verdict = decide((PASSED, SHOWN), uncompared="the baseline cannot take these examples: no z")
    write(verdict, str(tmp_path))
    assert read(str(tmp_path)) == verdict
    told = json.loads((tmp_path / VERDICT_FILE).read_text(), parse_constant=pytest.fail)
    assert told["rows"][0]["passed"] is True
    assert json.loads(json.dumps(as_event(verdict)))["uncompared"] == verdict.uncompared
    assert [path.name for path in tmp_path.iterdir()] == [VERDICT_FILE]
