import dataclasses

import pytest

from components.errors import UsageError
from components.evaluator.config import EvaluationConfig, OutputEvaluation
from components.trainer.config import OutputConfig
from pipeline import tasks
from pipeline.runner.prepare import check_outputs


@pytest.mark.parametrize(
    ("evaluated", "message"),
    [
        (("price", "kimd"), "Received: kimd. Did you mean 'kind'?"),
        ((), "Describe some of price, kind in evaluation.outputs."),
        (("kind",), None),
    ],
)
def test_the_outputs_that_are_evaluated_are_those_that_are_trained(evaluated, message):
    task = tasks.load("taxi")
    outputs = {name: OutputConfig(name, "huber") for name in ("price", "kind")}
    evaluation = EvaluationConfig(outputs={name: OutputEvaluation(name, ("ExampleCount",)) for name in evaluated})
    changed = dataclasses.replace(
        task, training=dataclasses.replace(task.training, outputs=outputs), evaluation=evaluation
    )
    if message is None:
        check_outputs(changed)
        return
    with pytest.raises(UsageError) as caught:
        check_outputs(changed)
    assert message in str(caught.value)
