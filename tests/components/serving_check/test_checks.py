"""Each bad export is refused, with the row that says what is bad."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from components.serving_check.cases import (
    ALL_MISSING,
    BATCH,
    DEFAULT,
    EMPTY,
    EXAMPLES,
    FEATURES,
    MISSING,
    SIGNATURES,
    SINGLE,
    UNSEEN,
)
from tests.components.serving_check import tiny


def refuse(fare, condition, message):
    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(fare)


def no_unseen(fare, company, miles):
    return refuse(fare, tf.reduce_all(tf.strings.length(company.values) < 10), "an unseen company")


def no_missing(fare, company, miles):
    return refuse(fare, tf.size(miles.values) > 0, "no miles")


def no_empty(fare, company, miles):
    return refuse(fare, tf.size(fare) > 0, "an empty batch")


BAD = {
    "wrong dtype of an input": (
        {"fare_dtype": tf.float64},
        (DEFAULT, "", "input dtypes and shapes", "fare is float64 [None], not float32 [None]"),
    ),
    "wrong dtype of an output": (
        {"outputs": lambda p: {"probability": tf.cast(p, tf.float64)}},
        (EXAMPLES, "", "output dtypes", "probability is float64, not float32"),
    ),
    "wrong name of an output": (
        {"outputs": lambda p: {"output_0": p}},
        (DEFAULT, "", "output names", "no probability; output_0 is too many"),
    ),
    "wrong shape of an output": (
        {"outputs": lambda p: {"probability": p[:, 0]}},
        (DEFAULT, BATCH, "shapes", "probability is [5], not [5, 1]"),
    ),
    "another vocabulary": (
        {"companies": ("Blue", "Flash", "Sun")},
        (FEATURES, BATCH, "equals the Trainer's", "company_id is 1 in row 0, not 0"),
    ),
    "a fixed batch": (
        {"batch": 1},
        (EXAMPLES, "", "input dtypes and shapes", "examples is string [1], not string [None]"),
    ),
    "NaN": (
        {"outputs": lambda p: {"probability": p * float("nan")}},
        (DEFAULT, SINGLE, "finite", "probability is not"),
    ),
    "a missing signature": (
        {"signatures": (DEFAULT, EXAMPLES)},
        (FEATURES, "", "exists", f"only {DEFAULT}, {EXAMPLES}"),
    ),
    "no unseen category": ({"look": no_unseen}, (DEFAULT, UNSEEN, "answers", "an unseen company")),
    "no missing feature": ({"look": no_missing}, (EXAMPLES, ALL_MISSING, "answers", "no miles")),
    "no empty batch": ({"look": no_empty}, (DEFAULT, EMPTY, "answers", "an empty batch")),
}


def row(result, signature, case, rule):
    [found] = [one for one in result.rows if (one.signature, one.case, one.rule) == (signature, case, rule)]
    return found


@pytest.fixture(scope="module")
def good(tmp_path_factory, ask):
    folder = tmp_path_factory.mktemp("good")
    return ask(tiny.Model(folder).save(folder / "model"))


def test_a_good_export_passes_every_check(good):
    result = good.judged()
    assert result.passed, result.reason
    assert all(one.passed for one in result.rows)
    # Three signatures and six cases.
    assert len([one for one in result.rows if one.rule == "answers"]) == 18
    assert row(result, DEFAULT, BATCH, "equals the Trainer's").seen == "equal in 5 of 5 rows"
    assert "in 3 calls" in row(result, DEFAULT, SINGLE, "p95 latency").seen


def test_an_export_without_signatures_is_refused(ask, tmp_path):
    result = ask(tiny.Model(tmp_path, signatures=()).save(tmp_path / "model")).judged()
    assert [one.signature for one in result.failed if one.rule == "exists"] == list(SIGNATURES)


def test_an_export_that_has_lost_a_vocabulary_is_refused(ask, tmp_path):
    export = tiny.Model(tmp_path).save(tmp_path / "model")
    (export / "assets" / "companies").unlink()
    result = ask(export).judged()
    assert row(result, "", "", "loads").passed is False
    assert "assets/companies; No such file" in result.reason


@pytest.mark.parametrize("what", BAD)
def test_a_bad_export_is_refused_with_the_row_that_says_why(ask, tmp_path, what):
    changes, (signature, case, rule, seen) = BAD[what]
    result = ask(tiny.Model(tmp_path, **changes).save(tmp_path / "model")).judged()
    assert not result.passed
    found = row(result, signature, case, rule)
    assert found.passed is False
    assert seen in found.seen


def test_other_weights_are_told_by_how_far_predictions_are_off(ask, tmp_path, reference):
    model = tiny.Model(tmp_path)
    model.weights.assign([0.05, -0.2, 0.3001])
    asked = ask(model.save(tmp_path / "model"))
    result = asked.judged()
    found = row(result, DEFAULT, BATCH, "equals the Trainer's")
    assert found.passed is False
    assert "probability is 0." in found.seen
    assert found.allowed == "a difference up to 1e-05"
    # Transform's part is as it was.
    assert row(result, FEATURES, BATCH, "equals the Trainer's").passed
    assert asked.judged(tolerance=1e-3).passed
    assert asked.judged(kept=replace(reference, half=True)).passed


@pytest.mark.parametrize(
    ("limit", "rule"),
    [
        ("max_latency_ms", "median latency"),
        ("max_p95_ms", "p95 latency"),
        ("max_memory_mib", "memory"),
        ("max_load_s", "load time"),
    ],
)
def test_a_limit_that_is_not_kept_refuses_and_none_is_no_limit(good, limit, rule):
    assert {one.rule for one in good.judged(**{limit: 1e-6}).failed} == {rule}
    free = good.judged(**{limit: None})
    assert free.passed
    assert {one.allowed for one in free.rows if one.rule == rule} == {"any"}


@pytest.mark.parametrize("kept", [None, "others"])
def test_without_a_prediction_of_the_trainer_for_these_rows_it_is_refused(good, reference, kept):
    others = replace(reference, examples=tuple(b"\n" + row for row in reference.examples)) if kept else None
    assert "the Trainer has kept no prediction of these rows" in good.judged(kept=others).reason


def test_what_no_raw_feature_allows_is_said_not_to_be_run(good):
    left = [case for case in good.asked if case.name not in (MISSING, ALL_MISSING)]
    result = replace(good, asked=left).judged()
    assert result.passed
    found = [one for one in result.rows if one.case in (MISSING, ALL_MISSING)]
    assert [one.passed for one in found] == [None, None]
    assert all(one.seen.startswith("not run: ") for one in found)


def test_a_row_alone_gets_the_prediction_that_it_has_in_a_batch(ask, tmp_path):
    # As with a batch normalization that normalizes by the batch.
    model = tiny.Model(tmp_path, outputs=lambda p: {"probability": p - tf.reduce_mean(p)})
    export = model.save(tmp_path / "model")
    result = ask(export).judged(kept=tiny.reference(model, tiny.rows()))
    assert row(result, DEFAULT, BATCH, "equals the Trainer's").passed
    assert row(result, DEFAULT, SINGLE, "equals the Trainer's").passed is False
    assert np.all([one.case == SINGLE for one in result.failed])
