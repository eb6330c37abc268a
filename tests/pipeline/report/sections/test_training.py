import json

import pytest

from pipeline.report.sections import training
from pipeline.runner.events import append, event


def test_curves_of_the_training_and_its_validation(made_run):
    facts = training.section(made_run.material()).facts
    assert [chart.title for chart in facts.charts] == ["loss", "metric", "learning rate"]
    assert {line.name: line.values for line in facts.charts[0].lines} == {
        "training": (0.5, 0.3),
        "validation": (0.4, 0.35),
    }
    assert (facts.epochs, facts.best, facts.monitor, facts.missing) == (2, 2, "val_loss", "")


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"history": 3}', '{"history": {"loss": ["a"]}}'])
def test_without_a_history_the_events_tell_the_epochs(made_run, content):
    file = made_run.home.root / "pipelines" / "ModelRun" / "history.json"
    file.unlink() if content is None else file.write_text(content)
    assert training.section(made_run.material()).facts.missing
    append(made_run.home.run("run-1") / "events.jsonl", event("epoch", node="Trainer", metrics={"loss": 0.25}))
    facts = training.section(made_run.material()).facts
    assert [line.values for chart in facts.charts for line in chart.lines] == [(0.25,)]
    assert facts.missing == ""


def test_values_that_are_no_numbers_are_left_out(made_run):
    history = {"loss": [0.5, float("nan")], "val_loss": [1, 2]}
    file = made_run.home.root / "pipelines" / "ModelRun" / "history.json"
    file.write_text(json.dumps({"history": history}))
    [chart] = training.section(made_run.material()).facts.charts
    assert [len(line.dots) for line in chart.lines] == [1, 2]
