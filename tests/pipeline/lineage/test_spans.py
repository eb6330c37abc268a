import pytest

from components.errors import UsageError
from pipeline.lineage import Store
from pipeline.lineage.spans import models_of_span


@pytest.fixture
def store(recorder):
    """Two spans; a model of the first, pushed, and one of both; the first span of another pipeline, without a model."""
    first, second = (
        recorder.step("Gen", outputs=[("Examples", f"/e{span}", {"span": span})], run="run-1")[0] for span in (1, 2)
    )
    [rows] = recorder.step("Transform", [first], [("Examples", "/t", {"span": 1})], run="run-1")
    [model] = recorder.step("Trainer", [rows], [("Model", "/m1", {})], run="run-1")
    recorder.step("Pusher", [model], [("PushedModel", "/p", {"pushed_version": "17"})], run="run-1")
    recorder.step("Trainer", [rows, second], [("Model", "/m2", {})], run="run-2")
    recorder.step("Gen", outputs=[("Examples", "/o", {"span": 1})], run="run-3", pipeline="other")
    with Store.open(recorder.path) as store:
        yield store


def places(found):
    return [(seen.model.uri, seen.run, seen.version) for seen in found]


def test_models_that_saw_a_span(store):
    assert places(models_of_span(store, 1)) == [("/m1", "run-1", None), ("/p", "run-1", "17"), ("/m2", "run-2", None)]
    assert places(models_of_span(store, 2)) == [("/m2", "run-2", None)]


def test_spans_of_one_pipeline(store):
    assert len(models_of_span(store, 1, "taxi")) == 3
    assert models_of_span(store, 1, "other") == []


def test_a_span_that_nobody_read(store):
    for span, pipeline in ((3, None), (2, "other")):
        with pytest.raises(UsageError, match=f"span={span}"):
            models_of_span(store, span, pipeline)
