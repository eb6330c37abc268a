import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.errors import UsageError
from components.trainer.class_weights import class_weights, counts_from_statistics, example_weights

COUNTS = st.lists(st.integers(1, 50), min_size=2, max_size=6)


@hypothesis.given(COUNTS)
def test_balanced_weights_are_those_of_scikit_learn(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    expected = compute_class_weight("balanced", classes=np.arange(len(counts)), y=labels)
    np.testing.assert_allclose(class_weights(counts), expected, rtol=1e-12)


@hypothesis.given(COUNTS, st.none() | st.floats(0, 0.99999))
def test_weights_average_one_over_the_examples(counts, beta):
    weights = class_weights(counts, beta=beta)
    assert np.dot(weights, counts) / sum(counts) == pytest.approx(1, rel=1e-9)
    assert (np.diff(weights[np.argsort(counts)]) <= 1e-12).all()


def test_beta_goes_from_no_balance_to_full_balance():
    counts = [900, 100]
    np.testing.assert_allclose(class_weights(counts, beta=0.0), [1, 1])
    np.testing.assert_allclose(class_weights(counts, beta=1 - 1e-9), class_weights(counts), rtol=1e-5)
    beta = 0.99
    ratio = class_weights(counts, beta=beta)
    assert ratio[1] / ratio[0] == pytest.approx((1 - beta**900) / (1 - beta**100))


def test_example_weights_look_classes_up():
    assert example_weights([[0], [2]], [1.0, 2.0, 3.0]).tolist() == [[1.0], [3.0]]
    for labels in ([3], [-1], [0.5]):
        with pytest.raises(UsageError, match="class ids from 0 to 2"):
            example_weights(labels, [1.0, 2.0, 3.0])


@pytest.mark.parametrize(("counts", "beta"), [([5], None), ([5, 0], None), ([5, -1], None), ([5, 5], 1.0)])
def test_bad_counts_are_refused(counts, beta):
    with pytest.raises(UsageError, match="Received: "):
        class_weights(counts, beta=beta)


def statistics_with(name, **fields):
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    feature = statistics.datasets.add().features.add(**fields)
    feature.path.step.append(name)
    return statistics, feature


def test_counts_of_a_categorical_label():
    statistics, feature = statistics_with("kind", type=statistics_pb2.FeatureNameStatistics.INT)
    feature.string_stats.unique = 3
    for value, count in (("10", 5), ("2", 7), ("1", 3)):
        feature.string_stats.rank_histogram.buckets.add(label=value, sample_count=count)
    assert list(counts_from_statistics(statistics, "kind").items()) == [("1", 3), ("2", 7), ("10", 5)]
    feature.string_stats.unique = 4
    with pytest.raises(UsageError, match="count for each class"):
        counts_from_statistics(statistics, "kind")


def test_counts_of_a_label_of_zeros_and_ones():
    statistics, feature = statistics_with("tip", type=statistics_pb2.FeatureNameStatistics.INT)
    feature.num_stats.common_stats.num_non_missing = 10
    feature.num_stats.num_zeros, feature.num_stats.max = 7, 1
    assert counts_from_statistics(statistics, "tip") == {"0": 7, "1": 3}
    feature.num_stats.max = 4
    with pytest.raises(UsageError, match=r"Received: label=tip of type INT.*is_categorical"):
        counts_from_statistics(statistics, "tip")
    with pytest.raises(UsageError, match="Received: label=top"):
        counts_from_statistics(statistics, "top")
