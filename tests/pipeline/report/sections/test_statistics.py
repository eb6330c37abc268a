import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import statistics_pb2

from pipeline.report.sections.statistics import section
from tests.pipeline.report.test_page import HOSTILE

STATISTICS = """
datasets { num_examples: %(examples)d
  features { path { step: "fare" } type: FLOAT num_stats {
    mean: 12.5 std_dev: 2 min: 0 max: 20 median: 12 num_zeros: 3
    common_stats { num_non_missing: 90 num_missing: 10 min_num_values: 1 max_num_values: 1 tot_num_values: 90 }
    histograms { type: STANDARD buckets { low_value: 0 high_value: 10 sample_count: %(low)d }
                 buckets { low_value: 10 high_value: 20 sample_count: %(high)d } } } }
  features { path { step: "kind" } type: STRING string_stats { unique: 2 avg_length: 4
    common_stats { num_non_missing: 100 min_num_values: 1 max_num_values: 1 tot_num_values: 100 }
    top_values { value: "cash" frequency: %(low)d } top_values { value: "card" frequency: %(high)d }
    rank_histogram { buckets { label: "cash" sample_count: %(low)d } buckets { label: "card" sample_count: %(high)d } }
  } }
  features { path { step: "image" } type: STRING string_stats { unique: 2 avg_length: 400
    common_stats { num_non_missing: 100 min_num_values: 1 max_num_values: 1 tot_num_values: 100 }
    top_values { value: "RAW BYTES" frequency: 1 } } }
  features { path { step: "days" } type: INT num_stats { mean: 1
    common_stats { num_non_missing: 100 min_num_values: 0 max_num_values: 14 avg_num_values: 7 tot_num_values: 700 } } }
}
"""
SCHEMA = """
feature { name: "fare" type: FLOAT drift_comparator { jensen_shannon_divergence { threshold: 0.001 } } }
feature { name: "kind" type: BYTES skew_comparator { infinity_norm { threshold: 0.5 } } }
feature { name: "image" type: BYTES image_domain {} }
"""


def _write(folder, **splits):
    for split, (low, high) in splits.items():
        text = STATISTICS % {"examples": low + high, "low": low, "high": high}
        message = text_format.Parse(text, statistics_pb2.DatasetFeatureStatisticsList())
        (folder / f"Split-{split}").mkdir()
        (folder / f"Split-{split}" / "FeatureStats.pb").write_bytes(message.SerializeToString())


@pytest.fixture
def material(runs):
    (runs.made("Schema", node="Schema") / "schema.pbtxt").write_text(SCHEMA)
    _write(runs.made("ExampleStatistics", node="Stats"), eval=(25, 75), train=(50, 50))
    return runs.material()


def _features(facts):
    return {feature.name: feature for feature in facts.features}


def test_each_feature_is_told_by_split(material, drawn):
    found = section(material)
    features = _features(found.facts)
    assert found.facts.examples == (("train", 100), ("eval", 100))
    assert [feature.type for feature in features.values()] == ["float", "string", "image", "int"]
    rows = {name: values for name, *values in features["fare"].rows}
    assert rows["missing"] == ["10 (10.0%)", "10 (10.0%)"]
    assert [rows[name][0] for name in ("examples", "mean", "std", "min", "median", "max")] == [
        "90", "12.5", "2", "0", "12", "20",
    ]  # fmt: skip
    assert dict(features["days"].splits[0].numbers)["values each"] == "0 to 14"
    assert "no other data before" in drawn(found).text


def test_splits_are_drawn_as_shares_over_the_same_values(material):
    features = _features(section(material).facts)
    bars = [(bar.series, bar.label, bar.value) for bar in features["kind"].chart.bars]
    assert sorted(bars) == [
        ("eval", "card", 0.75),
        ("eval", "cash", 0.25),
        ("train", "card", 0.5),
        ("train", "cash", 0.5),
    ]
    heights = {
        series: [bar.value for bar in features["fare"].chart.bars if bar.series == series]
        for series in ("train", "eval")
    }
    assert heights == {"train": [0.1] * 10, "eval": [0.05] * 5 + [0.15] * 5}


def test_skew_has_the_limit_of_the_schema(material, drawn):
    found = section(material)
    [skew] = _features(found.facts)["kind"].distances
    assert (skew.split, skew.other, skew.value, skew.limit, skew.over) == ("eval", "split train", 0.25, 0.5, False)
    assert {"0.250", "0.5", "yes", "no limit"} <= {text.strip() for text in drawn(found).texts}


def test_files_are_not_shown_as_text(material, drawn):
    found = section(material)
    assert _features(found.facts)["image"].chart is None
    assert "RAW BYTES" not in drawn(found).text


def test_drift_is_against_what_the_gate_has_compared_with(runs, monkeypatch, drawn):
    from pipeline.report.sections import statistics

    monkeypatch.setattr(statistics, "_PREVIOUS", "in")  # The recorder calls every input so.
    (runs.made("Schema", node="Schema") / "schema.pbtxt").write_text(SCHEMA)
    _write(runs.made("ExampleStatistics", run="before", node="Stats"), train=(10, 90))
    _write(runs.made("ExampleStatistics", node="Stats"), train=(50, 50))
    runs.made("Verdict", node="Gate", inputs=[("before", "ExampleStatistics")])
    found = section(runs.material())
    fare, *_ = found.facts.features
    assert (fare.name, fare.over) == ("fare", True)
    assert [one.other for one in fare.distances] == ["the data before"]
    assert "over its limit" in drawn(found).text


def test_gone_statistics_are_said_to_be(runs, drawn):
    runs.made("ExampleStatistics").rmdir()
    assert "are gone" in drawn(section(runs.material())).text


def test_broken_statistics_are_as_good_as_gone(runs):
    folder = runs.made("ExampleStatistics") / "Split-train"
    folder.mkdir()
    (folder / "FeatureStats.pb").write_bytes(b"\xff\xff")
    assert "are gone" in section(runs.material()).facts.missing


def test_a_run_without_statistics_has_no_such_section(runs):
    runs.made("Model")
    assert section(runs.material()) is None


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_names_and_values_are_no_markup(runs, drawn, text):
    message = statistics_pb2.DatasetFeatureStatisticsList()
    feature = message.datasets.add(num_examples=1).features.add(name=text, type=2)
    feature.string_stats.top_values.add(value=text, frequency=1)
    folder = runs.made("ExampleStatistics") / "Split-train"
    folder.mkdir()
    (folder / "FeatureStats.pb").write_bytes(message.SerializeToString())
    found = drawn(section(runs.material()))
    assert not {"script", "img"} & set(found.tags)
    assert not any(name.startswith("on") for name, _ in found.attributes)
    assert not any(sign in found.text for sign in "\u202e\x07\x1b")
