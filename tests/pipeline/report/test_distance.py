import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from pipeline.report.distance import Distance, measured, rebinned
from pipeline.report.payloads import statistics_of
from tests.components.data_gate.tiny import SCHEMA, Gate, rows


def test_distances_are_those_that_tfdv_measures(tmp_path):
    """To 1e-6: TFDV adds in another order."""
    earlier = [{**row, "hour": row["hour"] // 2} for row in rows(300, cash=0.2)]
    found = {}
    for name, some in (("now", rows(240, cash=0.55)), ("before", earlier)):
        artifact = Gate(tmp_path / name).statistics(train=some)
        found[name] = statistics_of(tmp_path / name / "statistics")["train"]
        assert artifact.uri == str(tmp_path / name / "statistics")
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    lists = {name: statistics_pb2.DatasetFeatureStatisticsList(datasets=[one]) for name, one in found.items()}
    told = tfdv.validate_statistics(lists["now"], schema, previous_statistics=lists["before"]).drift_skew_info
    expected = {info.path.step[0]: info.drift_measurements[0].value for info in told}
    assert set(expected) == {"hour", "kind"}
    sides = [{one.path.step[0]: one for one in side.features} for side in found.values()]
    for feature in schema.feature:
        if feature.HasField("drift_comparator"):
            measure, value, limit = measured(sides[0][feature.name], sides[1][feature.name], feature.drift_comparator)
            assert value == pytest.approx(expected[feature.name], abs=1e-6)
            assert (measure, limit) == {"hour": ("Jensen-Shannon", 0.1), "kind": ("L-infinity", 0.2)}[feature.name]


def _histogram(*buckets):
    made = statistics_pb2.Histogram()
    for low, high, count in buckets:
        made.buckets.add(low_value=low, high_value=high, sample_count=count)
    return made


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=6))
def test_no_value_is_lost_in_other_bins(buckets):
    found = rebinned(_histogram(*((low, low + width, count) for low, width, count in buckets)), [0, 2.5, 7, 14])
    assert sum(found) == pytest.approx(sum(count for _, _, count in buckets), abs=1e-9)


def test_the_bins_of_a_histogram_itself_keep_it():
    assert rebinned(_histogram((0, 1, 3), (1, 2, 5)), [0, 1, 2]) == [3, 5]


def test_only_what_has_a_limit_is_over_it():
    assert Distance("eval", "train", "m", 0.2, 0.1).over
    assert not Distance("eval", "train", "m", 0.2, None).over


def test_other_kinds_are_not_measured():
    text, numbers = (statistics_pb2.FeatureNameStatistics() for _ in range(2))
    text.string_stats.unique = 1
    numbers.num_stats.mean = 1
    assert measured(text, numbers, None) is None
    assert measured(text, text, None) is None
    assert measured(numbers, numbers, None) is None
