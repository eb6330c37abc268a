import json

import pytest

from kubeflow.step import example_gen


@pytest.fixture
def examples():
    from tfx.types import standard_artifacts

    return standard_artifacts.Examples()


def properties(folder, pattern="train-*", **more):
    config = {"splits": [{"name": "train", "pattern": pattern}]}
    return {"input_base": str(folder), "input_config": json.dumps(config), **more}


def test_the_driver_notes_what_the_data_are(tmp_path, examples):
    (tmp_path / "train-0").write_text("some rows")

    told = example_gen.drive(properties(tmp_path), examples)

    assert told["span"] == 0
    assert told["input_fingerprint"].startswith("split:train,num_files:1,total_bytes:9")
    assert examples.get_string_custom_property("input_fingerprint") == told["input_fingerprint"]


def test_the_latest_span_is_found_and_the_patterns_name_it(tmp_path, examples):
    for span in (1, 2):
        (tmp_path / f"span-{span}").mkdir()
        (tmp_path / f"span-{span}" / "train-0").write_text("x")

    told = example_gen.drive(properties(tmp_path, "span-{SPAN}/train-*"), examples)

    assert (told["span"], examples.get_int_custom_property("span")) == (2, 2)
    assert json.loads(told["input_config"])["splits"][0]["pattern"] == "span-2/train-*"


def test_a_span_that_is_asked_for_is_taken(tmp_path, examples):
    for span in (1, 2):
        (tmp_path / f"span-{span}").mkdir()
        (tmp_path / f"span-{span}" / "train-0").write_text("x")
    wanted = json.dumps({"static_range": {"start_span_number": 1, "end_span_number": 1}})

    told = example_gen.drive(properties(tmp_path, "span-{SPAN}/train-*", range_config=wanted), examples)

    assert told["span"] == 1
