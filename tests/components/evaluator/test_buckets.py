import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_model_analysis.metrics import metric_types

from components.evaluator import buckets
from components.evaluator.buckets import ERRORS, LEFT_OUT, PREDICTIONS, BucketsPlot

PAIRS = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=30)


def _counted(pairs, probability=False, parts=1):
    """The buckets by part, as (lower, examples, labels, predictions), of a metric over so many bundles."""
    added, derived = BucketsPlot(probability=probability).computations(model_names=[""], output_names=[""])
    combiner = added.combiner
    accumulators = [combiner.create_accumulator() for _ in range(parts)]
    for number, (label, prediction) in enumerate(pairs):
        element = metric_types.StandardMetricInputs(
            {"labels": np.array([label]), "predictions": np.array([prediction])}
        )
        combiner.add_input(accumulators[number % parts], element)
    found = derived.result(combiner.extract_output(combiner.merge_accumulators(accumulators)))
    return {
        key.name: [
            (
                one.lower_threshold_inclusive,
                one.num_weighted_examples.value,
                one.total_weighted_label.value,
                one.total_weighted_refined_prediction.value,
            )
            for one in message.buckets
        ]
        for key, message in found.items()
    }


@settings(max_examples=30)
@given(PAIRS, st.integers(1, 3))
def test_no_example_is_lost_however_they_are_bundled(pairs, parts):
    found = _counted(pairs, parts=parts)
    for part in (PREDICTIONS, ERRORS):
        assert len(found[part]) <= 20
        sums = [sum(values) for values in list(zip(*found[part], strict=True))[1:]]
        assert sums == [
            len(pairs),
            pytest.approx(math.fsum(label for label, _ in pairs), abs=1e-4),
            pytest.approx(math.fsum(prediction for _, prediction in pairs), abs=1e-4),
        ]
    assert found[LEFT_OUT] == []


def test_what_is_no_number_is_counted_apart():
    found = _counted([(1.0, math.nan), (math.inf, 0.5), (1.0, 0.5)])
    assert [examples for _, examples, _, _ in found[LEFT_OUT]] == [2]
    assert [examples for _, examples, _, _ in found[PREDICTIONS]] == [1]


def test_probabilities_are_counted_by_hundredths():
    found = _counted([(1, 0.5), (0, 0.4999), (1, 0.505), (1, 1.0)], probability=True)
    assert found[PREDICTIONS] == [
        (pytest.approx(0.49), 1, 0, pytest.approx(0.4999)),
        (pytest.approx(0.5), 2, 2, pytest.approx(1.005)),
        (pytest.approx(1.0), 1, 1, 1.0),
    ]
    assert found[ERRORS] == []


def test_what_is_no_single_number_is_not_counted():
    combiner = buckets._Combiner(metric_types.PlotKey(name="x"), True)
    element = metric_types.StandardMetricInputs({"labels": np.array([1]), "predictions": np.array([0.2, 0.8])})
    assert combiner.add_input(combiner.create_accumulator(), element) == combiner.create_accumulator()


def test_the_baseline_is_not_plotted():
    assert BucketsPlot().computations(model_names=["baseline"], output_names=[""]) == []
